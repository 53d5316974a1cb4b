"""A run whose schedule was not advanced after some steps, as AMP makes it: which schedule it is all the same.

The log says how long the run was meant to be. Warmup and base rate follow from its first row, for each number of steps
that may have been skipped before it; the other rows decide.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from lrcli.errors import InputError
from lrcli.fit.numbers import crossings
from lrcli.record import Reading, Record, tolerance_of
from lrcli.record.curve import FAILURES, few_rates_at
from lrcli.record.reading import by_step
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.verify.case import Case
from lrcli.verify.resumed import MOST_SKIPPED, lags_of
from lrcli.verify.verdict import Verdict, compared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_ROWS = 12
HEADROOM = 1.3
"""The base rate over the highest rate that the log shows, at most."""

TYPED_DIGITS = 2
MOST_HELD = 60


class Waited(NamedTuple):
    """The schedule, its run, and how the log is read."""

    schedule: Schedule
    run: Run
    reading: Reading
    skipped: int
    """Steps after which it was not advanced, if the log shows the rate that was used; else one more."""


def with_skips(record: Record, classes: Iterable[type[Schedule]]) -> Waited | None:
    """The schedule, of these, that gives the log if some steps were skipped; None where none does."""
    import numpy as np

    length = record.facts.max_steps
    if not length or len(record) < LEAST_ROWS or record.steps is None or not record.values.max() > 0:
        return None
    with np.errstate(all="ignore"):
        for cls in classes:
            needed = [declared for declared in cls.params().values() if declared.required]
            if {declared.role for declared in needed} != {role.LENGTH, role.WARMUP}:
                continue
            for reading in by_step(record):
                found = _held(record, reading, cls, length)
                if found is not None:
                    return found
    return None


def _held(record: Record, reading: Reading, cls: type[Schedule], length: int) -> Waited | None:
    """The first guess at the scheduler that gives all rows."""
    for schedule, rate in islice(_guesses(record, reading, cls, length), MOST_HELD):
        run = Run(lr=rate)
        verdict = compared(schedule, run, record)
        if verdict.follows:
            return Waited(schedule, run, verdict.reading, 0)
        first = Verdict(record, reading, verdict.expected, verdict.tolerance, 0)
        lags = lags_of(Case(schedule, run, first))
        if lags is not None:
            return Waited(schedule, run, reading, int(lags[-1]))
    return None


def _guesses(record: Record, reading: Reading, cls: type[Schedule], length: int) -> Iterator[tuple[Schedule, float]]:
    """Warmups and base rates with which the scheduler has the first rate, if some steps were skipped before it."""
    import numpy as np

    [of_length], [of_warmup] = cls.fields(role.LENGTH), cls.fields(role.WARMUP)
    first, tick = float(record.values[0]), int(reading.ticks[0])
    tolerance = tolerance_of(record)
    for rate in _rates(float(record.values.max())):
        for lag in range(min(MOST_SKIPPED, tick) + 1):

            def made(warmup: int) -> Schedule:
                return cls(**{of_length.name: length, of_warmup.name: warmup})

            def residual(warmup: int, rate: float = rate, lag: int = lag) -> float:
                try:
                    return few_rates_at(made(warmup), rate, [tick - lag])[0] - first
                except (InputError, *FAILURES):
                    return math.nan

            grid = sorted({0, 1, 2, 3, *(round(length * part / 64) for part in range(64))})
            for warmup in crossings(residual, grid):
                rates = np.array([first + residual(warmup)])
                if tolerance.equal(rates, record.values[:1]).all():
                    yield made(warmup), rate


def _rates(highest: float) -> list[float]:
    """The base rates that somebody may have typed, from the highest rate on; that one itself first."""
    power = 10.0 ** (math.floor(math.log10(highest)) - TYPED_DIGITS + 1)
    steps = range(math.floor(highest / power), math.ceil(highest * HEADROOM / power) + 1)
    typed = [float(f"{step * power:.{TYPED_DIGITS}g}") for step in steps]
    return list(dict.fromkeys([highest, *(rate for rate in typed if rate >= highest * (1 - 1e-6))]))
