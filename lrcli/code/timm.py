"""timm: its scheduler classes, stepped as its train.py does; any other formula in a class of its kind."""

from typing import NamedTuple

from lrcli.code import refusal
from lrcli.code.layout import Node, call, literal
from lrcli.code.loop import Parts, source
from lrcli.code.torch import Writer
from lrcli.code.twin import twin
from lrcli.run import Run
from lrcli.schedules.base import Absolute, Schedule
from lrcli.schedules.family import STEP, TIMM
from lrcli.schedules.plateau import Plateau

NEAR = 1e-12
"""Share of the highest rate by which two curves differ that are the same but for rounding."""


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for a schedule that goes on from the rate in force: timm's are told the tick."""
    if schedule.follows_metric:
        symbol = "PlateauLRScheduler"
        given = _plateau(schedule) if isinstance(schedule, Plateau) else _own(schedule).given
        made = call(symbol, "optimizer", **given)
        step = ["scheduler.step(epoch + 1, val_loss)"]
        return source(schedule, run, Parts([f"from timm.scheduler import {symbol}"], made, step), amp)
    own = None if run.warmup else twin(schedule, run, TIMM)
    parts = _own(own) if own else _written(schedule, run)
    if run.interval == STEP:
        count = "step + 1" if run.steps_per_epoch is None else "updates"
        counted = [] if run.steps_per_epoch is None else ["updates = 0"]
        step = ["updates += 1"] * len(counted) + [f"scheduler.step_update({count})"]
    else:
        counted, step = [], ["scheduler.step(epoch + 1)"]
    in_steps = {"t_in_epochs": "False"} if run.interval == STEP else {}
    made = call(parts.symbol, "optimizer", **parts.given, **in_steps)
    first = [] if own else [f"scheduler.step{'_update' if in_steps else ''}(0)"]
    return source(
        schedule,
        run,
        Parts(parts.imports, made, step, definitions=parts.definitions, before=[*first, *counted]),
        amp,
    )


class Class(NamedTuple):
    """A class of timm's kind, and what it is made with."""

    symbol: str
    given: dict[str, Node]
    imports: list[str]
    definitions: list[str]


def _own(schedule: Schedule) -> Class:
    given = {
        declared.name: literal(value)
        for declared, value in schedule.items()
        if declared.required or value != declared.default
    }
    symbol = schedule.reference.symbol
    return Class(symbol, given, [f"from timm.scheduler import {symbol}"], [])


def _written(schedule: Schedule, run: Run) -> Class:
    """A subclass of timm's Scheduler with the formula."""
    composed = run.warmed_up(schedule)
    if composed.cycles_momentum:
        raise refusal("timm", "its schedulers move the rate alone, this one moves the momentum too")
    if not isinstance(composed, Absolute) or type(composed).base is not Absolute.base:
        near = twin(composed, run, TIMM, within=NEAR)
        hint = f"; but for rounding it is {near.spec!r}" if near else ""
        raise refusal("timm", f"its schedulers are told the tick, this one goes on from the rate{hint}")
    writer = Writer(run, "timm")
    formulas = writer.formulas_of(composed)
    each = [
        f"{'base_lr * ' if written.is_factor else ''}{written.name}({', '.join(['t', *written.parameters[1:]])})"
        for written in formulas
    ]
    if len(each) == 1:
        returned = [f"        return [{each[0]} for base_lr in self.base_values]"]
    else:
        calls = [rate.replace("base_lr", f"self.base_values[{group}]") for group, rate in enumerate(each)]
        returned = ["        return [", *(f"            {one}," for one in calls), "        ]"]
    body = ["class Formula(Scheduler):", "    def _get_lr(self, t):", *returned]
    imports = [*writer.imports, "from timm.scheduler.scheduler import Scheduler"]
    given: dict[str, Node] = {"param_group_field": '"lr"'}
    return Class("Formula", given, imports, [*writer.definitions, "", "", *body])


def _plateau(schedule: Plateau) -> dict[str, Node]:
    """The arguments of timm's PlateauLRScheduler, which is torch's class with fewer of them."""
    if schedule.eps != 1e-8 or isinstance(schedule.min_lr, tuple) or schedule.threshold_mode != "rel":
        reason = "its PlateauLRScheduler takes no eps, no absolute threshold, and one lr_min for all groups"
        raise refusal("timm", reason)
    names = {"factor": "decay_rate", "patience": "patience_t", "cooldown": "cooldown_t", "min_lr": "lr_min"}
    return {
        names.get(declared.name, declared.name): literal(value)
        for declared, value in schedule.items()
        if declared.name == "mode" or (declared.name in (*names, "threshold") and value != declared.default)
    }
