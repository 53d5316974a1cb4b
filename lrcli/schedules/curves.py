"""Curves that many training scripts have, by their published formulas."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from lrcli.schedules import role
from lrcli.schedules.base import Absolute, scheduler
from lrcli.schedules.factor import Factor
from lrcli.schedules.family import MORE, VECTORS
from lrcli.schedules.param import ParamError, param


@scheduler(
    "points",
    family=MORE,
    source="ignite.handlers.PiecewiseLinear",
    version="pytorch-ignite 0.5",
    evidence=VECTORS,
)
class Points(Absolute):
    """Straight lines through given points: from the first value at tick 0 to the next at the first milestone, and on.

    Formula:
        x_t = a + (b - a) * (t - s) / (e - s)    from milestone s with value a to e with value b
        x_t = the last value                     from the last milestone on

    Surprises:
        - The optimizer's own rate is ignored: the values are rates, not factors.
        - There is one value more than milestones: the first is that of tick 0.
        - Scripts that use numpy.interp, as many of DAWNBench do, may differ in the last bit.

    Resume:
        The rate depends on the tick alone.
    """

    milestones: tuple[int, ...] = param(
        "ticks at which the values but the first stand", example="15,100", role=role.POINTS_AT
    )
    values: tuple[float, ...] = param("rates, one more than milestones", example="0.01,0.4,0", role=role.RATES_AT)

    def validate(self) -> None:
        if any(later <= earlier for earlier, later in pairwise([0, *self.milestones])):
            raise ParamError("--milestones", "expected ticks above 0 that increase")
        if len(self.values) != len(self.milestones) + 1:
            found = f"found {len(self.values)} for {len(self.milestones)}"
            raise ParamError("--values", f"expected one value more than milestones, {found}")

    def at(self, t: int, base_lr: float) -> float:
        place = bisect_right(self.milestones, t)
        if place == len(self.milestones):
            return self.values[-1]
        start, end = (0, *self.milestones)[place], self.milestones[place]
        low, high = self.values[place], self.values[place + 1]
        return low + (high - low) * (t - start) / (end - start)

    @property
    def horizon(self) -> int | None:
        return self.milestones[-1]

    def marks(self) -> Iterator[tuple[int, str]]:
        return ((tick, "") for tick in self.milestones)


@scheduler("rsqrt", family=MORE, source="warmup, inverse square root, cooldown (big_vision, T5X; in float64)")
class Rsqrt(Factor):
    """Up in a straight line, down with the inverse of a square root, and to 0 in a straight line at the end.

    Formula:
        x_t = base_lr * min(1, t / W) / sqrt(1 + max(0, t - W) / timescale) * min(1, (N - t) / C)
        W is warmup_steps, N is total_steps, C is cooldown_steps

    Surprises:
        - The cooldown multiplies the curve, which goes on falling beneath it.
        - Without a cooldown it goes on falling past total_steps.
        - big_vision and T5X compute it in float32: their rates have about seven digits in common with these.
        - With a timescale of W it is T5X's rsqrt_normalized_decay, base_lr * sqrt(W / t), which T5X keeps above 1e-8.
        - The first step of a warmup trains at rate 0.

    Resume:
        The rate depends on the tick alone. To train on, keep a checkpoint from before the cooldown.
    """

    total_steps: int = param("ticks of the whole run", at_least=1, example="100", role=role.LENGTH)
    warmup_steps: int = param("ticks of the warmup", default=0, at_least=0, example="10", role=role.WARMUP)
    cooldown_steps: int = param("ticks of the cooldown", default=0, at_least=0, example="20", role=role.DECAY)
    timescale: float = param(
        "ticks in which the square root sets in", default=10_000.0, above=0, example="20", role=role.TIMESCALE
    )

    def factor(self, t: int) -> float:
        scale = min(1.0, t / self.warmup_steps) if self.warmup_steps else 1.0
        scale /= (1.0 + max(0, t - self.warmup_steps) / self.timescale) ** 0.5
        if self.cooldown_steps:
            scale *= max(0.0, min(1.0, (self.total_steps - t) / self.cooldown_steps))
        return float(scale)

    @property
    def horizon(self) -> int | None:
        return self.total_steps
