"""What came of holding a log to a schedule."""

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lrcli.engine import MOST_WORK
from lrcli.errors import InputError
from lrcli.record import Reading, Record, Tolerance, different, rates_at, readings, tolerance_if_rounded, tolerance_of
from lrcli.record.tolerance import DOCUMENT as TOLERANCE
from lrcli.rows import Block, Mark, Panel, Rows
from lrcli.run import Run
from lrcli.schedules.base import Schedule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_ROWS = 10_000_000

LONGEST = 3
"""Of the length of a schedule, beyond which nobody goes on with it."""

FEW_ROWS = 8
"""At which it is seen whether a guess is worth more."""

TICK = "tick"
COLUMNS = ("expected", "logged")
PANELS = (Panel(COLUMNS),)


class Difference(NamedTuple):
    """The first row where the log parts from the schedule."""

    row: int
    """The tick."""
    line: int
    expected: float | None
    """None where the schedule has ended by then."""
    found: float


Reason = Literal[
    "never_stepped",
    "shifted",
    "shifted_from",
    "wrong_interval",
    "stepped_k_times",
    "no_warmup",
    "base_lr",
    "other_values",
    "other_schedule",
    "restarted",
    "state_not_loaded",
    "changed",
    "unknown",
]


RESUMING = "lrsched resume shows what each way to load a checkpoint does to the rate, and the code that loads all of it"

ADVICE: dict[Reason, str] = {
    "never_stepped": "Call scheduler.step() after optimizer.step(), as often as the schedule counts",
    "restarted": RESUMING,
    "state_not_loaded": RESUMING,
}


@dataclasses.dataclass(frozen=True)
class Explanation:
    """The nearest reason for a difference: its stable name, the figures that belong to it, and a sentence."""

    name: Reason
    sentence: str
    figures: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def advice(self) -> str:
        """What to do about it, where the sentence does not say."""
        return ADVICE.get(self.name, "")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What came of the comparison. `explanation` and `first_difference` are None where the log follows."""

    record: Record
    reading: Reading
    expected: "Floats"
    tolerance: Tolerance
    place: int | None
    """The row of the log where it parts from the schedule."""
    explanation: Explanation | None = None

    @property
    def follows(self) -> bool:
        """Whether every rate of the log is the schedule's."""
        return self.place is None

    @property
    def first_difference(self) -> Difference | None:
        """The first row that is another."""
        if self.place is None:
            return None
        wanted = float(self.expected[self.place])
        return Difference(
            row=int(self.reading.ticks[self.place]),
            line=int(self.record.lines[self.place]),
            expected=wanted if wanted == wanted else None,
            found=float(self.record.values[self.place]),
        )

    def as_document(self) -> dict[str, Any]:
        """The verdict as JSON shows it."""
        difference = self.first_difference
        return {
            "follows": self.follows,
            "rows": len(self.record),
            "first_difference": difference and difference._asdict(),
            "tolerance": self.tolerance.as_document(),
            "explanation": self.explanation and self.explanation.name,
            **(self.explanation.figures if self.explanation else {}),
            "detail": self.explanation.sentence if self.explanation else "",
        }

    def block(self, start: int = 0, stop: int | None = None) -> Block:
        """The rows from `start` on, up to `stop`: tick, expected, logged."""
        part = slice(start, stop)
        expected = [None if value != value else value for value in self.expected[part].tolist()]
        return self.reading.ticks[part].tolist(), expected, self.record.values[part].tolist()

    def rows(self, title: str) -> Rows:
        """The schedule and the log side by side, with a mark where they part."""
        difference = self.first_difference
        return Rows(
            columns=(TICK, *COLUMNS),
            blocks=[self.block()],
            length=len(self.record),
            title=title,
            panels=PANELS,
            marks=[Mark(difference.row, "")] if difference else [],
            document={"verify": self.as_document()},
        )


