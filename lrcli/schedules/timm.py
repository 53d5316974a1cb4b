"""timm.scheduler 1.0: classes of their own, not torch's; a warmup of their own, and cycles.

The rates are those of timm's train.py: the class is made, and after epoch t `scheduler.step(t + 1)` is called. So
tick 0 has the rate that the constructor set, which is not always that of `step(0)`. It is all Python's own arithmetic:
numpy's tanh has other bits.
"""

import math
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, dataclass_transform

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, Absolute, Schedule, ScheduleClass, scheduler
from lrcli.schedules.family import REFUSED, TIMM
from lrcli.schedules.param import ParamError, declaration, param
from lrcli.schedules.ticker import Group, State, Ticker


@dataclass_transform(frozen_default=True, field_specifiers=(param,))
def timm_scheduler(name: str, symbol: str, *aliases: str) -> Callable[[ScheduleClass], ScheduleClass]:
    """Declare the class below to be timm's class `symbol`.

    What the factory calls it is an alias where it is not torch's name for another schedule, as `step` is.
    """
    return scheduler(name, family=TIMM, source=f"timm.scheduler.{symbol}", aliases=aliases)


def real_power(base: float, exponent: float) -> float:
    """`base**exponent`. Raises ValueError where rounding at the end of a cycle has left it no real value."""
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError("timm's rate is a complex number here")
    return float(result)


class TimmTicker(Ticker):
    """A scheduler of timm: the loop tells it the epoch, and all but the optimizer is in its state dict."""

    def __init__(self, schedule: Schedule, group: Group, last_epoch: int = -1) -> None:
        if last_epoch != -1:
            symbol = schedule.reference.symbol
            raise TypeError(f"{symbol}.__init__() got an unexpected keyword argument 'last_epoch'")
        super().__init__(schedule, group)

    def state(self) -> State:
        return {"base_values": self.base_lr, **self.schedule.hyperparameters()}

    def load(self, state: State, differing: str = REFUSED) -> None:
        self.base_lr = state.get("base_values", self.base_lr)
        self.schedule = self.schedule.restored(state)

    def taken_up(self, tick: int) -> None:
        self.last_epoch = tick


class Warmup(Absolute):
    """Base: a line from warmup_lr_init to `peak` in warmup_t ticks, before the curve or in place of its beginning."""

    step_call = "scheduler.step(epoch + 1)"
    step_by_step = (
        "make it with t_in_epochs=False, and call scheduler.step_update(num_updates) after every optimizer.step()"
    )
    refuses_composition = (
        "{symbol} takes torch's schedulers, but got one of timm's at index {index}: it is told the epoch and has no "
        "last_epoch. It warms up by itself, with --warmup-t."
    )

    warmup_t: int
    warmup_lr_init: float
    warmup_prefix: bool

    def curve(self, t: int, base_lr: float) -> float:
        """The rate `t` ticks into the schedule proper."""
        raise NotImplementedError

    def peak(self, base_lr: float) -> float:
        """The rate that the warmup is aimed at."""
        return base_lr

    def at(self, t: int, base_lr: float) -> float:
        if t == 0 and self.warmup_t:
            self.peak(base_lr)  # The constructor computes it too, and fails there if it cannot.
            return self.warmup_lr_init
        if t == 0:
            return base_lr
        if t < self.warmup_t:
            return self.warmup_lr_init + t * ((self.peak(base_lr) - self.warmup_lr_init) / self.warmup_t)
        return self.curve(t - self.prefix, base_lr)

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return TimmTicker(self, group, last_epoch)

    @property
    def prefix(self) -> int:
        """Ticks before the curve begins."""
        return self.warmup_t if self.warmup_prefix else 0


@declaration
class Cycles(Warmup):
    """Base: a curve from the base rate to lr_min, which may be repeated."""

    t_initial: int = param("ticks of the first cycle", at_least=1, example="50", role=role.LENGTH)
    lr_min: float = param("lowest rate", default=0.0, at_least=0, role=role.FLOOR)
    cycle_mul: float = param("factor from each cycle's length to the next", default=1.0, role=role.CYCLE_GROWTH)
    cycle_decay: float = param("factor from each cycle's highest rate to the next", default=1.0, role=role.CYCLE_DECAY)
    cycle_limit: int = param("cycles until the rate stays at lr_min", default=1, role=role.CYCLES)
    warmup_t: int = param("ticks of the warmup", default=0, example="5", role=role.WARMUP)
    warmup_lr_init: float = param("rate at the start of the warmup", default=0.0, role=role.START)
    warmup_prefix: bool = param(
        "warm up before the curve, not in place of its beginning", default=False, role=role.PREFIX
    )

    def cycle(self, t: int) -> tuple[int, float, float]:
        """The number of the cycle that tick `t` is in, its length, and the ticks since its start."""
        if self.cycle_mul == 1:
            i = t // self.t_initial
            return i, self.t_initial, t - self.t_initial * i
        i = math.floor(math.log(1 - t / self.t_initial * (1 - self.cycle_mul), self.cycle_mul))
        start = (1 - self.cycle_mul**i) / (1 - self.cycle_mul) * self.t_initial
        return i, self.cycle_mul**i * self.t_initial, t - start

    @property
    def horizon(self) -> int | None:
        cycles = max(1, self.cycle_limit)
        if self.cycle_mul == 1:
            return self.t_initial * cycles + self.prefix
        try:
            return math.floor(self.t_initial * (self.cycle_mul**cycles - 1) / (self.cycle_mul - 1)) + self.prefix
        except OverflowError:
            return None

    @property
    def ends(self) -> bool:
        return self.cycle_limit == 1

    def restarts(self) -> Iterator[float]:
        start, length = float(self.prefix), float(self.t_initial)
        for _ in range(1, self.cycle_limit):
            start += length
            length *= self.cycle_mul
            if not (0 <= start < sys.maxsize and length >= 1):
                return
            yield start

    def marks(self) -> Iterator[tuple[int, str]]:
        return ((math.ceil(start), "") for start in self.restarts())


