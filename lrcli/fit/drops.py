"""Drops of which several may lie between two rows: how many, and so the ticks from each to the next.

A log that shows every tenth tick of a rate that falls every 2.4 ticks falls in every row, by four drops or by five: all
of the same factor, or of the same amount.
"""

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

from lrcli.fit.landmarks import Landmarks, roughness
from lrcli.fit.numbers import typed
from lrcli.fit.periods import last_rise

FEWEST = 5
"""Rows that show it."""

MOST_ROWS = 200
"""That are compared with each other."""

WHOLE = 1e-3
"""How far a number of drops may be from a whole one."""

NEAR, MOST_TYPED = 1e-5, 4
"""Relative, to a factor that somebody typed, and its digits."""

MOST_BETWEEN, MOST_PERIODS, MOST_DIGITS = 20, 8, 3
"""Drops between two rows, where their number is always the same; periods that are tried, and their digits."""


class Drops(NamedTuple):
    """Ticks of rows, and the drops up to each of them, where rates fall by one factor or by one amount."""

    ticks: list[int]
    counts: list[int]

    def bounds(self) -> tuple[float, float]:
        """No more than the period, and no less, whichever tick it is counted from."""
        low, high = 0.0, math.inf
        ticks, counts = self.ticks, self.counts
        for first in range(0, len(ticks), max(1, len(ticks) // FEWEST)):
            for row in range(first + 1, len(ticks)):
                apart, drops = ticks[row] - ticks[first], counts[row] - counts[first]
                low = max(low, apart / (drops + 1))
                high = min(high, apart / (drops - 1)) if drops > 1 else high
        return low, high

    def bounds_from_start(self) -> Iterator[tuple[float, float]]:
        """The same where it is counted from tick 0, for each number of drops before the first row."""
        low, high = self.bounds()
        first = self.ticks[0]
        for before in range(math.floor(first / high), math.ceil(first / low) + 1) if 0 < low < high else ():
            drops = [(tick, count + before) for tick, count in zip(self.ticks, self.counts, strict=True)]
            least = max(tick / (count + 1) for tick, count in drops)
            most = min((tick / count for tick, count in drops if count), default=math.inf)
            if max(low, least) < min(high, most):
                yield max(low, least), min(high, most)


def periods_between_rows(marks: Landmarks, by_factor: bool = True, whole: bool = True) -> list[float]:
    """The ticks from each drop to the next, those of few digits first."""
    found: dict[float, None] = {}
    for drops in drops_of(marks, by_factor):
        for low, high in [*drops.bounds_from_start(), *([drops.bounds()] if marks.rises else [])]:
            found |= dict.fromkeys(_typed_between(low, high, whole))
    return sorted(found, key=roughness)[:MOST_PERIODS]


def _typed_between(low: float, high: float, whole: bool) -> Iterator[float]:
    """Numbers above the first, up to the second: whole ones, or those of so few digits that they are not many."""
    for digits in range(1 if whole else MOST_DIGITS) if high < math.inf else ():
        unit = 10.0**-digits
        first, last = math.floor(low / unit + WHOLE) + 1, math.floor(high / unit + WHOLE)
        if first <= last < math.inf:
            yield from (
                count if whole else float(f"{count * unit:.6g}")
                for count in range(max(1, first), last + 1)[:MOST_PERIODS]
            )
            return


def drops_of(marks: Landmarks, by_factor: bool = True) -> Iterator[Drops]:
    """How many drops lie between the rows behind the last rise: one answer, several, or none where it is a curve."""
    first = last_rise(marks)
    ticks, rates = marks.plain[0][first : first + MOST_ROWS], marks.plain[1][first : first + MOST_ROWS]
    if not marks.is_sparse or len(rates) < FEWEST or min(rates) <= 0:
        return
    heights = [math.log(rate) for rate in rates] if by_factor else rates
    falls = [before - after for before, after in itertools.pairwise(heights)]
    gaps = {after - before for before, after in itertools.pairwise(ticks)}
    least, most = min(falls), max(falls)
    if least < 0 or not most or len(gaps) > 1:
        return
    if least >= (1 - WHOLE) * most:
        # The same number in every gap: the period is a part of it.
        [gap] = gaps
        for drops in range(1, min(gap, MOST_BETWEEN) + 1):
            factor = typed(math.exp(-most / drops), NEAR)[0] if by_factor else 1.0
            if gap % drops == 0 and roughness(factor) <= MOST_TYPED:
                yield Drops(ticks, [row * drops for row in range(len(ticks))])
        return
    one = most - least
    counts = [0]
    for fall in falls:
        count = fall / one
        if abs(count - round(count)) > WHOLE * max(1.0, count):
            return
        counts.append(counts[-1] + round(count))
    yield Drops(ticks, counts)
