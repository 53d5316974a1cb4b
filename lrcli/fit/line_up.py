"""Straight lines: one up before any schedule, where it may end and at which share of the rate it starts; and any other.

Of a line of which neither end is seen, whatever was typed is what has the fewest digits.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress

from lrcli.errors import InputError
from lrcli.fit.estimates import likely_ends
from lrcli.fit.guess import Guess
from lrcli.fit.landmarks import Landmarks, roughness
from lrcli.fit.numbers import typed
from lrcli.fit.ramps import rise_ends
from lrcli.schedules import role
from lrcli.schedules.base import Schedule

MOST_LINES = 4
"""Of those on which the rows of a part lie."""

ON_A_LINE = 1e-6
"""Of the highest rate: how far a row may be from it."""

ON_A_TICK = 0.02
"""Ticks that it may meet the base rate beside a whole one: it is the one at which most lines begin."""

MOST_ENDS = 12
"""Ticks at which a line up may have ended, that are tried."""


def warmup_ends(marks: Landmarks) -> list[int]:
    """The ticks at which a warmup may have ended, the likeliest first."""
    row = rise_ends(marks)
    if row < marks.peak:
        return marks.before(row).ticks()[:MOST_ENDS]  # What follows begins below the base rate.
    last = min(marks.peak + 1, len(marks.ticks) - 1)
    low, high = int(marks.ticks[marks.peak - 1]), int(marks.ticks[last])
    at = int(marks.ticks[marks.peak])
    if high - low <= 2:
        # Some are at the base rate a tick before they are over.
        return [at, at + 1] if marks.held_until > marks.peak else [at]
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


def lines(cls: type[Schedule], marks: Landmarks, base: float, latest: int, ends: Sequence[int]) -> Iterator[Guess]:
    """The lines on which all rows lie, from a tick up to `latest` to one of these ends, those with few digits first.

    `cls` goes from a share of the base rate to another, in a number of ticks.
    """
    import numpy as np

    [start], [end], [length] = cls.fields(role.START_SHARE), cls.fields(role.FLOOR_SHARE), cls.fields(role.LENGTH)
    ticks, values = marks.ticks, marks.values
    slope = float(values[-1] - values[0]) / int(ticks[-1] - ticks[0])
    near = max(ON_A_LINE, 4 * marks.tolerance.strict)
    if not slope or (np.abs(values[0] + slope * (ticks - ticks[0]) - values) > near * marks.highest).any():
        return
    found = []
    meets = float(ticks[0]) + (base - float(values[0])) / slope
    at_base = round(meets) if abs(meets - round(meets)) <= ON_A_TICK else -1
    for first in [at_base] if 0 <= at_base <= latest else range(latest + 1):
        for last in ends:
            shares = [(float(values[0]) + slope * (tick - int(ticks[0]))) / base for tick in (first, last)]
            if min(shares) < -near:
                continue
            shares = [typed(share, near)[0] if share > near else 0.0 for share in shares]
            digits = sum(roughness(share) for share in shares if share)
            found.append((digits, roughness(last - first), first, last - first, shares))
    for _, _, first, ticks_of_it, shares in sorted(found)[:MOST_LINES]:
        with suppress(InputError):
            values_of_it = dict(zip((start.name, end.name, length.name), (*shares, ticks_of_it), strict=True))
            yield Guess(cls(**values_of_it), base, after=first)
