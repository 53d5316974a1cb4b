"""What explanations are tried on: the schedule that was meant, and the rows that it must give."""

import copy
import dataclasses
import math
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lrcli.errors import InputError
from lrcli.fit.effort import Effort, SpentError
from lrcli.fit.thinning import thinned
from lrcli.record import Record, rates_at, work_of
from lrcli.record.curve import few_rates_at
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.verify.verdict import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lrcli.fit import Found
    from lrcli.verify.changes import Changed

    Floats = NDArray[np.float64]
    Ticks = NDArray[np.int64]

SECONDS, SECONDS_AT_A_SEAM = 1.2, 0.3
"""Of CPU, for `fit` to look for another schedule; where much of the log follows, it is rather the rest that is another.
"""

SECONDS_FOR_ALIKE = 0.3
"""Of CPU, for `fit` to look for other values of the same one."""

MUCH = 5
"""Different rates that follow."""

WORK = 2_400_000
"""Ticks that are walked, over all explanations that are tried: about a second."""

WORK_OF_AN_ATTEMPT = 500_000
"""For each kind of explanation, under each reading."""

CALL = 250
"""What it costs to begin a walk, in ticks."""


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
        self.whole = self.effort = Effort(WORK)
        self.rough: list[Changed] = []
        """Other values that explain the log, but that nobody would have typed."""

    @property
    def moves(self) -> bool:
        """Whether the logged rate moves at all."""
        return bool((self.values != self.values[0]).any())

    @property
    def follows_much(self) -> bool:
        """Whether so much of the log follows, up to the first row that does not, that it was what was meant so far."""
        return len({*self.values[: self.place].tolist()}) >= MUCH

    @property
    def known(self) -> "list[Found]":
        """What `fit` finds for this log, the best first."""
        return self.first._known

    @cached_property
    def _known(self) -> "list[Found]":
        """What `fit` finds for this log, the best first."""
        from lrcli.fit import Search

        return Search(self.record, seconds=SECONDS_AT_A_SEAM if self.follows_much else SECONDS).candidates()

    @property
    def alike(self) -> "list[Found]":
        """What `fit` finds for this log of the scheduler that was meant, the best first."""
        return self.first._alike

    @cached_property
    def _alike(self) -> "list[Found]":
        """What `fit` finds for this log of the scheduler that was meant, the best first."""
        from lrcli.fit import Search

        return Search(self.record, SECONDS_FOR_ALIKE, only=type(self.schedule)).candidates()

    def holding(self, schedule: Schedule, run: Run) -> "Case":
        """The case as it would be if another schedule had been meant."""
        import numpy as np

        other = copy.copy(self)
        other.schedule, other.run, other.composed = schedule, run, run.warmed_up(schedule)
        other.expected = self.rates(schedule, run, self.ticks)
        other.place = int(np.argmin(self.tolerance.equal(other.expected, self.values)))
        return other

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
        try:
            composed = run.warmed_up(schedule)
            if not len(ticks) or not self.spends(work_of(composed, ticks)):
                return nothing
            return rates_at(composed, run.lrs, ticks)
        except InputError:
            return nothing

    def few(self, schedule: Schedule, run: Run, ticks: "Ticks") -> list[float]:
        """The rates at a few ticks, which increase, but for rounding; NaN where too much was tried already."""
        nothing = [math.nan] * len(ticks)
        try:
            composed = run.warmed_up(schedule)
            if not self.spends(0 if composed.has_closed_form() else work_of(composed, ticks)):
                return nothing
            return few_rates_at(composed, run.lrs[0], ticks.tolist())
        except InputError:
            return nothing

    def rate_at(self, tick: int) -> float:
        """The rate that was meant at a tick."""
        import numpy as np

        return float(self.rates(self.schedule, self.run, np.array([tick]))[0])

    def begin(self) -> None:
        """Give a further kind of explanation its part of the work."""
        self.first.effort = self.first.whole.part(WORK_OF_AN_ATTEMPT)

    def spends(self, ticks: int) -> bool:
        """Whether there is so much work left; it is spent."""
        if self.first.effort.left < CALL + ticks:
            return False
        with suppress(SpentError):
            self.first.effort.take(CALL + ticks)
        return True

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left for this kind of explanation."""
        return self.first.effort.left < CALL

    def with_run(self, **values: Any) -> Run:
        """The run with other values. Raises InputError for what it refuses."""
        return dataclasses.replace(self.run, **values)

    def tail(self, start: int) -> Record:
        """The log from a row on."""
        return self.record.part(start)
