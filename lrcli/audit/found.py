"""Which schedule a finished run had, and whether the log leaves another choice."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from lrcli.audit.by_plan import of_plan
from lrcli.audit.known_length import of_known_length
from lrcli.fit import Found, Search, follows
from lrcli.fit.decided import judged
from lrcli.fit.found import EXACT, NEARLY, POSSIBLE
from lrcli.record import Record, rates_at, tolerance_of
from lrcli.record.tolerance import FULL_PRECISION
from lrcli.schedules import logged_in, role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import HUGGING_FACE, MORE, PYTORCH, ULTRALYTICS
from lrcli.verify.skips import with_skips

ANYONES = (PYTORCH, HUGGING_FACE, MORE, ULTRALYTICS)
"""Families whose schedulers are found in loops of all kinds, or told by their rows."""

EVENTS = "events"
"""The kind of a log that is TensorBoard's."""

SECONDS_FOR_OWN = 0.4
"""Of CPU, for what a log of known length leaves to be sought."""

ALIKE = 1e-12
"""Relative difference of rates that only the order of operations makes."""


class Known(NamedTuple):
    """What a log says of the schedule of its run."""

    found: Found | None = None
    is_certain: bool = False
    """Whether the log leaves no other choice."""
    skipped: int = 0
    """Steps after which the schedule was not advanced."""
    batches: tuple[int, int] | None = None
    """The fewest and most batches in an epoch, where the schedule counts them."""
    constant: float | None = None
    """The only rate of a log in which it never moves."""
    sought: str = ""
    """Whose schedules alone were sought, since their trainer wrote the log; empty where it may be anyone's."""


def the_schedule(record: Record, plan: Schedule | None) -> Known:
    """The schedule that the log shows: as it was planned, else one of those that its writer has, else any."""
    if len(record) > 1 and (record.values == record.values[0]).all():
        return Known(constant=float(record.values[0]))
    planned = of_plan(record, plan) if plan is not None else None
    if planned is not None:
        return Known(planned.found, True, batches=planned.batches)
    own = logged_in(record.facts.kind)
    if own:
        known = _of_writer(record, own)
        if known is not None:
            return known
    search = Search(record, SECONDS_FOR_OWN) if own else Search(record)
    candidates = [one for one in search.candidates() if not own or type(one.schedule) in own]
    given = [one for one in candidates if one.exactness != NEARLY and follows(one.spec, record)]
    if not given:
        return Known(sought=own[0].reference.family.version.partition(" ")[0] if own else "")
    given = _best_known_first(given)
    own_name = plan is not None or given[0].schedule.reference.family in ANYONES
    is_certain = own_name and judged(given, record)[0].exactness != POSSIBLE
    counted = of_plan(record, given[0].schedule)
    if counted is None:
        return Known(given[0], is_certain)
    return Known(counted.found, is_certain, batches=counted.batches)


def _best_known_first(given: list[Found]) -> list[Found]:
    """The candidates; of those that are the same curve as the first, under other names, torch's before all."""
    first = given[0]
    if first.schedule.reference.family is PYTORCH:
        return given
    ticks = range(int(first.reading.ticks.max()) + 1)
    own = rates_at(first.composed, first.run.lrs, ticks)
    for one in given[1:]:
        if one.schedule.reference.family is PYTORCH and one.reading.words == first.reading.words:
            there = rates_at(one.composed, one.run.lrs, ticks)
            if (abs(there - own) <= ALIKE * abs(own)).all():
                return [one, *(other for other in given if other is not one)]
    return given


def _of_writer(record: Record, own: Sequence[type[Schedule]]) -> Known | None:
    """The schedule of a run of known length; None where that does not give the log."""
    given = of_known_length(record, own)
    if given:
        in_full = tolerance_of(record).kind == FULL_PRECISION
        to_the_bit = [one for one in given if one.exactness == EXACT] or given
        return Known(given[0] if not in_full else to_the_bit[0], in_full and _are_one(to_the_bit))
    waited = with_skips(record, own)
    if waited is None:
        return None
    found = Found(waited.schedule, waited.run, waited.reading, EXACT, 0.0)
    return Known(found, waited.is_only, waited.skipped if waited.is_only else 0)


def _are_one(several: Sequence[Found]) -> bool:
    """Whether they have the same rates under the same reading, whatever their names."""
    first = several[0]
    return all(
        one.run.lrs == first.run.lrs
        and one.reading.words == first.reading.words
        and one.schedule.value(role.WARMUP) == first.schedule.value(role.WARMUP)
        for one in several
    )


def is_of_its_writer(record: Record) -> bool:
    """Whether the log tells who wrote it, and so whose schedule it was."""
    return bool(logged_in(record.facts.kind))


def begins_again(record: Record) -> int:
    """The row at which the last of several runs in one log begins; 0 where there is one."""
    axis = record.steps if record.steps is not None else record.epochs
    if axis is None:
        return 0
    starts = [int(row) + 1 for row in (axis[1:] < axis[:-1]).nonzero()[0] if axis[int(row) + 1] <= axis[0]]
    return starts[-1] if starts else 0


def seams(record: Record) -> list[int]:
    """The rows before which steps or epochs go back: the run was taken up again."""
    axis = record.steps if record.steps is not None else record.epochs
    if axis is None:
        return []
    return [int(row) + 1 for row in (axis[1:] < axis[:-1]).nonzero()[0]]


def with_length(record: Record, plan: Schedule | None) -> Record:
    """The log with the length that its configuration says: a run may end before. The steps of an event file that are
    no more than the epochs of a schedule that has them are those.
    """
    epochs = plan.value(role.EPOCHS) if plan is not None else None
    if plan is None or not epochs:
        return record
    steps, has_batches = record.steps, plan.fields(role.PER_EPOCH)
    if record.facts.kind == EVENTS and has_batches and steps is not None and len(steps) > 1 and steps.max() <= epochs:
        record = dataclasses.replace(record, steps=None, epochs=steps)
    if record.facts.num_train_epochs:
        return record
    return dataclasses.replace(record, facts=dataclasses.replace(record.facts, num_train_epochs=float(epochs)))
