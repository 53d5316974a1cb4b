"""deepspeed.runtime.lr_schedules 0.19.8: its one-cycle schedule, and its range test."""

import math
from functools import cached_property

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON
from lrcli.schedules.deepspeed import DeepSpeed, DeepSpeedTicker, deepspeed_scheduler
from lrcli.schedules.kind import PerGroup, resolved
from lrcli.schedules.param import param
from lrcli.schedules.ticker import Group, Ticker


class OneCycleTicker(DeepSpeedTicker):
    """Sets the first of Adam's betas with the rate; rows call it momentum."""

    schedule: "OneCycle"

    def apply(self) -> None:
        super().apply()
        if self.schedule.cycle_momentum:
            self.group["momentum"] = self.schedule.momentum_at(self.last_epoch)


@deepspeed_scheduler("ds-onecycle", "OneCycle")
class OneCycle(DeepSpeed):
    """Up from cycle_min_lr to cycle_max_lr and back, once, in straight lines; then down for as long as it runs.

    Formula:
        x_t = min + (max - min) * t / first            up to tick first
        x_t = min + (max - min) * (total - t) / second  up to tick total
        x_t = min / (1 + decay_lr_rate * (t - total) / decay_step_size)  then
        min, max are cycle_min_lr, cycle_max_lr; first, second the step sizes, total their sum
        with a stair count each half goes in so many steps, rounded down
        the momentum (Adam's first beta) goes the other way, and grows in the decay

    Surprises:
        - It has little in common with torch's OneCycleLR: the optimizer's own rate is ignored, and there is no end.
        - Nothing decays unless both decay_step_size and decay_lr_rate are given.
        - The first tick has the lowest momentum, cycle_min_mom, and the second nearly the highest: the constructor sets
          the wrong end.
        - With cycle_momentum the second beta becomes 0.99. An optimizer without betas, SGD, keeps its momentum, with a
          warning.

    Resume:
        load_state_dict restores the tick alone, and sets no rate: that is the optimizer's until the next step(). The
        lengths and rates are those of the new run.
    """

    cycle_min_lr: PerGroup = param(
        "lowest rate of the cycle",
        length_error="expected {groups} value for cycle_min_lr, got {given}",
        example="0.01",
        role=role.START,
    )
    cycle_max_lr: PerGroup = param(
        "highest rate of the cycle",
        length_error="expected {groups} value for cycle_max_lr, got {given}",
        example="0.1",
        role=role.PEAK,
    )
    decay_lr_rate: float = param("what is added to the divisor every decay_step_size", default=0.0, role=role.GROWTH)
    cycle_first_step_size: int = param(
        "ticks up",
        default=2000,
        at_least=1,
        error="cycle_first_step_size must be positive, got {}",
        example="30",
        role=role.CYCLE,
    )
    cycle_second_step_size: int | None = param(
        "ticks down; default: as many as up",
        default=None,
        at_least=0,
        error="cycle_second_step_size must be non-negative, got {}",
        role=role.CYCLE_FALL,
    )
    cycle_first_stair_count: int = param("steps of the way up; 0: a line", default=0, at_least=0, role=role.CURVE)
    cycle_second_stair_count: int | None = param(
        "steps of the way down; default: as many as up", default=None, at_least=0, role=role.CURVE
    )
    decay_step_size: int = param(
        "ticks in which the decay sets in; 0: no decay", default=0, at_least=0, role=role.TIMESCALE
    )
    cycle_momentum: bool = param("cycle the momentum the other way", default=True, role=role.MOMENTUM)
    cycle_min_mom: PerGroup = param(
        "momentum at the highest rate",
        default=0.8,
        length_error="expected {groups} value for cycle_min_mom, got {given}",
        role=role.MOMENTUM,
    )
    cycle_max_mom: PerGroup = param(
        "momentum at the lowest rate",
        default=0.9,
        length_error="expected {groups} value for cycle_max_mom, got {given}",
        role=role.MOMENTUM,
    )
    decay_mom_rate: float = param("growth of the momentum every decay_step_size", default=0.0, role=role.MOMENTUM)

    @cached_property
    def total_size(self) -> float:
        """Ticks of the cycle."""
        second = self.cycle_first_step_size if self.cycle_second_step_size is None else self.cycle_second_step_size
        return float(self.cycle_first_step_size) + float(second)

    def position(self, t: int) -> float:
        """How far tick `t` is from cycle_min_lr to cycle_max_lr."""
        first, total = float(self.cycle_first_step_size), self.total_size
        x, ratio = 1.0 + t / total - math.floor(1 + t / total), first / total
        second_stairs = self.cycle_second_stair_count
        stairs = self.cycle_first_stair_count if x <= ratio or second_stairs is None else second_stairs
        if stairs > 0:
            into = t % total
            place = into * stairs / first if into <= first else (total - into) * stairs / (total - first)
            return math.floor(place) / stairs
        return x / ratio if x <= ratio else (x - 1) / (ratio - 1)

    def at(self, t: int, base_lr: float) -> float:
        lowest = resolved(self.cycle_min_lr)
        if t == 0:
            return lowest
        if t - 1 < self.total_size:
            return lowest + (resolved(self.cycle_max_lr) - lowest) * self.position(t)
        if not (self.decay_step_size and self.decay_lr_rate):
            return lowest
        return lowest / (1 + self.decay_lr_rate * ((t - 1 - self.total_size + 1) / self.decay_step_size))

    def momentum_at(self, t: int) -> float:
        """The momentum of tick `t`."""
        lowest, highest = resolved(self.cycle_min_mom), resolved(self.cycle_max_mom)
        if t == 0:
            return lowest
        if t - 1 < self.total_size:
            return highest - (highest - lowest) * self.position(t)
        if not (self.decay_step_size and self.decay_mom_rate):
            return highest
        return highest * (1 + self.decay_mom_rate * ((t - 1 - self.total_size + 1) / self.decay_step_size))

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return OneCycleTicker(self, group, last_epoch)

    @property
    def cycles_momentum(self) -> bool:
        """Whether rows have a momentum."""
        return self.cycle_momentum

    @property
    def horizon(self) -> int | None:
        return max(DEFAULT_HORIZON, int(self.total_size) + self.decay_step_size)

    @property
    def rises_until(self) -> float:
        return self.cycle_first_step_size


