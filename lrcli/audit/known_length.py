"""The schedule of a run whose log says how many steps it was to have: warmup and base rate are all that is unknown.

Every warmup that the rows leave open is tried, so that what is found is all that there is.
"""

from collections.abc import Iterable, Iterator

from lrcli.errors import InputError
from lrcli.fit.found import EXACT, ROUNDED, Found
from lrcli.record import Reading, Record, rates_at, tolerance_of
from lrcli.record.axis import by_step
from lrcli.record.curve import FAILURES, few_rates_at
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule

LEAST_ROWS = 3
"""Rows that a schedule can be told by."""

MOST_WARMUPS = 4000

PLAIN, TYPED = 2, 6
"""Digits of a base rate: where rows leave many warmups open, and where they leave one."""

NEAR = 1e-4
"""Relative: as far as one row may differ from others in what it says of the base rate, before all rows decide."""


def of_known_length(record: Record, classes: Iterable[type[Schedule]]) -> list[Found]:
    """All schedules of these classes that give the log, the plainest first; none where the log says no length."""
    length = record.facts.max_steps
    if (
        not length
        or len(record) < LEAST_ROWS
        or record.steps is None
        or not (record.steps[1:] > record.steps[:-1]).all()
    ):
        return []
    found: list[Found] = []
    for reading in by_step(record):
        warmups = _warmups(record, reading, length)
        for cls in classes if warmups else ():
            needed = [declared for declared in cls.params().values() if declared.required]
            if {declared.role for declared in needed} in ({role.LENGTH, role.WARMUP}, {role.WARMUP}):
                found += _found(record, reading, cls, length, warmups)
    return sorted(found, key=lambda one: one.roughness)


def _warmups(record: Record, reading: Reading, length: int) -> range:
    """The warmups that the rows leave open: the highest rate stands between two rows that are not."""
    ticks, peak = reading.ticks, int(record.values.argmax())
    first = int(ticks[peak - 1]) + 1 if peak else 0
    if peak == len(record) - 1:
        return range(0)  # It may have gone on rising.
    last = int(ticks[peak + 1]) if peak else int(ticks[0])
    warmups = range(first, min(last, length) + 1)
    return warmups if len(warmups) <= MOST_WARMUPS else range(0)


def _found(record: Record, reading: Reading, cls: type[Schedule], length: int, warmups: range) -> list[Found]:
    [of_warmup] = cls.fields(role.WARMUP)
    whole = {declared.name: length for declared in cls.fields(role.LENGTH) if declared.required}
    rows = _telling(record)
    open_ones = []
    for warmup in warmups:
        try:
            schedule = cls(**whole, **{of_warmup.name: warmup})
        except (InputError, *FAILURES):
            continue
        rate = _base_rate(schedule, record, reading, rows)
        if rate is not None:
            open_ones.append((schedule, rate))
    digits = TYPED if len(open_ones) == 1 else PLAIN
    return [
        one for schedule, rate in open_ones for one in _held(schedule, float(f"{rate:.{digits}g}"), record, reading)
    ]


def _telling(record: Record) -> list[int]:
    """Rows that stand apart: the first and last ones, those around the highest, and some between them."""
    last, peak = len(record) - 1, int(record.values.argmax())
    near = {0, 1, peak - 1, peak, peak + 1, last - 1, last, *(last * part // 4 for part in (1, 2, 3))}
    return sorted(row for row in near if 0 <= row <= last)


def _base_rate(schedule: Schedule, record: Record, reading: Reading, rows: list[int]) -> float | None:
    """The base rate that these rows agree on; None where they do not."""
    shares = few_rates_at(schedule, 1.0, [int(reading.ticks[row]) for row in rows])
    low, high = 0.0, float("inf")
    for row, share in zip(rows, shares, strict=True):
        value = float(record.values[row])
        if not share > 0:
            if share != 0 or value > NEAR * float(record.values.max()):
                return None
            continue
        low, high = max(low, value / share * (1 - NEAR)), min(high, value / share * (1 + NEAR))
        if low > high:
            return None
    return (low + high) / 2 if high < float("inf") else None


def _held(schedule: Schedule, rate: float, record: Record, reading: Reading) -> Iterator[Found]:
    """The schedule, if all rows have its rates."""
    expected = rates_at(schedule, (rate,), reading.ticks)
    if tolerance_of(record).rounded(expected, record.values).all():
        exactness = EXACT if (expected == record.values).all() else ROUNDED
        yield Found(schedule, Run(lr=rate), reading, exactness, 0.0)
