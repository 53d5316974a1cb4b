"""Rates that are late or early from a tick on: ticks that were skipped, or counted twice."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lrcli.verify.case import Case
from lrcli.verify.changes import FEW_SKIPPED, early_or_late
from lrcli.verify.resumed import is_seam
from lrcli.verify.verdict import Explanation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ticks = NDArray[np.int64]

MOST_SKIPPED = 16
"""Ticks that may be skipped between two rows."""

MOST_SEAMS = 16
"""Places in which ticks are skipped."""

LEAST_MOVING = 8
"""Rows with another rate than the one before, to believe in several such places."""

FEW_SEAMS, FEW_MOVING = 3, 3
"""So few places are believed in if so many rows after them agree."""

MOST_REPLAYED = 100_000
"""Ticks that a resume from an older checkpoint goes back."""

MOST_SHIFTS = 200

EVENLY = 3
"""Rows, one after another, from which on it is seen that each is later by as much."""

SKIPPED = "as AMP makes it where it skips optimizer steps, or a resume from an older checkpoint"


def waited(case: Case) -> Iterator[Explanation]:
    """Ticks were skipped, a few at once: that is likelier than a resume, and where it is no other rate, simpler."""
    if is_seam(case):
        for shift in range(-1, -1 - FEW_SKIPPED, -1):
            if case.gives(case.schedule, case.run, case.ticks + shift, case.place):
                yield _shift(int(case.ticks[case.place]), shift)
    lags = lags_of(case)
    if lags is not None and not _is_slower(lags):
        yield _waited(case, lags)


def waited_evenly(case: Case) -> Iterator[Explanation]:
    """Ticks were skipped in one row after another, as many in each, where no other value gives the log."""
    lags = lags_of(case)
    if lags is not None:
        yield _waited(case, lags)


def _waited(case: Case, lags: "Ticks") -> Explanation:
    import numpy as np

    seams = int((np.diff(lags, prepend=0) > 0).sum())
    return _shift(int(case.ticks[int((lags > 0).argmax())]), -int(lags[-1]), seams)


def _is_slower(lags: "Ticks") -> bool:
    """Whether it is late by as much more in each of some rows, and from then on by no more: so is a longer warmup."""
    import numpy as np

    later = np.diff(lags, prepend=0)
    rows = np.flatnonzero(later)
    if len(rows) < EVENLY or rows[-1] - rows[0] != len(rows) - 1:
        return False
    # The line may begin before the first of them, and it ends before the last.
    evenly = later[rows[1:-1] if len(rows) > EVENLY else rows[:-1]]
    return bool(np.ptp(evenly) <= 1 and later[rows].max() <= evenly.max() + 1)


def shifted_from(case: Case) -> Iterator[Explanation]:
    """From a tick on every rate is early or late: ticks were skipped, or counted twice."""
    if is_seam(case):
        tail = case.ticks[case.place :]
        for shift in _shifts(case):
            if case.gives(case.schedule, case.run, case.ticks + shift, case.place):
                yield _shift(int(tail[0]), shift)


def _shifts(case: Case) -> list[int]:
    """Shifts with which the schedule has the rate of the first row that is another, the small ones first."""
    import numpy as np

    here = int(case.ticks[case.place])
    ticks = np.arange(max(0, here - MOST_REPLAYED), here + MOST_SKIPPED + 1)
    expected = case.rates(case.schedule, case.run, ticks)
    same = case.tolerance.equal(expected, np.full(len(ticks), case.values[case.place]))
    found = [int(tick) - here for tick in ticks[same] if tick != here]
    return sorted(found, key=abs)[:MOST_SHIFTS]


def lags_of(case: Case) -> "Ticks | None":
    """By how many ticks each row is late, where ticks were skipped one by one, as AMP does when it seeks its scale.

    None where that does not explain the log, or would explain any.
    """
    import numpy as np

    values, ticks = case.values, case.ticks
    moves = values[1:] != values[:-1]
    moving = int(moves.sum())
    if moving < FEW_MOVING or (ticks[1:] < ticks[:-1]).any():
        return None
    lags, lag, row, seams = np.zeros(len(values), dtype=np.int64), 0, 0, 0
    while row < len(values):
        stop = _agrees_until(case, row, -lag)
        lags[row:stop] = lag
        if stop == len(values):
            # Where the rate stays for long, skipped ticks explain many a log, if nothing after them agrees.
            is_smooth = moving >= max(LEAST_MOVING, 0.2 * len(values))
            agrees = int(moves[row:].sum()) >= FEW_MOVING and seams <= FEW_SEAMS
            return lags if lag and (is_smooth or agrees) else None
        # A tick that was skipped while the rate did not move shows when it does.
        still = np.flatnonzero(moves[: max(stop - 1, 0)])
        gap = int(ticks[stop] - ticks[still[-1] + 1]) if len(still) else int(ticks[stop])
        seams += 1
        if seams > min(MOST_SEAMS, moving // 2):
            return None
        more = _lag_at(case, stop, range(lag + 1, lag + min(gap, MOST_SKIPPED) + 1))
        if more is None:
            return None
        lag, row = more, stop
    return None


def _lag_at(case: Case, row: int, lags: range) -> int | None:
    """The first of these lags with which the schedule has the rate of a row."""
    import numpy as np

    ticks = int(case.ticks[row]) - np.array(lags, dtype=np.int64)
    expected = case.rates(case.schedule, case.run, np.maximum(ticks[::-1], 0))[::-1]
    same = case.tolerance.equal(expected, np.full(len(ticks), case.values[row]))
    return lags[int(same.argmax())] if len(lags) and same.any() else None


def _shift(at: int, shift: int, seams: int = 1) -> Explanation:
    cause = "step() is called more often than once a tick" if shift > 0 else SKIPPED
    where = f"from tick {at} on" if seams == 1 else f"from tick {at} on, in {seams} places,"
    return Explanation("shifted_from", f"{where} {early_or_late(shift)}: {cause}", {"at": at, "shift": shift})


def _agrees_until(case: Case, start: int, shift: int) -> int:
    """The row up to which the log, from `start` on, is the schedule shifted."""
    import numpy as np

    expected = case.rates(case.schedule, case.run, np.maximum(case.ticks[start:] + shift, 0))
    wrong = np.flatnonzero(~case.tolerance.equal(expected, case.values[start:]))
    return start + int(wrong[0]) if len(wrong) else len(case.values)
