"""torch.optim.lr_scheduler 2.13: schedules made of schedules, exactly as torch runs them.

They are objects that step objects, not products or joins of curves: constructing the children already changes the rate,
SequentialLR undoes that and ChainedScheduler does not, and a child that takes over may start from its own base rate.
"""

import dataclasses
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NoReturn, Self

from lrcli.errors import InputError
from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, SLOW, Schedule
from lrcli.schedules.family import REFUSED, STEP
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import ParamError, param
from lrcli.schedules.pytorch import torch_scheduler
from lrcli.schedules.ticker import Group, State, Ticker


def refuse_to_take_over(name: str) -> NoReturn:
    """Raises InputError for a composition that is a later child of a sequence."""
    raise InputError(
        f"{name} cannot take over at a milestone of SequentialLR: it has no closed form, and torch raises "
        "NotImplementedError. Put it first, or write its children out"
    )


FEW = 1_000_000
"""Ticks that are stepped in about a second."""


class CompositeTicker(Ticker):
    """A scheduler that steps others on the same group; of itself it has no rate."""

    def __init__(self, schedule: "Sequential | Chained", group: Group, last_epoch: int = -1) -> None:
        self.schedule: Sequential | Chained = schedule
        self.group = group
        self.children = [child.ticker(group) for child in schedule.schedulers]
        self.counts: dict[str, int] = {}
        """torch's count of the steps, which never moves: there where it was the first child of a sequence."""
        self.base_lr = self.children[0].base_lr

    def initial_step(self) -> None:
        self.counts = {"_step_count": 0}
        self.step()

    def restart(self) -> None:
        refuse_to_take_over(self.schedule.reference.symbol)

    def undo(self) -> None:
        for child in self.children:
            child.undo()

    @property
    def in_force(self) -> Schedule:
        return dataclasses.replace(self.schedule, schedulers=tuple(child.in_force for child in self.children))

    def state(self) -> State:
        return {**self.counts, "_schedulers": [child.state() for child in self.children]}

    def load(self, state: State, differing: str = REFUSED) -> None:
        for index, child in enumerate(state["_schedulers"]):
            self.children[index].load(child, differing)
        self.base_lr = self.children[0].base_lr


class SequentialTicker(CompositeTicker):
    """torch.optim.lr_scheduler.SequentialLR."""

    schedule: "Sequential"

    def __init__(self, schedule: "Sequential", group: Group, last_epoch: int = -1) -> None:
        super().__init__(schedule, group)
        self.milestones = schedule.milestones
        self.last_epoch = last_epoch + 1
        group["lr"] = group["initial_lr"]
        self.undo()
        self.children[bisect_right(self.milestones, 0)].initial_step()

    def step(self) -> None:
        self.last_epoch += 1
        index = bisect_right(self.milestones, self.last_epoch)
        child = self.children[index]
        if index > 0 and self.milestones[index - 1] == self.last_epoch:
            child.restart()
        else:
            child.step()

    def state(self) -> State:
        return {**super().state(), "last_epoch": self.last_epoch, "_milestones": self.milestones}

    def load(self, state: State, differing: str = REFUSED) -> None:
        children = state["_schedulers"]
        self.last_epoch = state.get("last_epoch", self.last_epoch)
        self.milestones = state.get("_milestones", self.milestones)
        if len(self.milestones) == len(self.children) - 1:
            self.schedule = dataclasses.replace(self.schedule, milestones=self.milestones)
        super().load({"_schedulers": children}, differing)

    def stream(self) -> Iterator[float]:
        last = max(self.milestones, default=0)
        while self.last_epoch < last:
            yield self.group["lr"]
            self.step()
        yield from self.children[bisect_right(self.milestones, last)].stream()


class ChainedTicker(CompositeTicker):
    """torch.optim.lr_scheduler.ChainedScheduler."""

    def __init__(self, schedule: "Chained", group: Group, last_epoch: int = -1) -> None:
        super().__init__(schedule, group)
        if last_epoch != -1:
            raise TypeError("ChainedScheduler.__init__() got an unexpected keyword argument 'last_epoch'")

    def step(self) -> None:
        for child in self.children:
            child.step()


class Composite(Schedule):
    """Base of the schedules that are made of schedules."""

    schedulers: tuple[Schedule, ...]

    def validate(self) -> None:
        symbol = self.reference.symbol
        for index, schedule in enumerate(self.schedulers):
            if schedule.refuses_composition:
                raise ParamError("SPEC", schedule.refuses_composition.format(symbol=symbol, index=index))

    def bind(self, group: int, lrs: Sequence[float]) -> Self:
        return dataclasses.replace(self, schedulers=tuple(child.bind(group, lrs) for child in self.schedulers))

    def stream(self, lr: float) -> Iterator[float]:
        return chain.from_iterable(self.ticker({"lr": lr}).stream() for _ in range(1))

    @property
    def counts_in(self) -> str:
        return next((STEP for child in self.schedulers if child.counts_in == STEP), self.stepped)

    @property
    def cycles_momentum(self) -> bool:
        return any(child.cycles_momentum for child in self.schedulers)

    @property
    def cost(self) -> int:
        return sum(max(child.cost, SLOW) for child in self.schedulers)


