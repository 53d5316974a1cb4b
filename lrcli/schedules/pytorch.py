"""torch.optim.lr_scheduler 2.13: the schedulers that change the current rate, one class each.

Most are recurrences on the rate in force, not formulas of the tick: rounding, and whatever another scheduler does to
the rate, is carried along. The closed forms in the docstrings say what they amount to, not how they are computed.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import repeat
from typing import dataclass_transform

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, Schedule, ScheduleClass, scheduler
from lrcli.schedules.family import PYTORCH
from lrcli.schedules.param import param
from lrcli.schedules.ticker import Group, Ticker


@dataclass_transform(frozen_default=True, field_specifiers=(param,))
def torch_scheduler(
    name: str, symbol: str, module: str = "torch.optim.lr_scheduler"
) -> Callable[[ScheduleClass], ScheduleClass]:
    """Declare the class below to be torch's scheduler `symbol`."""
    return scheduler(name, family=PYTORCH, source=f"{module}.{symbol}")


@torch_scheduler("step", "StepLR")
class Step(Schedule):
    """Multiply the rate by gamma every step_size ticks.

    Formula:
        x_t = base_lr * gamma^floor(t / step_size)

    Surprises:
        - A step_size of the run's length or more never fires.
        - step_size counts calls of step(): called per batch, step_size 10 drops the rate every 10 batches.
        - step_size 0 is constructed without complaint and raises ZeroDivisionError at the first step().

    Resume:
        Constructed with last_epoch=k it applies gamma again if k+1 is a drop: the optimizer must hold the rate of tick
        k, not of k+1. load_state_dict restores step_size and gamma of the old run.
    """

    step_size: int = param("ticks between drops", example="30", role=role.DROP_EVERY)
    gamma: float = param("factor of each drop", default=0.1, role=role.DROP_FACTOR)

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        return lr if t == 0 or t % self.step_size != 0 else lr * self.gamma

    def constructed(self, t: int, lr: float, base_lr: float) -> float:
        return self.tick(t, lr, base_lr)

    def closed_form(self, t: int, base_lr: float) -> float:
        return base_lr * self.gamma ** (t // self.step_size)

    def advance(self, t: int, lr: float, base_lr: float) -> Iterator[float]:
        if self.step_size <= 0:
            yield from super().advance(t, lr, base_lr)
        yield from repeat(lr, self.step_size - t % self.step_size)
        while True:
            lr = lr * self.gamma
            yield from repeat(lr, self.step_size)

    @property
    def horizon(self) -> int | None:
        return None if abs(self.step_size) < DEFAULT_HORIZON else 3 * abs(self.step_size)


@torch_scheduler("multistep", "MultiStepLR")
class MultiStep(Schedule):
    """Multiply the rate by gamma at each milestone.

    Formula:
        x_t = base_lr * gamma^(number of milestones at or before t)

    Surprises:
        - A milestone given twice multiplies by gamma twice; the order does not matter.
        - Milestone 0 acts at construction; negative ones never match.
        - Milestones at or past the end of the run never fire.

    Resume:
        Constructed with last_epoch=k it applies gamma again if k+1 is a milestone: the optimizer must hold the rate of
        tick k, not of k+1.
    """

    milestones: tuple[int, ...] = param("ticks at which the rate drops", example="30,80", role=role.DROPS_AT)
    gamma: float = param("factor of each drop", default=0.1, role=role.DROP_FACTOR)

    @cached_property
    def _counts(self) -> Counter[int]:
        return Counter(self.milestones)

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        return lr * self.gamma ** self._counts[t] if t in self._counts else lr

    def first(self, lr: float, base_lr: float) -> float:
        return self.tick(0, lr, base_lr)

    def constructed(self, t: int, lr: float, base_lr: float) -> float:
        return self.tick(t, lr, base_lr)

    def closed_form(self, t: int, base_lr: float) -> float:
        return base_lr * self.gamma ** bisect_right(sorted(self.milestones), t)

    @property
    def horizon(self) -> int | None:
        last = max(self.milestones, default=0)
        return None if last < DEFAULT_HORIZON else last + max(1, last // 5)

    def marks(self) -> Iterator[tuple[int, str]]:
        return ((milestone, "") for milestone in sorted(set(self.milestones)) if milestone > 0)


@torch_scheduler("constant", "ConstantLR")
class Constant(Schedule):
    """Multiply the rate by factor for the first total_iters ticks.

    Formula:
        x_t = base_lr * factor    for t < total_iters
        x_t = base_lr             from then on

    Surprises:
        - With the defaults the rate is a third for 5 ticks and then jumps to three times that.
        - Transformers calls another schedule constant, which stays at the base rate: hf-constant.
        - total_iters 0 never gives the factor back: the rate stays at base_lr * factor for ever.
        - The rate after the jump may differ from base_lr in the last bit, as factor * (1/factor) does from 1.
        - factor 0 raises ZeroDivisionError at tick total_iters.

    Resume:
        Constructed with last_epoch=k it divides by factor again if k+1 is total_iters: the optimizer must hold the
        rate of tick k, not of k+1.
    """

    factor: float = param(
        "share of the base rate at first",
        default=1 / 3,
        at_least=0,
        at_most=1,
        error="Constant multiplicative factor expected to be between 0 and 1.",
        role=role.START_SHARE,
    )
    total_iters: int = param("ticks until the base rate is restored", default=5, example="20", role=role.LENGTH)

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        if t == 0:
            return lr * self.factor
        return lr if t != self.total_iters else lr * (1.0 / self.factor)

    def first(self, lr: float, base_lr: float) -> float:
        return lr * self.factor

    def constructed(self, t: int, lr: float, base_lr: float) -> float:
        return self.tick(t, lr, base_lr)

    def closed_form(self, t: int, base_lr: float) -> float:
        return base_lr * (self.factor + (t >= self.total_iters) * (1 - self.factor))

    @property
    def horizon(self) -> int | None:
        return self.total_iters

    @property
    def ends(self) -> bool:
        return False

    @property
    def is_warmup(self) -> bool:
        return self.factor < 1


@torch_scheduler("linear", "LinearLR")
class Linear(Schedule):
    """Go linearly from start_factor to end_factor of the base rate in total_iters ticks: torch's warmup.

    Formula:
        x_t = base_lr * (start_factor + (end_factor - start_factor) * min(t, total_iters) / total_iters)

    Surprises:
        - The default start_factor is 1/3 and cannot be 0: the first tick already trains at a third of the rate.
        - end_factor 0 ends at exactly 0 with start_factor 1 or 0.5. With others, the default 1/3 among them, it ends
          near 1e-18 or at a negative rate as small.
        - total_iters 0 stays at base_lr * start_factor for ever.

    Resume:
        Constructed with last_epoch=k it leaves the rate alone and goes on multiplying: the optimizer must hold exactly
        the rate of tick k+1.
    """

    start_factor: float = param(
        "share of the base rate at the first tick",
        default=1 / 3,
        above=0,
        at_most=1,
        error="Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
        role=role.START_SHARE,
    )
    end_factor: float = param(
        "share of the base rate at the end",
        default=1.0,
        at_least=0,
        at_most=1,
        error="Ending multiplicative factor expected to be between 0 and 1.",
        role=role.FLOOR_SHARE,
    )
    total_iters: int = param("ticks until end_factor is reached", default=5, example="20", role=role.LENGTH)

    def _factor(self, t: int) -> float:
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (t - 1) * rise)

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        if t == 0:
            return lr * self.start_factor
        return lr if t > self.total_iters else lr * self._factor(t)

    def first(self, lr: float, base_lr: float) -> float:
        return lr * self.start_factor

    def closed_form(self, t: int, base_lr: float) -> float:
        rise = self.end_factor - self.start_factor
        return base_lr * (self.start_factor + rise * min(self.total_iters, t) / self.total_iters)

    def advance(self, t: int, lr: float, base_lr: float) -> Iterator[float]:
        rise = self.end_factor - self.start_factor
        start = self.total_iters * self.start_factor
        for before in range(t, self.total_iters):
            yield lr
            lr = lr * (1.0 + rise / (start + before * rise))
        yield from repeat(lr)

    @property
    def horizon(self) -> int | None:
        return self.total_iters

    @property
    def ends(self) -> bool:
        return self.end_factor < self.start_factor

    @property
    def is_warmup(self) -> bool:
        return self.end_factor > self.start_factor


@torch_scheduler("exponential", "ExponentialLR")
class Exponential(Schedule):
    """Multiply the rate by gamma every tick.

    Formula:
        x_t = base_lr * gamma^t

    Surprises:
        - gamma acts per call of step(): 0.95 per epoch leaves 0.6 % after 100 epochs, per batch it leaves nothing.
        - gamma above 1, 0 or negative is accepted.
        - The gamma that ends at share r of the rate after N ticks is r^(1/N).

    Resume:
        Constructed with last_epoch=k it leaves the rate alone and goes on multiplying: the optimizer must hold exactly
        the rate of tick k+1.
    """

    gamma: float = param("factor of every tick", example="0.95", role=role.DROP_FACTOR)

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        return lr * self.gamma

    def closed_form(self, t: int, base_lr: float) -> float:
        return base_lr * self.gamma**t


@torch_scheduler("polynomial", "PolynomialLR")
class Polynomial(Schedule):
    """Decay to zero as a power of the ticks that are left.

    Formula:
        x_t = base_lr * (1 - min(t, total_iters) / total_iters)^power

    Surprises:
        - It ends at exactly 0 at tick total_iters and stays there; there is no end rate.
        - total_iters 0 leaves the rate constant; a negative power raises ZeroDivisionError at total_iters.

    Resume:
        Constructed with last_epoch=k it leaves the rate alone and goes on multiplying: the optimizer must hold exactly
        the rate of tick k+1. Once the rate is 0 a longer total_iters keeps it at 0.
    """

    total_iters: int = param("ticks until the rate is 0", default=5, example="50", role=role.LENGTH)
    power: float = param("1 is a straight line; more falls faster at first", default=1.0, role=role.POWER)

    def _factor(self, t: int) -> float:
        return float(((1.0 - t / self.total_iters) / (1.0 - (t - 1) / self.total_iters)) ** self.power)

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        return lr if t > self.total_iters else lr * self._factor(t)

    def closed_form(self, t: int, base_lr: float) -> float:
        factor: float = (1.0 - min(self.total_iters, t) / self.total_iters) ** self.power
        return base_lr * factor

    def advance(self, t: int, lr: float, base_lr: float) -> Iterator[float]:
        total_iters, power = self.total_iters, self.power
        left = 1.0 - t / total_iters if total_iters else 0.0
        for after in range(t + 1, total_iters + 1):
            yield lr
            before, left = left, 1.0 - after / total_iters
            lr = lr * (left / before) ** power
        yield from repeat(lr)

    @property
    def horizon(self) -> int | None:
        return self.total_iters


class CosineTicker(Ticker):
    """CosineAnnealingLR takes the closed form at what it counts as its first step, if that is not at tick 1.

    Only a checkpoint brings it there: CosineAnnealingWarmRestarts does not count its steps.
    """

    schedule: "Cosine"

    def step(self) -> None:
        if self.step_count == 0 and self.last_epoch >= 0:
            self.step_count, self.last_epoch = 1, self.last_epoch + 1
            self.group["lr"] = self.schedule.closed_form(self.last_epoch, self.base_lr)
        else:
            super().step()

    @property
    def follows_its_tick(self) -> bool:
        return self.step_count > 0


@torch_scheduler("cosine", "CosineAnnealingLR")
class Cosine(Schedule):
    """Half a cosine from the base rate down to eta_min in T_max ticks, and back up again.

    Formula:
        x_t = eta_min + (base_lr - eta_min) * (1 + cos(pi * t / T_max)) / 2

    Surprises:
        - It does not stop at T_max: the rate climbs back and reaches base_lr again at tick 2 * T_max.
        - A run of T_max ticks never trains at eta_min: the last row, T_max - 1, is still above it.
        - eta_min is one number for all parameter groups: a group whose rate is below it rises.
        - T_max counts calls of step(): given in epochs and stepped per batch, it oscillates within the epoch.
        - Computed from the rate in force: what another scheduler did to it is kept until the tick after T_max, which
          starts again from base_lr.

    Resume:
        Constructed with last_epoch=k it leaves the rate alone: the optimizer must hold exactly the rate of tick k+1.
        load_state_dict restores the old T_max and base rate. A larger T_max set by hand gives neither curve: once the
        rate has reached eta_min it stays there up to the new T_max, and climbs from the tick after it.
    """

    T_max: int = param("ticks from the base rate to eta_min: half a period", example="50", role=role.LENGTH)
    eta_min: float = param("lowest rate", default=0.0, role=role.FLOOR)

    def _after_trough(self, t: int) -> bool:
        return (t - 1 - self.T_max) % (2 * self.T_max) == 0

    def _rise(self, base_lr: float) -> float:
        return (base_lr - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        if self._after_trough(t):
            return lr + self._rise(base_lr)
        return (1 + math.cos(math.pi * t / self.T_max)) / (1 + math.cos(math.pi * (t - 1) / self.T_max)) * (
            lr - self.eta_min
        ) + self.eta_min

    def closed_form(self, t: int, base_lr: float) -> float:
        return self.eta_min + (base_lr - self.eta_min) * (1 + math.cos(t * math.pi / self.T_max)) / 2

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return CosineTicker(self, group, last_epoch)

    def advance(self, t: int, lr: float, base_lr: float) -> Iterator[float]:
        T_max, eta_min, cos, pi = self.T_max, self.eta_min, math.cos, math.pi
        yield lr
        # Ticks as floats, which are exact: converting an int costs as much as a division.
        after = t + 1.0
        reset = after + (T_max - t) % abs(2 * T_max)
        shape = 1 + cos(pi * t / T_max)
        while True:
            while after < reset:
                before, shape = shape, 1.0 + cos(pi * after / T_max)
                lr = shape / before * (lr - eta_min) + eta_min
                yield lr
                after += 1.0
            lr, shape = lr + self._rise(base_lr), 1.0 + cos(pi * after / T_max)
            yield lr
            after += 1.0
            reset += abs(2 * T_max)

    @property
    def horizon(self) -> int | None:
        return self.T_max
