"""LLaMA-Factory's second trainer, which has keys of its own: one rate, unless a plug-in changes it.

Source: LLaMA-Factory src/llamafactory/v1 core/base_trainer.py (_init_lr_scheduler), config/training_args.py
"""

from lrcli.configs.facts import Job, shown
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node


def marks(root: Node) -> bool:
    """Whether the keys are those of version 1."""
    return (
        root.has("model", "micro_batch_size")
        and root.has_any("train_dataset", "cutoff_len", "sample_backend")
        and not root.has_any("base_model", "lr_decay_style", "train_iters")
    )


def read(job: Job) -> Made:
    """What the trainer makes of the file."""
    lr = job.number("learning_rate", 1e-4, "lr")
    if job.node("lr_scheduler_config"):
        job.refuse("lr_scheduler_config", "a plug-in makes the schedule, and nothing is imported to look inside")
    most, epochs = job.whole("max_steps", None, "steps", "ticks"), job.whole("num_train_epochs", 3, "epochs")
    if job.option("epochs") and not job.option("steps", "ticks"):
        most = most._replace(value=None)
    job.refuse_unknown()
    if lr.where == "the default":
        job.assume(f"learning_rate {shown(lr.value)} is the default of LLaMA-Factory's second trainer")
    per_epoch = job.option("steps_per_epoch")
    steps = int(per_epoch.value) if per_epoch else None
    if most.value and most.value > 0:
        total = most.value
        job.show(most.of("optimizer steps"), total)
    elif steps is None:
        job.need(("--steps-per-epoch", "the batches of an epoch, which are made of lengths; or --steps"))
    else:
        total = epochs.value * steps
        job.show(f"{epochs.of('epochs')} x {steps} steps", total)
    return Made("hf-constant", {"num_training_steps": total}, float(lr.value), total, steps)


TRAINERS = (Trainer("llamafactory-v1", "LLaMA-Factory v1", "", marks, read),)
