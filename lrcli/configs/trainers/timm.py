"""timm's train.py: the args.yaml that it writes beside summary.csv.

Source: timm 1.0.31 train.py, scheduler/scheduler_factory.py
"""

import math

from lrcli.configs.facts import LIST, Fact, Job
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules.counting import Feed, torch_steps
from lrcli.schedules.family import EPOCH, STEP

NAMES = {"cosine": "timm-cosine", "tanh": "timm-tanh", "step": "timm-step", "multistep": "timm-multistep",
         "poly": "timm-poly", "wsd": "timm-wsd", "rsqrt": "timm-wsd", "constant": "timm-step"}  # fmt: skip


def marks(root: Node) -> bool:
    """Whether the keys are those of timm's train.py."""
    return root.has_any("sched") and root.has_any("lr_base", "warmup_lr", "cooldown_epochs", "decay_milestones")


def read(job: Job) -> Made:
    """What train.py makes of its arguments."""
    kind = str(job.get("sched", "cosine").value)
    epochs = job.whole("epochs", 300, "epochs", at_least=1)
    warmup = job.whole("warmup_epochs", 5)
    per_update = job.flag("sched_on_updates")
    prefix = job.flag("warmup_prefix")
    for key in ("lr_noise",):
        if (noise := job.node(key)) and noise.value:
            job.refuse(key, "noise on the rate is drawn at random")
    for key in ("lr_noise_pct", "lr_noise_std", "patience_epochs"):
        job.get(key)
    lr = rate(job)
    updates = updates_of(job) if per_update or job.option("examples", "batches_per_epoch", "steps_per_epoch") else None
    scale = updates or 1 if per_update else 1
    cooldown = job.whole("cooldown_epochs", 0)
    decay_epochs = job.number("decay_epochs", 0.2 if NAMES.get(kind) == "timm-wsd" else 90)
    shape, timescale = job.node("lr_decay_fn"), job.number("lr_stable_timescale", None)
    milestones = job.get("decay_milestones", [90, 180, 270], LIST)
    rate_of_decay = job.number("decay_rate", 0.1)
    floor, start = job.number("min_lr", 0.0), job.number("warmup_lr", 1e-5)
    multiply, fade, limit = (
        job.number("lr_cycle_mul", 1.0), job.number("lr_cycle_decay", 0.5), job.whole("lr_cycle_limit", 1)
    )  # fmt: skip
    bend = job.number("lr_k_decay", 1.0)
    job.refuse_unknown()
    if kind == "none" or kind not in NAMES:
        if kind in ("plateau", "plateau_lr"):
            job.refuse("sched", "plateau follows the evaluation metric: lrsched timm-plateau summary.csv replays it")
        if kind in ("none", ""):
            return Made("constant", {"factor": 1.0}, lr, epochs=epochs.value, interval=EPOCH)
        job.refuse("sched", f"expected one of {', '.join(NAMES)}, found '{kind}'")
    common = {
        "warmup_t": warmup.value * scale,
        "warmup_lr_init": float(start.value),
        "warmup_prefix": prefix,
    }
    cycles = {
        "t_initial": epochs.value * scale,
        "lr_min": float(floor.value),
        "cycle_mul": float(multiply.value),
        "cycle_decay": float(fade.value),
        "cycle_limit": limit.value,
    }
    run = epochs.value
    if kind in ("cosine", "tanh", "poly"):
        run = length_of_cycles(epochs.value, float(multiply.value), limit.value)
        if run != epochs.value:
            job.show(f"{epochs.of('epochs')} x {limit.of('cycles')}", run)
    if kind == "cosine":
        values = {**cycles, **common, "k_decay": float(bend.value)}
    elif kind == "tanh":
        values = {**cycles, **common}
    elif kind == "poly":
        values = {**cycles, **common, "power": float(rate_of_decay.value), "k_decay": float(bend.value)}
    elif kind in ("wsd", "rsqrt"):
        del common["warmup_prefix"]  # It always has its warmup before it, within the epochs or not.
        length = (epochs.value - (0 if prefix else warmup.value)) * scale
        asked = float(decay_epochs.value)
        values = {
            "t_initial": length,
            "decay_t": round(asked * (length if 0 < asked < 1 else scale)),
            "lr_min": float(floor.value),
            "stable_fn": "rsqrt" if kind == "rsqrt" else "constant",
            "stable_timescale": None if timescale.value is None else float(timescale.value) * scale,
            "decay_fn": str((shape and shape.value) or ("linear" if kind == "rsqrt" else "1-sqrt")),
            **common,
        }
    elif kind == "constant":
        values = {"decay_t": 1.0, "decay_rate": 1.0, **common}
    elif kind == "step":
        values = {"decay_t": float(decay_epochs.value) * scale, "decay_rate": float(rate_of_decay.value), **common}
    else:
        times = tuple(int(each) * scale for each in milestones.value)
        values = {"decay_t": times, "decay_rate": float(rate_of_decay.value), **common}
    if prefix:
        run += warmup.value
        job.show(f"+ {warmup.of('epochs')} of warmup before it (warmup_prefix)", run)
    if kind in ("cosine", "tanh", "poly", "wsd", "rsqrt") and cooldown.value:
        run += cooldown.value
        job.show(f"+ {cooldown.of('epochs')} of cooldown", run)
    if warmup.value >= run:
        job.remark(
            "LR704", f"{warmup.of('epochs of warmup')} and the run has {run}: the full rate is never trained at",
            f"warmup_epochs: {max(1, run // 20)}", warmup.line,
        )  # fmt: skip
    if per_update:
        assert updates is not None
        job.show(f"{run} epochs x {updates} updates", run * updates)
        return Made(NAMES[kind], values, lr, run * updates, updates, interval=STEP)
    return Made(NAMES[kind], values, lr, epochs=run, steps_per_epoch=updates, interval=EPOCH)


