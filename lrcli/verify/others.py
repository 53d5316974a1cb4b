"""The same scheduler with other hyperparameters, or another scheduler."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from lrcli.errors import InputError
from lrcli.fit.estimates import WHOLE_TYPES, estimates
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.numbers import bounds_of, crossings, typed
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import PerGroup
from lrcli.verify.case import Case
from lrcli.verify.changes import FEW_SKIPPED, Change, Changed, early_or_late, explained_by, is_plain, lateness
from lrcli.verify.slots import Slot, all_slots, applied, at_the_first_turn, is_broken, is_counted
from lrcli.verify.verdict import Explanation

MOST_LENGTHS = 24
NEAR = 0.05
"""Relative, to a number that a person may have typed: logs of few digits leave so much open; all rows decide."""

LEAST = 1e-3
"""Relative, of two numbers that people type one for the other."""

CLOSE = 1e-10
"""Relative, of two numbers between which nobody would have typed a third."""

ROWS_PER_DIGIT = 3
"""Rows that are needed to believe in a schedule that takes so many digits to write."""


def other_value(case: Case) -> Iterator[Explanation]:
    """The same scheduler with one hyperparameter that is not the one that was meant."""
    yield from _plainly(case, one_value)


def other_values(case: Case) -> Iterator[Explanation]:
    """The same scheduler with two hyperparameters that are not those that were meant."""
    yield from _plainly(case, two_values)


def strange_values(case: Case) -> Iterator[Explanation]:
    """The same scheduler with numbers that nobody types: what else explains the log is likelier."""
    for changed in case.rough:
        yield explained_by(case, changed)


def more_drops(case: Case) -> Iterator[Explanation]:
    """The same scheduler with more or fewer drops than were meant."""
    for changed in case.rough:
        if all(is_plain(change.found) for change in changed[2]):
            yield explained_by(case, changed)


def _plainly(case: Case, solve: "Callable[[Case, int], Iterator[Changed]]") -> Iterator[Explanation]:
    """What needs no strange numbers; the rest is kept for later."""
    if not case.moves:
        return
    for changed in solve(case, 0):
        if all(_is_likely(case, change) for change in changed[2]):
            yield _or_late(case, changed)
        case.rough.append(changed)


def _or_late(case: Case, changed: Changed) -> Explanation:
    """The explanation, with the lateness from a tick on that would give the same log, of drops or of an end.

    Where a log shows few digits, a tick or two that were skipped look like a longer schedule.
    """
    explanation = explained_by(case, changed)
    late = [lateness(change) for change in changed[2]]
    for lag in dict.fromkeys((late[0], *range(1, FEW_SKIPPED + 1))) if len(late) == 1 and late[0] else ():
        if case.gives(case.schedule, case.run, case.ticks - lag, case.place):
            since = f"from tick {int(case.ticks[case.place])} on"
            return dataclasses.replace(
                explanation, sentence=f"{explanation.sentence}; or {since} {early_or_late(-lag)}"
            )
    return explanation


def _is_likely(case: Case, change: Change) -> bool:
    """Whether somebody may have typed the value, and nothing else looks like it: a drop more, as after a resume, or
    another length than the one that the log itself says, or several drops a tick late, as with skipped steps.
    """
    if isinstance(change.found, tuple):
        moved = {*change.found} - {*(change.meant or ())}
        if len(change.found) != len(change.meant or ()) or (len(moved) > 1 and 0 < lateness(change) <= FEW_SKIPPED):
            return False
    if change.meant is None:
        return False  # Another option says it.
    return is_plain(change.found) and (isinstance(change.meant, float) or change.meant not in _lengths(case))


def _landmarks(case: Case, start: int) -> Landmarks | None:
    """Those of the rows from `start` on; None where there are too few to tell one value from another."""
    if len(case.values) - start < 4:
        return None
    marks = Landmarks.of(case.ticks[start:], case.values[start:], case.tolerance, _lengths(case))
    return None if marks.is_flat else marks


def one_value(case: Case, start: int, options: Container[str] | None = None) -> Iterator[Changed]:
    """What gives the rows from `start` on with one value changed, that of one of the options if they are named."""
    marks = _landmarks(case, start)
    for slot in _open(case, start) if marks else ():
        assert marks is not None
        if options is not None and slot.declared.option not in options:
            continue
        found = _best(case, start, [slot], _one(case, case.schedule, case.run, slot, marks, start, True))
        if found:
            yield found


def two_values(case: Case, start: int) -> Iterator[Changed]:
    """What gives the rows from `start` on with two values changed."""
    marks = _landmarks(case, start)
    for fixed, solved in _pairs(_open(case, start)) if marks else ():
        assert marks is not None
        for value in itertools.islice(_listed(fixed, marks), MOST_LENGTHS):
            if case.is_spent:
                return
            if value == fixed.value:
                continue
            try:
                schedule, run = applied(case.schedule, case.run, fixed, value)
            except InputError:
                continue
            found = _best(case, start, [fixed, solved], _one(case, schedule, run, solved, marks, start), value)
            if found:
                yield found


def _open(case: Case, start: int) -> list[Slot]:
    """The values that the rows which follow, if they are among those that are to be explained, leave open."""
    every = [*at_the_first_turn(case.schedule), *all_slots(case.schedule, case.run)]
    if start or not case.follows_much:
        return every
    return [slot for slot in every if not _is_told(case, slot)]


def _is_told(case: Case, slot: Slot) -> bool:
    """Whether the rows that follow would not with the next value up or down."""
    value = slot.value
    if not isinstance(value, int | float) or isinstance(value, bool) or not value:
        return False
    least = 1 if isinstance(value, int) else LEAST * value
    for near in (value + least, value - least):
        with suppress(InputError, ArithmeticError, ValueError):
            if case.gives(*applied(case.schedule, case.run, slot, near), case.ticks, 0, case.place):
                return False
    return True


def _pairs(every: list[Slot]) -> Iterator[tuple[Slot, Slot]]:
    """Two values: the first is taken from a list, the second is solved for."""
    for fixed, solved in itertools.permutations(every, 2):
        if solved.declared.annotation in (*WHOLE_TYPES, float, PerGroup, float | None):
            yield fixed, solved


def _lengths(case: Case) -> list[int]:
    return [length for length in (case.record.facts.max_steps,) if length]


def _best(
    case: Case, start: int, changed: list[Slot], candidates: Iterator[tuple[Schedule, Run, Any]], first: Any = None
) -> Changed | None:
    """The first candidate that gives the rows."""
    for schedule, run, value in candidates:
        if case.gives(schedule, run, case.ticks, start):
            values = [value] if len(changed) == 1 else [first, value]
            changes = [
                Change(declared.option, meant, found)
                for slot, one in zip(changed, values, strict=True)
                for declared, meant, found in slot.found(one)
            ]
            return (schedule, run, changes) if changes else None
    return None


def _one(
    case: Case, schedule: Schedule, run: Run, slot: Slot, marks: Landmarks, start: int, thoroughly: bool = False
) -> Iterator[tuple[Schedule, Run, Any]]:
    """Both with each value of one slot that is worth trying."""

    def made(value: Any) -> tuple[Schedule, Run] | None:
        try:
            return applied(schedule, run, slot, value)
        except (InputError, ArithmeticError, ValueError):
            return None

    values: Iterator[Any] = itertools.chain(_listed(slot, marks), _solved(case, slot, marks, made, start, thoroughly))
    tried = set()
    for value in values:
        if value in tried or value == slot.value or is_broken(slot._replace(value=value)):
            continue
        tried.add(value)
        pair = made(value)
        if pair is not None:
            yield *pair, value


def _listed(slot: Slot, marks: Landmarks) -> Iterator[Any]:
    """Values that the landmarks of the log suggest."""
    declared = slot.declared
    if declared.choices:
        yield from declared.choices
    elif declared.annotation is bool:
        yield from (True, False)
    elif declared.annotation == tuple[int, ...]:
        rows = [row for row in marks.steps if row > marks.peak] if marks.moves_in_steps else []
        if rows:
            for shift in (0, 1):
                yield tuple(int(marks.ticks[row]) + shift for row in rows)
        elif slot.value and declared.role is role.TAKES_OVER_AT:
            for row in (marks.peak, marks.held_until):
                for shift in (0, 1):
                    yield (int(marks.ticks[row]) + shift, *slot.value[1:])
    elif declared.role and declared.role in (role.WARMUP, role.DROP_EVERY, role.CYCLE, role.CYCLES, role.HOLD):
        yield from (estimates(declared, slot.owner, marks) or [])[:MOST_LENGTHS]
    elif declared.annotation in WHOLE_TYPES:
        yield from marks.lengths
    if declared.default is not None and not declared.required and not isinstance(declared.default, tuple):
        yield declared.default


def _solved(
    case: Case,
    slot: Slot,
    marks: Landmarks,
    made: Callable[[Any], tuple[Schedule, Run] | None],
    start: int,
    thoroughly: bool,
) -> Iterator[Any]:
    """Values with which the schedule passes through a row that it does not pass through as it is."""
    import numpy as np

    kinds = slot.declared.annotation
    whole = kinds in WHOLE_TYPES or is_counted(slot)
    if not whole and (kinds not in (float, float | None, PerGroup, PerGroup | None) or isinstance(slot.value, tuple)):
        return
    current = made(slot.value)
    if current is None:
        return
    expected = case.rates(*current, case.ticks[start:])
    gaps = np.abs(expected - case.values[start:])
    gaps[~np.isfinite(gaps)] = -1.0
    row = start + int(gaps.argmax())
    if gaps.max() <= 0:
        return
    last = len(case.values) - 1
    rows = dict.fromkeys([row, max(case.place, start), (row + case.place) // 2, last] if thoroughly else [row])
    ticks = np.unique(case.ticks[[*rows]])

    @cache
    def rates_of(value: Any) -> list[float]:
        pair = made(value)
        return case.few(*pair, ticks) if pair else [math.nan] * len(ticks)

    for place in rows:
        at, wanted = int(np.searchsorted(ticks, case.ticks[place])), float(case.values[place])

        def residual(value: Any, at: int = at, wanted: float = wanted) -> float:
            return rates_of(value)[at] - wanted

        if whole:
            near = float(case.tolerance.relative * abs(wanted) + case.tolerance.absolute)
            yield from _whole(slot, residual, near, int(marks.ticks[-1]), thoroughly)
        else:
            yield from _number(slot, residual, marks)


def _whole(slot: Slot, residual: Callable[[Any], float], near: float, last: int, thoroughly: bool) -> Iterator[int]:
    """Where the residual changes its sign, and the least from which on it is none: a longer plateau is no news."""
    least = max(0, int(slot.declared.at_least or 0))
    grid, tick, step = [least], 1.0, 1.15 if thoroughly else 1.5
    while tick < 60 * (last + 1):
        grid.append(max(least, int(tick)))
        tick = max(tick * step, tick + 1)
    if isinstance(slot.value, int) and slot.value > 0:
        grid += [slot.value, 2 * slot.value]
    missing = {value: residual(value) for value in sorted(set(grid))}
    for found in itertools.islice(
        crossings(lambda value: missing[value] if value in missing else residual(value), [*missing]), 8
    ):
        yield from (found, found + 1, found - 1)
    if not all(abs(missing[value]) <= near for value in [*missing][-3:]):
        return
    low, high = least, max(missing)
    for value in missing:
        if abs(missing[value]) > near:
            low = value
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if abs(residual(middle)) <= near else (middle, high)
    yield high


def _number(slot: Slot, residual: Callable[[Any], float], marks: Landmarks) -> Iterator[float]:
    """Where the residual is zero, between values on both sides of it."""
    low, high = bounds_of(slot.declared)
    size = abs(slot.value) if isinstance(slot.value, float | int) and slot.value else marks.highest
    grid = sorted(
        {
            0.0,
            *(size * 10.0 ** ((step - 18) / 6) for step in range(37)),
            *(1 - 10 ** (-step / 3) for step in range(1, 12)),
            *(10.0**-step for step in range(3, 13)),
        }
    )
    grid = [value for value in grid if max(low, 0.0) <= value <= high]
    found = [(value, residual(value)) for value in grid]
    for (left, below), (right, above) in itertools.pairwise(found):
        if math.isnan(below) or math.isnan(above) or (below > 0) == (above > 0):
            continue
        for _ in range(80):
            middle = (left + right) / 2
            if middle in (left, right) or right - left <= CLOSE * right:
                break
            value = residual(middle)
            if math.isnan(value):
                break
            if value == 0:
                left = right = middle
                break
            if (value > 0) == (below > 0):
                left = middle
            else:
                right = middle
        yield from typed((left + right) / 2, NEAR)
