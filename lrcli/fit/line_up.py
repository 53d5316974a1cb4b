"""A straight line up before any schedule: where it may end, and at which share of the rate it starts."""

import math

from lrcli.fit.estimates import likely_ends
from lrcli.fit.landmarks import Landmarks, roughness
from lrcli.fit.numbers import typed

MOST_ENDS = 12
"""Ticks at which a line up may have ended, that are tried."""


def warmup_ends(marks: Landmarks) -> list[int]:
    """The ticks at which a line up may have ended, the likeliest first."""
    last = min(marks.peak + 1, len(marks.ticks) - 1)
    low, high = int(marks.ticks[marks.peak - 1]), int(marks.ticks[last])
    at = int(marks.ticks[marks.peak])
    if high - low <= 2:
        return [at]
    if marks.peak < 2:
        # One row of the line is seen: it starts at a share that somebody typed.
        shares = {end: start_factor(marks, end, marks.highest) for end in range(low + 1, at + 1)}
        ends = [end for end, share in shares.items() if share]
        return sorted(ends, key=lambda end: (roughness((shares[end] or [1.0])[0]), end != at))[:MOST_ENDS] or [at]
    return likely_ends(marks, low, high - 1)[:MOST_ENDS]


def start_factor(marks: Landmarks, warmup: int, lr: float) -> list[float] | None:
    """The share at which a line up to `lr` in `warmup` ticks starts."""
    if lr <= 0:
        return None
    tick, share = int(marks.ticks[0]), float(marks.values[0]) / lr
    if tick >= warmup:
        return None
    start = (share - tick / warmup) / (1 - tick / warmup)
    if not 0 < start <= 1 or not math.isfinite(start):
        return None
    near = [one for one in typed(start, 1e-4) if 0 < one <= 1]
    return [1 / 3, *near] if math.isclose(start, 1 / 3, rel_tol=1e-4) else near