@timm_scheduler("timm-cosine", "CosineLRScheduler")
class Cosine(Cycles):
    """Half a cosine from the base rate to lr_min, in one cycle or several, with a warmup.

    Formula:
        x_t = warmup_lr_init + t * (base_lr - warmup_lr_init) / warmup_t   up to it
        x_t = lr_min + (peak - lr_min) * (1 + cos(pi * u^k / v^k)) / 2     then
        x_t = lr_min                                     after cycle_limit cycles
        u ticks since the start of cycle i, v = t_initial * cycle_mul^i its length
        peak = base_lr * cycle_decay^i, k = k_decay

    Surprises:
        - Without --warmup-prefix the warmup takes the place of the curve's beginning: it is aimed at the base rate, and
          at its end the rate drops to where the cosine is by then. With it the run is warmup_t ticks longer.
        - After the last cycle the rate stays at lr_min: it does not climb as torch's does.
        - timm's create_scheduler_v2 has other defaults: cycle_decay 0.1, and a warmup from 1e-5.

    Resume:
        It keeps no count of its own: scheduler.step(start_epoch) puts it in place. load_state_dict restores the lengths
        and base rates of the old run too.
    """

    k_decay: float = param("exponent of the time; more stays high for longer", default=1.0, role=role.POWER)

    def curve(self, t: int, base_lr: float) -> float:
        i, t_i, t_curr = self.cycle(t)
        peak = base_lr * self.cycle_decay**i
        if i >= self.cycle_limit:
            return self.lr_min
        share = math.pi * real_power(t_curr, self.k_decay) / real_power(t_i, self.k_decay)
        return self.lr_min + 0.5 * (peak - self.lr_min) * (1 + math.cos(share))


@timm_scheduler("timm-tanh", "TanhLRScheduler", "tanh")
class Tanh(Cycles):
    """Along a hyperbolic tangent from the base rate to lr_min, in one cycle or several, with a warmup.

    Formula:
        x_t = warmup_lr_init + t * (w - warmup_lr_init) / warmup_t         up to it
        x_t = lr_min + (peak - lr_min) * (1 - tanh(lb * (1 - p) + ub * p)) / 2  then
        x_t = lr_min                                     after cycle_limit cycles
        p share of cycle i that is over, peak = base_lr * cycle_decay^i
        w = base_lr with --warmup-prefix, else where the curve is at warmup_t

    Surprises:
        - It ends above lr_min: with ub 3 about 0.25 % of the height is left, and then the rate drops.
        - Its warmup meets the curve without --warmup-prefix too, unlike that of timm-cosine.
        - Tick 0 has exactly the base rate, which the curve itself does not reach.

    Resume:
        It keeps no count of its own: scheduler.step(start_epoch) puts it in place. load_state_dict restores the lengths
        and base rates of the old run too.
    """

    lb: float = param("argument of the tangent at the start", default=-7.0, role=role.CURVE)
    ub: float = param("argument of the tangent at the end", default=3.0, role=role.CURVE)

    def validate(self) -> None:
        if not self.lb < self.ub:
            raise ParamError("--lb", f"expected less than ub, which is {self.ub:g}, found {self.lb:g}")
        for name in ("cycle_limit", "warmup_t", "warmup_lr_init"):
            if getattr(self, name) < 0:
                raise ParamError(self.params()[name].option, f"expected at least 0, found {getattr(self, name):g}")

    def peak(self, base_lr: float) -> float:
        return base_lr if self.warmup_prefix else self.curve(self.warmup_t, base_lr)

    def curve(self, t: int, base_lr: float) -> float:
        i, t_i, t_curr = self.cycle(t)
        if i >= self.cycle_limit:
            return self.lr_min
        peak, share = base_lr * self.cycle_decay**i, t_curr / t_i
        return self.lr_min + 0.5 * (peak - self.lr_min) * (1 - math.tanh(self.lb * (1.0 - share) + self.ub * share))


