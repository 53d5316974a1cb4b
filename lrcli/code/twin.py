"""The scheduler of another family that has the same rates: its fields are filled by their roles, its rates compared."""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import Any

from lrcli.code.curve import ends
from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import every, role
from lrcli.schedules.base import Absolute, Schedule
from lrcli.schedules.family import Family
from lrcli.schedules.param import Param

MOST_TRIED = 3000
"""Combinations of values that are tried for each scheduler."""

MOST_COMPARED = 100_000
"""Ticks that are all compared; of what comes after them, as many as a thousandth."""


@lru_cache(maxsize=16)
def twin(schedule: Schedule, run: Run, family: Family, *, within: float = 0.0) -> Schedule | None:
    """The scheduler of `family` with the rates of `schedule` in a settled run, to the bit unless told otherwise.

    `within` is the difference allowed, as a share of the highest rate. After the run they are to go on alike too, but
    for rounding: what agrees with a part of a curve by chance is not it. None where there is none.
    """
    if schedule.reference.family is family:
        return schedule
    ticks = run.length(schedule)
    try:
        wanted = [list(_compared(schedule, run, group, ticks)) for group in range(len(run.lrs))]
    except (InputError, ArithmeticError, ValueError):
        return None
    until = max(ticks, schedule.horizon or 0, *map(math.ceil, ends(schedule, ticks)))
    for cls in every().values():
        if cls.reference.family is not family or cls.follows_metric or cls.fields(role.PARTS):
            continue
        for values in islice(_filled(cls, schedule, run, ticks), MOST_TRIED):
            try:
                made = cls(**values)
                agree = all(_agrees(made, run, group, ticks, wanted[group], within) for group in range(len(run.lrs)))
                if agree and (within or _goes_on_alike(made, schedule, run, ticks, until)):
                    return made
            except (InputError, ArithmeticError, ValueError, TypeError):
                continue
    return None


def _compared(schedule: Schedule, run: Run, group: int, ticks: int) -> Iterator[float]:
    """The rates that are compared, in their order."""
    yield from islice(rates(schedule, run.lrs, group), min(ticks, MOST_COMPARED))
    bound = schedule.bind(group, run.lrs)
    if ticks > MOST_COMPARED and isinstance(bound, Absolute):
        base = bound.base(run.lrs[group])
        for tick in range(MOST_COMPARED, ticks, max(1, ticks // 1000)):
            yield bound.at(tick, base)


def _agrees(made: Schedule, run: Run, group: int, ticks: int, wanted: Sequence[float], within: float) -> bool:
    slack = within * max(map(abs, wanted))
    pairs = zip(_compared(made, run, group, ticks), wanted, strict=True)
    return all(abs(one - other) <= slack for one, other in pairs)


def _goes_on_alike(made: Schedule, schedule: Schedule, run: Run, ticks: int, until: int) -> bool:
    """Whether the rates of the first group stay together after the run, and after the end of both schedules."""
    if ticks > MOST_COMPARED:
        return True
    end = min(max(until, made.horizon or 0), MOST_COMPARED)
    slack = 0.0
    try:
        for one, other in islice(
            zip(rates(made, run.lrs), rates(schedule, run.lrs), strict=False), end + max(10, end // 4)
        ):
            slack = max(slack, 1e-9 * abs(one))
            if not abs(one - other) <= slack:
                return False
    except (InputError, ArithmeticError, ValueError):
        return True  # one of them may not be stepped further
    return True


def _filled(cls: type[Schedule], schedule: Schedule, run: Run, ticks: int) -> Iterator[dict[str, Any]]:
    """Values for the fields of `cls`, from those of `schedule` that mean the same."""
    names = list(cls.params())
    options = [_values(declared, schedule, run, ticks) for declared in cls.params().values()]
    return (dict(zip(names, chosen, strict=True)) for chosen in product(*options))


def _values(declared: Param, schedule: Schedule, run: Run, ticks: int) -> list[Any]:
    """What a field may be, most likely first."""
    lr, meaning = run.lrs[0], declared.role
    assert meaning is not None
    found = [value for _, value in schedule.all_given(meaning)]
    warmup = schedule.value(role.WARMUP) or 0
    if meaning is role.LENGTH:
        whole = [length for length in (schedule.horizon, ticks) if length]
        found += [*whole, *(length - warmup for length in whole), *(length - 1 for length in whole)]
    elif meaning is role.FLOOR or meaning is role.FLOOR_OF_OPTIMIZER:
        found += [lr * share for _, share in schedule.all_given(role.FLOOR_SHARE)]
        found += [value for _, value in schedule.all_given(role.FLOOR, role.FLOOR_OF_OPTIMIZER)]
    elif meaning is role.FLOOR_SHARE:
        found += [floor / lr for _, floor in schedule.all_given(role.FLOOR, role.FLOOR_OF_OPTIMIZER) if lr]
    elif meaning is role.PEAK:
        found.append(lr)
    elif meaning is role.START:
        found += [0.0, *(lr * share for _, share in schedule.all_given(role.START_SHARE))]
    elif meaning is role.WARMUP:
        found.append(0)
    elif meaning is role.VARIANT or meaning is role.PREFIX:
        found += [True, False]
    found += declared.choices or ()
    if not declared.required:
        found.insert(0 if meaning in (role.CYCLES, role.PREFIX) else len(found), declared.default)
    return [value for place, value in enumerate(found) if value not in found[:place]]
