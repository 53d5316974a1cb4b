"""fairseq 0.12: the schedules of fairseq.optim.lr_scheduler, by the update."""

import math
from collections.abc import Iterator, Sequence
from typing import Self

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, Absolute, scheduler
from lrcli.schedules.family import FAIRSEQ
from lrcli.schedules.param import ParamError, param

MODULE = "fairseq.optim.lr_scheduler"


@scheduler(
    "fairseq-polynomial",
    family=FAIRSEQ,
    source=f"{MODULE}.polynomial_decay_schedule.PolynomialDecayLRSchedule",
    aliases=("polynomial_decay",),
)
class Polynomial(Absolute):
    """Up from 0 in a straight line, and down to end_learning_rate as a power of the updates that are left.

    Formula:
        x_t = base_lr * t / W                                up to W
        x_t = (base_lr - end) * (1 - (t - W) / (N - W))^power + end    then
        x_t = end                                            from N on
        W is warmup_updates, N is total_num_update, end is end_learning_rate

    Surprises:
        - total_num_update includes the warmup; fairseq takes max_update where it is not given.
        - end_learning_rate is a rate, not a share.
        - The first update of a warmup trains at rate 0.
        - Where the warmup is longer than total_num_update, the rate drops to the end when it is over.

    Resume:
        The rate depends on the number of updates alone, which is in the checkpoint; the lengths are the new run's.
    """

    total_num_update: int = param(
        "ticks until end_learning_rate is reached, the warmup included", at_least=1, example="100", role=role.LENGTH
    )
    warmup_updates: int = param("ticks of the warmup", default=0, at_least=0, example="10", role=role.WARMUP)
    end_learning_rate: float = param("lowest rate", default=0.0, role=role.FLOOR)
    power: float = param("1 is a straight line; more falls faster at first", default=1.0, role=role.POWER)

    def at(self, t: int, base_lr: float) -> float:
        if self.warmup_updates > 0 and t <= self.warmup_updates:
            return t / self.warmup_updates * base_lr
        if t >= self.total_num_update:
            return self.end_learning_rate
        left = 1 - (t - self.warmup_updates) / (self.total_num_update - self.warmup_updates)
        return (base_lr - self.end_learning_rate) * float(left**self.power) + self.end_learning_rate

    @property
    def horizon(self) -> int | None:
        return self.total_num_update


@scheduler("fairseq-triangular", family=FAIRSEQ, source=f"{MODULE}.triangular_lr_scheduler.TriangularLRSchedule")
class Triangular(Absolute):
    """From the base rate up to max_lr and back in straight lines, again and again, lower each time.

    Formula:
        x_t = low + (high - low) * max(0, 1 - |t / h - 2 * (i + 1) + 1|)
        i = floor(t / (2 * h)) counts the cycles, h = floor(lr_period_updates / 2)
        high = max_lr * lr_shrink^i; low = base_lr, or base_lr * lr_shrink^i with --shrink-min

    Surprises:
        - The optimizer's own rate is the lowest, and max_lr must be more.
        - lr_shrink is 0.1 unless it is given: the second peak is a tenth of the first, and may be below the base rate.
        - An odd lr_period_updates is one update shorter.

    Resume:
        The rate depends on the number of updates alone, which is in the checkpoint; the lengths are the new run's.
    """

    meant_to_restart = True

    max_lr: float = param("highest rate, more than the base rate", example="0.5", role=role.PEAK)
    lr_period_updates: int = param(
        "ticks of a cycle, up and down", default=5000, at_least=2, example="40", role=role.CYCLE
    )
    lr_shrink: float = param("factor from each cycle's highest rate to the next", default=0.1, role=role.CYCLE_DECAY)
    shrink_min: bool = param("lower the lowest rate too", default=False, role=role.VARIANT)

    def bind(self, group: int, lrs: Sequence[float]) -> Self:
        if not self.max_lr > lrs[group]:
            raise ParamError("--max-lr", f"max_lr must be more than cfg.lr: found {self.max_lr:g}, not {lrs[group]:g}")
        return super().bind(group, lrs)

    def at(self, t: int, base_lr: float) -> float:
        half = self.lr_period_updates // 2
        cycle = math.floor(t / (2 * half))
        shrunk = float(self.lr_shrink**cycle)
        low = base_lr * shrunk if self.shrink_min else base_lr
        return low + (self.max_lr * shrunk - low) * max(0, 1 - abs(t / half - 2 * (cycle + 1) + 1))

    @property
    def horizon(self) -> int | None:
        return max(DEFAULT_HORIZON, 2 * self.lr_period_updates)

    @property
    def rises_until(self) -> float:
        return self.lr_period_updates // 2

    def marks(self) -> Iterator[tuple[int, str]]:
        length = 2 * (self.lr_period_updates // 2)
        return ((length * cycle, "") for cycle in range(1, 100))
