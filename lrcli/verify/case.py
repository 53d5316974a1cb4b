"""What explanations are tried on: the schedule that was meant, and the rows that it must give."""

import dataclasses
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lrcli.errors import InputError
from lrcli.fit.landmarks import thinned
from lrcli.record import Record, rates_at
from lrcli.run import Run
from lrcli.schedules.base import FAST, Schedule
from lrcli.verify.verdict import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lrcli.fit import Found
    from lrcli.verify.others import Changed

    Floats = NDArray[np.float64]
    Ticks = NDArray[np.int64]

SECONDS = 1.2
"""Of CPU, for `fit` to look for another schedule."""

SECONDS_IN_ALL = 5.0
"""Of CPU, for all explanations together."""

MOST_WALKED = 30_000_000
"""Ticks, over all explanations that are tried: a few seconds."""


class Case:
    """A log that does not follow, thinned to the rows that tell explanations apart.

    The log may be read in several ways: each is a case, and what does not depend on the reading is found once.
    """

    def __init__(self, schedule: Schedule, run: Run, verdict: Verdict, beside: "Case | None" = None) -> None:
        import numpy as np

        self.first = beside or self
        self.schedule = schedule
        self.run = run
        self.composed = run.warmed_up(schedule)
        self.verdict = verdict
        record = verdict.record
        kept = np.union1d(
            thinned(record.values), np.arange(*slice(verdict.place, (verdict.place or 0) + 3).indices(len(record)))
        )
        self.record = dataclasses.replace(
            record,
            values=record.values[kept],
            steps=None if record.steps is None else record.steps[kept],
            epochs=None if record.epochs is None else record.epochs[kept],
            lines=[record.lines[int(row)] for row in kept],
        )
        self.ticks = verdict.reading.ticks[kept]
        self.values = self.record.values
        self.expected = verdict.expected[kept]
        self.tolerance = verdict.tolerance
        self.place = int(np.searchsorted(kept, verdict.place or 0))
        """The row that parts from the schedule, of those kept."""
        self.left = MOST_WALKED
        self.deadline = time.process_time() + SECONDS_IN_ALL
        self.rough: list[Changed] = []
        """Other values that explain the log, but that nobody would have typed."""

    @property
    def moves(self) -> bool:
        """Whether the logged rate moves at all."""
        return bool((self.values != self.values[0]).any())

    @property
    def known(self) -> "list[Found]":
        """What `fit` finds for this log, the best first."""
        return self.first._known

    @cached_property
    def _known(self) -> "list[Found]":
        """What `fit` finds for this log, the best first."""
        from lrcli.fit import Search

        return Search(self.record, seconds=SECONDS).candidates()

    def fits(self, schedule: Schedule, run: Run, ticks: "Ticks") -> bool:
        """Whether this schedule in this run gives the whole log, its rows standing at `ticks`."""
        return self.moves and self.gives(schedule, run, ticks, 0)

    def gives(self, schedule: Schedule, run: Run, ticks: "Ticks", start: int, stop: int | None = None) -> bool:
        """Whether it gives the rows from `start` on, up to `stop`."""
        rows = slice(start, stop)
        return self.same(self.rates(schedule, run, ticks[rows]), rows)

    def same(self, expected: "Floats", rows: slice = slice(None)) -> bool:
        """Whether these are the rates of the rows."""
        return bool(self.tolerance.equal(expected, self.values[rows]).all())

    def rates(self, schedule: Schedule, run: Run, ticks: "Ticks") -> "Floats":
        """The rates at ticks; NaN where too much was tried already."""
        import numpy as np

        nothing = np.full(len(ticks), np.nan)
        if not len(ticks) or int(ticks.max()) > self.first.left or self.is_late:
            return nothing
        try:
            composed = run.warmed_up(schedule)
            self.first.left -= max(0, int(ticks.max())) * max(1, composed.cost // FAST)
            return rates_at(composed, run.lrs, ticks)
        except InputError:
            return nothing

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return time.process_time() > self.first.deadline

    def with_run(self, **values: Any) -> Run:
        """The run with other values. Raises InputError for what it refuses."""
        return dataclasses.replace(self.run, **values)

    def tail(self, start: int) -> Record:
        """The log from a row on."""
        return self.record.part(start)
