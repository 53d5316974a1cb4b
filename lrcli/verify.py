"""Did a finished run do what was meant? The rates of a log against a schedule, and what explains the difference."""

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from lrcli.engine import MOST_WORK, rates
from lrcli.errors import InputError
from lrcli.rows import Panel, Rows
from lrcli.run import Run
from lrcli.schedules.base import FAST, Schedule
from lrcli.schedules.compose import Sequential
from lrcli.schedules.family import STEP
from lrcli.text import significant

DEFAULT_TOLERANCE = 1e-6
"""Relative; float32, in which many frameworks log, is good to 6e-8, and six printed digits to 5e-7."""

NEXT_TO_NOTHING = 1e-12
"""Of the highest rate: where the schedule is zero, what a log may hold instead."""

MOST_STEPS_PER_TICK = 64
"""Calls of step() per tick that are tried as an explanation, beside those that the log itself suggests."""

FARTHEST_TICK = 10_000_000

MOST_COMPARED = 5000
"""Rows at the start of a log, and rows after them, that explanations are held against."""

MOST_EPOCH_LENGTHS = 8

MOST_WALKED = 30_000_000
"""Ticks, over all explanations that are tried: ten seconds."""

Value = TypeVar("Value")


class Point(NamedTuple):
    """One rate in a log: where it stands, and what it says of the step and the epoch (None where it does not)."""

    line: int
    step: float | None
    epoch: float | None
    rate: float


class Logged(NamedTuple):
    """The rates of a log, with the tick of the schedule that each belongs to."""

    ticks: list[int]
    points: list[Point]


class Difference(NamedTuple):
    """The first row where the log parts from the schedule."""

    row: int
    expected: float | None
    """None where the schedule has ended by then."""
    found: float
    line: int


@dataclasses.dataclass(frozen=True)
class Explanation:
    """The nearest reason for a difference: its stable name, the figures that belong to it, and a sentence."""

    name: str
    sentence: str
    figures: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What came of the comparison. `explanation` and `first_difference` are None where the log follows."""

    logged: Logged
    expected: list[float | None]
    first_difference: Difference | None
    explanation: Explanation | None

    @property
    def follows(self) -> bool:
        """Whether every rate of the log is the schedule's."""
        return self.first_difference is None

    def as_document(self) -> dict[str, Any]:
        """The verdict as JSON shows it."""
        difference = self.first_difference
        return {
            "follows": self.follows,
            "rows": len(self.logged.points),
            "first_difference": difference and difference._asdict(),
            "explanation": self.explanation and self.explanation.name,
            **(self.explanation.figures if self.explanation else {}),
            "detail": self.explanation.sentence if self.explanation else "",
        }

    def rows(self, title: str, axis: str) -> Rows:
        """The schedule and the log side by side."""
        found = [point.rate for point in self.logged.points]
        return Rows(
            columns=(axis, "expected", "logged"),
            blocks=[(self.logged.ticks, self.expected, found)],
            length=len(found),
            title=title,
            panels=(Panel(("expected", "logged")),),
            document={"verify": self.as_document()},
        )


