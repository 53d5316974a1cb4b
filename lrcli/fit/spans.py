"""The units of time of curves that never end: the whole ticks in which they do what a number says that people type."""

import math
from collections.abc import Callable, Sequence

from lrcli.fit.landmarks import Landmarks, roughness

FACTORS = (0.1, 0.5, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 0.2, 0.3, 0.8, 0.7, 0.25, 0.6, 0.4, 0.01, 0.05, 0.85, 0.75)
GROWTHS = (1.0, 0.1, 0.5, 2.0, 0.01, 5.0, 0.2, 10.0, 0.05, 0.001, 0.9, 4.0, 3.0, 0.25)
"""Numbers that people type for a decay without an end."""

LONGEST = 1e9
"""Ticks."""

NEARLY_WHOLE = 1e-4
"""Relative: what a log of six digits leaves open of the ticks that follow from it."""

SPANS = (1, 10, 100, 1000)
"""Units of time in which a decay without an end is written."""


def spans_of_a_factor(marks: Landmarks) -> list[int]:
    """The ticks in which an exponential falls to one of FACTORS."""
    return _spans(FACTORS, _ticks_of_factor, marks)


def spans_of_a_growth(marks: Landmarks, start: int = 0) -> list[int]:
    """The ticks in which the inverse of a line, from a row on, grows by one of GROWTHS."""
    return _spans(GROWTHS, _ticks_of_growth, marks, start)


def ticks_to_half(marks: Landmarks) -> float:
    """The ticks from tick 0 to half of its rate, of the inverse of a line that grows from there; NaN where it is none.

    The first row may be long after it.
    """
    first, last = marks.held_until, marks.bottom
    high, low = float(marks.values[first]), float(marks.values[last])
    start, end = int(marks.ticks[first]), int(marks.ticks[last])
    return (low * end - high * start) / (high - low) if high > low else math.nan


def _spans(
    numbers: Sequence[float], ticks_of: Callable[[float, float, int], float], marks: Landmarks, start: int = 0
) -> list[int]:
    """The whole ticks in which a curve that never ends, from a row on, does what a number says, the round ones first.

    Where it does nothing but rise, it is a line that grows by that share of its first rate.
    """
    first = max(start, marks.held_until)
    low, high = float(marks.values[marks.bottom]), float(marks.values[first])
    ticks = int(marks.ticks[marks.bottom] - marks.ticks[first])
    fallen = low / high if 0 < low < high < math.inf else 0.0
    if fallen and ticks:
        spans = [ticks_of(number, fallen, ticks) for number in numbers]
    elif marks.peak == len(marks.values) - 1 and marks.slope_up > 0:
        at_first = float(marks.values[0]) - marks.slope_up * int(marks.ticks[0])
        spans = [number * at_first / marks.slope_up for number in numbers]
    else:
        return []
    whole = [span for span in spans if 1 < span < LONGEST and abs(span - round(span)) < NEARLY_WHOLE * span]
    return sorted((round(span) for span in whole), key=roughness)


def _ticks_of_factor(factor: float, fallen: float, ticks: int) -> float:
    """The ticks in which an exponential falls to `factor`, of one that has fallen so far in so many ticks."""
    return ticks * math.log(factor) / math.log(fallen)


def _ticks_of_growth(growth: float, fallen: float, ticks: int) -> float:
    """The same of the inverse of a line that grows."""
    return ticks * growth / (1 / fallen - 1)
