"""deepspeed.runtime.lr_schedules 0.19.8: classes of their own, not torch's, which DeepSpeed's engine steps.

They count from -1: the constructor sets the rate of tick 0, and the first call of `step()` computes the formula at 0.
"""

import math
from collections.abc import Callable
from typing import dataclass_transform

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, Absolute, ScheduleClass, scheduler
from lrcli.schedules.family import DEEPSPEED, REFUSED
from lrcli.schedules.kind import PerGroup, resolved
from lrcli.schedules.param import param
from lrcli.schedules.ticker import Group, State, Ticker


@dataclass_transform(frozen_default=True, field_specifiers=(param,))
def deepspeed_scheduler(name: str, symbol: str, *aliases: str) -> Callable[[ScheduleClass], ScheduleClass]:
    """Declare the class below to be DeepSpeed's class `symbol`."""
    return scheduler(name, family=DEEPSPEED, source=f"deepspeed.runtime.lr_schedules.{symbol}", aliases=aliases)


class DeepSpeedTicker(Ticker):
    """A scheduler of DeepSpeed: its base rate is the optimizer's where it is made, and its state is a tick alone."""

    def __init__(self, schedule: "DeepSpeed", group: Group, last_epoch: int = -1) -> None:
        self.schedule = schedule
        self.group = group
        self.base_lr = group["lr"]
        self.last_epoch = last_epoch + 1
        if last_epoch == -1:
            self.apply()

    def apply(self) -> None:
        """Set the rate of the tick."""
        self.group["lr"] = self.schedule.tick(self.last_epoch, self.group["lr"], self.base_lr)

    def step(self) -> None:
        self.last_epoch += 1
        self.apply()

    def state(self) -> State:
        return {"last_batch_iteration": self.last_epoch - 1}

    def load(self, state: State, differing: str = REFUSED) -> None:
        self.last_epoch = state["last_batch_iteration"] + 1


class DeepSpeed(Absolute):
    """Base: what torch's compositions say of them, and how they are taken up again."""

    refuses_composition = (
        "{symbol} takes torch's schedulers, but got one of DeepSpeed's at index {index}: it has no last_epoch. Its "
        "warmup is its own."
    )

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return DeepSpeedTicker(self, group, last_epoch)


class Warmup(DeepSpeed):
    """Base: a warmup along a logarithm or a straight line."""

    warmup_num_steps: int
    warmup_type: str

    @property
    def warmup(self) -> int:
        """Ticks of the warmup: it has two at least."""
        return max(2, self.warmup_num_steps)

    def risen(self, i: int) -> float:
        """How much of the warmup is done, from 0 to 1."""
        if self.warmup_type == "log":
            return 1.0 / math.log(self.warmup) * math.log(i + 1)
        return i / self.warmup


@deepspeed_scheduler("ds-warmup", "WarmupLR")
class WarmupLR(Warmup):
    """Up to warmup_max_lr along a logarithm, and constant from then on: what most ds_config.json files have.

    Formula:
        x_0 = warmup_min_lr
        x_t = min + (max - min) * ln(t) / ln(W)    up to tick W
        x_t = min + (max - min) * (t - 1) / W      with --warmup-type linear
        x_t = max                                  from then on
        W is warmup_num_steps, 2 at least

    Surprises:
        - It never comes down again, whatever lr_scheduler_type says beside it.
        - The warmup is a logarithm unless warmup_type is linear: of 1000 warmup steps the first 100 reach two thirds of
          the rate, and the first 500 nine tenths.
        - The first two ticks both train at warmup_min_lr.
        - warmup_max_lr is the optimizer's rate unless it is given. Until June 2025 it was 0.001.

    Resume:
        load_state_dict restores the tick alone, and sets no rate: that is the optimizer's until the next step(). The
        lengths are those of the new run; so is warmup_max_lr, which is read from the optimizer when it is made.
    """

    warmup_min_lr: PerGroup = param(
        "rate at the start",
        default=0.0,
        length_error="expected {groups} value for min_lr, got {given}",
        role=role.START,
    )
    warmup_max_lr: PerGroup | None = param(
        "rate after the warmup; default: the optimizer's",
        default=None,
        length_error="expected {groups} value for max_lr, got {given}",
        role=role.PEAK,
    )
    warmup_num_steps: int = param(
        "ticks of the warmup",
        default=1000,
        at_least=1,
        error="warmup_num_steps must be a positive integer, got {}",
        example="20",
        role=role.WARMUP,
    )
    warmup_type: str = param("shape of the warmup", default="log", choices=("log", "linear"), role=role.SHAPE)

    def at(self, t: int, base_lr: float) -> float:
        lowest = resolved(self.warmup_min_lr)
        if t == 0:
            return lowest
        highest = base_lr if self.warmup_max_lr is None else resolved(self.warmup_max_lr)
        return lowest + (highest - lowest) * (self.risen(t - 1) if t - 1 < self.warmup else 1.0)

    @property
    def horizon(self) -> int | None:
        return max(DEFAULT_HORIZON, 2 * self.warmup)


