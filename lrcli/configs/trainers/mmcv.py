"""MMCV 1.x's Python configurations, as MMDetection 2, MMSegmentation 0 and MMClassification 0 have them: lr_config.

Source: mmcv 1.7 runner/hooks/lr_updater.py
"""

from typing import Any

from lrcli.configs.facts import Fact, Job
from lrcli.configs.trainer import PYTHON, Made, Trainer
from lrcli.configs.trainers.mmengine import expressed
from lrcli.configs.tree import Node
from lrcli.schedules import named
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH

LINEAR, EXP, CONSTANT = "linear", "exp", "constant"
"""Kinds of warmup."""

STEP, FIXED = "step", "fixed"
"""Policies that are made of torch's schedulers; the others are an expression."""


def marks(root: Node) -> bool:
    """Whether the names are MMCV's."""
    return root.has("lr_config", "optimizer") and root.get("param_scheduler") is None


def read(job: Job) -> Made:
    """What LrUpdaterHook makes of the file."""
    lr = job.number("optimizer.lr", None, "lr")
    if lr.value is None:
        job.need(("--lr", "optimizer has no lr in this file"))
    if job.flag("auto_scale_lr.enable"):
        job.refuse("auto_scale_lr", "it multiplies the rate by the batch of all processes, which lrsched does not")
    runs_epochs, length = length_of(job)
    job.assume("the rates are equal to those of LrUpdaterHook but for rounding")
    by_epoch = job.flag("lr_config.by_epoch", default=True)
    warmup = job.node("lr_config.warmup")
    iterations = job.whole("lr_config.warmup_iters", 0).value if warmup else 0
    if job.flag("lr_config.warmup_by_epoch"):
        job.refuse("lr_config", "warmup_by_epoch: lrsched computes a warmup by iterations only")
    if by_epoch and not runs_epochs:
        job.refuse("lr_config", "by_epoch: a run of iterations has no epochs that lrsched could count")
    if by_epoch and not iterations:
        job.show(length.of("epochs"), length.value)
        schedule = regular(job, length.value, 1, float(lr.value))
        return Made(schedule.reference.name, values_of(schedule), float(lr.value), epochs=length.value, interval=EPOCH)
    each = per_epoch(job) if runs_epochs else None
    total = length.value * (each or 1)
    job.show(f"{length.of('epochs')} x {each} iterations" if each else length.of("iterations"), total)
    kind = str(warmup.value) if warmup else ""
    schedule = warmed(job, kind, iterations, by_epoch, total, each or 1, float(lr.value))
    return Made(schedule.reference.name, values_of(schedule), float(lr.value), total, each)


def values_of(schedule: Schedule) -> dict[str, Any]:
    """The values of a schedule by their names."""
    return {declared.name: value for declared, value in schedule.items()}


def length_of(job: Job) -> tuple[bool, Fact]:
    """Whether the run counts epochs, and how many epochs or iterations it has."""
    iterations = job.whole("runner.max_iters", None) if job.node("runner.max_iters") else job.whole("total_iters", None)
    if iterations.value is not None:
        return False, job.whole("runner.max_iters" if job.node("runner.max_iters") else "total_iters", None, "steps")
    key = "runner.max_epochs" if job.node("runner.max_epochs") else "total_epochs"
    epochs = job.whole(key, None, "epochs")
    if epochs.value is None:
        job.need(("--epochs", "neither runner nor total_epochs says how long the run is"))
    return True, epochs


def per_epoch(job: Job) -> int:
    """Iterations in an epoch."""
    said = job.option("steps_per_epoch", "batches_per_epoch")
    if said is None:
        job.need(("--steps-per-epoch", "lr_config counts iterations in a run of epochs: how many an epoch has"))
    return int(said.value)


def regular(job: Job, length: int, each: int, lr: float) -> Schedule:
    """The policy without its warmup, in ticks of which an epoch, or an iteration where that is counted, has `each`."""
    policy = str(job.get("lr_config.policy", FIXED).value).lower()
    if policy == FIXED:
        return made("constant", factor=1.0)
    if policy == STEP:
        if job.node("lr_config.min_lr"):
            job.refuse("lr_config", "min_lr: lrsched does not compute a floor of the policy step")
        gamma, step = float(job.number("lr_config.gamma", 0.1).value), job.node("lr_config.step")
        steps = step.plain if step else None
        if isinstance(steps, int) and steps > 0:
            return made("step", step_size=steps * each, gamma=gamma)
        if isinstance(steps, list) and steps and all(isinstance(one, int) for one in steps):
            return made("multistep", milestones=tuple(one * each for one in steps), gamma=gamma)
        job.refuse("lr_config", "step: expected whole numbers that are written out")
    return expressed(share_of(job, policy, length, each, lr))


def share_of(job: Job, policy: str, length: int, each: int, lr: float) -> str:
    """The share of the base rate at tick t, as an expression."""
    place = "t" if each == 1 else f"(t//{each})"
    low = float(job.number("lr_config.min_lr", 0.0).value) / lr if lr else 0.0
    low = float(job.number("lr_config.min_lr_ratio", low).value)
    if policy == "cosineannealing":
        return f"{low!r}+{1 - low!r}*(1+cos(pi*{place}/{length}))/2"
    if policy == "poly":
        return f"{low!r}+{1 - low!r}*(1-{place}/{length})**{float(job.number('lr_config.power', 1.0).value)!r}"
    if policy != EXP:
        job.refuse("lr_config", f"the policy {policy} is not one that lrsched computes")
    gamma = job.number("lr_config.gamma", None)
    if gamma.value is None:
        job.refuse("lr_config", "gamma: the policy exp needs one")
    return f"{float(gamma.value)!r}**{place}"


def warmed(job: Job, kind: str, iterations: int, by_epoch: bool, total: int, each: int, lr: float) -> Schedule:
    """The policy with its warmup, by iterations."""
    ratio = float(job.number("lr_config.warmup_ratio", 0.1).value)
    length, each = (total // each, each) if by_epoch else (total, 1)
    rest = regular(job, length, each, lr)
    if not iterations:
        return rest
    if rest.reference.name != "lambda" and kind in (LINEAR, CONSTANT):
        ramp = made("linear", start_factor=ratio, end_factor=1.0, total_iters=iterations)
        rise = ramp if kind == LINEAR else made("constant", factor=ratio, total_iters=iterations)
        return rise if rest.reference.name == "constant" else made("chained", schedulers=(rise, rest))
    shares = {LINEAR: f"(1-(1-t/{iterations})*{1 - ratio!r})", EXP: f"{ratio!r}**(1-t/{iterations})",
              CONSTANT: f"{ratio!r}"}  # fmt: skip
    if kind not in shares or rest.reference.name != "lambda":
        job.refuse("lr_config", f"warmup: {kind} beside this policy is not computed by lrsched")
    policy = str(job.get("lr_config.policy", FIXED).value).lower()
    share = share_of(job, policy, length, each, lr)
    return expressed(f"({share})*{shares[kind]} if t<{iterations} else ({share})")


def made(name: str, **values: Any) -> Schedule:
    """The schedule of this name."""
    cls = named(name)
    assert cls is not None
    return cls(**values)


TRAINERS = (Trainer("mmcv", "MMCV", "1.7", marks, read, written=(PYTHON,)),)
