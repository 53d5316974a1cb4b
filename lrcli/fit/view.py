"""What is known of a log under one of its readings."""

from collections.abc import Sequence
from typing import NamedTuple

from lrcli.fit.landmarks import Landmarks
from lrcli.fit.periods import ends_on_its_way_up
from lrcli.fit.tried import Known, candidates_of
from lrcli.record import Reading, Record, Tolerance
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH, FLOAT64


def is_possible(reading: Reading, record: Record, tolerance: Tolerance) -> bool:
    """Whether all rows that a reading puts at one tick have one rate."""
    import numpy as np

    order = np.argsort(reading.ticks, kind="stable")
    ticks, values = reading.ticks[order], record.values[order]
    return bool(tolerance.equal(values[:-1], values[1:])[ticks[1:] == ticks[:-1]].all())


class View:
    """A reading of the log, what it shows, and the schedulers that may show it."""

    def __init__(
        self,
        reading: Reading,
        record: Record,
        tolerance: Tolerance,
        lengths: Sequence[int],
        only: type[Schedule] | None = None,
    ) -> None:
        self.reading = reading
        self.marks = Landmarks.of(reading.ticks, record.values, tolerance, lengths)
        self.known: dict[type[Schedule], Known] = {}
        possible = candidates_of(self.marks, only=only)
        # What warms up by itself is likelier behind a rise than what would need another schedule before it.
        falls = self.marks.rises and self.marks.peak < len(self.marks.values) - 1
        self.own = [cls for cls in possible if cls.fields(role.WARMUP)] if falls else possible
        self.others = [cls for cls in possible if cls not in self.own]
        self.in_float32 = [cls for cls in possible if cls.reference.family.precision != FLOAT64]
        kind = record.facts.kind
        self.usual = [cls for cls in possible if cls.reference.family.logged_in == kind]
        """The schedulers of whoever writes such logs."""


class Shown(NamedTuple):
    """What a log shows under all of its readings."""

    by_epoch: bool
    """Whether it is likelier read by epoch."""
    in_steps: bool
    is_dense: bool
    """Whether it has a row for each tick."""
    a_rise: bool
    """And does nothing but rise."""
    a_line: bool
    """And falls in a straight line that is not seen to end."""
    no_end: bool

    @classmethod
    def of(cls, views: Sequence[View]) -> "Shown":
        marks = [view.marks for view in views]
        is_dense = not any(one.is_sparse for one in marks)
        return cls(
            bool(views) and views[0].reading.axis == EPOCH,
            any(one.moves_in_steps for one in marks),
            is_dense,
            is_dense and any(map(ends_on_its_way_up, marks)),
            is_dense and any(one.is_straight_down for one in marks),
            is_dense and not any(one.shows_an_end for one in marks),
        )

    @property
    def its_length(self) -> bool:
        """Whether it shows how long the schedule is."""
        return self.is_dense and not self.a_line and not self.no_end
