"""To which tick of a schedule a row of a log belongs.

Logs count steps or epochs, from 0 or from 1, and show the rate that was used or the one that was set for the next tick.
A log that begins at 0 shows which; one that begins later does not, and both are tried.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from lrcli.record.record import Record
from lrcli.record.tolerance import different
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH, STEP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ticks = NDArray[np.int64]

FARTHEST = 10**15
NEARLY_WHOLE = 1e-6
"""Epochs are written as fractions of their steps: 2.9999998 is 3."""


NEARLY_OVER = 0.1
"""Of its length, by which a run may be longer than its schedule."""

LOGGED_EVERY = (10, 1, 5, 20, 50, 100, 25, 2, 500, 4)
"""Steps between two rows, where the log does not say how many: the usual ones."""

MOST_EVERY = 100
"""Up to which any number is tried."""

NEARLY_EVEN = 0.2
"""Of what lies between two rows, by which one may stand elsewhere: logs have few digits of an epoch."""


class Reading(NamedTuple):
    """The tick of each row."""

    ticks: "Ticks"
    axis: str
    """What the log counts: STEP, EPOCH, or "row" where it says nothing."""
    origin: int
    """What the log calls the first tick."""
    length: int = 1
    """Ticks in one of what the log counts."""
    every: int = 0
    """Steps between two rows, where the log does not say how many, and these are a guess."""

    @property
    def is_unusual(self) -> bool:
        """Whether it is a guess that only a log can bear out that follows."""
        return bool(self.every) and self.every not in LOGGED_EVERY

    @property
    def words(self) -> str:
        """How the log counts."""
        if self.every > 1:
            return f"the rows are taken to be {self.every} steps apart, which the log does not say"
        if self.length > 1:
            return f"{self.axis} {self.origin} is tick {int(self.ticks[0])}, and each has {self.length}"
        return f"{self.axis} {max(self.origin, 0)} is tick {max(-self.origin, 0)}"


def readings(record: Record, schedule: Schedule, run: Run) -> list[Reading]:
    """The readings under which a run that followed the schedule would be seen to, the likeliest first."""
    if schedule.fields(role.PER_EPOCH):
        ends = ends_of_epochs(record, schedule.value(role.PER_EPOCH))
        if ends is not None:
            return [ends]
    per_step = run.interval == STEP or (run.interval is None and schedule.counts_in == STEP)
    length = run.steps_per_epoch or record.facts.steps_per_epoch
    found: list[Reading] = []
    if per_step or not _is_there(record.epochs):
        if _is_there(record.steps):
            counted = (not per_step and run.steps_per_epoch) or 1
            found = by_step(record, counted)
        elif _is_there(record.epochs) and length and _is_fractional(record.epochs):
            found = _read(_rounded(record.epochs * length), STEP)
        elif _is_there(record.epochs) and _is_fractional(record.epochs):
            found = _within(every_so_many(record), schedule, run)
        elif _is_there(record.epochs):
            found = in_steps(record, length, schedule) if per_step else []
            found = found if length and per_step else by_epoch(record) + found
            found += _within(_rows_of_epochs(record), schedule, run) if per_step else []
    else:
        found = by_epoch(record)
    return found or [by_row(record)]


def readings_of_anything(record: Record) -> list[Reading]:
    """The readings of a log of whose schedule nothing is known."""
    import numpy as np

    found: list[Reading] = []
    if _is_there(record.epochs) and not _is_fractional(record.epochs) and (np.diff(record.epochs) > 0).all():
        found += by_epoch(record)
        if _is_there(record.steps) and (np.diff(record.steps) > 1).any():
            found += by_step(record)  # One row of each epoch: its schedule may count steps.
    elif _is_there(record.steps):
        found += by_step(record)
        if _is_there(record.epochs) and len(different(record.values)) <= len(different(np.floor(record.epochs))):
            epochs = by_epoch(record)
            found = epochs + found if _is_even_in_an_epoch(record) else found + epochs
    elif _is_there(record.epochs):
        length = record.facts.steps_per_epoch or _steps_in_an_epoch(record)
        if length and _is_fractional(record.epochs):
            found += _read(_rounded(record.epochs * length), STEP)
        if _is_fractional(record.epochs):
            found += every_so_many(record)[:8]
        found += by_epoch(record)
    return [*found, *([] if found and _rises(found[0]) else [by_row(record)])]


def _is_even_in_an_epoch(record: Record) -> bool:
    """Whether the rate, which moves, is the same in all rows of an epoch, most of which have several.

    A log of parts of epochs is written by a loop that counts steps, whatever its rate does.
    """
    import numpy as np

    if record.epochs is None or _is_fractional(record.epochs):
        return False
    changes = np.flatnonzero(np.diff(record.values))
    several = 2 * len(different(record.epochs)) <= len(record.epochs)
    return bool(several and len(changes) and (record.epochs[changes] != record.epochs[changes + 1]).all())


def _rises(reading: Reading) -> bool:
    return bool((reading.ticks[1:] >= reading.ticks[:-1]).all())


def by_step(record: Record, length: int = 1) -> list[Reading]:
    """Steps as ticks, or as many as make an epoch as one."""
    import numpy as np

    if record.steps is None or _is_fractional(record.steps):
        return []
    if length == 1:
        return _read(record.steps, STEP)
    found = [Reading(np.floor((record.steps - origin) / length).astype(np.int64), EPOCH, 0) for origin in (0, 1)]
    return [reading for reading in found if reading.ticks.min() >= 0]


def by_epoch(record: Record) -> list[Reading]:
    """Epochs as ticks; a fraction of one is a place in it."""
    import numpy as np

    if record.epochs is None:
        return []
    if not _is_fractional(record.epochs):
        return _read(_rounded(record.epochs), EPOCH)
    whole = np.floor(record.epochs + NEARLY_WHOLE)
    ended = np.ceil(record.epochs - NEARLY_WHOLE) - 1
    found = [whole, ended, *([whole - 1] if whole.min() >= 1 else [])]
    return [Reading(ticks.astype(np.int64), EPOCH, 0) for ticks in found if ticks.min() >= 0]


def in_steps(record: Record, length: int | None, schedule: Schedule) -> list[Reading]:
    """Whole epochs of a schedule that counts steps: the first of an epoch, the last, or the one after it.

    Where nobody says how long an epoch is, it follows from the schedule's own length, if its epochs make that whole.
    """
    assert record.epochs is not None
    if length is None:
        epochs = _rounded(record.epochs)
        count = round(record.facts.num_train_epochs or 0) or int(epochs.max()) + bool(epochs.min() == 0)
        steps = schedule.horizon or 0
        if count < 2 or steps % count or steps <= count:
            return []
        length = steps // count
    return steps_of_epochs(record, length)


def steps_of_epochs(record: Record, length: int) -> list[Reading]:
    """Whole epochs of `length` steps: the first of an epoch, the last, or the one after it; none of other logs."""
    import numpy as np

    if not _is_there(record.epochs) or _is_fractional(record.epochs) or _is_there(record.steps):
        return []
    epochs = _rounded(record.epochs).astype(np.int64)
    origin = 0 if epochs.min() == 0 else 1
    first = (epochs - origin) * length
    if length == 1:
        return [Reading(first + shift, EPOCH, origin - shift) for shift in (0, 1)]
    return [Reading(ticks, EPOCH, origin, length) for ticks in (first, first + length - 1, first + length)]


def _within(found: list[Reading], schedule: Schedule, run: Run) -> list[Reading]:
    """The readings under which the log does not go on long after the end of the schedule before the others."""
    horizon = run.warmed_up(schedule).horizon
    if not horizon or not schedule.ends:
        return found
    return sorted(found, key=lambda reading: int(reading.ticks.max()) > horizon * (1 + NEARLY_OVER))


def every_so_many(record: Record) -> list[Reading]:
    """Rows that stand evenly between fractions of epochs: each a number of steps after the one before, but for the
    first step, where it is logged too, and the end of the run."""
    import numpy as np

    if record.epochs is None:
        return []
    gap = _gap(record.epochs)
    if not gap:
        return []
    places = record.epochs / gap
    is_between = np.abs(places - np.rint(places)) > NEARLY_EVEN
    if is_between[1:-1].any() or places[0] < 0:
        return []
    found = []
    for count in _logged_every(record):
        steps = _rounded(np.where(is_between, places, np.rint(places)) * count)
        steps[:1] = 1 if 0 < places[0] < 0.5 else steps[:1]
        ticks = [np.maximum(steps - origin, 0).astype(np.int64) for origin in (1, 0)]
        every = 0 if count == record.facts.logging_steps else count
        found += [Reading(those, STEP, origin, every=every) for origin, those in zip((1, 0), ticks, strict=True)]
    return found


def _gap(epochs: "Floats") -> float:
    """What lies between two rows, as part of an epoch, as exactly as the last rows show it; 0 where it is not known."""
    import numpy as np

    gaps = np.diff(epochs)
    gaps = gaps[gaps > 0]
    gap = float(np.median(gaps)) if len(gaps) else 0.0
    places = different(epochs)[:-1]  # The last one may be the end of the run, and the first one the first step.
    for position in [*(places[2:] - places[1:2]), *places] if gap else ():
        count = round(position / gap)
        if count and abs(position / gap - count) <= NEARLY_EVEN:
            gap = float(position) / count
    return gap


def _logged_every(record: Record) -> Iterable[int]:
    """The steps that may lie between two rows: those that the log says, those that are usual, and all others."""
    usual = [round(record.facts.logging_steps)] if record.facts.logging_steps else []
    return dict.fromkeys([*usual, *LOGGED_EVERY, *range(1, MOST_EVERY + 1), *range(MOST_EVERY, 1001, 50)])


def _every_row(record: Record) -> list[Reading]:
    """Each row a number of steps after the one before."""
    import numpy as np

    rows = np.arange(1, len(record) + 1)
    counts = _logged_every(record)
    return [Reading(rows * count - origin, STEP, origin, every=count) for count in counts for origin in (1, 0)]


def _rows_of_epochs(record: Record) -> list[Reading]:
    """Several rows in each epoch, as many in all but the last: every row is so many steps after the one before."""
    import numpy as np

    assert record.epochs is not None
    _, counts = np.unique(record.epochs, return_counts=True)
    if len(counts) < 2 or counts[0] < 2 or (counts[:-1] != counts[0]).any() or (np.diff(record.epochs) < 0).any():
        return []
    return _every_row(record)


def ends_of_epochs(record: Record, length: int) -> Reading | None:
    """The last tick of each epoch, of a log that has a row for every epoch of `length` ticks."""
    import numpy as np

    if not _is_there(record.epochs) or _is_fractional(record.epochs) or _is_there(record.steps):
        return None
    epochs = _rounded(record.epochs).astype(np.int64)
    origin = 0 if epochs.min() == 0 else 1
    return Reading((epochs + 1 - origin) * length - 1, EPOCH, origin)


def by_row(record: Record) -> Reading:
    """Every row a tick."""
    import numpy as np

    return Reading(np.arange(len(record)), "row", 0)


def _read(positions: Any, axis: str) -> list[Reading]:
    """Both origins and conventions, where the log does not show which."""
    import numpy as np

    ticks = positions.astype(np.int64)
    first = int(ticks.min())
    if first < 0:
        return []
    gaps = np.diff(different(ticks[:1000]))
    gap = int(gaps.min()) if len(gaps) else 1
    if first == 0:
        # A log of every tick shows the first one, a log of every n-th may show what was set for the next.
        return [Reading(ticks + shift, axis, -shift) for shift in ((0, 1) if gap > 1 else (0,))]
    if gap > 1 and first == gap - 1:
        # Rows 9, 19, ...: the last steps of tens counted from 0, the rate that was used or the one for the next.
        # Rows 1, 3, ... may also be the first steps of twos counted from 1.
        return [Reading(ticks + shift, axis, -shift) for shift in ((0, 1, -1) if first == 1 else (0, 1))]
    later = first == 1 or not len(gaps) or first == gap
    return [Reading(ticks - origin, axis, origin) for origin in ((1, 0) if later else (0, 1))]


def _is_there(axis: "Floats | None") -> "TypeGuard[Floats]":
    import numpy as np

    return axis is not None and not np.isnan(axis).any() and float(np.abs(axis).max(initial=0)) < FARTHEST


def _is_fractional(axis: Any) -> bool:
    import numpy as np

    return bool((np.abs(axis - np.rint(axis)) > NEARLY_WHOLE * np.maximum(1, np.abs(axis))).any())


def _rounded(axis: Any) -> Any:
    import numpy as np

    return np.rint(axis)


def _steps_in_an_epoch(record: Record) -> int | None:
    """Rows in an epoch of a log with fractional epochs, where a row is a step."""
    import numpy as np

    if record.epochs is None or len(record) < 2:
        return None
    gap = float(np.median(np.diff(record.epochs)))
    length = 1 / gap if gap > 0 else 0.0
    return round(length) if length > 1.5 and abs(length - round(length)) < 0.01 * length else None
