"""NeMo 1's YAML, for Hydra.

Source: NeMo nemo/core/optim/lr_scheduler.py (compute_max_steps, WarmupAnnealHoldPolicy), core/classes/modelPT.py
"""

import math

from lrcli.configs.facts import Fact, Job
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules.counting import divided

NAMES = ("CosineAnnealing", "NoamAnnealing", "WarmupPolicy")


def marks(root: Node) -> bool:
    """Whether the keys are NeMo's."""
    return root.has_any("model.optim.sched", "model.optim") and root.has_any("trainer", "exp_manager")


def read(job: Job) -> Made:
    """What NeMo makes of the file."""
    lr = job.number("model.optim.lr", None, "lr")
    if job.node("model.optim.sched") is None:
        job.refuse("model.optim.sched", "there is no schedule: NeMo says so in its log and trains at one rate")
    name = str(job.get("model.optim.sched.name", "").value)
    if name not in NAMES:
        job.refuse("model.optim.sched.name", f"{name or 'none'} is not computed by lrsched: expected one of "
                   f"{', '.join(NAMES)}")  # fmt: skip
    given = job.whole("model.optim.sched.warmup_steps", None), job.number("model.optim.sched.warmup_ratio", None)
    hold = job.whole("model.optim.sched.constant_steps", 0), job.number("model.optim.sched.constant_ratio", None)
    floor = job.number("model.optim.sched.min_lr", 0.0)
    own = job.whole("model.optim.sched.max_steps", None)
    if (hold[0].value or hold[1].value) and name != NAMES[0]:
        job.refuse("model.optim.sched.constant_steps", "a constant phase is computed for CosineAnnealing only")
    if given[0].value is not None and given[1].value is not None:
        job.fails("LR703", "Either use particular number of step or ratio", "give one of them", given[1].line)
    if lr.value is None:
        job.need(("--lr", "the rate of the optimizer, which the file does not say"))
    total, steps = length_of(job, own)
    if given[1].value is not None:
        warmup = int(given[1].value * total)
        job.show(f"{given[1].of('of the run')} x {total} steps, rounded down: warmup", warmup)
    else:
        warmup = given[0].value or 0
        if warmup:
            job.show(given[0].of("steps of warmup"), warmup)
    if warmup >= total:
        job.remark("LR704", f"the warmup takes {warmup} steps and the run has {total}: the full rate is never trained "
                   "at", f"warmup_steps: {max(1, total // 20)}", given[0].line)  # fmt: skip
    rate, low = float(lr.value), float(floor.value)
    share = low / rate if rate else 0.0
    constant = int(hold[1].value * total) if hold[1].value else int(hold[0].value or 0)
    job.assume("the schedule is computed in closed form: equal but for rounding")
    if constant:
        # Megatron's form: the warmup is step / warmup, and the lowest rate stays to the end.
        decay = max(1, total - warmup - constant)
        job.show(f"{total} steps without {warmup} of warmup and {constant} at the lowest rate: the decay", decay)
        fall = f"({share!r}+0.5*(cos(pi*(t-{warmup})/{decay})+1)*(1-{share!r}) if t<={warmup + decay} else {share!r})"
        expression = f"t/{warmup} if t<={warmup} else {fall}" if warmup else fall
    elif name == "NoamAnnealing":
        size = job.whole("model.optim.sched.d_model", None, at_least=1)
        if size.value is None:
            job.refuse("model.optim.sched.d_model", "expected a whole number")
        rise = f"max(t,1)*{warmup}**-1.5" if warmup else "1"
        after = f"{size.value}**-0.5*min(max(t,1)**-0.5,{rise})"
        expression = f"max({after},{share!r}) if t>{warmup} else {after}" if low else after
    else:
        progress = f"(t-{warmup})/{max(1, total - warmup)}"
        after = f"(1-{share!r})*0.5*(1+cos(pi*{progress}))+{share!r}" if name == "CosineAnnealing" else "1"
        after = f"({after} if t<={total} else {share!r})"
        expression = f"(t+1)/{warmup + 1} if t<={warmup} else {after}" if warmup else after
    return Made("lambda", {"expr": expression}, rate, total, steps)


def length_of(job: Job, own: Fact) -> tuple[int, int | None]:
    """Steps of the run, and of an epoch where they are known."""
    most = job.whole("trainer.max_steps", -1, "steps", "ticks")
    if job.option("epochs") and not job.option("steps", "ticks"):
        most, own = Fact(-1), Fact(None)
    steps = steps_of(job)
    if most.value is not None and most.value >= 0:
        job.show(most.of("steps"), most.value)
        return int(most.value), steps
    if own.value is not None and own.value > 0:
        job.show(own.of("steps"), own.value)
        return int(own.value), steps
    epochs = job.whole("trainer.max_epochs", None, "epochs")
    if epochs.value is None or epochs.value < 0:
        job.need(("--steps", "the file gives neither max_steps nor max_epochs"))
    if steps is None:
        job.need(("--examples", "how many training examples there are; or --steps-per-epoch, or --steps"))
    job.show(f"{epochs.of('epochs')} x {steps} steps", epochs.value * steps)
    return epochs.value * steps, steps


def steps_of(job: Job) -> int | None:
    """Optimizer steps in an epoch."""
    if said := job.option("steps_per_epoch"):
        return int(said.value)
    examples = job.option("examples")
    if examples is None:
        return None
    keys = ("model.train_ds.batch_size", "model.train_ds.dataloader_params.batch_size", "model.micro_batch_size")
    batch = next((job.whole(key, None, "batch_size") for key in keys if job.node(key)), None) or job.option(
        "batch_size"
    )
    if batch is None or batch.value is None:
        job.need(("--batch-size", "the file does not say how many of the examples are in a batch"))
    world = job.option("num_processes") or Fact(1)
    accumulate = job.whole("trainer.accumulate_grad_batches", 1, "accumulate", at_least=1)
    share = math.ceil(examples.value / world.value)
    down = job.flag("model.train_ds.drop_last") or job.flag("model.train_ds.dataloader_params.drop_last")
    batches = divided(share, batch.value, down)
    job.show(f"{share} examples / {batch.of('a batch')}, rounded {'down' if down else 'up'}", batches)
    steps = divided(batches, accumulate.value)
    if accumulate.value > 1:
        job.show(f"{batches} batches / {accumulate.of('accumulated')}, rounded up", steps)
    return steps


TRAINERS = (Trainer("nemo", "NeMo", "1", marks, read, written=("yaml",)),)