DOCUMENT = {
    "follows": bool,
    "rows": int,
    "first_difference": Difference | None,
    "tolerance": TOLERANCE,
    "explanation": Reason | None,
    "detail": str,
    "shift?": int,
    "at?": int,
    "steps_per_epoch?": int,
    "k?": float,
    "base_lr?": float,
    "changes?": [{"option": str, "meant": Any, "found": Any}],
    "spec?": str,
    "nearest?": str | None,
}
"""The shape (see `lrcli.schema`) of `Verdict.as_document`."""

ROW = {TICK: int, "expected": float, "logged": float}


def compared(schedule: Schedule, run: Run, record: Record, rtol: float | None = None, group: int = 0) -> Verdict:
    """The log beside the schedule, under the reading that follows it the longest. Raises InputError for no rates."""
    return _verdicts(schedule, run, record, rtol, group)[0]


def _verdicts(schedule: Schedule, run: Run, record: Record, rtol: float | None, group: int) -> list[Verdict]:
    """One under each reading, that which follows the longest first; only that one where it follows to the end."""
    import numpy as np

    if not len(record):
        raise InputError("the log holds no rates")
    composed = run.warmed_up(schedule)
    found = []
    with np.errstate(all="ignore"):
        tolerance = tolerance_of(record, rtol)
        for reading in readings(record, composed, run):
            farthest, most = int(reading.ticks.max()), MOST_WORK // composed.cost
            if farthest > most or len(record) > MOST_ROWS:
                raise InputError(
                    f"expected a log of at most {min(most, MOST_ROWS)} ticks for this schedule, found one that reaches "
                    f"{max(farthest, len(record))}"
                )
            if reading.is_unusual:
                few = rates_at(composed, run.lrs, reading.ticks[:FEW_ROWS], group)
                if not tolerance.equal(few, record.values[:FEW_ROWS]).all():
                    continue
            expected = rates_at(composed, run.lrs, reading.ticks, group)
            wrong = np.flatnonzero(~tolerance.equal(expected, record.values))
            verdict = Verdict(record, reading, expected, tolerance, int(wrong[0]) if len(wrong) else None)
            if verdict.place is None:
                return [verdict]
            if not reading.is_unusual:
                found.append(verdict)
    rounded = tolerance_if_rounded(record) if rtol is None else None
    for one in found if rounded else ():
        assert rounded is not None
        if _is_rounded(one, rounded):
            return [dataclasses.replace(one, tolerance=rounded, place=None)]
    # Rows whose distance is a guess lie within the run, if they can.
    end = composed.horizon if composed.ends else None
    within = [one for one in found if not (end and one.reading.every and one.reading.ticks.max() > LONGEST * end)]
    return sorted(within or found, key=lambda verdict: -(verdict.place or 0))


def _is_rounded(verdict: Verdict, rounded: Tolerance) -> bool:
    """Whether the log, of few values, may be what rounding makes of the schedule: where the log stays, the schedule
    moves by less than the log shows, or it has values that need more digits than the log has.
    """
    from lrcli.fit.landmarks import roughness

    expected, found = verdict.expected, verdict.record.values
    if 2 * len(different(found)) < len(different(expected)):
        return bool(rounded.equal(expected, found).all())
    others = different(expected[~verdict.tolerance.equal(expected, found)]).tolist()
    needed = verdict.record.shown.digits + 1
    return bool(rounded.rounded(expected, found).all()) and all(roughness(value) > needed for value in others)


def verify(schedule: Schedule, run: Run, record: Record, rtol: float | None = None, group: int = 0) -> Verdict:
    """Hold the rates of a log, those of one parameter group, to the schedule, and explain a difference.

    Raises InputError for a log without rates.
    """
    import numpy as np

    from lrcli.verify.explain import explained

    verdicts = _verdicts(schedule, run, record, rtol, group)
    if verdicts[0].follows:
        return verdicts[0]
    if len(run.lrs) > 1:
        schedule, run = schedule.bind(group, run.lrs), dataclasses.replace(run, lr=run.lrs[group])
    with np.errstate(all="ignore"):
        return explained(schedule, run, verdicts)
