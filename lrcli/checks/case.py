"""A schedule in its run, taken apart as the rules need it: units, lengths, phases and the rates themselves."""

import math
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any, NamedTuple

from lrcli.checks.curve import Curve, Walk, walked
from lrcli.checks.fix import Change, Fix, Path, changed, changed_run, rounded
from lrcli.checks.rule import Find, rule
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import LENGTHS, Schedule
from lrcli.schedules.compose import Chained, Composite, Sequential
from lrcli.schedules.family import EPOCH, STEP
from lrcli.schedules.param import Param
from lrcli.schedules.role import Role
from lrcli.text import significant

NOTHING = 1e-4
"""Share of the highest rate below which a model does not learn any more."""

ZERO = 1e-12
"""Share of the highest rate that is zero but for rounding."""


WARMUPS = (role.WARMUP, role.WARMUP_SHARE, role.WARMUP_EPOCHS)
"""What says how long a schedule's own warmup is, whatever it is counted in."""


class Part(NamedTuple):
    """A schedule that is not made of others, and the ticks of the run in which it sets the rate."""

    schedule: Schedule
    start: int
    stop: int | None
    """None for the last."""
    chained: bool
    """Whether others change the rate at the same time."""
    path: Path | None = ()
    """Where it stands in the schedule; None for the warmup of the run."""
    label: str = ""
    """What a fix calls it."""

    def with_value(self, declared: Param, value: Any) -> Change:
        """The change of one parameter of this part."""
        return Change(declared, value, self.path, self.label)

    def with_role(self, wanted: Role, value: float, digits: int = 3) -> Fix:
        """The fix that gives the parameter of that role a value, rounded as it is shown."""
        declared = self.schedule.fields(wanted)[0]
        return (self.with_value(declared, rounded(declared, value, digits)),)


class PlannedLength(NamedTuple):
    """How long the schedule is meant to be: the parameter that says so, and the tick at which it is over."""

    part: Part
    declared: Param
    value: Any
    """As it is given: ticks, epochs, or the ticks at which points stand."""
    end: int

    @property
    def in_ticks(self) -> int:
        """The ticks that the parameter says; they may leave out the warmup."""
        if isinstance(self.value, tuple):
            return int(self.value[-1])
        return self.end - self.part.start if self.declared.role is role.EPOCHS else int(self.value)

    @property
    def given(self) -> str:
        """The option with its value; the length of all phases where the option is that of one."""
        if self.declared.role is role.HOLD:
            return f"the schedule of {self.end - self.part.start} ticks"
        return f"{self.declared.option} {self.declared.format(self.value)}"

    def ending_at(self, tick: int) -> tuple[Fix, ...]:
        """The fix that ends the schedule at `tick`; where nothing is left of the hold, the decay is shortened too."""
        value = self.in_ticks + tick - self.end
        if isinstance(self.value, tuple):
            points = (*self.value[:-1], value)
            return ((self.part.with_value(self.declared, points),),) if value > max((0, *points[:-1])) else ()
        if self.declared.role is role.EPOCHS:
            value = math.ceil(value / (self.part.schedule.value(role.PER_EPOCH) or 1))
        decay = self.part.schedule.given(role.DECAY)
        if self.declared.role is role.HOLD and value < 0 and decay:
            return ((self.part.with_value(self.declared, 0), self.part.with_value(decay[0], decay[1] + value)),)
        return ((self.part.with_value(self.declared, value),),) if value > 0 else ()


class WarmupPhase(NamedTuple):
    """The warmup: how its length is changed, and the tick at which it is over."""

    end: int
    own: bool
    """Whether it is part of the schedule, whose length includes it, and not a schedule before it."""
    lengths: Fix
    """Its length as it is, in all the parameters that say so."""

    def lasting(self, ticks: int) -> tuple[Fix, ...]:
        """The fix that makes the warmup that long."""

        def value(change: Change) -> Any:
            if isinstance(change.value, tuple):
                return (ticks, *change.value[1:])
            in_ticks = not change.declared.role or change.declared.role.scales_with_run
            return ticks if in_ticks else rounded(change.declared, change.value * ticks / self.end)

        return (tuple(change._replace(value=value(change)) for change in self.lengths),)