@deepspeed_scheduler("ds-warmup-decay", "WarmupDecayLR")
class WarmupDecayLR(Warmup):
    """Up to warmup_max_lr along a logarithm, then down to warmup_min_lr in a straight line.

    Formula:
        x_0 = warmup_min_lr
        x_t = min + (max - min) * ln(t) / ln(W)                up to tick W
        x_t = min + (max - min) * (t - 1) / W                  with --warmup-type linear
        x_t = min + (max - min) * max(0, (N - t + 1) / (N - W))  then
        W is warmup_num_steps, 2 at least; N is total_num_steps

    Surprises:
        - The optimizer's own rate is ignored: warmup_max_lr is 0.001 unless it is given. Transformers fills in "auto"
          with its learning_rate.
        - The warmup is a logarithm unless warmup_type is linear; Transformers does not set it.
        - The first two ticks both train at warmup_min_lr, and the last one, N - 1, is two steps above it.
        - Where the warmup is as long as total_num_steps, the rate falls to warmup_min_lr from the top of the warmup.

    Resume:
        load_state_dict restores the tick alone, and sets no rate: that is the optimizer's until the next step(). The
        lengths are those of the new run.
    """

    total_num_steps: int = param("ticks of the whole run, the warmup included", example="100", role=role.LENGTH)
    warmup_min_lr: PerGroup = param(
        "rate at the start and at the end",
        default=0.0,
        length_error="expected {groups} value for min_lr, got {given}",
        role=role.START,
    )
    warmup_max_lr: PerGroup = param(
        "rate after the warmup",
        default=0.001,
        length_error="expected {groups} value for max_lr, got {given}",
        role=role.PEAK,
    )
    warmup_num_steps: int = param(
        "ticks of the warmup",
        default=1000,
        at_least=1,
        error="warmup_num_steps must be a positive integer, got {}",
        example="20",
        role=role.WARMUP,
    )
    warmup_type: str = param("shape of the warmup", default="log", choices=("log", "linear"), role=role.SHAPE)

    def at(self, t: int, base_lr: float) -> float:
        lowest, i = resolved(self.warmup_min_lr), t - 1
        if t == 0:
            return lowest
        if i < self.warmup:
            gamma = self.risen(i)
        else:
            gamma = max(0.0, (self.total_num_steps - i) / max(1.0, self.total_num_steps - self.warmup))
        return lowest + (resolved(self.warmup_max_lr) - lowest) * gamma

    @property
    def horizon(self) -> int | None:
        return self.total_num_steps


@deepspeed_scheduler("ds-warmup-cosine", "WarmupCosineLR")
class WarmupCosineLR(Warmup):
    """Up to the optimizer's rate along a logarithm, then down along half a cosine to a share of it.

    Formula:
        x_0 = 0
        x_t = base_lr * (m + (1 - m) * ln(t) / ln(W))    up to tick W
        x_t = base_lr * (m + (1 - m) * (t - 1) / W)      with --warmup-type linear
        x_t = base_lr * (c + (1 - c) * (1 + cos(pi * p)) / 2)  then, p = (t - W) / (N - W) and 1 at most
        W is warmup_num_steps, 2 at least; N is total_num_steps; m, c are warmup_min_ratio, cos_min_ratio

    Surprises:
        - It has no warmup_max_lr: the rate is the optimizer's, and the limits are shares of it.
        - The first tick trains at rate 0, whatever warmup_min_ratio is.
        - The warmup is a logarithm unless warmup_type is linear.
        - With a linear warmup the full rate is never reached: the cosine begins one step down.
        - Before July 2026 it climbed again past total_num_steps.

    Resume:
        load_state_dict restores the tick alone, and sets no rate: that is the optimizer's until the next step(). The
        lengths are those of the new run; the base rate is what the optimizer has when it is made.
    """

    total_num_steps: int = param("ticks of the whole run, the warmup included", example="100", role=role.LENGTH)
    warmup_min_ratio: float = param("share of the base rate at the second tick", default=0.0, role=role.START_SHARE)
    warmup_num_steps: int = param(
        "ticks of the warmup",
        default=1000,
        at_least=1,
        error="warmup_num_steps must be a positive integer, got {}",
        example="20",
        role=role.WARMUP,
    )
    cos_min_ratio: float = param("share of the base rate at the end", default=0.0001, role=role.FLOOR_SHARE)
    warmup_type: str = param("shape of the warmup", default="log", choices=("log", "linear"), role=role.SHAPE)

    def at(self, t: int, base_lr: float) -> float:
        i = t - 1
        if t == 0:
            return 0.0
        if i < self.warmup:
            return base_lr * (self.warmup_min_ratio + self.risen(i) * (1.0 - self.warmup_min_ratio))
        share = min(1.0, (i - self.warmup + 1) / max(1, self.total_num_steps - self.warmup))
        ratio = self.cos_min_ratio + (1.0 - self.cos_min_ratio) * ((1 + math.cos(math.pi * share)) / 2)
        return base_lr * max(0.0, ratio)

    @property
    def horizon(self) -> int | None:
        return self.total_num_steps
