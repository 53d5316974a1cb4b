"""Megatron-LM's options, in a shell script, a file of arguments, or YAML with the same names.

Source: Megatron-LM megatron/training/training.py (get_optimizer_param_scheduler), arguments.py
"""

from typing import Any

from lrcli.configs.facts import TEXT, WHOLE, Fact, Job
from lrcli.configs.trainer import WORDS, YAML, Made, Trainer
from lrcli.configs.tree import Node, elsewhere

STYLES = ("constant", "linear", "cosine", "inverse-square-root", "WSD")
PAIRS = (
    ("train_iters", "train_samples"),
    ("lr_decay_iters", "lr_decay_samples"),
    ("lr_warmup_iters", "lr_warmup_samples"),
    ("lr_warmup_fraction", "lr_warmup_iters"),
    ("lr_warmup_fraction", "lr_warmup_samples"),
)
"""Options of which Megatron takes one."""


HARMLESS = ("use_checkpoint_lr_scheduler", "override_lr_scheduler")


def is_harmless(key: str) -> bool:
    """Whether an option only looks as if it decided the rate: a factor of some layers, the warmup of something else."""
    other = "warmup" in key and not key.startswith(("lr_", "warmup"))
    return key in HARMLESS or key.startswith("lr_mult") or other


def options_of(root: Node) -> Node:
    """The options by name: Megatron's own tests have them in a mapping, each as it is written on a command line."""
    inner = root.get("MODEL_ARGS")
    if inner is None or not isinstance(inner.value, dict):
        return root
    return Node({key.removeprefix("--").replace("-", "_"): node for key, node in inner.value.items()}, inner.line)


def marks(root: Node) -> bool:
    """Whether the options are Megatron's."""
    root = options_of(root)
    return root.has_any("lr_decay_style", "lr_decay_iters", "lr_warmup_fraction", "lr_warmup_iters") and root.has_any(
        "train_iters", "train_samples", "lr_decay_iters", "lr_decay_style", "global_batch_size"
    )


def known(job: Job, key: str, kind: str, default: Any = None, *by: str) -> Fact:
    """An option with a value after it."""
    node = job.node(key)
    if node is not None and node.value is True:
        job.refuse(key, "expected a value after it")
    return job.get(key, default, kind, by)


