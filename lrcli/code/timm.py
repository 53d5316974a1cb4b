"""timm: its scheduler classes, stepped as its train.py does."""

from lrcli.code import refusal
from lrcli.code.layout import Node, call, laid_out, literal
from lrcli.code.loop import Parts, source
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import STEP, TIMM
from lrcli.schedules.plateau import Plateau


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for a schedule that timm does not have."""
    if run.warmup:
        raise refusal(schedule, "timm", "its schedules warm up by themselves, with --warmup-t")
    symbol, given = _made(schedule)
    imports, before = [f"from timm.scheduler import {symbol}"], []
    step = ["scheduler.step(epoch + 1)"]
    if schedule.follows_metric:
        step = ["scheduler.step(epoch + 1, val_loss)"]
    elif run.interval == STEP:
        given["t_in_epochs"] = "False"
        before, step = ["updates = 0"], ["updates += 1", "scheduler.step_update(updates)"]
    made = laid_out(call(symbol, "optimizer", **given), 0, "scheduler = ")
    return source(schedule, run, Parts(imports, made, step, before=before), amp)


def _made(schedule: Schedule) -> tuple[str, dict[str, Node]]:
    """The class of timm, and its arguments."""
    if isinstance(schedule, Plateau):
        if schedule.eps != 1e-8 or isinstance(schedule.min_lr, tuple):
            raise refusal(schedule, "timm", "its PlateauLRScheduler takes no eps, and one lr_min for all groups")
        names = {"factor": "decay_rate", "patience": "patience_t", "cooldown": "cooldown_t", "min_lr": "lr_min"}
        return "PlateauLRScheduler", {
            names.get(declared.name, declared.name): literal(value)
            for declared, value in schedule.items()
            if declared.name in (*names, "threshold", "mode")
        }
    if schedule.reference.family is not TIMM:
        raise refusal(schedule, "timm", "timm.scheduler has no such class")
    return schedule.reference.symbol, {
        declared.name: literal(value)
        for declared, value in schedule.items()
        if declared.required or value != declared.default
    }
