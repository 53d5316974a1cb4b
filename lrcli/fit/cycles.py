"""What a log that begins again says of its cycles, by role."""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import Any

from lrcli.fit.landmarks import Between, Landmarks, roughness
from lrcli.fit.numbers import typed
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import KINDS
from lrcli.schedules.param import Param

MOST_FALLS = 2

MOST_CYCLES, MOST_LONGER = 10, 2
"""Of a run whose log ends within a cycle, and how many runs of more cycles are named."""

GROWTHS = (1.0, 2.0, 1.5, 3.0, 1.2, 1.1, 4.0, 1.25, 1.3, 2.5, 0.5, 0.8)
"""Factors from cycle to cycle that people type."""


def cycle_fall(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    low, peak = int(marks.ticks[marks.bottom]), int(marks.ticks[marks.peak])
    ends = [low, *[int(marks.ticks[row]) for row in marks.breaks if row > marks.peak + 1][:MOST_FALLS]]
    return [None, *(end - peak + shift for end in dict.fromkeys(ends) for shift in (0, 1, -1) if end - peak > 1)]


def cycles(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    """As many as begin; where none begins again, as many as the default says, too."""
    count = len(marks.restarts) + 1
    return [count, *([declared.default] if declared.default not in (None, count) and not marks.restarts else [])]


def cycle_growth(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    """Those with which the cycles begin where the log shows it, the usual ones first."""
    take = KINDS[declared.annotation].take
    if not marks.restarts:
        return [take(1)]
    low, high = _bounds_of_growth(marks)
    found: list[float] = [growth for growth in GROWTHS if low <= growth <= high]
    if not found and high < math.inf:
        middle = (low + high) / 2
        found = [one for one in (float(f"{middle:.{digits}g}") for digits in (2, 3)) if low <= one <= high]
    if declared.annotation is int:
        return [round(one) for one in found if one.is_integer()]
    return [take(one) for one in found]


def _bounds_of_growth(marks: Landmarks) -> tuple[float, float]:
    """The least and the greatest factor from each cycle's length to the next."""
    # The first is counted from tick 0, or from the end of a warmup.
    gaps = [Between(0, marks.first_at_peak), *(marks.before(row) for row in marks.restarts)]
    low, high = 0.0, math.inf
    for one, two, three in zip(gaps, gaps[1:], gaps[2:], strict=False):
        low = max(low, (three.after - two.upto) / max(1, two.upto - one.after))
        high = min(high, (three.upto - two.after) / max(1, two.after - one.upto))
    one, two = gaps[-2:]
    # The last ends when nothing moves any more, or after the log.
    moving = marks.steps[-1]
    low = max(low, (int(marks.ticks[moving - 1]) - two.upto) / max(1, two.upto - one.after))
    if moving + 1 < len(marks.ticks):
        high = min(high, (int(marks.ticks[moving + 1]) - two.after) / max(1, two.after - one.upto))
    return low, high


def cycle_decay(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    """The second highest rate over the first, where the curve begins again."""
    if marks.second_peak is None or marks.highest <= 0:
        return [declared.default]
    ratio = float(marks.values[marks.second_peak]) / marks.highest
    # What warms up in place of the beginning of its curve never reaches the highest rate.
    near = [float(f"{ratio:.1g}")] if marks.rises and ratio < 1 else []
    return list(dict.fromkeys([*near, *typed(ratio, 1e-2)[:4], declared.default]))


def with_more_cycles(schedule: Schedule) -> Iterator[Schedule]:
    """Those with the same cycles and more of them, in a run that is as much longer, the roundest lengths first."""
    for (count, cycles), (length, ticks) in itertools.product(
        schedule.all_given(role.CYCLES), schedule.all_given(role.LENGTH)
    ):
        first = sum(warmup for _, warmup in schedule.all_given(role.WARMUP))
        ends = {more: first + (ticks - first) * more / cycles for more in range(cycles + 1, MOST_CYCLES + 1)}
        whole = {more: int(end) for more, end in ends.items() if end.is_integer()}
        for more in sorted(whole, key=lambda one: roughness(whole[one]))[:MOST_LONGER]:
            yield dataclasses.replace(schedule, **{count.name: more, length.name: whole[more]})
