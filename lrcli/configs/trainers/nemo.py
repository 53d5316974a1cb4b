"""NeMo 1's YAML, for Hydra.

Source: NeMo nemo/core/optim/lr_scheduler.py (compute_max_steps, WarmupAnnealHoldPolicy), core/classes/modelPT.py
"""

import math

from lrcli.configs.facts import NUMBER, Fact, Job
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules.counting import divided
from lrcli.schedules.family import EPOCH

PHASES = {
    "WarmupPolicy": "1",
    "CosineAnnealing": "(1-{low})*0.5*(1+cos(pi*({s}/{D})))+{low}",
    "WarmupAnnealing": "{low}+(1-{s}/{D})*(1-{low})",
    "InverseSquareRootAnnealing": "1/((t+1)/({W}+1))**0.5",
    "SquareAnnealing": "max((({D}-{s})/{D})**2,{low})",
    "SquareRootAnnealing": "max((({T}-t)/{T})**0.5,{low})",
    "PolynomialDecayAnnealing": "(1-{low})*(1-min({s},{D})/{D})**{power}+{low}",
}
"""What comes after the warmup, as a factor of step t: s of D steps are done, W is the warmup, T the run."""

HOLDS = {
    "WarmupHoldPolicy": "1",
    "PolynomialHoldDecayAnnealing": "(1-{low})*(1-min({h},{F})/{F})**{power}+{low}",
    "NoamHoldAnnealing": "max(max(1,{W}**{rate})/max(1,(t-{K})**{rate}),{low})",
    "WarmupHoldAnnealLinear": "1-(1-{low})*({h}/{F})",
    "WarmupHoldAnnealOneMinusSquareRoot": "max({low},1-({h}/{F})**0.5)",
}
"""The same where the full rate is held for K steps after the warmup: h of F steps are done after that."""

OF_TORCH = {"ExponentialLR": "exponential", "StepLR": "step"}
NOAM = "NoamAnnealing"
NAMES = (NOAM, *PHASES, *HOLDS, *OF_TORCH)
LOWEST = {"SquareAnnealing": 1e-5}
"""min_lr where it is not given, if not 0."""
SCHED = "model.optim.sched"


def marks(root: Node) -> bool:
    """Whether the keys are NeMo's."""
    return root.has_any("model.optim.sched", "model.optim") and root.has_any("trainer", "exp_manager")


def read(job: Job) -> Made:
    """What NeMo makes of the file."""
    lr = job.number("model.optim.lr", None, "lr")
    name = str(job.get(f"{SCHED}.name", "").value)
    if job.node(SCHED) is not None and name not in NAMES:
        why = "is not one of NeMo's own, or follows a metric" if name else "has no name"
        job.refuse(f"{SCHED}.name", f"{name or 'the schedule'} {why}: expected one of {', '.join(NAMES)}")
    own = job.whole(f"{SCHED}.max_steps", None)
    if lr.value is None:
        job.need(("--lr", "the rate of the optimizer, which the file does not say"))
    rate = float(lr.value)
    if not name:
        job.assume("there is no model.optim.sched: NeMo says so in its log and trains at one rate")
        total, steps = length_of(job, Fact(None))
        return Made("hf-constant", {"num_training_steps": total}, rate, total, steps)
    if name in OF_TORCH:
        return of_torch(job, name, rate, own)
    total, steps = length_of(job, own)
    warmup = share_of_run(job, "warmup", total)
    if warmup >= total:
        job.remark("LR704", f"the warmup takes {warmup} steps and the run has {total}: the full rate is never trained "
                   "at", f"warmup_steps: {max(1, total // 20)}", job.line_of(SCHED))  # fmt: skip
    low = float(job.number(f"{SCHED}.min_lr", LOWEST.get(name, 0.0)).value) / rate if rate else 0.0
    constant = share_of_run(job, "constant", total)
    if constant and name != "CosineAnnealing":
        job.refuse(f"{SCHED}.constant_steps", "a constant phase is that of CosineAnnealing only")
    job.assume("the schedule is computed in closed form: equal but for rounding")
    if constant:
        expression = as_megatron(job, warmup, constant, total, low)
    elif name == NOAM:
        expression = noam(job, warmup, low)
    else:
        expression = in_phases(job, name, warmup, total, low)
    return Made("lambda", {"expr": expression}, rate, total, steps)


def share_of_run(job: Job, phase: str, total: int) -> int:
    """Steps of a phase, which are given as they are or as a share of the run."""
    steps, share = job.whole(f"{SCHED}.{phase}_steps", None), job.number(f"{SCHED}.{phase}_ratio", None)
    if steps.value is not None and share.value is not None:
        job.fails("LR703", "Either use particular number of step or ratio", "give one of them", share.line)
    if share.value is not None:
        count = int(share.value * total)
        job.show(f"{share.of('of the run')} x {total} steps, rounded down: {phase}", count)
        return count
    if steps.value:
        job.show(steps.of(f"steps: {phase}"), steps.value)
    return int(steps.value or 0)


