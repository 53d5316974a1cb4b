"""The rates of a schedule at given ticks, as an array."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeGuard

from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.schedules.base import FAST, Absolute, Schedule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

AT_ONCE = 1 << 16
"""Ticks that are walked before their rates are put in place."""

FAILURES = (ArithmeticError, ValueError, TypeError, InputError)
"""What the arithmetic of a schedule, or its construction, may raise."""


LOOKED_UP = 5
"""What a rate by itself costs, in ticks that follow one another."""


def work_of(schedule: Schedule, ticks: Any) -> int:
    """What `rates_at` costs at these ticks, in ticks of a simple schedule that follow one another."""
    last = max(0, int(ticks.max(initial=0)))
    if _are_looked_up(schedule, ticks, last):
        return len(ticks) * LOOKED_UP
    return last * max(1, schedule.cost // (2 * FAST))


def _are_looked_up(schedule: Schedule, ticks: Any, last: int) -> TypeGuard[Absolute]:
    return isinstance(schedule, Absolute) and len(ticks) * 2 < last


def rates_at(schedule: Schedule, lrs: tuple[float, ...], ticks: Any, group: int = 0) -> "Floats":
    """The rates of a group at `ticks`, whole numbers in any order: NaN before the start and past the end."""
    import numpy as np

    ticks = np.asarray(ticks, dtype=np.int64)
    found = np.full(len(ticks), np.nan)
    if not len(ticks):
        return found
    last = int(ticks.max())
    if _are_looked_up(schedule, ticks, last):
        return _looked_up(schedule, lrs, ticks, group)
    order = np.arange(len(ticks)) if (ticks[1:] >= ticks[:-1]).all() else np.argsort(ticks, kind="stable")
    done = int(np.searchsorted(ticks[order], 0))
    try:
        source, start = rates(schedule, lrs, group), 0
        while start <= last and done < len(ticks):
            walked = _next(source, min(AT_ONCE, last + 1 - start))
            stop = int(np.searchsorted(ticks[order], start + len(walked), side="left"))
            places = order[done:stop]
            found[places] = walked[ticks[places] - start]
            done, start = stop, start + len(walked)
            if not len(walked):
                break
    except FAILURES:
        pass
    return found


def _next(source: Any, count: int) -> Any:
    """The next rates, fewer where the schedule fails or ends on the way."""
    import numpy as np

    values: list[float] = []
    with suppress(*FAILURES):
        values.extend(islice(source, count))
    return np.array(values, dtype=np.float64)


def _looked_up(schedule: Absolute, lrs: tuple[float, ...], ticks: Sequence[int], group: int) -> "Floats":
    import numpy as np

    values = []
    try:
        bound = schedule.bind(group, lrs)
        base = bound.base(lrs[group])
    except FAILURES:
        return np.full(len(ticks), np.nan)
    for tick in map(int, ticks):
        try:
            values.append(bound.at(tick, base) if tick >= 0 else np.nan)
        except FAILURES:
            values.append(np.nan)
    return np.array(values, dtype=np.float64)


def few_rates_at(schedule: Schedule, lr: float, ticks: Sequence[int]) -> list[float]:
    """The rates at a few ticks, which increase, but for the rounding of tick after tick; NaN where there are none."""
    nan = float("nan")
    found: list[float] = []
    try:
        if schedule.has_closed_form():
            bound = schedule.bind(0, (lr,))
            if isinstance(bound, Absolute):
                at, base = bound.at, bound.base(lr)
            else:
                at, base = bound.closed_form, lr
            found.extend([at(tick, base) for tick in ticks])
        else:
            source, position = rates(schedule, (lr,)), 0
            for tick in ticks:
                found.append(next(islice(source, tick - position, None)))
                position = tick + 1
    except (*FAILURES, StopIteration):
        pass
    return found + [nan] * (len(ticks) - len(found))
