"""A candidate beside the log: whether it is worth a look at all rows, and how `verify` would read them."""

import dataclasses
from typing import TYPE_CHECKING

from lrcli.record import Reading, Record, Tolerance, readings
from lrcli.record.curve import few_rates_at
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH, STEP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WORTH_A_MENTION = 1e-3
"""Relative error up to which a candidate is nearly right."""

FEW = 16
"""Rows that are looked at before all of them are."""


def is_near(composed: Schedule, run: Run, reading: Reading, values: "Floats", tolerance: Tolerance) -> bool:
    """Whether a few of the rows are nearly right: most candidates are not worth a look at all of them.

    What rounding may have taken from a rate counts as nothing: it is a third of the least rate of a log in 4 decimals.
    """
    if not composed.has_closed_form():
        return True
    rows = range(0, len(reading.ticks), max(1, len(reading.ticks) // FEW))
    ticks = [int(reading.ticks[row]) for row in rows]
    if sorted(ticks) != ticks:
        return True
    wanted = [float(values[row]) for row in rows]
    found, highest = few_rates_at(composed, run.lrs[0], ticks), max(wanted)
    return all(
        abs(one - other)
        <= max(2 * WORTH_A_MENTION, tolerance.relative) * abs(other) + 1e-9 * highest + tolerance.absolute
        for one, other in zip(found, wanted, strict=True)
    )


def read_as(composed: Schedule, run: Run, reading: Reading, record: Record) -> Run:
    """The run with the interval under which `verify` reads the log as it was read here."""
    import numpy as np

    usual = STEP if composed.counts_in == STEP else EPOCH
    for interval in (usual, STEP, EPOCH):
        asked = dataclasses.replace(run, interval=interval)
        if any(np.array_equal(one.ticks, reading.ticks) for one in readings(record, composed, asked)):
            return asked
    length = reading.length if reading.axis == EPOCH else None
    return dataclasses.replace(run, interval=STEP if length else usual, steps_per_epoch=length)