class Case:
    """A schedule in its run.

    `ticks` are the calls of `scheduler.step()` in the run, None where no length of the run was given; `length` is then
    the schedule's own.
    """

    def __init__(self, schedule: Schedule, run: Run) -> None:
        self.run = run
        self.steps_per_epoch = run.steps_per_epoch or 1
        self.batches_per_epoch = run.batches
        self.given = (schedule, run)
        self.schedule = run.warmed_up(schedule)
        self.epochs = None if run.total_epochs is None else math.ceil(run.total_epochs)
        # Beside examples the processes share them; beside an epoch's length they can only be accelerate's.
        self.processes = 1 if run.total is None or run.examples is not None else run.num_processes
        self.length = run.length(self.schedule) * self.processes
        self.ticks = None if run.total is None else self.length
        self.per_step = run.interval == STEP
        self.group = max(range(len(run.lrs)), key=run.lrs.__getitem__)
        self.lr = run.lrs[self.group]
        self.parts = [self._labelled(part) for part in parts_of(self.schedule)]

    def changed(self, fix: Fix) -> "Case":
        """The case after the fix. Raises InputError where a value is refused."""
        schedule, run = self.given
        return Case(changed(schedule, fix), changed_run(run, fix))

    def run_of(self, ticks: int) -> Fix | None:
        """The fix that gives the run so many ticks, in the words that gave its length; None where it cannot."""
        epoch = (self.steps_per_epoch if self.per_step else 1) * self.processes
        step = (1 if self.per_step else 1 / self.steps_per_epoch) * self.processes
        for name, ticks_each in (("ticks", self.processes), ("epochs", epoch), ("steps", step)):
            if getattr(self.run, name) is not None:
                return self.run_with(name, int(ticks / ticks_each)) if ticks % ticks_each == 0 else None
        return None

    def run_with(self, name: str, value: Any) -> Fix:
        """The fix that gives the run another value."""
        return (Change(self.run.params()[name], value, None),)

    def stepped(self, interval: str) -> tuple[Fix, ...]:
        """The fix that calls step() at another interval; none where the framework itself moves the rate."""
        moved = any(part.schedule.reference.family.moved_by for part in self.parts)
        return () if moved or interval == self.run.interval else (self.run_with("interval", interval),)

    def _labelled(self, part: Part) -> Part:
        """The part with its name, and with its place in the schedule that was given, without the run's warmup."""
        path: Path | None = part.path
        if self.run.warmup and path:
            path = path[1:] if path[0] else None
        names = [child.schedule.reference.name for child in parts_of(self.schedule)]
        name = part.schedule.reference.name
        place = f" (part {'.'.join(str(index + 1) for index in path)})" if path and names.count(name) > 1 else ""
        return part._replace(path=path, label=name + place)

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

    @property
    def composites(self) -> "list[CompositePart]":
        """The schedules made of schedules, as they were given: without the run's warmup."""
        return list(composites_of(self.given[0], self.run.warmup))

    @cached_property
    def peak(self) -> float:
        """The highest rate that is trained with."""
        return self.walk.curve.before(self.length).highest

    @property
    def is_for_sure_per_epoch(self) -> bool:
        """Whether a tick is a whole epoch: said, or usual for such a schedule."""
        return not self.per_step and (self.parts[-1].schedule.stepped == EPOCH or self.steps_per_epoch > 1)

    @cached_property
    def plan(self) -> PlannedLength | None:
        """The length that the schedule was given, where it has one and its end comes last."""
        last = self.parts[-1]
        return None if last.chained or last.start >= self.length else plan_of(last)

    def end_of(self, part: Part) -> int:
        """The tick at which a part stops to set the rate: its own, or the end of the run."""
        return self.length if part.stop is None else min(part.stop, self.length)

    @cached_property
    def ramp(self) -> WarmupPhase | None:
        """The warmup, where there is one."""
        first = self.parts[0]
        if first.chained:
            return None
        if first.stop is None:
            ticks = first.schedule.own_warmup
            own = next((found for found in first.schedule.all_given(*WARMUPS) if found[1] > 0), None)
            return WarmupPhase(ticks, True, (first.with_value(*own),)) if own and ticks else None
        if not first.schedule.is_warmup:
            return None
        if first.path is None:
            return WarmupPhase(first.stop, False, self.run_with("warmup", first.stop))
        sequence = next(whole for whole in self.composites if whole.path == first.path[:-1])
        milestones = sequence.schedule.fields(role.TAKES_OVER_AT)[0]
        lengths = first.schedule.given(role.LENGTH)
        changes = [sequence.with_value(milestones, sequence.schedule.value(role.TAKES_OVER_AT))]
        changes += [first.with_value(lengths[0], first.stop)] if lengths else []
        return WarmupPhase(first.stop, False, tuple(changes))

    def when(self, tick: int) -> str:
        """Where in the run a tick is: "epoch 49", "step 4900 (epoch 49)"."""
        tick //= self.processes
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


def parts_of(
    schedule: Schedule, start: int = 0, stop: int | None = None, chained: bool = False, path: Path = ()
) -> Iterator[Part]:
    """The parts of a schedule in order."""
    if isinstance(schedule, Sequential):
        bounds = [start, *(start + milestone for milestone in schedule.milestones), stop]
        for place, (child, begin, end) in enumerate(zip(schedule.schedulers, bounds, bounds[1:], strict=False)):
            assert begin is not None
            yield from parts_of(child, begin, end, chained, (*path, place))
    elif isinstance(schedule, Chained):
        for place, child in enumerate(schedule.schedulers):
            yield from parts_of(child, start, stop, chained or len(schedule.schedulers) > 1, (*path, place))
    else:
        yield Part(schedule, start, stop, chained, path)


class CompositePart(NamedTuple):
    """A schedule made of schedules, the tick at which it begins, and where it stands."""

    schedule: Composite
    start: int
    path: Path

    def with_value(self, declared: Param, value: Any) -> Change:
        """The change of one of its own parameters."""
        return Change(declared, value, self.path, self.schedule.reference.name)


def composites_of(schedule: Schedule, start: int = 0, path: Path = ()) -> Iterator[CompositePart]:
    """The schedules made of schedules, outermost first."""
    if not isinstance(schedule, Composite):
        return
    yield CompositePart(schedule, start, path)
    begins = schedule.value(role.TAKES_OVER_AT) or (0,) * len(schedule.schedulers)
    for place, (child, begin) in enumerate(zip(schedule.schedulers, (0, *begins), strict=False)):
        yield from composites_of(child, start + begin, (*path, place))


def plan_of(part: Part) -> PlannedLength | None:
    """The length of a part, where it has an end: a warmup alone has none, and neither has what goes on for ever."""
    schedule = part.schedule
    found, horizon = schedule.given(*LENGTHS), schedule.horizon
    if not schedule.ends or found is None or horizon is None or horizon < 0:
        return None
    return PlannedLength(part, *found, part.start + horizon)


schedule_rule: Callable[[str, str, str], Callable[[Find], Find]] = partial(rule, subject=Case)
"""Declare a rule about a schedule in its run."""
