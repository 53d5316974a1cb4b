"""A run whose schedule was not advanced after some steps, as AMP makes it: which schedule it is all the same.

The log says how long the run was meant to be. Warmup and base rate follow from its first row that tells something, for
each number of steps that may have been skipped before it; the other rows decide.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.fit.effort import Effort, SpentError
from lrcli.fit.found import NEARLY, Candidate, greatest_error
from lrcli.fit.numbers import crossings
from lrcli.record import Reading, Record, rates_at, tolerance_of, work_of
from lrcli.record.axis import by_step
from lrcli.record.curve import FAILURES, few_rates_at
from lrcli.run import Run
from lrcli.schedules import logged_in, role
from lrcli.schedules.base import Schedule
from lrcli.text import plural
from lrcli.verify.case import Case
from lrcli.verify.late import MOST_SKIPPED, lags_of
from lrcli.verify.verdict import Verdict, compared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_ROWS = 12
HEADROOM = 1.3
"""The base rate over the highest rate that the log shows, at most."""

TYPED_DIGITS, NEARLY_TYPED = 2, 1e-5
FALLEN = 0.9
"""Of the highest rate, below which some rate must be."""

PARTS = 12
"""Of the length, between which a warmup is sought."""

MOST_LATE = 100
"""Ticks that are skipped in a whole run."""

RATES = 300_000
"""For all schedulers: about half a second."""


class Waited(NamedTuple):
    """The schedule, its run, and how the log is read."""

    schedule: Schedule
    run: Run
    reading: Reading
    skipped: int
    """Steps after which it was not advanced, if the log shows the rate that was used; else one more."""
    is_only: bool = True
    """Whether no other warmup or base rate gives the log."""


class ButForSkips(NamedTuple):
    """A candidate that gives the log but for some steps."""

    candidate: Candidate
    words: str


def but_for_skips(record: Record) -> ButForSkips | None:
    """The schedule of whoever writes such logs, if some steps were skipped; None where none or several give the log."""
    waited = with_skips(record, logged_in(record.facts.kind))
    if waited is None or not waited.is_only or not waited.skipped:
        return None
    expected = rates_at(waited.run.warmed_up(waited.schedule), waited.run.lrs, waited.reading.ticks)
    words = (
        f"The first gives every rate of the log but for at least {plural(waited.skipped, 'step')} after which the "
        "schedule was not advanced, as AMP does where gradients overflow."
    )
    return ButForSkips(
        Candidate(spec_of(waited.schedule, waited.run), NEARLY, greatest_error(expected, record.values)), words
    )


def with_skips(record: Record, classes: Iterable[type[Schedule]]) -> Waited | None:
    """The schedule, of these, that gives the log if some steps were skipped; None where none does."""
    import numpy as np

    length = record.facts.max_steps
    if not length or len(record) < LEAST_ROWS or record.steps is None or not record.values.max() > 0:
        return None
    if not record.values.min() < FALLEN * record.values.max() or record.values.argmax() == len(record) - 1:
        return None  # What the log does not show, it does not decide.
    effort = Effort(RATES)
    with np.errstate(all="ignore"), suppress(SpentError):
        for cls in classes:
            needed = [declared for declared in cls.params().values() if declared.required]
            if {declared.role for declared in needed} not in ({role.LENGTH, role.WARMUP}, {role.WARMUP}):
                continue
            for reading in by_step(record):
                found = _held(record, reading, cls, length, effort)
                if found is not None:
                    return found
    return None


def _held(record: Record, reading: Reading, cls: type[Schedule], length: int, effort: Effort) -> Waited | None:
    """The first guess at the scheduler that gives all rows."""
    found: Waited | None = None
    for schedule, rate in _guesses(record, reading, cls, length, effort):
        if not _is_likely(record, reading, schedule, rate, effort):
            continue
        run = Run(lr=rate)
        effort.take(len(record))
        verdict = compared(schedule, run, record)
        if verdict.follows:
            return Waited(schedule, run, verdict.reading, 0)
        first = Verdict(record, reading, verdict.expected, verdict.tolerance, 0)
        lags = lags_of(Case(schedule, run, first))
        if lags is not None:
            if found is not None and (found.schedule, found.run) != (schedule, run):
                return found._replace(is_only=False)
            found = Waited(schedule, run, reading, int(lags[-1]))
    return found


def _is_likely(record: Record, reading: Reading, schedule: Schedule, rate: float, effort: Effort) -> bool:
    """Whether a few rows have the rate of their tick, or of one that is not long before it."""
    import numpy as np

    tolerance, last = tolerance_of(record), len(record) - 1
    for row in (last // 3, 2 * last // 3, last):
        ticks = np.arange(max(0, int(reading.ticks[row]) - MOST_LATE), int(reading.ticks[row]) + 1)
        effort.take(work_of(schedule, ticks))
        expected = rates_at(schedule, (rate,), ticks)
        if not tolerance.equal(expected, np.full(len(ticks), record.values[row])).any():
            return False
    return True


def _guesses(
    record: Record, reading: Reading, cls: type[Schedule], length: int, effort: Effort
) -> Iterator[tuple[Schedule, float]]:
    """Warmups and base rates with which the scheduler has an early rate, if some steps were skipped before it."""
    import numpy as np

    [of_warmup] = cls.fields(role.WARMUP)
    whole = {declared.name: length for declared in cls.fields(role.LENGTH) if declared.required}
    # A rate of 0, and the rate at tick 0, are those of many a warmup.
    row = int(((record.values > 0) & (reading.ticks > 0)).argmax())
    first, tick = float(record.values[row]), int(reading.ticks[row])
    tolerance = tolerance_of(record)
    near = (tick * part // PARTS for part in range(PARTS + 2))
    grid = sorted({0, 1, 2, 3, *near, *(length * part // PARTS for part in range(PARTS))})
    for rate in _rates(float(record.values.max())):
        for lag in range(min(MOST_SKIPPED, tick) + 1):

            def made(warmup: int) -> Schedule:
                return cls(**whole, **{of_warmup.name: warmup})

            def residual(warmup: int, rate: float = rate, lag: int = lag) -> float:
                effort.take(1)
                try:
                    return few_rates_at(made(warmup), rate, [tick - lag])[0] - first
                except (InputError, *FAILURES):
                    return math.nan

            for warmup in dict.fromkeys([*crossings(residual, grid), 0]):
                rates = np.array([first + residual(warmup)])
                if tolerance.equal(rates, record.values[row : row + 1]).all():
                    yield made(warmup), rate


def _rates(highest: float) -> list[float]:
    """The base rates that somebody may have typed, from the highest rate on; first that one itself, but where it is
    nearly one of those: a cosine has hardly fallen by the first row.
    """
    power = 10.0 ** (math.floor(math.log10(highest)) - TYPED_DIGITS + 1)
    steps = range(math.floor(highest / power), math.ceil(highest * HEADROOM / power) + 1)
    typed = [float(f"{step * power:.{TYPED_DIGITS}g}") for step in steps]
    likely = [rate for rate in typed if rate >= highest * (1 - 1e-6)]
    return likely if any(rate <= highest * (1 + NEARLY_TYPED) for rate in likely) else [highest, *likely]