def verify(schedule: Schedule, run: Run, points: Sequence[Point], tolerance: float | None = None) -> Verdict:
    """Hold the rates of a log to the schedule. Raises InputError for a log without rates."""
    if not points:
        raise InputError("the log holds no rates")
    composed = run.warmed_up(schedule)
    limit = tolerance if tolerance is not None else tolerance_of([point.rate for point in points])
    logs = [aligned(points, composed, run, origin) for origin in origins(points, composed, run)]
    farthest, most = max(logs[0].ticks), min(FARTHEST_TICK, MOST_WORK // composed.cost)
    if farthest > most:
        raise InputError(f"expected a log of at most {most} ticks for this schedule, found one that reaches {farthest}")
    verdicts = [_compared(composed, run, logged, limit) for logged in logs]
    best = next((verdict for verdict in verdicts if verdict.follows), verdicts[0])
    if best.follows:
        return best
    return dataclasses.replace(best, explanation=explain(schedule, run, best.logged, limit))


def uses_steps(points: Sequence[Point], schedule: Schedule, run: Run) -> bool:
    """Whether the log's steps count the ticks: where step() is called per optimizer step, or there is no epoch."""
    if all(point.step is None for point in points):
        return False
    per_step = run.interval == STEP or schedule.counts_in == STEP
    return per_step or all(point.epoch is None for point in points)


def origins(points: Sequence[Point], schedule: Schedule, run: Run) -> list[int]:
    """What the log may call its first tick: 0 or 1; both where it starts later, as a log of every n-th step does."""
    positions = [position for position in _positions(points, schedule, run) if position is not None]
    first = min(positions, default=0)
    return [int(first)] if first in (0, 1) else [0, 1]


def _positions(points: Sequence[Point], schedule: Schedule, run: Run) -> list[float | None]:
    if uses_steps(points, schedule, run):
        if run.interval != STEP and (run.steps_per_epoch or 1) > 1 and schedule.counts_in != STEP:
            return [None if point.step is None else point.step // (run.steps_per_epoch or 1) for point in points]
        return [point.step for point in points]
    return epochs_of(points)


def epochs_of(points: Sequence[Point]) -> list[float | None]:
    """The epoch of each point; a rate that is logged without one stands at the start of the epoch that follows it."""
    if all(point.epoch is None for point in points):
        return [None] * len(points)
    return [point.epoch for point in points]


def aligned(points: Sequence[Point], schedule: Schedule, run: Run, origin: int) -> Logged:
    """The tick of each point: its step or epoch counted from `origin`, else its place in the log."""
    positions = _positions(points, schedule, run)
    known = all(position is not None for position in positions)
    ticks = [
        int(position) - origin if known and position is not None else place for place, position in enumerate(positions)
    ]
    return Logged(ticks, list(points))


def tolerance_of(values: Sequence[float]) -> float:
    """The relative tolerance for values that were printed: half a unit of the last digit that any of them shows."""
    distinct = set(values)
    digits = max(len(f"{value!r}".split("e")[0].replace(".", "").strip("-0")) for value in distinct)
    if len(distinct) >= 5 and 3 <= digits <= 6:
        return max(DEFAULT_TOLERANCE, 0.51 * 10.0 ** (1 - digits))
    return DEFAULT_TOLERANCE


def beside(
    schedule: Schedule, run: Run, ticks: Sequence[int], values: Sequence[Value]
) -> Iterator[tuple[int, float | None, Value]]:
    """Each tick, in order, with the schedule's rate there (None before its start and past its end) and the value."""
    source, position, rate = rates(schedule, run.lrs), 0, None
    for place in sorted(range(len(ticks)), key=ticks.__getitem__):
        tick = ticks[place]
        if position <= tick <= FARTHEST_TICK:
            try:
                rate = next(islice(source, tick - position, None), None)
            except (ArithmeticError, ValueError):
                rate = None
            position = tick + 1
        yield tick, rate if 0 <= tick <= FARTHEST_TICK else None, values[place]


def rates_at(schedule: Schedule, run: Run, ticks: Sequence[int]) -> list[float | None]:
    """The schedule's rates at `ticks`, which need no order; None before its start and past its end."""
    found: list[float | None] = [None] * len(ticks)
    for _, rate, place in beside(schedule, run, ticks, range(len(ticks))):
        found[place] = rate
    return found


def _compared(schedule: Schedule, run: Run, logged: Logged, limit: float) -> Verdict:
    expected = rates_at(schedule, run, logged.ticks)
    place = first_difference(expected, [point.rate for point in logged.points], limit)
    if place is None:
        return Verdict(logged, expected, None, None)
    point = logged.points[place]
    return Verdict(logged, expected, Difference(logged.ticks[place], expected[place], point.rate, point.line), None)


def first_difference(expected: Sequence[float | None], found: Sequence[float], limit: float) -> int | None:
    """The place of the first value of `found` that is not `expected`, within the relative `limit`."""
    floor = NEXT_TO_NOTHING * max((abs(value) for value in expected if value is not None), default=0.0)
    for place, (wanted, value) in enumerate(zip(expected, found, strict=True)):
        if wanted is None or not math.isclose(value, wanted, rel_tol=limit, abs_tol=floor):
            return place
    return None


def explain(schedule: Schedule, run: Run, logged: Logged, limit: float) -> Explanation:
    """The first explanation that makes the log follow, the likeliest mistakes first."""
    sample = thinned(logged)
    found = [point.rate for point in sample.points]
    nothing = NEXT_TO_NOTHING * max(map(abs, found))
    left = MOST_WALKED * FAST // max(FAST, run.warmed_up(schedule).cost)

    def fits(candidate: Schedule, candidate_run: Run, ticks: Sequence[int]) -> bool:
        nonlocal left
        if max(min(ticks), 0) > left:
            return False
        for tick, rate, value in beside(candidate, candidate_run, ticks, found):
            if tick > left or rate is None or not math.isclose(value, rate, rel_tol=limit, abs_tol=nothing):
                left -= min(max(tick, 0), left)
                return False
        return len(set(found)) > 1

    for attempt in (_shifted, _wrong_interval, _stepped_k_times, _no_warmup, _base_lr):
        for explanation in attempt(schedule, run, sample, fits):
            return explanation
    for explanation in _resumed(schedule, run, logged):
        return explanation
    return Explanation("unknown", "no single mistake that lrsched knows explains it")


def thinned(logged: Logged) -> Logged:
    """The first rows of a long log, and every n-th of the others: enough to tell explanations apart."""
    begun, rest = slice(0, MOST_COMPARED), slice(MOST_COMPARED, None, -(-len(logged.ticks) // MOST_COMPARED))
    return Logged(logged.ticks[begun] + logged.ticks[rest], logged.points[begun] + logged.points[rest])


Fits = Callable[[Schedule, Run, Sequence[int]], bool]


def _shifted(schedule: Schedule, run: Run, logged: Logged, fits: Fits) -> Iterator[Explanation]:
    composed = run.warmed_up(schedule)
    for shift in (1, -1, 2, -2):
        ticks = [tick + shift for tick in logged.ticks]
        late = [place for place, tick in enumerate(ticks) if tick < 0]
        if fits(composed, run, [max(tick, 0) for tick in ticks] if late else ticks):
            when = "early" if shift > 0 else "late"
            cause = (
                "scheduler.step() before optimizer.step(), or the next rate is logged"
                if shift > 0
                else "the rate is logged after the fact, or step() is first called a tick late"
            )
            yield Explanation("shifted", f"every rate is {abs(shift)} tick {when}: {cause}", {"shift": shift})


def _wrong_interval(schedule: Schedule, run: Run, logged: Logged, fits: Fits) -> Iterator[Explanation]:
    composed = run.warmed_up(schedule)
    for steps_per_epoch in sorted({run.steps_per_epoch or 1, *steps_in_an_epoch(logged.points)} - {1}):
        if run.interval != STEP:
            by_step = [point.step for point in logged.points]
            candidates = [
                [tick * steps_per_epoch for tick in logged.ticks],
                [tick * steps_per_epoch + steps_per_epoch - 1 for tick in logged.ticks],
            ]
            if all(step is not None for step in by_step):
                candidates += [[int(step or 0) - origin for step in by_step] for origin in (0, 1)]
            sentence = f"step() was called after every one of {steps_per_epoch} batches, not once an epoch"
        else:
            candidates = [[tick // steps_per_epoch for tick in logged.ticks]]
            sentence = f"step() was called once an epoch of {steps_per_epoch} batches, not after every batch"
        if any(fits(composed, run, ticks) for ticks in candidates):
            yield Explanation("wrong_interval", sentence, {"steps_per_epoch": steps_per_epoch})


def steps_in_an_epoch(points: Sequence[Point]) -> set[int]:
    """How many steps the log itself says that an epoch has."""
    starts: dict[int, float] = {}
    for point in points:
        if point.step is not None and point.epoch is not None:
            starts.setdefault(int(point.epoch), point.step)
    lengths = Counter(
        int(starts[epoch + 1] - starts[epoch])
        for epoch in starts
        if epoch + 1 in starts and starts[epoch + 1] > starts[epoch]
    )
    return {length for length, _ in lengths.most_common(MOST_EPOCH_LENGTHS)}


def _stepped_k_times(schedule: Schedule, run: Run, logged: Logged, fits: Fits) -> Iterator[Explanation]:
    composed = run.warmed_up(schedule)
    for k in range(2, MOST_STEPS_PER_TICK + 1):
        if fits(composed, run, [tick * k for tick in logged.ticks]):
            cause = f"step() is called {k} times a tick, as accelerate does with {k} processes"
            yield Explanation("stepped_k_times", cause, {"k": k})
    for k in range(2, MOST_STEPS_PER_TICK + 1):
        if fits(composed, run, [tick // k for tick in logged.ticks]):
            yield Explanation("stepped_k_times", f"step() is called once in {k} ticks", {"k": 1 / k})


def _no_warmup(schedule: Schedule, run: Run, logged: Logged, fits: Fits) -> Iterator[Explanation]:
    sentence = "the run has no warmup"
    for candidate, candidate_run in without_warmup(schedule, run):
        if fits(candidate, candidate_run, logged.ticks):
            yield Explanation("no_warmup", sentence)


def without_warmup(schedule: Schedule, run: Run) -> Iterator[tuple[Schedule, Run]]:
    """The schedule as it is when the warmup was forgotten, in the ways in which that happens."""
    if run.warmup:
        yield schedule, dataclasses.replace(run, warmup=0)
        return
    if isinstance(schedule, Sequential) and len(schedule.schedulers) > 1:
        first, *later = schedule.milestones
        yield (
            Sequential(schedulers=schedule.schedulers[1:], milestones=tuple(milestone - first for milestone in later)),
            run,
        )
    for name in schedule.params():
        if "warmup" in name and isinstance(getattr(schedule, name), int) and getattr(schedule, name) > 1:
            for none in (0, 1):
                try:
                    yield dataclasses.replace(schedule, **{name: none}), run
                except InputError:
                    continue


def _base_lr(schedule: Schedule, run: Run, logged: Logged, fits: Fits) -> Iterator[Explanation]:
    composed = run.warmed_up(schedule)
    expected = rates_at(composed, run, logged.ticks)
    pairs = [(wanted, point.rate) for wanted, point in zip(expected, logged.points, strict=True) if wanted]
    candidates = [
        run.lrs[0] * found / wanted for wanted, found in pairs[:1] + pairs[len(pairs) // 2 : len(pairs) // 2 + 1]
    ]
    for candidate in [*candidates, logged.points[0].rate, *_through(composed, run, logged)]:
        if candidate > 0 and math.isfinite(candidate):
            rounded = float(f"{candidate:.6g}")
            for base in (rounded, candidate):
                if base != run.lrs[0] and fits(composed, dataclasses.replace(run, lr=base), logged.ticks):
                    sentence = f"the base rate of the run was {significant(base)}, not {significant(run.lrs[0])}"
                    yield Explanation("base_lr", sentence, {"base_lr": base})


def _through(schedule: Schedule, run: Run, logged: Logged) -> Iterator[float]:
    """The base rate with which a schedule that is linear in it passes through the highest logged rate."""
    place = max(range(len(logged.points)), key=lambda place: logged.points[place].rate)
    tick = logged.ticks[place]
    low, high = (
        rates_at(schedule, dataclasses.replace(run, lr=base), [tick])[0] for base in (run.lrs[0], 2 * run.lrs[0])
    )
    if low is not None and high is not None and high != low:
        yield run.lrs[0] * (1 + (logged.points[place].rate - low) / (high - low))


def _resumed(schedule: Schedule, run: Run, logged: Logged) -> Iterator[Explanation]:
    composed = run.warmed_up(schedule)
    found = [point.rate for point in logged.points]
    place = first_difference(rates_at(composed, run, logged.ticks), found, DEFAULT_TOLERANCE)
    if place is None or place < 2:
        return
    start = logged.ticks[place]
    again = rates_at(composed, run, [tick - start for tick in logged.ticks[place:]])
    if len(set(found[place:])) > 1 and first_difference(again, found[place:], DEFAULT_TOLERANCE) is None:
        yield Explanation(
            "unknown", f"from row {start} on the schedule starts again from its beginning", {"restarted_at": start}
        )
