"""A number that is sought in a schedule: where it is looked for, and what people type where no rate tells it."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lrcli.fit.landmarks import Landmarks, roughness

MOST_WIDE = 200
"""Ticks in which something may have happened, up to which each is a candidate."""

TYPED = (1, 2, 5, 3, 4, 6, 8, 1.5, 2.5)
"""What people type, but for the power of ten."""

OFTEN, SELDOM = (0.0, 0.1, 0.01), (0.05, 0.2, 0.5, 0.001, 0.02, 0.3, 0.25)
RATES = (1e-6, 1e-5, 1e-7, 1e-8, 1e-4, 1e-3, 5e-6, 5e-5, 5e-7, 2e-5, 2e-6, 3e-5, 6e-5)
"""Rates that people type for what the log does not show, as shares of the highest and by themselves."""


class Sought(NamedTuple):
    """A number that is sought: where it is looked for, and its bounds."""

    start: float
    low: float
    high: float
    is_whole: bool = False
    others: Sequence[float] = ()
    """Further places where it is looked for."""
    is_rate: bool = False
    is_peak: bool = False
    usual: Sequence[float] = ()
    """What people type, where the rates do not determine it."""
    is_hidden: bool = False
    """Whether it may be over before the first row, and so only be seen in the other numbers."""

    @property
    def width(self) -> tuple[bool, bool, float]:
        """Whole ones of few values come before others, and what people type before what has no bound."""
        width = self.high - self.low
        return not self.is_whole or width > MOST_WIDE, self.is_whole, width

    def values(self, marks: Landmarks, peak: float) -> Iterator[float]:
        """The values that people may have typed, the likeliest first; `peak` is the highest rate."""
        if self.is_whole and self.high - self.low <= MOST_WIDE:
            yield from sorted(range(math.ceil(self.low), math.floor(self.high) + 1), key=lambda v: (roughness(v), v))
            return
        values: Sequence[float] = (self.start, *self.usual)
        if self.is_whole:
            values = (*self.usual, *marks.lengths, *marks.ends[:2], self.start)
        elif self.is_peak:
            highest = marks.highest
            below = 10 ** math.floor(math.log10(highest)) if highest > 0 else 1.0
            values = [
                significant(below * ten * digit) for ten in (1, 10) for digit in TYPED if below * ten * digit >= highest
            ]
        elif self.is_rate:
            often, seldom = ([significant(share * peak) for share in shares] for shares in (OFTEN, SELDOM))
            values = (*often, *RATES, *seldom, self.start)
        yield from dict.fromkeys(value for value in values if self.low <= value <= self.high)


def significant(rate: float) -> float:
    """Without the rounding of a product."""
    return float(f"{rate:.9g}")
