"""The warmups that a run puts before any schedule: how the rows rise, and at which share of the rate they start."""

import math
from collections.abc import Iterator

from lrcli.fit.landmarks import Landmarks
from lrcli.fit.numbers import typed
from lrcli.run import A_THIRD
from lrcli.schedules.warmups import RAMPS, STYLES, TORCH, Ramp

ON_IT, NOTHING = 1e-4, 1e-7
"""Of the rate after the warmup: a difference that is none, and a start that is none."""


def rise_ends(marks: Landmarks) -> int:
    """The row at which the first rise is over: the highest, or the first that is lower than the one before."""
    import numpy as np

    rates = marks.values[: marks.peak + 1]
    falls = np.flatnonzero(rates[1:] < rates[:-1])
    return int(falls[0]) + 1 if len(falls) else marks.peak


def ramps(marks: Landmarks, warmup: int, lr: float) -> Iterator[tuple[str, float]]:
    """The styles of a warmup up to `lr` that the rows show, each with the share at which it starts."""
    shown = [float(rate) / lr for rate in marks.values[marks.ticks < warmup]] if lr > 0 else []
    for style in STYLES if shown else ():
        shares = _shares(marks, style, warmup)
        start = (shown[0] - shares[0]) / (1 - shares[0]) if shares[0] < 1 else math.nan
        start = 0.0 if abs(start) < NOTHING else start
        # torch's starts above 0, and from there it is the same line as the one from 0.
        if not 0 <= start <= 1 or (start == 0 if style == TORCH else start > 0 and style == RAMPS[0]):
            continue
        if all(abs(start + (1 - start) * share - rate) <= ON_IT for share, rate in zip(shares, shown, strict=True)):
            near = [one for one in typed(start, 1e-4) if 0 < one <= 1] or [A_THIRD]
            yield from ((style, one) for one in near)


def may_be_a_ramp(marks: Landmarks, warmup: int) -> bool:
    """Whether the rows before that tick rise as a warmup does, whatever the rate after it is."""
    shown = marks.values[marks.ticks < warmup].tolist()
    if len(shown) < 3:
        return bool(shown)
    height = shown[-1] - shown[0]
    for style in STYLES[1:]:
        shares = _shares(marks, style, warmup)
        whole = shares[-1] - shares[0]
        if all(
            abs((share - shares[0]) * height - (rate - shown[0]) * whole) <= ON_IT * marks.highest
            for share, rate in zip(shares, shown, strict=True)
        ):
            return True
    return False


def _shares(marks: Landmarks, style: str, warmup: int) -> list[float]:
    """How far such a warmup has come in the rows before its end."""
    ramp = Ramp(style=RAMPS[0] if style == TORCH else style, total_iters=warmup)
    return [ramp.at(int(tick), 1.0) for tick in marks.ticks[marks.ticks < warmup]]
