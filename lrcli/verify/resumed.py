"""What happens to the rate in the middle of a run: skipped ticks, and runs that were taken up again."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.fit.numbers import typed
from lrcli.plan import Planned
from lrcli.record import Record
from lrcli.record.curve import FAILURES
from lrcli.resume import SCHEDULER, Resumed
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Absolute, Schedule
from lrcli.text import significant
from lrcli.verify.case import Case
from lrcli.verify.changes import Change, Changed, is_plain, of_other_schedule, words_of
from lrcli.verify.others import NEAR, ROWS_PER_DIGIT, one_value, two_values
from lrcli.verify.slots import applied, slots
from lrcli.verify.verdict import Explanation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ticks = NDArray[np.int64]

SECONDS_FOR_TAILS, SECONDS_FOR_A_TAIL = 0.7, 0.4
"""Of CPU, to find another schedule that was begun in the middle of a run, at one of several ticks."""


ROUND = (1, 2, 5, 10, 20, 25, 50, 100, 250, 500, 1000)
MOST_GAP = 64
"""Ticks between two rows in which a seam is sought."""


def _seams(case: Case) -> list[int]:
    """The ticks at which what the first different row shows may have begun, the latest first."""
    import numpy as np

    here = int(case.ticks[case.place])
    # Rows that a run which was taken up again has left behind it say nothing of when that was.
    earlier = case.ticks[: case.place]
    before = int(np.max(earlier[earlier < here], initial=-1))
    return list(range(here, max(before, here - MOST_GAP, -1), -1))


def _unmoved(case: Case) -> list[int]:
    """The ticks before that at the same rate: a seam among them shows only later."""
    row = case.place - 1
    while row > 0 and case.values[row - 1] == case.values[case.place - 1]:
        row -= 1
    last, first = int(case.ticks[case.place - 1]), int(case.ticks[row])
    return list(range(last, max(first - 1, last - MOST_GAP), -1))


def is_seam(case: Case) -> bool:
    """Whether some of the log follows, and enough is left to be explained."""
    tail = case.values[case.place :]
    return case.place >= 2 and len(tail) >= 3 and bool((tail != tail[0]).any())


def _is_jump(case: Case) -> bool:
    """Whether the rate goes at once up, or to where the schedule begins, and stays there."""
    tail = case.values[case.place :]
    if case.place < 2 or len(tail) < 3 or (tail != tail[0]).any():
        return False
    rises = bool(tail[0] > case.values[case.place - 1])
    return rises or math.isclose(float(tail[0]), case.rate_at(0), rel_tol=1e-6)


def restarted(case: Case) -> Iterator[Explanation]:
    """The schedule begins again."""
    if not (is_seam(case) or _is_jump(case)):
        return
    for start in _seams(case):
        if start > 0 and case.gives(case.schedule, case.run, case.ticks - start, case.place):
            alone = ", or the optimizer alone does" if _is_jump(case) else ""
            again = f"from tick {start} on the schedule starts again from its beginning{alone}"
            yield Explanation("restarted", f"{again}: its state was not loaded", {"at": start})


def state_not_loaded(case: Case) -> Iterator[Explanation]:
    """It goes on from the rate that it had with a new scheduler, or with a new optimizer."""
    if not (is_seam(case) or _is_jump(case)):
        return
    base = case.run.lrs[0]
    # At the seam itself the rate is the old one, so that the row before may be the first.
    for start in [*_seams(case), *_unmoved(case)]:
        if start <= 0:
            continue
        rates = (case.rate_at(start), case.rate_at(start - 1), float(case.values[case.place - 1]))
        for rate in dict.fromkeys(rates):
            if not rate > 0:
                continue
            for sentence, expected in _new(case, start, rate, base):
                if case.same(expected, slice(case.place, None)):
                    yield Explanation("state_not_loaded", sentence, {"at": start})


def _new(case: Case, start: int, rate: float, base: float) -> Iterator[tuple[str, Any]]:
    """What a resume at `start` does where a state is missing; the rates of the rows from there on."""
    shown = significant(rate)
    new = f"from tick {start} on it goes on from {shown} with a new scheduler, whose state was not loaded"
    ticks = case.ticks[case.place :] - start
    yield new, case.rates(case.schedule, case.with_run(lr=rate), ticks)
    if not case.spends(3 * int(ticks.max())):
        return
    yield new, _continued(case.composed, ticks, {"lr": rate, "initial_lr": base})
    yield new, _continued(case.composed, ticks, {"lr": base}, rate)
    first = case.rate_at(0)
    again = f"from tick {start} on the optimizer begins again at {significant(first)}: its state was not loaded"
    yield again, _picked(_restored(case, start, SCHEDULER), ticks)


def _restored(case: Case, start: int, load: str) -> Iterator[float]:
    """The rates from `start` on of a run that is taken up there with a part of its checkpoint."""
    run = dataclasses.replace(case.run, ticks=int(case.ticks.max()) + 1, epochs=None, steps=None, tokens=None)
    planned = Planned(case.schedule, run)
    ticker, group = Resumed(planned, planned, start, load).restored(0)
    yield group["lr"]
    ticker.step()
    yield from ticker.stream()


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


def _picked(source: Iterator[float], ticks: Any) -> Any:
    import numpy as np

    values: list[float] = []
    try:
        values.extend(islice(source, int(ticks.max()) + 1))
    except (*FAILURES, NotImplementedError, AssertionError, LookupError):
        pass
    found = np.full(len(ticks), np.nan)
    there = (ticks >= 0) & (ticks < len(values))
    found[there] = np.array(values)[ticks[there]] if values else np.nan
    return found


def changed_value(case: Case) -> Iterator[Explanation]:
    """Another hyperparameter from a tick on, as if it had been so from the start."""
    yield from _changed_to(case, one_value)


def set_on_the_way(case: Case) -> Iterator[Explanation]:
    """Another hyperparameter from a tick on, going on from the rate that it had."""
    if not is_seam(case) or isinstance(case.composed, Absolute):
        return
    starts = range(int(case.ticks[case.place - 1]), int(case.ticks[case.place]))
    ways = [_GoingOn(case, start, case.rate_at(start)) for start in starts]
    # What it goes on with shows in the rows from here on, and since when, in how they go on from the rows before.
    later = ways[0] if len(ways) == 1 else _GoingOn(case, starts.stop, float(case.values[case.place]))
    for changed in _plainly_changed(later, one_value):
        for way in ways:
            if way.gives(*changed[:2], case.ticks, case.place):
                yield _changed(way.start + 1, changed)
                break


def another_drop(case: Case) -> Iterator[Explanation]:
    """The last drop comes when it was meant to, and is another than those before it."""
    tail = case.values[case.place :]
    is_drop = case.place >= 2 and len(tail) > 2 and bool((tail == tail[0]).all())
    if not is_drop or isinstance(case.composed, Absolute) or case.expected[case.place] == case.expected[case.place - 1]:
        return
    start = int(case.ticks[case.place]) - 1
    way = _GoingOn(case, start, case.rate_at(start))
    for slot in slots(case.schedule):
        for factor in typed(float(tail[0]) / way.rate, NEAR) if slot.declared.role is role.DROP_FACTOR else ():
            with suppress(InputError):
                schedule, run = applied(case.schedule, case.run, slot, factor)
                if is_plain(factor) and way.gives(schedule, run, case.ticks, case.place):
                    yield _changed(start + 1, (schedule, run, [Change(slot.declared.option, slot.value, factor)]))


class _GoingOn(Case):
    """The rows from the first that is another, for schedules that go on from a rate at a tick."""

    def __init__(self, case: Case, start: int, rate: float) -> None:
        vars(self).update(vars(case))
        self.start, self.rate = start, rate

    def rates(self, schedule: Schedule, run: Run, ticks: "Ticks") -> "Floats":
        import numpy as np

        composed = run.warmed_up(schedule).bind(0, run.lrs)
        if not self.spends(int(ticks.max(initial=0)) - self.start):
            return np.full(len(ticks), np.nan)
        found: Floats = _picked(composed.advance(self.start, self.rate, run.lrs[0]), ticks - self.start)
        return found

    def few(self, schedule: Schedule, run: Run, ticks: "Ticks") -> list[float]:
        few: list[float] = self.rates(schedule, run, ticks).tolist()
        return few


def _changed_to(case: Case, solve: Callable[[Case, int], Iterator[Changed]]) -> Iterator[Explanation]:
    for changed in _plainly_changed(case, solve):
        yield _changed(int(case.ticks[case.place]), changed)


def _plainly_changed(case: Case, solve: Callable[[Case, int], Iterator[Changed]]) -> Iterator[Changed]:
    """What gives the rows from the first that is another, with numbers that somebody may have typed."""
    if is_seam(case) and len(case.values) - case.place >= 5:
        for changed in solve(case, case.place):
            if all(is_plain(change.found) for change in changed[2]):
                yield changed


def _changed(at: int, changed: Changed) -> Explanation:
    schedule, run, changes = changed
    sentence = f"from tick {at} on the run is another: {words_of(changes)}"
    return Explanation("changed", sentence, {"at": at, "spec": spec_of(schedule, run)})


def changed(case: Case) -> Iterator[Explanation]:
    """Other hyperparameters, or another schedule, from a tick on: on the same ticks, or begun there."""
    from lrcli.fit import Search
    from lrcli.fit.found import NEARLY

    tail = case.values[case.place :]
    if not is_seam(case) or len(tail) < 5:
        return
    at = int(case.ticks[case.place])
    yield from _changed_to(case, two_values)
    left, likely = SECONDS_FOR_TAILS, None
    for record, begun in _tails(case):
        if left <= 0:
            break
        search = Search(record, seconds=min(SECONDS_FOR_A_TAIL, left))
        candidates = search.candidates()
        left -= search.spent
        for found in candidates[:1]:
            moved = 1 + int((tail[1:] != tail[:-1]).sum())
            # A drop shows when it comes, and by how much.
            shown = 2 * moved if 2 * moved < len(tail) else moved
            enough = shown >= ROWS_PER_DIGIT * found.roughness[1] and len({*tail.tolist()}) > 3
            # The same scheduler that goes on without a jump was not begun again: it has other values from the start.
            is_new = begun is None or type(found.schedule) is not type(case.schedule) or _jumps(case)
            if found.exactness != NEARLY and found.is_plain and is_new:
                if enough:
                    yield of_other_schedule(found.spec, at, begun)
                likely = likely or (found.spec, begun)
    if likely and _jumps(case) and case.follows_much:
        yield of_other_schedule(likely[0], at, likely[1], is_sure=False)


def _jumps(case: Case) -> bool:
    """Whether the first row that is another is farther from the one before than those are from each other."""
    import numpy as np

    steps = np.abs(np.diff(case.values[max(0, case.place - 4) : case.place + 1]))
    return bool(steps[-1] > 2 * steps[:-1].max(initial=0.0))


def _tails(case: Case) -> Iterator[tuple[Record, int | None]]:
    """The log from the first row that is another: counted from the tick at which it may have begun, and as it is."""
    tail = case.tail(case.place)
    starts = _starts(case)
    for first in [*starts[:2], None, *starts[2:]]:
        if first is None:
            yield tail, None
            continue
        steps = (case.ticks[case.place :] - first).astype(float)
        yield dataclasses.replace(tail, steps=steps, epochs=None), first


def _starts(case: Case) -> list[int]:
    """The ticks at which another schedule may have begun, the likeliest first: where there is a row, or a line from 0
    begins, and round numbers, at which checkpoints are written."""
    before, here = int(case.ticks[case.place - 1]), int(case.ticks[case.place])
    between = range(here, max(before, here - MOST_GAP), -1)
    first, second = case.values[case.place : case.place + 2].tolist()
    gap = int(case.ticks[case.place + 1]) - here
    from_zero = [round(here - first * gap / (second - first))] if second > first else []
    likely = [*from_zero, *_round_first(between)] if here - before > 1 else [here]
    return [tick for tick in dict.fromkeys(likely) if tick in between]


def _round_first(ticks: range) -> list[int]:
    """The ticks, round numbers first: at those checkpoints are written."""
    return sorted(ticks, key=lambda tick: -max(unit for unit in ROUND if tick % unit == 0))
