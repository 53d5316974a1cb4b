"""A schedule that counts the batches of an epoch, as a configuration plans it: the log shows how many there were."""

import dataclasses
import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lrcli.audit.known_length import LEAST_ROWS
from lrcli.fit.found import ROUNDED, Found
from lrcli.fit.landmarks import roughness
from lrcli.record import Record, rates_at, tolerance_of
from lrcli.record.axis import ends_of_epochs
from lrcli.record.curve import few_rates_at
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule

EVERY, LONGEST_EPOCH, COARSE, FINE = 200, 200_000, 1.15, 500
"""Lengths of an epoch that are tried: each up to here; from there to the longest, each by so much longer than the one
before, and of those between two of them about so many that the first row leaves open.
"""

RATE_DIGITS = 4
TELLING = 3
"""Rows at the start that are looked at before all others."""


MOST_LENGTHS = 300
"""Lengths of an epoch that give the log: where there are more, it does not depend on them."""


class OfPlan(NamedTuple):
    """The schedule, and the fewest and most batches in an epoch with which it gives the log; None where any do."""

    found: Found
    batches: tuple[int, int] | None


def of_plan(record: Record, plan: Schedule) -> OfPlan | None:
    """The plan with the batches of an epoch and the base rate that give the log, and where no configuration says it,
    whose rate is in the column and which version wrote it; None where nothing does.
    """
    if not plan.fields(role.PER_EPOCH) or len(record) < LEAST_ROWS or ends_of_epochs(record, 1) is None:
        return None
    for form in _forms(plan):
        solutions = list(itertools.islice(_solutions(record, form), MOST_LENGTHS))
        if len(solutions) == MOST_LENGTHS:
            return OfPlan(solutions[0][1], None)
        if solutions:
            (low, found), (high, _) = solutions[0], solutions[-1]
            fewest, most = _edge(record, found, low, -1), _edge(record, found, high, 1)
            if most >= LONGEST_EPOCH:
                return OfPlan(found, None)
            return OfPlan(_with(found, min(range(fewest, most + 1), key=roughness), record), (fewest, most))
    return None


def _forms(plan: Schedule) -> Iterator[Schedule]:
    """The plan, and what differs from it in a way that no configuration says."""
    choices = [
        (declared.name, list(dict.fromkeys([value, *(declared.choices or (None, 0))])))
        for declared, value in plan.items()
        if declared.role in (role.GROUP, role.VARIANT)
    ]
    for values in itertools.product(*(several for _, several in reversed(choices))):
        names = (name for name, _ in reversed(choices))
        yield dataclasses.replace(plan, **dict(zip(names, values, strict=True)))


def _solutions(record: Record, form: Schedule) -> Iterator[tuple[int, Found]]:
    """The lengths of an epoch that give the log, each with its schedule."""
    tolerance, values, last = tolerance_of(record), record.values, len(record) - 1
    [per_epoch] = form.fields(role.PER_EPOCH)
    one = ends_of_epochs(record, 1)
    assert one is not None
    ends = [int(end) + 1 for end in one.ticks]

    def made(length: int) -> tuple[Schedule, float] | None:
        """The schedule with so many batches in an epoch, and the base rate that its last row says."""
        schedule = dataclasses.replace(form, **{per_epoch.name: length})
        [share] = few_rates_at(schedule, 1.0, [ends[last] * length - 1])
        return (schedule, float(f"{float(values[last]) / share:.{RATE_DIGITS}g}")) if share > 0 else None

    def missing(length: int, row: int = 0) -> float:
        """By how much a row is another, in units of what rounding may take from it."""
        pair = made(length)
        if pair is None:
            return math.nan
        return float(few_rates_at(*pair, [ends[row] * length - 1])[0] - values[row]) / _room(record, row)

    for length in _lengths(missing):
        if any(not abs(missing(length, row)) <= 1 for row in range(min(TELLING, last))):
            continue
        pair, reading = made(length), ends_of_epochs(record, length)
        assert pair is not None
        assert reading is not None
        if tolerance.rounded(rates_at(pair[0], (pair[1],), reading.ticks), values).all():
            yield length, Found(pair[0], Run(lr=pair[1]), reading, ROUNDED, 0.0)


def _lengths(missing: Callable[[int], float]) -> Iterator[int]:
    """The lengths of an epoch that the first row does not rule out."""
    yield from range(1, EVERY)
    low, below = EVERY, missing(EVERY)
    while low < LONGEST_EPOCH:
        high = round(low * COARSE)
        above = missing(high)
        if not (below > 1 and above > 1) and not (below < -1 and above < -1):
            sign = 1 if above > below else -1
            first = bisect_left(range(low, high), -1.0, key=lambda length: sign * missing(length))
            last = bisect_right(range(low, high), 1.0, key=lambda length: sign * missing(length))
            yield from range(low + first, low + last, 1 + (last - first) // FINE)
        low, below = high, above


def _room(record: Record, row: int) -> float:
    """Twice what rounding may take from a row."""
    value, tolerance = abs(float(record.values[row])), tolerance_of(record)
    return 2 * max(tolerance.relative * value, tolerance.absolute)


def _with(found: Found, length: int, record: Record) -> Found:
    """The same with so many batches in an epoch."""
    [per_epoch] = found.schedule.fields(role.PER_EPOCH)
    reading = ends_of_epochs(record, length)
    assert reading is not None
    schedule = dataclasses.replace(found.schedule, **{per_epoch.name: length})
    return dataclasses.replace(found, schedule=schedule, reading=reading)


def _edge(record: Record, found: Found, length: int, step: int) -> int:
    """The last length beyond `length` that gives the log too, where not all have been tried."""

    def fits(tried: int) -> bool:
        one = _with(found, tried, record)
        rates = rates_at(one.schedule, one.run.lrs, one.reading.ticks)
        return bool(tolerance_of(record).rounded(rates, record.values).all())

    if length < EVERY:
        return length
    further = 1
    while fits(length + step * further) and length < LONGEST_EPOCH:
        length, further = length + step * further, 2 * further
    while further := further // 2:
        if fits(length + step * further):
            length += step * further
    return length
