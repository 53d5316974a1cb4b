"""torch.optim.lr_scheduler 2.13: the schedulers with cycles or phases.

All compute the rate from the tick alone. Cyclic and OneCycle move the momentum too, and rewrite the rates
that a parameter group starts from: schedulers that share their optimizer see that.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import ClassVar

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, Absolute, Group, State, Ticker
from lrcli.schedules.family import REFUSED, STEP
from lrcli.schedules.kind import PerGroup, resolved
from lrcli.schedules.param import param
from lrcli.schedules.pytorch import torch_scheduler


def whole_cycles(cycle: int) -> int:
    """Ticks of the first whole number of cycles that reaches the length shown of endless schedules."""
    return cycle * -(-DEFAULT_HORIZON // cycle)


class CosineRestartsTicker(Ticker):
    """CosineAnnealingWarmRestarts keeps its place in the cycle itself (T_cur, T_i), apart from last_epoch."""

    schedule: "CosineRestarts"

    def __init__(self, schedule: "CosineRestarts", group: Group, last_epoch: int = -1) -> None:
        self.T_i, self.T_cur = schedule.T_0, last_epoch
        super().__init__(schedule, group, last_epoch)

    def initial_step(self) -> None:
        self.step_count = 0
        self.step()

    def step(self) -> None:
        if self.last_epoch < 0:
            self.last_epoch, self.T_cur, self.T_i = 0, 0, self.schedule.T_0
        else:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.schedule.T_mult
        self.group["lr"] = self.schedule.rate(self.T_cur, self.T_i, self.base_lr)

    def restart(self) -> None:
        self.last_epoch = 0
        self.group["lr"] = self.schedule.rate(self.T_cur, self.T_i, self.base_lr)

    def state(self) -> State:
        return {**super().state(), "T_cur": self.T_cur, "T_i": self.T_i}

    def load(self, state: State, differing: str = REFUSED) -> None:
        super().load(state, differing)
        self.T_cur, self.T_i = state.get("T_cur", self.T_cur), state.get("T_i", self.T_i)


@torch_scheduler("cosine-restarts", "CosineAnnealingWarmRestarts")
class CosineRestarts(Absolute):
    """Half a cosine that starts again at the base rate: T_0 ticks, then T_mult times as many, and so on.

    Formula:
        x_t = eta_min + (base_lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2
        T_cur counts the ticks since the last restart, T_i is the length of that cycle: T_0 * T_mult^i

    Surprises:
        - eta_min is never reached: the last tick of a cycle is one short of it.
        - A run that does not end with a cycle ends at a high rate; T_mult 2 closes after T_0 * 1, 3, 7, 15, ... ticks.
        - As a child of `chained` it overwrites what the schedulers before it did.
        - step(epoch + i / iters) is its documented per-batch use. It finds the cycle by a logarithm, whose rounding
          puts some restarts a cycle off: with T_mult 3 and T_0 1 that of epoch 121.

    Resume:
        Constructed with last_epoch=k it is right with T_mult 1. With more it is in the wrong place from tick 2 * T_0
        on. Restore it with load_state_dict.
    """

    meant_to_restart = True

    T_0: int = param(
        "ticks of the first cycle",
        at_least=1,
        error="Expected positive integer T_0, but got {}",
        example="10",
        role=role.CYCLE,
    )
    T_mult: int = param(
        "factor from each cycle's length to the next",
        default=1,
        at_least=1,
        error="Expected integer T_mult >= 1, but got {}",
        example="2",
        role=role.CYCLE_GROWTH,
    )
    eta_min: float = param("rate that each cycle falls towards", default=0.0, role=role.FLOOR)

    def rate(self, T_cur: int, T_i: int, base_lr: float) -> float:
        """The rate `T_cur` ticks into a cycle of `T_i`."""
        return self.eta_min + (base_lr - self.eta_min) * (1 + math.cos(math.pi * T_cur / T_i)) / 2

    def at(self, t: int, base_lr: float) -> float:
        T_cur, T_i = t, self.T_0
        if self.T_mult == 1:
            T_cur %= T_i
        while T_cur >= T_i:
            T_cur, T_i = T_cur - T_i, T_i * self.T_mult
        return self.rate(T_cur, T_i, base_lr)

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return CosineRestartsTicker(self, group, last_epoch)

    def stream(self, lr: float) -> Iterator[float]:
        T_i, eta_min, height, cos, pi = self.T_0, self.eta_min, lr - self.eta_min, math.cos, math.pi
        while True:
            for T_cur in range(T_i):
                yield eta_min + height * (1 + cos(pi * T_cur / T_i)) / 2
            T_i *= self.T_mult

    @property
    def horizon(self) -> int | None:
        if self.T_mult == 1:
            return whole_cycles(self.T_0)
        end, cycle = self.T_0, self.T_0
        while end < DEFAULT_HORIZON:
            cycle *= self.T_mult
            end += cycle
        return end

    def restarts(self) -> Iterator[float]:
        start, cycle = self.T_0, self.T_0
        while True:
            yield start
            cycle *= self.T_mult
            start += cycle

    def marks(self) -> Iterator[tuple[int, str]]:
        return ((int(start), "") for start in self.restarts())


class MomentumTicker(Ticker):
    """Sets the momentum with the rate."""

    schedule: "Cyclic | OneCycle"

    def __init__(self, schedule: "Cyclic | OneCycle", group: Group, last_epoch: int = -1) -> None:
        if last_epoch == -1:
            schedule.construct(group)
            if schedule.cycle_momentum:
                group["momentum"] = group["max_momentum"] = resolved(schedule.max_momentum)
                group["base_momentum"] = resolved(schedule.base_momentum)
        super().__init__(schedule, group, last_epoch)

    def _set(self) -> None:
        self.schedule.apply(self.last_epoch, self.base_lr, self.group)

    def initial_step(self) -> None:
        self.step_count = 1
        self.last_epoch += 1
        self._set()

    def step(self) -> None:
        self.step_count += 1
        self.last_epoch += 1
        self._set()

    def restart(self) -> None:
        self.last_epoch = 0
        self._set()


class CyclicTicker(MomentumTicker):
    """CyclicLR takes its own base rates only after the initial step, which still runs on the group's initial_lr."""

    def __init__(self, schedule: "Cyclic", group: Group, last_epoch: int = -1) -> None:
        super().__init__(schedule, group, last_epoch)
        self.base_lr = resolved(schedule.base_lr)

    def state(self) -> State:
        return {**super().state(), "_scale_fn_custom": None}

    def load(self, state: State, differing: str = REFUSED) -> None:
        if "_scale_fn_custom" not in state:
            raise KeyError("_scale_fn_custom")
        super().load(state, differing)


@torch_scheduler("cyclic", "CyclicLR")
class Cyclic(Absolute):
    """Back and forth between base_lr and max_lr in straight lines, at constant or falling height.

    Formula:
        x_t = base_lr + (max_lr - base_lr) * s * k
        s rises from 0 to 1 in step_size_up ticks and falls back in step_size_down
        k = 1 (triangular), 1 / 2^cycle (triangular2), gamma^t (exp_range); the momentum moves the other way

    Surprises:
        - The optimizer's own rate is ignored: base_lr and max_lr replace it, for all groups if they are one number.
        - The momentum is cycled unless --no-cycle-momentum is given; Adam's beta1 where there is no momentum.
        - scale_mode is read only with a scale_fn of one's own: the three modes set it themselves.
        - As a child of `sequential` it drops to base_lr when it takes over; as the first child it makes base_lr the
          rate that the others start from.

    Resume:
        Constructed with last_epoch=k on the old optimizer's state it sets the right rate for tick k+1. On a new
        optimizer, tick k+1 is computed from the optimizer's own rate in the place of base_lr; the next ones are right.
    """

    stepped = STEP
    rewrites_base_rate = True
    saved_as: ClassVar[Mapping[str, str]] = {"base_lr": "base_lrs"}

    base_lr: PerGroup = param("lower rate", example="0.001", role=role.START)
    max_lr: PerGroup = param("upper rate", example="0.1", role=role.PEAK)
    step_size_up: int = param("ticks from base_lr to max_lr", default=2000, example="20", role=role.CYCLE)
    step_size_down: int | None = param(
        "ticks back to base_lr; default: as many as up", default=None, role=role.CYCLE_FALL
    )
    mode: str = param(
        "how the height of the cycles changes",
        default="triangular",
        choices=("triangular", "triangular2", "exp_range"),
        role=role.SHAPE,
    )
    gamma: float = param("factor of the height per tick in exp_range", default=1.0, role=role.CYCLE_DECAY)
    scale_mode: str = param(
        "of no effect with these modes", default="cycle", choices=("cycle", "iterations"), role=role.VARIANT
    )
    cycle_momentum: bool = param("cycle the momentum the other way", default=True, role=role.MOMENTUM)
    base_momentum: PerGroup = param("momentum at the highest rate", default=0.8, role=role.MOMENTUM)
    max_momentum: PerGroup = param("momentum at the lowest rate", default=0.9, role=role.MOMENTUM)

    def construct(self, group: Group) -> None:
        """What the constructor does to the group before the initial step."""
        group["lr"] = resolved(self.base_lr)

    @cached_property
    def _cycle(self) -> tuple[float, float]:
        """The ticks of a cycle, and the share of them that go up."""
        up = float(self.step_size_up)
        total = up + (up if self.step_size_down is None else float(self.step_size_down))
        return total, up / total

    def _position(self, t: int) -> tuple[float, float]:
        """How far tick `t` is from base_lr to max_lr, and the height of its cycle."""
        total, ratio = self._cycle
        cycle = math.floor(1 + t / total)
        x = 1.0 + t / total - cycle
        position = x / ratio if x <= ratio else (x - 1) / (ratio - 1)
        if self.mode == "triangular":
            return position, 1.0
        return position, 1 / (2.0 ** (cycle - 1)) if self.mode == "triangular2" else self.gamma**t

    def apply(self, t: int, base_lr: float, group: Group) -> None:
        """Set the rate of tick `t`, and the momentum where it is cycled."""
        position, height = self._position(t)
        group["lr"] = base_lr + (resolved(self.max_lr) - base_lr) * position * height
        if self.cycle_momentum:
            highest = resolved(self.max_momentum)
            group["momentum"] = highest - (highest - resolved(self.base_momentum)) * position * height

    def at(self, t: int, base_lr: float) -> float:
        position, height = self._position(t)
        return base_lr + (resolved(self.max_lr) - base_lr) * position * height

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return CyclicTicker(self, group, last_epoch)

    def base(self, lr: float) -> float:
        return resolved(self.base_lr)

    @property
    def cycles_momentum(self) -> bool:
        """Whether rows have a momentum."""
        return self.cycle_momentum

    @property
    def horizon(self) -> int | None:
        down = self.step_size_up if self.step_size_down is None else self.step_size_down
        cycle = self.step_size_up + down
        return whole_cycles(cycle) if cycle > 0 else None

    @property
    def rises_until(self) -> float:
        return self.step_size_up


def _annealed_cos(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _annealed_linear(start: float, end: float, share: float) -> float:
    return (end - start) * share + start


Phase = tuple[float, float, str, str, str, str]
"""A phase of OneCycleLR: its start and end, and the keys of the rates and momenta that it goes from and to."""


@torch_scheduler("onecycle", "OneCycleLR")
class OneCycle(Absolute):
    """Up to max_lr, then down to almost nothing, once, in exactly total_steps ticks.

    Formula:
        max_lr / div_factor up to max_lr by tick pct_start * total_steps - 1
        then down to max_lr / div_factor / final_div_factor at tick total_steps - 1
        along half cosines or straight lines; three_phase comes down as it went up, and only then to the end

    Surprises:
        - The optimizer's own rate is ignored: everything is a share of max_lr.
        - A run of total_steps ticks needs total_steps - 1 calls of step(). One more is taken: the rate goes back up, or
          below 0 with anneal_strategy linear. The next raises "Tried to step N times".
        - total_steps counts calls of step(): given in batches and stepped per epoch, the rate hardly moves.
        - pct_start * total_steps of 1 raises ZeroDivisionError; below 1 there is no warmup at all.
        - final_div_factor is relative to the first rate, not to max_lr: the end is max_lr / 25 / 10000.
        - As a child of `sequential` it rewrites the rate that the other children start from.

    Resume:
        Constructed with last_epoch=k on the old optimizer's state it sets the right rate for tick k+1, if total_steps
        is still the same. On a new optimizer it raises KeyError 'max_lr'.
    """

    stepped = STEP
    rewrites_base_rate = True
    saved_as: ClassVar[Mapping[str, str]] = {
        "max_lr": "",
        "div_factor": "",
        "final_div_factor": "",
        "base_momentum": "",
        "max_momentum": "",
        "anneal_strategy": "_anneal_func_type",
    }

    max_lr: PerGroup = param("highest rate", example="0.1", role=role.PEAK)
    total_steps: int = param(
        "ticks of the whole cycle",
        at_least=1,
        error="Expected positive integer total_steps, but got {}",
        example="100",
        role=role.LENGTH,
    )
    pct_start: float = param(
        "share of the ticks that go up",
        default=0.3,
        at_least=0,
        at_most=1,
        error="Expected float between 0 and 1 pct_start, but got {}",
        role=role.PEAK_AT,
    )
    anneal_strategy: str = param(
        "shape of the slopes",
        default="cos",
        choices=("cos", "linear"),
        error="anneal_strategy must be one of 'cos' or 'linear', instead got {}",
        role=role.SHAPE,
    )
    div_factor: float = param("max_lr over the first rate", default=25.0, role=role.START_DIVISOR)
    final_div_factor: float = param("first rate over the last", default=1e4, role=role.FLOOR_DIVISOR)
    three_phase: bool = param("come down to the first rate before going to the last", default=False, role=role.VARIANT)
    cycle_momentum: bool = param("cycle the momentum the other way", default=True, role=role.MOMENTUM)
    base_momentum: PerGroup = param("momentum at the highest rate", default=0.85, role=role.MOMENTUM)
    max_momentum: PerGroup = param("momentum at the lowest rate", default=0.95, role=role.MOMENTUM)

    def construct(self, group: Group) -> None:
        """What the constructor does to the group before the initial step."""
        group["max_lr"] = resolved(self.max_lr)
        group["initial_lr"] = group["max_lr"] / self.div_factor
        group["min_lr"] = group["initial_lr"] / self.final_div_factor

    @cached_property
    def _phases(self) -> list[Phase]:
        up, last = float(self.pct_start * self.total_steps) - 1, self.total_steps - 1
        rise = (0.0, up, "initial_lr", "max_lr", "max_momentum", "base_momentum")
        if not self.three_phase:
            return [rise, (up, last, "max_lr", "min_lr", "base_momentum", "max_momentum")]
        down = float(2 * self.pct_start * self.total_steps) - 2
        return [
            rise,
            (up, down, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
            (down, last, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
        ]

    def _runs(self) -> Iterator[tuple[range, Phase]]:
        """The ticks of each phase, as `_place` finds them."""
        start = 0
        for phase in self._phases:
            stop = max(start, min(math.floor(phase[1]), self.total_steps) + 1)
            yield range(start, stop), phase
            start = stop

    @cached_property
    def _anneal(self) -> Callable[[float, float, float], float]:
        return _annealed_cos if self.anneal_strategy == "cos" else _annealed_linear

    def _place(self, t: int) -> tuple[float, str, str, str, str]:
        """How far tick `t` is through its phase, and that phase's keys."""
        if t > self.total_steps:
            raise ValueError(f"Tried to step {t} times. The specified number of total steps is {self.total_steps}")
        for phase in self._phases:
            if t <= phase[1]:
                break
        start, end, low, high, momentum_from, momentum_to = phase
        return (t - start) / (end - start), low, high, momentum_from, momentum_to

    def apply(self, t: int, base_lr: float, group: Group) -> None:
        """Set the rate of tick `t`, and the momentum where it is cycled, from the values that the group holds."""
        share, low, high, momentum_from, momentum_to = self._place(t)
        group["lr"] = self._anneal(group[low], group[high], share)
        if self.cycle_momentum:
            group["momentum"] = self._anneal(group[momentum_from], group[momentum_to], share)

    def at(self, t: int, base_lr: float) -> float:
        group: Group = {}
        self.construct(group)
        share, low, high, _, _ = self._place(t)
        return self._anneal(group[low], group[high], share)

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return MomentumTicker(self, group, last_epoch)

    def stream(self, lr: float) -> Iterator[float]:
        group: Group = {}
        self.construct(group)
        anneal, after = self._anneal, range(0)
        for ticks, (start, end, low, high, _, _) in self._runs():
            low_lr, high_lr, length, after = group[low], group[high], end - start, ticks
            for t in ticks:
                yield anneal(low_lr, high_lr, (t - start) / length)
        yield from self.advance(after.stop, lr, lr)

    def stream_with_momentum(self, lr: float) -> Iterator[tuple[float, float]]:
        group: Group = {"lr": lr}
        ticker, anneal = self.ticker(group), self._anneal
        for ticks, (start, end, *keys) in self._runs():
            low_lr, high_lr, low_momentum, high_momentum = map(group.__getitem__, keys)
            length, ticker.last_epoch = end - start, ticks.stop - 1
            for t in ticks:
                share = (t - start) / length
                yield anneal(low_lr, high_lr, share), anneal(low_momentum, high_momentum, share)
        while True:
            ticker.step()
            yield group["lr"], group["momentum"]

    @property
    def cycles_momentum(self) -> bool:
        """Whether rows have a momentum."""
        return self.cycle_momentum

    @property
    def horizon(self) -> int | None:
        return self.total_steps

    @property
    def rises_until(self) -> float:
        return float(self.pct_start * self.total_steps) - 1

    @property
    def most_calls(self) -> int | None:
        return self.total_steps
