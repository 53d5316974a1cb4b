"""torch.optim.lr_scheduler 2.13: OneCycleLR."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import ClassVar

from lrcli.schedules import role
from lrcli.schedules.kind import PerGroup, resolved
from lrcli.schedules.param import param
from lrcli.schedules.pytorch import torch_scheduler
from lrcli.schedules.pytorch_cycles import MomentumCycle, MomentumTicker
from lrcli.schedules.ticker import Group, Ticker


def _annealed_cos(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _annealed_linear(start: float, end: float, share: float) -> float:
    return (end - start) * share + start


Phase = tuple[float, float, str, str, str, str]
"""A phase of OneCycleLR: its start and end, and the keys of the rates and momenta that it goes from and to."""


@torch_scheduler("onecycle", "OneCycleLR")
class OneCycle(MomentumCycle):
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
    def horizon(self) -> int | None:
        return self.total_steps

    @property
    def rises_until(self) -> float:
        return float(self.pct_start * self.total_steps) - 1

    @property
    def most_calls(self) -> int | None:
        return self.total_steps
