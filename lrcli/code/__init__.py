"""A schedule to the training loop of a framework: complete, minimal, with step() where it belongs."""

import importlib

from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules.base import Schedule

TARGETS = ("torch", "transformers", "timm", "optax", "keras")


def write(schedule: Schedule, run: Run, target: str | None = None) -> str:
    """The Python source of a training loop with `schedule` in `run`; for its own framework unless `target` is given.

    Raises InputError where the target cannot express the schedule, naming what can.
    """
    chosen = target or schedule.reference.family.code[0]
    source: str = importlib.import_module(f"lrcli.code.{chosen}").write(schedule, run)
    return source


def refusal(schedule: Schedule, target: str, why: str) -> InputError:
    """The error of a target that cannot express the schedule exactly."""
    home = schedule.reference.family.code[0]
    others = " and ".join(dict.fromkeys(f"--to {name}" for name in (home, "torch") if name != target))
    return InputError(
        f"--to {target}: {why}; {others} {'write' if ' and ' in others else 'writes'} {schedule.spec!r} exactly"
    )
