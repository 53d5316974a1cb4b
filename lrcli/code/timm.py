"""timm: its scheduler classes, stepped as its train.py does."""

from lrcli.code import refusal
from lrcli.code.loop import literal, loop, optimizer
from lrcli.engine import Run
from lrcli.schedules.base import Schedule


def write(schedule: Schedule, run: Run) -> str:
    """The source. Raises InputError for a schedule that timm does not have."""
    if schedule.reference.family != "timm":
        raise refusal(schedule, "timm", "timm.scheduler has no such class")
    if run.warmup:
        raise refusal(schedule, "timm", "its schedules warm up by themselves, with --warmup-t")
    symbol = schedule.reference.symbol
    arguments = [
        f"{declared.name}={literal(value)}"
        for declared, value in schedule.items()
        if declared.required or value != declared.default
    ]
    per_epoch = run.interval == "epoch"
    before = [] if per_epoch else ["updates = 0"]
    step = ["scheduler.step(epoch + 1)"] if per_epoch else ["updates += 1", "scheduler.step_update(updates)"]
    lines = [
        f"# {schedule.spec}",
        "import torch",
        f"from timm.scheduler import {symbol}",
        "",
        *optimizer(schedule, run),
        f"scheduler = {symbol}(",
        "    optimizer,",
        *(f"    {argument}," for argument in (arguments if per_epoch else [*arguments, "t_in_epochs=False"])),
        ")",
        *before,
        "",
        *loop(run, run.ticks(schedule), step),
    ]
    return "\n".join(lines) + "\n"