@deepspeed_scheduler("ds-range-test", "LRRangeTest", "lr-range-test")
class LRRangeTest(DeepSpeed):
    """Up and up in a straight line, until the loss shows which rate is too high.

    Formula:
        x_t = min_lr * (1 + step_rate * t / step_size)
        x_t = min_lr * (1 + step_rate * floor(t / step_size))    with a staircase

    Surprises:
        - The optimizer's own rate is ignored: --lr changes nothing, --lr-range-test-min-lr does.
        - It is a test, not a schedule to train with: it does not end.
        - step_rate is a share of min_lr that is added every step_size ticks, not a factor.

    Resume:
        load_state_dict restores the tick alone, and sets no rate: that is the optimizer's until the next step().
    """

    lr_range_test_min_lr: PerGroup = param(
        "rate at the start",
        default=1e-3,
        length_error="expected {groups} lr_range_test_min_lr, got {given}",
        role=role.START,
    )
    lr_range_test_step_size: int = param(
        "ticks in which the rate grows by step_rate times min_lr",
        default=2000,
        at_least=1,
        error="lr_range_test_step_size must be a positive integer, got {}",
        example="100",
        role=role.TIMESCALE,
    )
    lr_range_test_step_rate: float = param("growth as a share of min_lr", default=1.0, example="5", role=role.GROWTH)
    lr_range_test_staircase: bool = param(
        "change the rate every step_size ticks only", default=False, role=role.VARIANT
    )

    def at(self, t: int, base_lr: float) -> float:
        periods = t / self.lr_range_test_step_size
        growth = self.lr_range_test_step_rate * (math.floor(periods) if self.lr_range_test_staircase else periods)
        return resolved(self.lr_range_test_min_lr) * (1 + growth)

    @property
    def horizon(self) -> int | None:
        return max(DEFAULT_HORIZON, 5 * self.lr_range_test_step_size)
