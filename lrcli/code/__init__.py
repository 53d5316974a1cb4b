"""A schedule to the training loop of a framework: complete, minimal, with step() where it belongs."""

import dataclasses
import importlib

from lrcli.engine import filled, rates
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH, TARGETS
from lrcli.schedules.plateau import MetricDriven

__all__ = ("TARGETS", "refusal", "write")


class RefusedError(InputError):
    """A target cannot express the schedule exactly."""


def refusal(target: str, why: str) -> RefusedError:
    """The error of a target that cannot express the schedule exactly."""
    return RefusedError(f"--to {target}: {why}")


def write(schedule: Schedule, run: Run, target: str | None = None, *, amp: bool = False) -> str:
    """The source of a training loop with `schedule` in `run`; for its own framework unless `target` is given.

    `run` is settled for the schedule here, if it is not yet. Raises InputError where the target cannot express the
    schedule, naming what can.
    """
    name, chosen = schedule.reference.name, target or next(iter(schedule.code), None)
    if chosen is None:
        raise InputError(f"nothing writes {name}: its family {schedule.reference.family.name} names no code")
    try:
        return _written(schedule, run, chosen, amp)
    except RefusedError as error:
        exact = dict.fromkeys((*schedule.code[:1], "torch"))
        others = [f"--to {other}" for other in exact if other != chosen and _can_be_written(schedule, run, other)]
        if not others:
            raise
        verb = "write" if len(others) > 1 else "writes"
        raise InputError(f"{error}; {' and '.join(others)} {verb} {schedule.spec!r} exactly") from None


def _can_be_written(schedule: Schedule, run: Run, target: str) -> bool:
    try:
        return bool(_written(schedule, run, target, amp=False))
    except InputError:
        return False


def _written(schedule: Schedule, run: Run, target: str, amp: bool) -> str:
    """The source. Raises RefusedError for what the target cannot express."""
    family = schedule.reference.family
    if target not in schedule.code:
        whose = f"schedules of {family.name}" if target not in family.code else schedule.reference.name
        raise refusal(target, f"it has no {whose}")
    if schedule.follows_metric:
        run = dataclasses.replace(run, interval=EPOCH)  # there is a metric after every epoch
    run = run.settled(schedule.counts_in, family)
    composed = run.warmed_up(schedule)  # refused, in torch's words, where it cannot be
    in_batches = run.steps_per_epoch is not None and run.batches_per_epoch == run.steps_per_epoch
    if target != "keras" and in_batches and run.accumulate > 1:
        raise InputError(
            f"--accumulate {run.accumulate}: {family.name} counts batches, whether or not their gradients are "
            "accumulated, and no loop that is written here steps a scheduler so"
        )
    if isinstance(schedule, MetricDriven) and target != schedule.code[0]:
        if schedule.own_warmup:
            raise refusal(target, "its ReduceLROnPlateau has no warmup before it")
        schedule = schedule.judged_by
    if not schedule.follows_metric:
        _walk(composed, run)
    source: str = importlib.import_module(f"lrcli.code.{target.replace('-', '_')}").write(schedule, run, amp=amp)
    return source


WALKED = 100_000
"""Ticks of a run that are computed to see that they can be."""


def _walk(composed: Schedule, run: Run) -> None:
    """Raises InputError, in the framework's words, where the run goes on after what the schedule can be stepped."""
    ticks = range(min(run.length(composed), WALKED))
    for group in range(len(run.lrs)):
        filled(rates(composed, run.lrs, group), ticks, composed)
