"""A schedule as it was written, in a run: lengths that were left out are the run's, shares of the run become ticks."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.run import Run, share_of
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Composite
from lrcli.schedules.family import STEP, Family
from lrcli.schedules.kind import SPEC, Share, resolved_shares
from lrcli.schedules.param import Param, ParamError
from lrcli.schedules.role import EPOCHS, HOLD, LENGTH, PER_EPOCH, TAKES_OVER_AT, WARMUP


class Planned(NamedTuple):
    """A schedule and the run that it is part of, settled: what there is to compute."""

    schedule: Schedule
    run: Run
    taken: tuple[str, ...] = ()
    """What was not said and was taken from the run, in words: "--t-max 90 is the length of the run"."""

    @property
    def text(self) -> str:
        """The spec in canonical form, with all that was taken."""
        return spec_of(self.schedule, self.run)


class Written(Protocol):
    """A schedule as it was written: words, Python or a file."""

    def leaves(self) -> list[type[Schedule]]:
        """The classes of the schedules that are not made of others, in order."""

    def completed(self, available: int | None, whole: int | None, taken: list[str]) -> Schedule:
        """The schedule in `available` ticks of a run of `whole`; what is taken from the run is added to `taken`."""


def planned(cls: type[Schedule], values: Mapping[str, Any], run: Run) -> Planned:
    """The schedule `cls` with `values` in `run`. Raises InputError for what is missing, naming the ways to give it."""
    run = settled(run, stepped_by(cls, values), counted_by(cls, values))
    whole = run.total
    available = None if whole is None else whole - run.warmup
    taken: list[str] = []
    schedule = completed(cls, _with_epochs(cls, values, run, taken), available, whole, taken)
    return Planned(schedule, run, tuple(taken))


def _with_epochs(cls: type[Schedule], values: Mapping[str, Any], run: Run, taken: list[str]) -> Mapping[str, Any]:
    """`values` with the epochs of the run, and their length, where the schedule counts them itself and was not told.

    Raises InputError where the run has a warmup and the schedule's own is missing: one of them is meant.
    """
    for own in cls.fields(WARMUP):
        if run.warmup and own.required and own.name not in values:
            raise InputError(f"--warmup comes before the schedule, which has a warmup of its own: give {own.option}")
    found = dict(values)
    for wanted, value in ((EPOCHS, run.epochs), (PER_EPOCH, run.steps_per_epoch)):
        for own in cls.fields(wanted):
            if value is not None and value == int(value) and own.name not in values:
                found[own.name] = int(value)
                taken.append(f"{own.option} {value:g} is taken from the run")
    return found


def placed(schedule: Schedule, run: Run) -> Planned:
    """A schedule that is whole, in `run`. Raises InputError where the run is not possible."""
    return Planned(schedule, settled(run, schedule.counts_in, leaves_of(schedule)[-1].reference.family))


def leaves_of(schedule: Schedule) -> list[type[Schedule]]:
    """The classes of the schedules in `schedule` that are not made of others, in order."""
    if isinstance(schedule, Composite):
        return [leaf for child in schedule.schedulers for leaf in leaves_of(child)]
    return [type(schedule)]


def settled(run: Run, stepped: str, family: Family) -> Run:
    """The run for such a schedule, its warmup in ticks. Raises InputError for a share of a run of unknown length."""
    run = run.settled(stepped, family)
    warmup: Any = run.warmup
    if not isinstance(warmup, Share):
        return run
    if run.total is None:
        raise ParamError("--warmup", f"{warmup} of a run whose length is not known: {WAYS}")
    return dataclasses.replace(run, warmup=share_of(warmup, run.total))


WAYS = "give --epochs, --steps or --ticks"
"""How the length of a run is given."""


def leaves(cls: type[Schedule], values: Mapping[str, Any]) -> list[type[Schedule]]:
    """The classes of the schedules that are not made of others, in order."""
    children = children_of(cls, values)
    return [leaf for child in children for leaf in child.leaves()] if children else [cls]


def children_of(cls: type[Schedule], values: Mapping[str, Any]) -> Sequence[Written]:
    """The parts of a schedule as they were written; none for one that is not made of others."""
    named = next((name for name, declared in cls.params().items() if declared.kind is SPEC), None)
    return values.get(named, ()) if named else ()


def stepped_by(cls: type[Schedule], values: Mapping[str, Any]) -> str:
    """After what step() is usually called: after every optimizer step if that is so for any part."""
    return next((leaf.stepped for leaf in leaves(cls, values) if leaf.stepped == STEP), cls.stepped)


def counted_by(cls: type[Schedule], values: Mapping[str, Any]) -> Family:
    """The family whose way of counting is the run's: that of the last part."""
    return leaves(cls, values)[-1].reference.family


