"""A schedule to the training loop of a framework: complete, minimal, with step() where it belongs."""

import importlib

from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import TARGETS

__all__ = ("TARGETS", "refusal", "write")


def write(schedule: Schedule, run: Run, target: str | None = None, *, amp: bool = False) -> str:
    """The source of a training loop with `schedule` in `run`; for its own framework unless `target` is given.

    `run` is settled for the schedule here, if it is not yet. Raises InputError where the target cannot express the
    schedule, naming what can.
    """
    known = schedule.code
    name, chosen = schedule.reference.name, target or next(iter(known), None)
    if chosen is None:
        raise InputError(f"nothing writes {name}: its family {schedule.reference.family.name} names no code")
    if chosen not in known:
        whose = (
            f"schedules of {schedule.reference.family.name}" if chosen not in schedule.reference.family.code else name
        )
        raise refusal(schedule, chosen, f"it has no {whose}")
    run = run.settled(schedule.counts_in, schedule.reference.family)
    if run.accumulate > 1 and run.steps_per_epoch is not None and run.batches_per_epoch == run.steps_per_epoch:
        raise InputError(
            f"--accumulate {run.accumulate}: {schedule.reference.family.name} counts batches, whether or not their "
            "gradients are accumulated, and no loop that is written here steps a scheduler so"
        )
    module = importlib.import_module(f"lrcli.code.{chosen.replace('-', '_')}")
    source: str = module.write(schedule, run, amp=amp)
    return source


def refusal(schedule: Schedule, target: str, why: str) -> InputError:
    """The error of a target that cannot express the schedule exactly."""
    known = schedule.code
    others = [f"--to {name}" for name in dict.fromkeys((*known[:1], "torch")) if name != target and name in known]
    if not others:
        return InputError(f"--to {target}: {why}")
    verb = "write" if len(others) > 1 else "writes"
    return InputError(f"--to {target}: {why}; {' and '.join(others)} {verb} {schedule.spec!r} exactly")
