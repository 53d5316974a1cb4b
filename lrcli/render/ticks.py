"""Where an axis has its ticks, and what they are called."""

import sys
from math import ceil, floor, isfinite, log10

from lrcli.text import significant

ROUND = (1, 2, 5, 10)
SMALLEST_DECADE, LARGEST_DECADE = -323, 308
LARGEST = sys.float_info.max
SMALLEST_STEP = 1e-300
"""What is smaller has no round numbers: floats end soon below."""


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that divides `span` into at most `most` parts."""
    magnitude = 10.0 ** floor(log10(span / most))
    return next(factor * magnitude for factor in ROUND if span / (factor * magnitude) <= most)


def linear_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round positions from `low` to `high` with their labels, at most `most` + 1."""
    if not isfinite(high - low) or (high - low) / max(most, 1) < SMALLEST_STEP:
        return [(place, significant(place, 4)) for place in (low, high)]
    step = nice_step(high - low, max(most, 1))
    multiples = range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)
    return [(multiple * step, significant(multiple * step, 4)) for multiple in multiples]


def log_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Powers of ten between 10**`low` and 10**`high`; where they are fewer than two, 2 and 5 times as well."""
    decades = range(max(floor(low + 1e-9), SMALLEST_DECADE), min(ceil(high - 1e-9), LARGEST_DECADE) + 1)
    every = max(1, ceil(len(decades) / max(most, 1)))
    exponents = [(float(decade), 10.0**decade) for decade in decades[::every] if low - 1e-9 <= decade <= high + 1e-9]
    if len(exponents) < 2:
        exponents = [(log10(factor) + decade, factor * 10.0**decade) for decade in decades for factor in (1, 2, 5)]
        exponents = [tick for tick in exponents if low - 1e-9 <= tick[0] <= high + 1e-9]
    ticks = [(place, significant(value, 3)) for place, value in exponents]
    return ticks or [(place, significant(10.0**place, 3)) for place in (low, high) if place < LARGEST_DECADE]


def widened(low: float, high: float, margin: float = 0.0) -> tuple[float, float]:
    """Limits that are apart: a constant curve stands in the middle of its axis, `margin` from the ends."""
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    margin = margin or abs(high) / 2 or 0.5
    return max(low - margin, -LARGEST), min(high + margin, LARGEST)
