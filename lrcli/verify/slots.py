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
    beside: "Slot | None" = None
    """Another slot that holds the same number: of a list, its first."""

    def found(self, value: Any) -> list[tuple[Param, Any, Any]]:
        """What was another if this value was: the parameter, what was meant, and what it was."""
        changed = [(self.declared, self.value, value)] if value != self.value else []
        if changed and self.beside:
            changed.append((self.beside.declared, self.beside.value, (value, *self.beside.value[1:])))
        return changed


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


def at_the_first_turn(schedule: Schedule) -> Iterator[Slot]:
    """The numbers of ticks in the first part of a sequence that say when the next one takes over, too."""
    every = list(slots(schedule))
    for turn in every:
        if turn.declared.role is role.TAKES_OVER_AT and turn.value:
            first = (*turn.path, 0)
            yield from (
                one._replace(beside=turn) for one in every if one.path == first and _is_number(one, turn.value[0])
            )


def _is_number(slot: Slot, number: int) -> bool:
    return is_counted(slot) and isinstance(slot.value, int) and slot.value == number


OFTEN_ANOTHER = (role.LENGTH, role.DROP_EVERY, role.DROPS_AT, role.CYCLE, role.DROP_FACTOR, role.FLOOR, role.WARMUP)
"""What is most often another than was meant: it is tried first."""

RUN_FIELDS = ("lr", "warmup", "warmup_start_factor")
"""What of a run decides the rate: the base rate, and the warmup that it puts before the schedule."""


def applied(schedule: Schedule, run: Run, slot: Slot, value: Any) -> tuple[Schedule, Run]:
    """Both with another value. Raises InputError where it is refused."""
    if slot.beside:
        schedule, run = applied(schedule, run, slot.beside, (value, *slot.beside.value[1:]))
    if slot.of_run:
        return schedule, dataclasses.replace(run, **{slot.declared.name: value})
    return with_value(schedule, slot.path, slot.declared.name, value), run


def counts_ticks(slot: Slot) -> bool:
    """Whether the value is made of numbers of ticks."""
    return slot.declared.role is not None and slot.declared.role.scales_with_run


def is_counted(slot: Slot) -> bool:
    """Whether the value is a number of ticks, or may be one."""
    return counts_ticks(slot) and isinstance(slot.value, int | float | None)


def is_broken(slot: Slot) -> bool:
    """Whether it is a fraction of a tick."""
    return is_counted(slot) and isinstance(slot.value, float) and slot.value % 1 != 0
