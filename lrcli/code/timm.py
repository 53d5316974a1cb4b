"""timm: its scheduler classes, stepped as its train.py does."""

from lrcli.code import refusal
from lrcli.code.loop import literal, with_loop
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import STEP, TIMM


def write(schedule: Schedule, run: Run) -> str:
    """The source. Raises InputError for a schedule that timm does not have."""
    if schedule.reference.family is not TIMM:
        raise refusal(schedule, "timm", "timm.scheduler has no such class")
    if run.warmup:
        raise refusal(schedule, "timm", "its schedules warm up by themselves, with --warmup-t")
    symbol = schedule.reference.symbol
    arguments = [
        f"{declared.name}={literal(value)}"
        for declared, value in schedule.items()
        if declared.required or value != declared.default
    ]
    per_epoch = run.interval != STEP
    before = [] if per_epoch else ["updates = 0"]
    step = ["scheduler.step(epoch + 1)"] if per_epoch else ["updates += 1", "scheduler.step_update(updates)"]
    arguments += [] if per_epoch else ["t_in_epochs=False"]
    return with_loop(schedule, run, f"from timm.scheduler import {symbol}", symbol, arguments, before, step)