def as_megatron(job: Job, warmup: int, constant: int, total: int, low: float) -> str:
    """CosineAnnealing with a constant phase: the warmup is step / warmup, and the lowest rate stays to the end."""
    decay = max(1, total - warmup - constant)
    job.show(f"{total} steps without {warmup} of warmup and {constant} at the lowest rate: the decay", decay)
    fall = f"({low!r}+0.5*(cos(pi*((t-{warmup})/{decay}))+1)*(1-{low!r}) if t<={warmup + decay} else {low!r})"
    return f"t/{warmup} if t<={warmup} else {fall}" if warmup else fall


def noam(job: Job, warmup: int, low: float) -> str:
    """NoamAnnealing, whose lr is a factor."""
    size = job.whole(f"{SCHED}.d_model", None, at_least=1)
    if size.value is None:
        job.refuse(f"{SCHED}.d_model", "expected a whole number")
    rise = f"max(t,1)*{warmup}**-1.5" if warmup else "1"
    after = f"{size.value}**-0.5*min(max(t,1)**-0.5,{rise})"
    return f"max({after},{low!r}) if t>{warmup} else {after}" if low else after


def in_phases(job: Job, name: str, warmup: int, total: int, low: float) -> str:
    """A warmup, where asked for a phase at the full rate, and what follows; after the run the lowest rate."""
    power, decay_rate = job.number(f"{SCHED}.power", 1.0), job.number(f"{SCHED}.decay_rate", 0.5)
    if job.flag(f"{SCHED}.cycle"):
        job.refuse(f"{SCHED}.cycle", "a polynomial in cycles is not computed by lrsched")
    held = share_of_run(job, "hold", total) if name in HOLDS else 0
    until = held + warmup if held else 0
    if name == "NoamHoldAnnealing" and not warmup:
        job.refuse(f"{SCHED}.warmup_steps", "Noam scheduler cannot be used without warmup steps")
    after = {**PHASES, **HOLDS}[name].format(
        low=repr(low), s=f"(t-{warmup})", D=max(1, total - warmup), W=warmup, T=total, power=repr(float(power.value)),
        rate=repr(float(decay_rate.value)), h=f"(t-{until})", F=max(1, total - max(warmup, until)), K=held,
    )  # fmt: skip
    if until:
        after = f"(1 if t<{until} else {after})"
    after = f"({after} if t<={total} else {low!r})"
    return f"(t+1)/{warmup + 1} if t<={warmup} else {after}" if warmup else after


def of_torch(job: Job, name: str, rate: float, own: Fact) -> Made:
    """A schedule of torch: ExponentialLR is stepped after every epoch, StepLR after every step."""
    gamma, size = job.number(f"{SCHED}.gamma", None), job.whole(f"{SCHED}.step_size", None)
    if name == "ExponentialLR":
        if gamma.value is None:
            job.fails("LR706", f"{name}.__init__() missing 1 required positional argument: 'gamma'", "",
                      job.line_of(SCHED))  # fmt: skip
        epochs = job.whole("trainer.max_epochs", None, "epochs")
        if epochs.value is None or epochs.value < 0:
            job.need(("--epochs", f"{name} is stepped after every epoch, and the file does not say how many there are"))
        job.show(epochs.of("epochs"), epochs.value)
        return Made(OF_TORCH[name], {"gamma": float(gamma.value)}, rate, epochs=epochs.value, interval=EPOCH)
    if size.value is None:
        job.fails("LR706", f"{name}.__init__() missing 1 required positional argument: 'step_size'", "",
                  job.line_of(SCHED))  # fmt: skip
    total, steps = length_of(job, own)
    values = {"step_size": size.value, "gamma": float(gamma.value if gamma.value is not None else 0.1)}
    return Made(OF_TORCH[name], values, rate, total, steps)


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
    limit = job.get("trainer.limit_train_batches", 1.0, NUMBER)
    if limit.line and limit.value != 1.0:
        batches = min(batches, limit.value) if isinstance(limit.value, int) else int(batches * limit.value)
        job.show(limit.of("of the batches"), batches)
    steps = divided(batches, accumulate.value)
    if accumulate.value > 1:
        job.show(f"{batches} batches / {accumulate.of('accumulated')}, rounded up", steps)
    return steps


TRAINERS = (Trainer("nemo", "NeMo", "1", marks, read, written=("yaml",)),)