@timm_scheduler("timm-poly", "PolyLRScheduler", "poly")
class Poly(Cycles):
    """From the base rate to lr_min as a power of the time that is left, in one cycle or several, with a warmup.

    Formula:
        x_t = warmup_lr_init + t * (base_lr - warmup_lr_init) / warmup_t   up to it
        x_t = lr_min + (peak - lr_min) * (1 - u^k / v^k)^power             then
        x_t = lr_min                                     after cycle_limit cycles
        u ticks since the start of cycle i, v = t_initial * cycle_mul^i its length
        peak = base_lr * cycle_decay^i, k = k_decay

    Surprises:
        - The default power 0.5 falls slowly at first and steeply at the end, unlike torch's straight line.
        - timm's create_scheduler_v2 takes the power from decay_rate, whose default is 0.1.
        - Without --warmup-prefix the warmup takes the place of the curve's beginning: at its end the rate drops to
          where the curve is by then.

    Resume:
        It keeps no count of its own: scheduler.step(start_epoch) puts it in place. load_state_dict restores the lengths
        and base rates of the old run too.
    """

    power: float = param("1 is a straight line; more falls faster at first", default=0.5, role=role.POWER)
    k_decay: float = param("exponent of the time; more stays high for longer", default=1.0, role=role.POWER)

    def curve(self, t: int, base_lr: float) -> float:
        i, t_i, t_curr = self.cycle(t)
        peak = base_lr * self.cycle_decay**i
        if i >= self.cycle_limit:
            return self.lr_min
        left = 1 - real_power(t_curr, self.k_decay) / real_power(t_i, self.k_decay)
        return self.lr_min + (peak - self.lr_min) * real_power(left, self.power)


@declaration
class Drops(Warmup):
    """Base: a rate that drops by a factor."""

    decay_t: Any = param("when the rate drops", role=role.DROPS_AT)
    decay_rate: float = param("factor of each drop", default=1.0, example="0.1", role=role.DROP_FACTOR)
    warmup_t: int = param("ticks of the warmup", default=0, role=role.WARMUP)
    warmup_lr_init: float = param("rate at the start of the warmup", default=0.0, role=role.START)
    warmup_prefix: bool = param(
        "warm up before the curve, not in place of its beginning", default=True, role=role.PREFIX
    )

    @property
    def drop_offset(self) -> int:
        return self.prefix


@timm_scheduler("timm-step", "StepLRScheduler")
class Step(Drops):
    """Multiply the rate by decay_rate every decay_t ticks, with a warmup.

    Formula:
        x_t = warmup_lr_init + t * (base_lr - warmup_lr_init) / warmup_t   up to it
        x_t = base_lr * decay_rate^floor((t - warmup_t) / decay_t)         then

    Surprises:
        - The default decay_rate is 1: nothing drops.
        - The drops are counted from the end of the warmup; with --no-warmup-prefix, as timm's create_scheduler_v2 has
          it, from tick 0.
        - decay_t may be a fraction: 2.4 drops at ticks 3, 5, 8, 10, ...

    Resume:
        It keeps no count of its own: scheduler.step(start_epoch) puts it in place. load_state_dict restores the lengths
        and base rates of the old run too.
    """

    decay_t: float = param("ticks between drops", example="30", role=role.DROP_EVERY)

    def curve(self, t: int, base_lr: float) -> float:
        return base_lr * real_power(self.decay_rate, t // self.decay_t)

    @property
    def horizon(self) -> int | None:
        between = math.ceil(abs(self.decay_t))
        return None if between < DEFAULT_HORIZON else self.prefix + 3 * between


@timm_scheduler("timm-multistep", "MultiStepLRScheduler")
class MultiStep(Drops):
    """Multiply the rate by decay_rate at each milestone less one, with a warmup.

    Formula:
        x_t = warmup_lr_init + t * (base_lr - warmup_lr_init) / warmup_t   up to it
        x_t = base_lr * decay_rate^n                                       then
        n the number of milestones at or before t - warmup_t + 1

    Surprises:
        - A milestone acts one tick before its number: 30 drops the rate of epoch 29. timm keeps that on purpose.
        - The milestones are counted from the end of the warmup; with --no-warmup-prefix, as timm's create_scheduler_v2
          has it, from tick 0.
        - They must increase: timm searches them as a sorted list and does not check.
        - The default decay_rate is 1: nothing drops.

    Resume:
        It keeps no count of its own: scheduler.step(start_epoch) puts it in place. load_state_dict restores the lengths
        and base rates of the old run too.
    """

    drops_in_any_order = False

    decay_t: tuple[int, ...] = param(
        "milestones: each drops the rate one tick before", example="30,60", role=role.DROPS_AT
    )

    @property
    def drop_offset(self) -> int:
        return self.prefix - 1

    def curve(self, t: int, base_lr: float) -> float:
        return base_lr * real_power(self.decay_rate, bisect_right(self.decay_t, t + 1))

    @property
    def horizon(self) -> int | None:
        last = self.prefix + max(self.decay_t, default=0)
        return None if last < DEFAULT_HORIZON else last + max(1, last // 5)

    def marks(self) -> Iterator[tuple[int, str]]:
        ticks = sorted({self.prefix + milestone - 1 for milestone in self.decay_t})
        return ((tick, "") for tick in ticks if tick > 0)