@torch_scheduler("sequential", "SequentialLR")
class Sequential(Composite):
    """One schedule after another: each takes over at its milestone.

    Formula:
        child 0 up to the first milestone, child 1 up to the second, ...; each counts its ticks from its milestone

    Surprises:
        - At its milestone a child starts from its own base rate, whatever the rate was: a milestone inside a warmup
          makes a jump.
        - The ticks before a milestone are not the child's: after 5 ticks of warmup a cosine over a run of 50 wants
          T_max 45.
        - Milestones that do not increase are accepted: a child may never run.
        - OneCycleLR, and CyclicLR where it is the first child, rewrite the rate that all children start from.
        - multiplicative goes on from the previous rate, swa keeps it.
        - ReduceLROnPlateau is refused; a SequentialLR or ChainedScheduler is taken only as the first child.

    Resume:
        last_epoch is not usable: the rate is that of the first child, whatever the milestones say. Restore it with
        load_state_dict.
    """

    schedulers: tuple[Schedule, ...] = param(
        "schedules, in the order in which they run",
        positional=True,
        kind=SPEC,
        example='linear "cosine --t-max 45"',
        role=role.PARTS,
    )
    milestones: tuple[int, ...] = param(
        "tick at which each schedule but the first takes over", default=(), example="5", role=role.TAKES_OVER_AT
    )

    def validate(self) -> None:
        if not self.schedulers:
            raise ParamError("SPEC", "SequentialLR expects at least one scheduler, but got no scheduler.")
        super().validate()
        if len(self.milestones) != len(self.schedulers) - 1:
            raise ParamError(
                "--milestones",
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got number of schedulers {len(self.schedulers)} and the number of milestones "
                f"to be equal to {len(self.milestones)}",
            )

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return SequentialTicker(self, group, last_epoch)

    @property
    def cost(self) -> int:
        # One of the children at a time; up to the last milestone they are stepped, not read.
        stepped = SLOW if max(self.milestones, default=0) > FEW else 0
        return max(stepped, *(child.cost for child in self.schedulers))

    def check_until(self, last: int) -> None:
        for tick in sorted(set(self.milestones)):
            index = bisect_right(self.milestones, tick)
            child = self.schedulers[index]
            if 0 < tick <= last and self.milestones[index - 1] == tick and isinstance(child, Composite):
                refuse_to_take_over(child.reference.symbol)

    @property
    def horizon(self) -> int | None:
        last = max(self.milestones, default=0)
        remaining = self.schedulers[bisect_right(self.milestones, last)].horizon
        if remaining is not None:
            return max(0, last) + remaining
        return None if last < DEFAULT_HORIZON else last + max(1, last // 5)

    def marks(self) -> Iterator[tuple[int, str]]:
        current = -1
        for tick in sorted({0, *self.milestones}):
            index = bisect_right(self.milestones, tick)
            if tick >= 0 and index != current:
                current = index
                yield tick, self.schedulers[index].spec


@torch_scheduler("chained", "ChainedScheduler")
class Chained(Composite):
    """Several schedules at the same time, each changing the rate that the one before it left.

    Formula:
        every tick: step child 0, then child 1, ...

    Surprises:
        - All run from tick 0: a warmup eats the first ticks of the cosine beside it, and the peak is never reached.
        - It is a product only of schedules that multiply the rate (step, multistep, constant, linear, exponential,
          polynomial, multiplicative, and cosine with eta_min 0 before T_max).
        - cosine-restarts, cyclic, onecycle and lambda set the rate outright: what stands before them is lost each tick.
        - After its trough a cosine starts again from the base rate: what the others did until then is lost.

    Resume:
        It has no last_epoch. Restore it with load_state_dict.
    """

    schedulers: tuple[Schedule, ...] = param(
        "schedules, in the order in which they are stepped",
        positional=True,
        kind=SPEC,
        example='"constant --total-iters 10" "exponential --gamma 0.95"',
        role=role.PARTS,
    )

    def validate(self) -> None:
        if not self.schedulers:
            raise ParamError(
                "SPEC", "ChainedScheduler expects at least one scheduler to be chained, but got no scheduler."
            )
        super().validate()

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return ChainedTicker(self, group, last_epoch)

    @property
    def horizon(self) -> int | None:
        horizons = [child.horizon for child in self.schedulers]
        return None if None in horizons else max(horizon or 0 for horizon in horizons)
