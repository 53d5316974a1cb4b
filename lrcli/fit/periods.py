"""Periods: the ticks from each change to the next, where the rate moves in steps at regular times.

Of a log that shows every n-th row each change lies between two rows; many of them leave few periods, or one.
"""

from collections.abc import Sequence

from lrcli.fit.landmarks import OFTEN, Between, Landmarks, roughness

FEWEST = 3
"""Changes that show a period."""

UNEVEN = 1e-3
"""Between the factors of two drops."""

MOST_CHANGES = 100
"""That are compared with each other."""

MOST_PERIODS = 12


def last_rise(marks: Landmarks) -> int:
    """The last row whose rate is higher than that of the row before; 0 where none is."""
    import numpy as np

    rises = np.flatnonzero(marks.values[1:] > marks.values[:-1])
    return int(rises[-1]) + 1 if len(rises) else 0


def ends_on_its_way_up(marks: Landmarks) -> bool:
    """Whether the last row is the highest, and no other is."""
    return 0 < marks.peak == len(marks.values) - 1


def changes_of(marks: Landmarks) -> list[Between]:
    """Where the rate changes: after the last rise, or where it does nothing but rise, everywhere.

    None where it changes in every row: that is a curve.
    """
    rows = _falls(marks) or marks.steps
    if rows and rows[-1] - rows[0] == len(rows) - 1:
        return []
    return [marks.before(row) for row in rows[-MOST_CHANGES:]]


def _falls(marks: Landmarks) -> list[int]:
    """The rows whose rate is lower than that of the row before, after the last rise."""
    after = last_rise(marks)
    return [row for row in marks.steps if row > after]


def fall_by_amounts(marks: Landmarks) -> bool:
    """Whether drops that come regularly are no powers of one factor."""
    # The first may be the end of a warmup that stood in place of several.
    falls = _falls(marks)[int(marks.rises) :] if marks.moves_in_steps else []
    factors = [float(marks.values[row] / marks.values[row - 1]) for row in falls]
    return len(falls) > OFTEN and max(factors) > min(factors) + UNEVEN


def periods(gaps: Sequence[Between], start: int = 0) -> list[int]:
    """The whole periods that, counted from a tick, have one change in each of these gaps; the round ones first."""
    if len(gaps) < FEWEST:
        return []
    low, high = _bounds(gaps)
    found = [period for period in range(max(1, int(low)), int(high) + 1) if _is_one(period, gaps, start)]
    return sorted(found, key=roughness)[:MOST_PERIODS]


def _bounds(gaps: Sequence[Between]) -> tuple[float, float]:
    """No more than the period, if the changes have one, and no less."""
    apart = [
        (later.after - gap.upto, later.upto - gap.after, place - first)
        for first, gap in enumerate(gaps[:FEWEST])
        for place, later in enumerate(gaps)
        if place > first
    ]
    return max(least / count for least, _, count in apart), min(most / count for _, most, count in apart)


def _is_one(period: int, gaps: Sequence[Between], start: int) -> bool:
    first = (gaps[0].upto - start) // period
    return all(gap.after < start + period * (first + place) <= gap.upto for place, gap in enumerate(gaps))