def length_of_cycles(epochs: int, multiply: float, limit: int) -> int:
    """Scheduler.get_cycle_length."""
    cycles = max(1, limit)
    if multiply == 1.0:
        return epochs * cycles
    return math.floor(-epochs * (multiply**cycles - 1) / (1 - multiply))


def updates_of(job: Job) -> int:
    """Optimizer updates in an epoch."""
    if said := job.option("steps_per_epoch"):
        return int(said.value)
    accumulate = job.whole("grad_accum_steps", 1, "accumulate", at_least=1)
    batch = job.whole("batch_size", 128, "batch_size", at_least=1)
    world = job.option("num_processes") or Fact(1)
    batches, examples = job.option("batches_per_epoch"), job.option("examples")
    if not batches and not examples:
        job.need(("--examples", "how many training images there are; or --steps-per-epoch"))
    fed = torch_steps(
        Feed(
            examples=examples.value if examples else None,
            batch_size=batch.value,
            num_processes=world.value,
            accumulate=accumulate.value,
            # The training loader of timm leaves out the last batch.
            drop_last=True,
            batches=batches.value if batches else None,
        )
    )
    job.lines += fed.lines
    return fed.steps


def rate(job: Job) -> float:
    """The base rate: lr, or what lr_base is at this batch size."""
    lr = job.number("lr", None, "lr")
    base, size = job.number("lr_base", 0.1), job.whole("lr_base_size", 256)
    scaling = str(job.get("lr_base_scale", "").value or "")
    optimizer = str(job.get("opt", "sgd").value)
    batch = job.whole("batch_size", 128, "batch_size", at_least=1)
    accumulate = job.whole("grad_accum_steps", 1, "accumulate", at_least=1)
    if lr.value is not None:
        return float(lr.value)
    world = job.option("num_processes") or Fact(1, "1 process")
    if world.where == "1 process":
        job.assume("1 process assumed, which the rate depends on: --num-processes says how many")
    whole = batch.value * world.value * accumulate.value
    ratio = whole / size.value
    if not scaling:
        scaling = "sqrt" if any(name in optimizer.lower() for name in ("ada", "lamb")) else "linear"
    if scaling == "sqrt":
        ratio = ratio**0.5
    value: float = float(base.value) * ratio
    root = "the square root of " if scaling == "sqrt" else ""
    job.show(
        f"{base.of('at')} x {root}{whole} a step / {size.of('')}: the rate".replace(" (lr_base_size", "(lr_base_size"),
        value,
    )
    job.get("lr_base_scale", "", "text")
    job.get("aug_repeats", 0)
    return value


TRAINERS = (Trainer("timm", "timm", "1.0.31", marks, read, written=("yaml",)),)
