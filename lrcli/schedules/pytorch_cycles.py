"""torch.optim.lr_scheduler 2.13: the schedulers with cycles.

All compute the rate from the tick alone. CyclicLR, and with it OneCycleLR, moves the momentum too, and changes the
rates that a parameter group starts from: schedulers that share their optimizer see that.
"""

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import ClassVar

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, Absolute
from lrcli.schedules.family import REFUSED, STEP
from lrcli.schedules.kind import PerGroup, resolved
from lrcli.schedules.param import param
from lrcli.schedules.pytorch import torch_scheduler
from lrcli.schedules.ticker import Group, State, Ticker


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


class MomentumCycle(Absolute):
    """Base: rates of its own, and a momentum that moves the other way."""

    stepped = STEP
    rewrites_base_rate = True

    cycle_momentum: bool
    base_momentum: PerGroup
    max_momentum: PerGroup

    def construct(self, group: Group) -> None:
        """What the constructor does to the group before the initial step."""
        raise NotImplementedError

    def apply(self, t: int, base_lr: float, group: Group) -> None:
        """Set the rate of tick `t`, and the momentum where it is cycled."""
        raise NotImplementedError

    @property
    def cycles_momentum(self) -> bool:
        return self.cycle_momentum


class MomentumTicker(Ticker):
    """Sets the momentum with the rate."""

    schedule: MomentumCycle

    def __init__(self, schedule: MomentumCycle, group: Group, last_epoch: int = -1) -> None:
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
class Cyclic(MomentumCycle):
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
    def horizon(self) -> int | None:
        down = self.step_size_up if self.step_size_down is None else self.step_size_down
        cycle = self.step_size_up + down
        return whole_cycles(cycle) if cycle > 0 else None

    @property
    def rises_until(self) -> float:
        return self.step_size_up
