"""A schedule in its run, taken apart as the rules need it: units, lengths, phases and the rates themselves."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import NamedTuple

from lrcli.checks.curve import Curve, Walk, walked
from lrcli.checks.rule import Find, rule
from lrcli.engine import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Chained, Sequential
from lrcli.schedules.param import Declared, declaration, param
from lrcli.schedules.pytorch import Constant, Linear
from lrcli.text import significant

NOTHING = 1e-4
"""Share of the highest rate below which a model does not learn any more."""

ZERO = 1e-12
"""Share of the highest rate that is zero but for rounding."""

LENGTHS = (
    "T_max",
    "total_steps",
    "total_iters",
    "t_initial",
    "lr_decay_iters",
    "stable_steps",
    "hold_steps",
    "num_stable_steps",
    "num_training_steps",
)
"""The fields that say how long a schedule is, the one that decides first."""

WARMUPS = ("num_warmup_steps", "warmup_steps", "warmup_iters", "warmup_t")
"""The fields that say how long a schedule's own warmup is."""


@declaration
class Facts(Declared):
    """What else is known of the run: how batches become calls of step()."""

    batches_per_epoch: int | None = param(
        "batches that one process sees in an epoch; with --accumulate it gives the optimizer steps",
        default=None,
        at_least=1,
    )
    accumulate: int = param("batches whose gradients are accumulated to one optimizer step", default=1, at_least=1)
    num_processes: int = param("accelerate's processes: it steps the scheduler once for each", default=1, at_least=1)

    def batches(self, steps_per_epoch: int) -> int:
        """Batches in an epoch of that many optimizer steps."""
        return self.batches_per_epoch or steps_per_epoch * self.accumulate

    def steps(self, steps_per_epoch: int) -> int:
        """Optimizer steps in an epoch, the last of which may accumulate fewer batches."""
        return -(-self.batches(steps_per_epoch) // self.accumulate)


class Part(NamedTuple):
    """A schedule that is not made of others, and the ticks of the run in which it sets the rate."""

    schedule: Schedule
    start: int
    stop: int | None
    """None for the last."""
    chained: bool
    """Whether others change the rate at the same time."""


class Plan(NamedTuple):
    """How long the schedule is meant to be: the option that says so, and the tick at which it is over."""

    part: Part
    option: str
    value: int
    end: int

    @property
    def given(self) -> str:
        """The option with its value."""
        return f"{self.option} {self.value}"

    def ending_at(self, tick: int) -> str:
        """The option with the value that ends the schedule at `tick`."""
        return f"{self.option} {self.value + tick - self.end}"


class Ramp(NamedTuple):
    """The warmup: the option that gives its length, and the tick at which it is over."""

    option: str
    end: int
    own: bool
    """Whether it is part of the schedule, whose length includes it, and not a schedule before it."""


class Case:
    """A schedule in its run.

    `ticks` are the calls of `scheduler.step()` in the run, None where no length of the run was given; `length` is then
    the schedule's own.
    """

    def __init__(self, schedule: Schedule, run: Run, facts: Facts) -> None:
        self.steps_per_epoch = facts.steps(run.steps_per_epoch)
        self.batches_per_epoch = facts.batches(run.steps_per_epoch)
        self.run = dataclasses.replace(run, steps_per_epoch=self.steps_per_epoch)
        self.facts = facts
        self.schedule = run.warmed_up(schedule)
        self.epochs = run.epochs
        self.length = self.run.ticks(self.schedule) * (facts.num_processes if run.epochs else 1)
        self.ticks = self.length if run.epochs else None
        self.per_step = run.interval == "step"
        self.group = max(range(len(run.lrs)), key=run.lrs.__getitem__)
        self.lr = run.lrs[self.group]
        self.parts = list(parts_of(self.schedule))

    @cached_property
    def walk(self) -> Walk:
        """The rates of the group with the highest one; the last is what the last call of step() leaves, not used."""
        landmarks = [self.length, self.epochs or 0]
        landmarks += [length.end for length in (self.plan, self.ramp) if length]
        return walked(self.schedule, self.run.lrs, self.group, self.length + 1, landmarks)

    @cached_property
    def used(self) -> Curve | None:
        """The rates that the run trains with; None where they are not all known."""
        used = self.walk.curve.before(self.length)
        return used if used.ticks and used.ticks[-1] == self.length - 1 else None

    @cached_property
    def peak(self) -> float:
        """The highest rate that is trained with."""
        return self.walk.curve.before(self.length).highest

    @property
    def is_for_sure_per_epoch(self) -> bool:
        """Whether a tick is a whole epoch: said, or usual for such a schedule."""
        return not self.per_step and (self.parts[-1].schedule.stepped == "epoch" or self.steps_per_epoch > 1)

    @cached_property
    def plan(self) -> Plan | None:
        """The length that the schedule was given, where it has one and its end comes last."""
        last = self.parts[-1]
        return None if last.chained or last.start >= self.length else plan_of(last)

    def end_of(self, part: Part) -> int:
        """The tick at which a part stops to set the rate: its own, or the end of the run."""
        return self.length if part.stop is None else min(part.stop, self.length)

    @cached_property
    def ramp(self) -> Ramp | None:
        """The warmup, where there is one."""
        first = self.parts[0]
        if first.chained:
            return None
        if first.stop is not None:
            rises = isinstance(first.schedule, Linear) and first.schedule.end_factor > first.schedule.start_factor
            option = "--warmup" if self.run.warmup else "--milestones"
            return Ramp(option, first.stop, own=False) if rises else None
        for name in WARMUPS:
            ticks = getattr(first.schedule, name, 0)
            if ticks > 0:
                return Ramp(first.schedule.params()[name].option, ticks, own=True)
        return None

    def when(self, tick: int) -> str:
        """Where in the run a tick is: "epoch 49", "step 4900 (epoch 49)"."""
        tick //= self.facts.num_processes if self.ticks else 1
        if not self.per_step:
            return f"epoch {tick}"
        return f"step {tick} (epoch {tick // self.steps_per_epoch})" if self.steps_per_epoch > 1 else f"step {tick}"

    def share(self, rate: float) -> str:
        """A rate, and what part of the highest rate it is: "0.05 (50 % of the peak)"."""
        percent = significant(100 * rate / self.peak, 3) if self.peak else "0"
        return f"{shown(rate)} ({percent} % of the peak)"


def shown(rate: float) -> str:
    """A rate in a message."""
    return significant(rate, 3)


def parts_of(schedule: Schedule, start: int = 0, stop: int | None = None, chained: bool = False) -> Iterator[Part]:
    """The parts of a schedule in order."""
    if isinstance(schedule, Sequential):
        bounds = [start, *(start + milestone for milestone in schedule.milestones), stop]
        for child, begin, end in zip(schedule.schedulers, bounds, bounds[1:], strict=False):
            assert begin is not None
            yield from parts_of(child, begin, end, chained)
    elif isinstance(schedule, Chained):
        for child in schedule.schedulers:
            yield from parts_of(child, start, stop, chained or len(schedule.schedulers) > 1)
    else:
        yield Part(schedule, start, stop, chained)


def composites_of(schedule: Schedule, start: int = 0) -> Iterator[tuple[Sequential | Chained, int]]:
    """The schedules made of schedules, outermost first, each with the tick at which it begins."""
    if not isinstance(schedule, Sequential | Chained):
        return
    yield schedule, start
    begins = schedule.milestones if isinstance(schedule, Sequential) else (0,) * len(schedule.schedulers)
    for child, begin in zip(schedule.schedulers, (0, *begins), strict=False):
        yield from composites_of(child, start + begin)


def plan_of(part: Part) -> Plan | None:
    """The length of a part, where it has an end: a warmup alone has none, and neither has what goes on for ever."""
    schedule, params = part.schedule, part.schedule.params()
    if isinstance(schedule, Constant) or getattr(schedule, "cycle_limit", 1) != 1:
        return None
    if isinstance(schedule, Linear) and schedule.end_factor >= schedule.start_factor:
        return None
    name = next((name for name in LENGTHS if name in params and getattr(schedule, name) is not None), None)
    if name is None or schedule.horizon is None:
        return None
    # An optional number of training steps is there for the call's sake: only a decay phase makes something of it.
    if name == "num_training_steps" and not params[name].required and "num_decay_steps" not in params:
        return None
    return Plan(part, params[name].option, getattr(schedule, name), part.start + schedule.horizon)


schedule_rule: Callable[[str, str, str], Callable[[Find], Find]] = partial(rule, subject=Case)
"""Declare a rule about a schedule in its run."""
