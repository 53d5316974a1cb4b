"""Another scheduler with the numbers that were meant: it was mistaken for the one that was meant, or took over."""

from collections.abc import Iterator
from typing import Any

from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule
from lrcli.verify.case import Case
from lrcli.verify.changes import of_other_schedule
from lrcli.verify.verdict import Explanation


def swapped(case: Case) -> Iterator[Explanation]:
    """Another scheduler with the same numbers gives the whole log."""
    for schedule in with_the_same_numbers(case):
        if case.fits(schedule, case.run, case.ticks):
            yield of_other_schedule(spec_of(schedule, case.run))


def swapped_from(case: Case) -> Iterator[Explanation]:
    """It gives the log from a tick on: the run was taken up again with another scheduler."""
    at = int(case.ticks[case.place])
    for schedule in with_the_same_numbers(case):
        if case.gives(schedule, case.run, case.ticks, case.place):
            yield of_other_schedule(spec_of(schedule, case.run), at)


def with_the_same_numbers(case: Case) -> Iterator[Schedule]:
    """Every other scheduler whose fields have a number in the one that was meant, or a default."""
    meant: dict[role.Role | None, Any] = {declared.role: value for declared, value in case.schedule.items()}
    meant.setdefault(role.LENGTH, case.record.facts.max_steps or case.schedule.horizon)
    numbers = {name: value for name, value in meant.items() if isinstance(value, int | float)}
    for cls in every().values():
        params = cls.params().values()
        values: dict[str, Any] = {one.name: numbers[one.role] for one in params if one.role in numbers}
        if cls is type(case.schedule) or any(one.required and one.name not in values for one in params):
            continue
        try:
            yield cls(**values)
        except (InputError, ArithmeticError, ValueError, TypeError):
            continue
