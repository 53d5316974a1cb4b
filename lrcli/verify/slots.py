"""The values of a schedule and its run, each of which may have been another."""

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Param


class Slot(NamedTuple):
    """A value that may have been another: a field of the schedule, of a part of it, or of the run."""

    path: tuple[int, ...]
    declared: Param
    value: Any
    owner: type[Schedule]
    """The scheduler that it belongs to."""
    of_run: bool = False


def slots(schedule: Schedule, path: tuple[int, ...] = ()) -> Iterator[Slot]:
    """The values of a schedule and its parts."""
    for declared, value in schedule.items():
        if declared.kind is SPEC:
            for place, child in enumerate(value):
                yield from slots(child, (*path, place))
        elif declared.role and declared.role not in (role.MOMENTUM, role.JUDGEMENT, role.EXPRESSION):
            yield Slot(path, declared, value, type(schedule))


def with_value(schedule: Schedule, path: tuple[int, ...], name: str, value: Any) -> Schedule:
    """The schedule with another value in the field `name` of the part at `path`."""
    if not path:
        return dataclasses.replace(schedule, **{name: value})
    parts = next(declared.name for declared in schedule.params().values() if declared.kind is SPEC)
    children = list(getattr(schedule, parts))
    children[path[0]] = with_value(children[path[0]], path[1:], name, value)
    return dataclasses.replace(schedule, **{parts: tuple(children)})


def all_slots(given: Schedule, run: Run) -> list[Slot]:
    """The values of the schedule, and those of the run that decide the rate."""
    found = list(slots(given))
    for declared, value in run.items():
        if declared.role is role.WARMUP or declared.name in RUN_FIELDS:
            if declared.name == "lr" and isinstance(value, tuple):
                continue
            if declared.name == "warmup_start_factor" and not run.warmup:
                continue
            found.append(Slot((), declared, value, type(given), of_run=True))
    return sorted(found, key=lambda slot: slot.declared.role not in OFTEN_ANOTHER)


OFTEN_ANOTHER = (role.LENGTH, role.DROP_EVERY, role.DROPS_AT, role.CYCLE, role.DROP_FACTOR, role.FLOOR, role.WARMUP)
"""What is most often another than was meant: it is tried first."""

RUN_FIELDS = ("lr", "warmup", "warmup_start_factor")
"""What of a run decides the rate: the base rate, and the warmup that it puts before the schedule."""


def applied(schedule: Schedule, run: Run, slot: Slot, value: Any) -> tuple[Schedule, Run]:
    """Both with another value. Raises InputError where it is refused."""
    if slot.of_run:
        return schedule, dataclasses.replace(run, **{slot.declared.name: value})
    return with_value(schedule, slot.path, slot.declared.name, value), run


def is_counted(slot: Slot) -> bool:
    """Whether the value is a number of ticks."""
    found = slot.declared.role
    return found is not None and found.scales_with_run and isinstance(slot.value, int | float | None)


def is_broken(slot: Slot) -> bool:
    """Whether it is a fraction of a tick."""
    return is_counted(slot) and isinstance(slot.value, float) and slot.value % 1 != 0