def read(job: Job) -> Made:
    """What Megatron makes of its options."""
    job.root = options_of(job.root)
    length = ("steps", "ticks") if job.node("train_iters") else ()
    whole = {
        key: known(job, key, WHOLE, None, *(length if key == "train_iters" else ()))
        for pair in PAIRS
        for key in pair
        if key != "lr_warmup_fraction"
    }
    fraction = known(job, "lr_warmup_fraction", "a number")
    for first, second in PAIRS:
        both = {"lr_warmup_fraction": fraction, **whole}
        if both[first].value and both[second].value:
            job.fails(
                "LR716",
                f"{job.at(first)} and {job.at(second)} are both given, and Megatron takes one of them",
                f"leave --{second.replace('_', '-')} out",
                job.line_of(second),
            )
    lr, style = known(job, "lr", "a number", None, "lr"), known(job, "lr_decay_style", TEXT, "linear")
    if style.value not in STYLES:
        job.refuse("lr_decay_style", f"expected one of {', '.join(STYLES)}, found '{style.value}'")
    floor, start = known(job, "min_lr", "a number", 0.0), known(job, "lr_warmup_init", "a number", 0.0)
    decay_style = known(job, "lr_wsd_decay_style", TEXT, "exponential")
    wsd = {key: known(job, key, WHOLE) for key in ("lr_wsd_decay_iters", "lr_wsd_decay_samples")}
    batch = batch_of(job)
    for key in ("rampup_batch_size", "step_batch_size_schedule"):
        if (node := job.node(key)) and node.value:
            job.refuse(key, "with a batch size that changes an iteration is not a number of samples that stays")
    for key in ("decoupled_lr", "decoupled_min_lr"):
        if job.node(key):
            job.assume(f"{job.at(key)}: the embeddings have a rate of their own; the rate shown is lr's")
    for key in ("override_opt_param_scheduler", "use_checkpoint_opt_param_scheduler", "no_load_optim"):
        job.get(key)
    job.refuse_unknown(harmless=is_harmless)
    if lr.value is None:
        job.need(("--lr", "the script has none"))
    iterations, samples = job.option("steps", "ticks") or whole["train_iters"], whole["train_samples"]
    if iterations.value is None and samples.value is None:
        job.need(("--steps", "the script has neither --train-iters nor --train-samples"))
    by_samples = iterations.value is None
    if by_samples:
        if batch is None:
            job.need(("--batch-size", "--global-batch-size is not in the script, and samples are counted in it"))
        steps = samples.value // batch.value
        job.show(f"{samples.of('samples')} / {batch.of('a batch')}, rounded down", steps)
    else:
        steps = int(iterations.value)
        job.show(iterations.of("iterations"), steps)
    size = batch.value if batch else 1
    values: dict[str, Any] = {
        "lr_decay_style": style.value,
        "min_lr": float(floor.value),
        "lr_warmup_init": float(start.value),
        "global_batch_size": size,
    }
    unit, other = ("samples", "iters") if by_samples else ("iters", "samples")
    for key in (f"lr_decay_{other}", f"lr_warmup_{other}"):
        if key in whole and whole[key].value:
            job.refuse(key, f"expected lr_*_{unit} beside train_{unit}: Megatron takes one kind of both")
    decay = whole[f"lr_decay_{unit}"]
    total = samples.value if by_samples else steps
    if decay.value:
        values[f"lr_decay_{unit}"] = decay.value
        if decay.value < total:
            share = f"from {decay.value} of {total} {'samples' if by_samples else 'iterations'} on"
            job.remark("LR715", f"{decay.of('')}: {share} the rate stays at min_lr", "", decay.line, severity="note")
    else:
        values[f"lr_decay_{unit}"] = total
    if fraction.value is not None:
        values["lr_warmup_fraction"] = float(fraction.value)
    elif whole[f"lr_warmup_{unit}"].value:
        warmup = whole[f"lr_warmup_{unit}"]
        values[f"lr_warmup_{unit}"] = warmup.value
        if warmup.value >= values[f"lr_decay_{unit}"]:
            job.fails(
                "LR704",
                f"{warmup.of('of warmup')} is not below the length of the decay, {values[f'lr_decay_{unit}']}: "
                "Megatron refuses it (assert self.lr_warmup_steps < self.lr_decay_steps)",
                f"--lr-warmup-{unit} {max(1, values[f'lr_decay_{unit}'] // 20)}",
                warmup.line,
            )
    if style.value == "WSD":
        values["lr_wsd_decay_style"] = decay_style.value
        given = wsd[f"lr_wsd_decay_{unit}"]
        if given.value is None:
            job.fails("LR706", f"--lr-wsd-decay-{unit} is needed for WSD", "", style.line)
        values[f"lr_wsd_decay_{unit}"] = given.value
    return Made("megatron", values, float(lr.value), steps)


def batch_of(job: Job) -> Fact | None:
    """Samples in an iteration; None where that is not known."""
    node = job.node("global_batch_size")
    if node and not elsewhere(node.value):
        return job.whole("global_batch_size", at_least=1)
    micro, world = job.node("micro_batch_size"), job.option("num_processes")
    if node is None and micro and world:
        each = job.whole("micro_batch_size", at_least=1)
        job.assume(f"{world.of('processes')} in data parallel")
        return Fact(each.value * world.value, f"micro_batch_size x {world.where}")
    if said := job.option("batch_size"):
        return said
    return None


TRAINERS = (Trainer("megatron", "Megatron-LM", "", marks, read, written=(WORDS, YAML)),)
