"""torchtune's recipes.

Source: torchtune 0.6 recipes/full_finetune_distributed.py, training/lr_schedulers.py
"""

from lrcli.configs.facts import WHOLE, Fact, Job
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules.counting import divided

COSINE = "get_cosine_schedule_with_warmup"


OWN_LOOPS = ("ppo_epochs", "grpo_samples", "ppo_batch_size", "num_steps", "reward_fns")
"""Keys of recipes that generate."""


def marks(root: Node) -> bool:
    """Whether components of torchtune are named."""
    return any(
        isinstance(node.value, dict) and (component := node.value.get("_component_")) is not None
        and str(component.value).startswith("torchtune.")
        for node in (root.value.values() if isinstance(root.value, dict) else ())
    )  # fmt: skip


def read(job: Job) -> Made:
    """What the recipe makes of the file."""
    if job.node("optimizer") is None:
        job.refuse("optimizer", "there is none: it is no recipe that trains")
    generates = next((key for key in OWN_LOOPS if job.node(key)), "")
    if generates:
        job.refuse(generates, "a recipe that generates its examples counts its steps otherwise, which lrsched does not")
    epochs = job.whole("epochs", None, "epochs", at_least=1)
    batch = job.whole("batch_size", None, "batch_size", at_least=1)
    accumulate = job.whole("gradient_accumulation_steps", 1, "accumulate", at_least=1)
    most = job.whole("max_steps_per_epoch", None)
    lr = job.number("optimizer.lr", None, "lr")
    component = str(job.get("lr_scheduler._component_", "").value)
    name = component.rpartition(".")[2]
    for key in ("optimizer", "lr_scheduler", "optimizer_in_bwd"):
        job.node(key)
    job.refuse_unknown()
    if component and name != COSINE:
        job.refuse("lr_scheduler._component_", f"{component} is not one of torchtune's, and nothing is imported")
    if lr.value is None:
        job.need(("--lr", "the rate of the optimizer, which the file does not say"))
    if job.node("dataset.packed") and job.flag("dataset.packed"):
        job.remark(
            "LR713", f"{job.at('dataset.packed')} puts several examples into one: --examples is the number after it",
            "", job.line_of("dataset.packed"),
        )  # fmt: skip
    steps = steps_of(job, batch, accumulate, most)
    total = job.option("steps", "ticks")
    if total is None:
        if epochs.value is None:
            job.need(("--epochs", "the file does not say"))
        total = Fact(epochs.value * steps)
        job.show(f"{epochs.of('epochs')} x {steps} steps", total.value)
    if not component:
        return Made("hf-constant", {"num_training_steps": total.value}, float(lr.value), total.value, steps)
    warmup = job.get("lr_scheduler.num_warmup_steps", None, WHOLE)
    if warmup.value is None:
        job.fails("LR706", f"{COSINE}() missing 1 required positional argument: 'num_warmup_steps'", "",
                  job.line_of("lr_scheduler"))  # fmt: skip
    job.show(warmup.of("steps of warmup"), warmup.value)
    if warmup.value >= total.value:
        job.remark(
            "LR704", f"the warmup takes {warmup.value} steps and the run has {total.value}: the full rate is never "
            "trained at", f"num_warmup_steps: {max(1, total.value // 20)}", warmup.line,
        )  # fmt: skip
    cycles = job.number("lr_scheduler.num_cycles", 0.5)
    values = {
        "num_warmup_steps": warmup.value,
        "num_training_steps": total.value,
        "num_cycles": float(cycles.value),
    }
    return Made("hf-cosine", values, float(lr.value), total.value, steps)


def steps_of(job: Job, batch: Fact, accumulate: Fact, most: Fact) -> int:
    """Optimizer steps in an epoch."""
    if said := job.option("steps_per_epoch"):
        return int(said.value)
    examples, batches = job.option("examples"), job.option("batches_per_epoch")
    world = job.option("num_processes") or Fact(1, "1 process")
    if batches is None:
        if examples is None and most.value is None:
            job.need(("--examples", "how many training examples there are; or --steps-per-epoch"))
        if examples is None:
            job.assume(f"{most.where}: that an epoch has at least {most.value} steps")
            job.show(most.of("steps in an epoch"), most.value)
            return int(most.value)
        if batch.value is None:
            job.need(("--batch-size", "the file does not say"))
        share = divided(examples.value, world.value)
        if world.value > 1:
            job.show(f"{examples.value} examples / {world.of('processes')}, rounded up", share)
        else:
            job.assume("1 process assumed: --num-processes says how many")
        count = share // batch.value
        job.show(f"{share} examples / {batch.of('a batch')}, rounded down", count)
    else:
        count = batches.value
    steps = int(count // accumulate.value)
    if accumulate.value > 1:
        job.show(f"{count} batches / {accumulate.of('accumulated')}, rounded down", steps)
    if most.value is not None and most.value < steps:
        steps = int(most.value)
        job.show(f"at most {most.of('steps')}", steps)
    if steps < 1:
        job.fails(
            "LR715", f"{count} batches are fewer than the {accumulate.of('accumulated')}: no optimizer step is made",
            "gradient_accumulation_steps: 1", accumulate.line,
        )  # fmt: skip
    return steps


TRAINERS = (Trainer("torchtune", "torchtune", "0.6", marks, read),)
