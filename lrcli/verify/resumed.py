"""What happens to the rate in the middle of a run: skipped ticks, and runs that were taken up again."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from lrcli.engine import spec_of
from lrcli.record.curve import FAILURES
from lrcli.schedules.base import Schedule
from lrcli.text import plural, significant
from lrcli.verify.case import Case
from lrcli.verify.others import solved_values, words_of
from lrcli.verify.verdict import Explanation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_SKIPPED = 16
MOST_GAP = 64
"""Ticks between two rows in which a seam is sought."""


def _seams(case: Case) -> list[int]:
    """The ticks at which what the first different row shows may have begun, the latest first."""
    here = int(case.ticks[case.place])
    before = int(case.ticks[case.place - 1]) if case.place else -1
    return list(range(here, max(before, here - MOST_GAP, -1), -1))


def _unmoved(case: Case) -> list[int]:
    """The ticks before that at the same rate: a seam among them shows only later."""
    row = case.place - 1
    while row > 0 and case.values[row - 1] == case.values[case.place - 1]:
        row -= 1
    last, first = int(case.ticks[case.place - 1]), int(case.ticks[row])
    return list(range(last, max(first - 1, last - MOST_GAP), -1))


def _is_seam(case: Case) -> bool:
    """Whether some of the log follows, and enough is left to be explained."""
    tail = case.values[case.place :]
    return case.place >= 2 and len(tail) >= 3 and bool((tail != tail[0]).any())


def restarted(case: Case) -> Iterator[Explanation]:
    """The schedule begins again."""
    if not _is_seam(case):
        return
    for start in _seams(case):
        if start > 0 and case.gives(case.schedule, case.run, case.ticks - start, case.place):
            yield Explanation(
                "restarted", f"from row {start} on the schedule starts again from its beginning", {"at": start}
            )


def shifted_from(case: Case) -> Iterator[Explanation]:
    """From a tick on every rate is early or late: ticks were skipped, or counted twice."""
    if not _is_seam(case):
        return
    for size in range(1, MOST_SKIPPED + 1):
        for shift in (-size, size):
            if case.gives(case.schedule, case.run, case.ticks + shift, case.place):
                at = int(case.ticks[case.place])
                yield _shift(at, shift)
    if len(set(case.values.tolist())) < 0.8 * len(case.values):
        return  # Where the rate stays for long, any number of seams explains any log.
    total, at = 0, int(case.ticks[case.place])
    # Several ticks skipped one by one, as AMP does while it looks for its scale.
    row, seams = case.place, 0
    while row < len(case.values) and seams < MOST_SKIPPED:
        stop = _agrees_until(case, row, total - 1)
        if stop <= row + 1 and stop < len(case.values):
            return
        total, row, seams = total - 1, stop, seams + 1
    if row >= len(case.values):
        yield _shift(at, total, seams)


def _shift(at: int, shift: int, seams: int = 1) -> Explanation:
    when = "early" if shift > 0 else "late"
    cause = (
        "step() is called more often than once a tick"
        if shift > 0
        else "as AMP makes it where it skips optimizer steps, or a resume from an older checkpoint"
    )
    where = f"from row {at} on" if seams == 1 else f"from row {at} on, in {seams} places,"
    sentence = f"{where} every rate is {plural(abs(shift), 'tick')} {when}: {cause}"
    return Explanation("shifted_from", sentence, {"at": at, "shift": shift})


def _agrees_until(case: Case, start: int, shift: int) -> int:
    """The row up to which the log, from `start` on, is the schedule shifted."""
    import numpy as np

    expected = case.rates(case.schedule, case.run, case.ticks[start:] + shift)
    wrong = np.flatnonzero(~case.tolerance.equal(expected, case.values[start:]))
    return start + int(wrong[0]) if len(wrong) else len(case.values)


def state_not_loaded(case: Case) -> Iterator[Explanation]:
    """It goes on from the rate that it had with a new scheduler, or with a new optimizer."""
    if not _is_seam(case):
        return
    base = case.run.lrs[0]
    # At the seam itself the rate is the old one, so that the row before may be the first.
    for start in [*_seams(case), *_unmoved(case)]:
        if start <= 0:
            continue
        held = case.rates(case.schedule, case.run, case.ticks[:1] * 0 + start)
        before = case.rates(case.schedule, case.run, case.ticks[:1] * 0 + start - 1)
        for rate in dict.fromkeys((float(held[0]), float(before[0]), float(case.values[case.place - 1]))):
            if not rate > 0:
                continue
            for sentence, expected in _new(case, start, rate, base):
                if case.same(expected, slice(case.place, None)):
                    yield Explanation("state_not_loaded", sentence, {"at": start})


def _new(case: Case, start: int, rate: float, base: float) -> Iterator[tuple[str, Any]]:
    """What a resume at `start` does where a state is missing; the rates of the rows from there on."""
    shown = significant(rate)
    new = f"from row {start} on it goes on from {shown} with a new scheduler, whose state was not loaded"
    ticks = case.ticks[case.place :] - start
    yield new, case.rates(case.schedule, case.with_run(lr=rate), ticks)
    yield new, _continued(case.composed, ticks, {"lr": rate, "initial_lr": base})
    yield new, _continued(case.composed, ticks, {"lr": base}, rate)
    again = f"from row {start} on the optimizer begins again at {significant(base)}: its state was not loaded"
    made = float(case.rates(case.schedule, case.run, ticks[:1] * 0)[0])
    for first in dict.fromkeys((base, made)):
        yield again, _advanced(case.composed, ticks, start, first, base)


def _continued(schedule: Schedule, ticks: Any, group: dict[str, float], loaded: float | None = None) -> Any:
    """The rates of a scheduler that is newly made on a group; `loaded` is put in place after that."""

    def stream() -> Iterator[float]:
        ticker = schedule.bind(0, (group["lr"],)).ticker(group)
        if loaded is not None:
            group["lr"] = loaded
        while True:
            yield group["lr"]
            ticker.step()

    return _picked(stream(), ticks)


def _advanced(schedule: Schedule, ticks: Any, start: int, lr: float, base: float) -> Any:
    """The rates of a scheduler that goes on from tick `start` on a group whose rate is `lr`."""
    further = schedule.bind(0, (base,)).advance(start, lr, base)
    return _picked(chain((lr,), islice(further, 1, None)), ticks)


def _picked(source: Iterator[float], ticks: Any) -> Any:
    import numpy as np

    values: list[float] = []
    try:
        values.extend(islice(source, int(ticks.max()) + 1))
    except (*FAILURES, NotImplementedError):
        pass
    found = np.full(len(ticks), np.nan)
    there = (ticks >= 0) & (ticks < len(values))
    found[there] = np.array(values)[ticks[there]] if values else np.nan
    return found


def changed(case: Case) -> Iterator[Explanation]:
    """Other hyperparameters, or another schedule, from a tick on."""
    from lrcli.fit import Search

    if not _is_seam(case) or len(case.values) - case.place < 5:
        return
    at = int(case.ticks[case.place])
    for schedule, run, changes in solved_values(case, case.place):
        sentence = f"from row {at} on the run is another: {words_of(changes)}"
        yield Explanation("changed", sentence, {"at": at, "spec": spec_of(schedule, run)})
    for found in Search(case.tail(case.place), seconds=0.6).candidates()[:1]:
        if found.exactness != "nearly" and len({*case.values[case.place :].tolist()}) > 3:
            sentence = f"from row {at} on the rates are those of {found.spec}"
            yield Explanation("changed", sentence, {"at": at, "spec": found.spec})