def completed(
    cls: type[Schedule], values: Mapping[str, Any], available: int | None, whole: int | None, taken: list[str]
) -> Schedule:
    """The schedule in `available` ticks of a run of `whole`; what is taken from the run is added to `taken`."""
    given = {name: value for name, value in values.items() if value is not None}
    if any(resolved_shares(value, lambda _: 0) is not value for value in given.values()):
        known = whole if whole is not None else _own_length(cls, given)
        given = {name: resolved_shares(value, lambda share: share_of(share, known)) for name, value in given.items()}
    children = children_of(cls, given)
    if children:
        spans = _spans(cls, given, len(children), available)
        made = tuple(child.completed(span, whole, taken) for child, span in zip(children, spans, strict=True))
        given = {name: made if value is children else value for name, value in given.items()}
    lacking = [declared for declared in cls.params().values() if _lacks(declared, given, cls)]
    if not lacking:
        return cls(**given)
    wanted = next((declared for declared in lacking if declared.role in (LENGTH, HOLD)), None)
    others = [declared for declared in lacking if declared is not wanted]
    unknown = [wanted] if wanted and wanted.required and available is None else []
    if missing := [*others, *unknown]:
        said = [_described(declared, is_length=declared is wanted) for declared in missing]
        if len(said) == 1:
            raise InputError(f"missing {said[0]}")
        options = [declared.option for declared in missing]
        raise InputError("\n  ".join([f"missing {', '.join(options[:-1])} and {options[-1]}", *said]))
    assert wanted is not None
    if available is None:
        return cls(**given)
    value = _filling(cls, given, wanted.name, available)
    if value is None:
        raise InputError(f"missing {wanted.option}: {wanted.help}; a run of {available} ticks does not say which")
    taken.append(f"{wanted.option} {value} is taken from the run")
    return cls(**given, **{wanted.name: value})


def _described(declared: Param, *, is_length: bool) -> str:
    """An option that is missing, and what is expected."""
    share = "; 0 is none, 10% a share of the run" if declared.role is WARMUP else ""
    length = f"; or the run's length: {WAYS}" if is_length else ""
    return f"{declared.option}: {declared.help}{share}{length}"


def _lacks(declared: Param, given: Mapping[str, Any], cls: type[Schedule]) -> bool:
    """Whether a value is missing: a required one, or a length that is optional because it may follow from a hold."""
    if declared.name in given:
        return False
    if declared.required:
        return True
    holds = cls.fields(HOLD)
    return declared.role is LENGTH and declared.default is None and not any(hold.name in given for hold in holds)


def _own_length(cls: type[Schedule], given: Mapping[str, Any]) -> int:
    """The length of a run that is the schedule's own, where that does not depend on the shares of it."""
    without, with_one = _end_with_shares(cls, given, 0), _end_with_shares(cls, given, 1)
    if without is None or without != with_one:
        share = next(value for value in given.values() if resolved_shares(value, lambda _: 0) is not value)
        shown = share if isinstance(share, Share) else ",".join(map(str, share))
        raise InputError(f"{shown} of a run whose length is not known: {WAYS}")
    return without


def _end_with_shares(cls: type[Schedule], given: Mapping[str, Any], each: int) -> int | None:
    """Where the schedule ends when `each` of the shares is so many ticks; None where that cannot be said."""
    if any(declared.required and declared.name not in given for declared in cls.params().values()):
        return None
    try:
        return cls(**{name: resolved_shares(value, lambda _: each) for name, value in given.items()}).horizon
    except InputError:
        return None


def _spans(cls: type[Schedule], given: Mapping[str, Any], count: int, available: int | None) -> list[int | None]:
    """The ticks that each part has for itself, where that is known."""
    takes_over = cls.fields(TAKES_OVER_AT)
    if not takes_over:
        return [available] * count
    bounds = [0, *given.get(takes_over[0].name, ())]
    if len(bounds) != count or bounds != sorted(bounds):
        return [None] * count
    ends = [*bounds[1:], available]
    return [None if end is None or end <= start else end - start for start, end in zip(bounds, ends, strict=True)]


def _filling(cls: type[Schedule], given: Mapping[str, Any], name: str, available: int) -> int | None:
    """The value of the field `name` with which the schedule ends after `available` ticks; None where there is none."""
    first = _end(cls, given, name, available)
    if first is None:
        return None
    candidates = [available, available + (available - first), available * available // first if first else 0]
    return next((value for value in candidates if value > 0 and _end(cls, given, name, value) == available), None)


def _end(cls: type[Schedule], given: Mapping[str, Any], name: str, value: int) -> int | None:
    """Where the schedule ends with that value."""
    try:
        return cls(**given, **{name: value}).horizon
    except InputError:
        return None
