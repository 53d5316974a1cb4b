"""A straight line up before any schedule: where it may end, and at which share of the rate it starts."""

import math

from lrcli.fit.estimates import likely_ends
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.numbers import typed


def warmup_ends(marks: Landmarks) -> list[int]:
    """The ticks at which a line up may have ended, the likeliest first."""
    last = min(marks.peak + 1, len(marks.ticks) - 1)
    low, high = int(marks.ticks[marks.peak - 1]), int(marks.ticks[last])
    at = int(marks.ticks[marks.peak])
    if high - low <= 2 or marks.peak < 2:
        return [at]
    return likely_ends(marks, low, high - 1)[:12]


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
