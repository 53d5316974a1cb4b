"""What `fit` knows of a log that does not follow: the same scheduler with whatever values, or another one."""

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Param
from lrcli.verify.case import Case
from lrcli.verify.changes import Change, Changed, bounds, explained_by, of_other_schedule, words_of
from lrcli.verify.others import CLOSE, ROWS_PER_DIGIT, one_value
from lrcli.verify.slots import RUN_FIELDS, all_slots, applied, is_broken, is_counted, slots
from lrcli.verify.verdict import Explanation

if TYPE_CHECKING:
    from lrcli.fit import Found

UNEXPLAINED = "no single mistake that lrsched knows explains it"


def same_scheduler(case: Case) -> Iterator[Explanation]:
    """The same scheduler with several values that are not those that were meant."""
    if case.moves:
        yield from _with_other_values(case, case.alike)


def other_schedule(case: Case) -> Iterator[Explanation]:
    """Another scheduler that gives the whole log."""
    if not case.moves:
        return
    yield from _with_other_values(case, case.known)
    for one in _believed(case, case.known):
        parts = one.schedule.value(role.PARTS) or (None,)
        if one.is_typed:
            yield from _taken_over(case, one)
        # What begins as it was meant is a change on the way.
        if one.is_typed and parts[0] != case.schedule and not _turns_there(case, one):
            yield of_other_schedule(one.spec)


def _taken_over(case: Case, found: "Found") -> Iterator[Explanation]:
    """What was meant, or the same rates, and another schedule from a tick on: a sequence in which it comes first."""
    parts = [part for part in _parts(found.composed) if part.value(role.PARTS) is None]
    own = [part for part in _parts(case.composed) if part.value(role.PARTS) is None]
    turns: tuple[int, ...] = found.composed.value(role.TAKES_OVER_AT) or ()
    is_first = parts[: len(own)] == own or _turns_there(case, found)
    if len(parts) != len(own) + 1 or not is_first or len(turns) != len(own):
        return
    at, spec = turns[-1], spec_of(parts[-1], Run(lr=found.run.lr, interval=found.run.interval))
    yield of_other_schedule(spec, at, begun=at)


def _turns_there(case: Case, found: "Found") -> bool:
    """Whether the last part of a sequence begins where the log leaves the schedule that was meant."""
    turns = found.composed.value(role.TAKES_OVER_AT)
    return bool(turns and case.place and case.ticks[case.place - 1] < turns[-1] <= case.ticks[case.place])


def _with_other_values(case: Case, known: "Iterable[Found]") -> Iterator[Explanation]:
    for one in _believed(case, known):
        alone = Run(lr=one.run.lr, interval=one.run.interval)
        for schedule, run in ((one.schedule, one.run), (one.composed, alone)):
            if _is_alike(schedule, case.schedule):
                schedule, run = _nearest_to_meant(case, _as_it_was_meant(case, schedule, run), run)
                changes = _differences(case, schedule, run)
                if changes:
                    yield _or_others(case, (schedule, run, changes))


def _believed(case: Case, known: "Iterable[Found]") -> "Iterator[Found]":
    """What gives the whole log, which has rows enough for all that it says."""
    from lrcli.fit import follows
    from lrcli.fit.found import NEARLY

    for one in known:
        # The rate that was meant need not be told by the log.
        digits = one.roughness[1] - (one.run.lrs == case.run.lrs)
        enough = len(case.values) >= ROWS_PER_DIGIT * digits
        if one.exactness == NEARLY or not enough or any(map(is_broken, slots(one.schedule))):
            continue
        if follows(one.spec, case.record):
            yield one


def _or_others(case: Case, changed: Changed) -> Explanation:
    """The explanation; where the log does not decide, since it ends too early, with others that give it, too."""
    schedule, run, changes = changed
    explanation = explained_by(case, changed)
    meant = {change.option: change.meant for change in changes}
    counted = [slot for slot in all_slots(schedule, run) if is_counted(slot) and isinstance(slot.value, int)]
    case.begin()
    for slot in counted if len(changes) > 1 else ():
        others = {other.declared.option for other in counted if other.declared.role is role.LENGTH} | {*meant}
        for value in (meant.get(slot.declared.option), 2 * slot.value):
            if slot.declared.option not in meant or value is None:
                continue
            with suppress(InputError, ArithmeticError, ValueError):
                for other in one_value(
                    case.holding(*applied(schedule, run, slot, value)), 0, others - {slot.declared.option}
                ):
                    also = other[0], other[1], _differences(case, *other[:2])
                    words = words_of(also[2], bounds(case, also))
                    sentence = f"{explanation.sentence}; or {words}: the log does not decide"
                    return dataclasses.replace(explanation, sentence=sentence)
    return explanation


def _as_it_was_meant(case: Case, schedule: Schedule, run: Run) -> Schedule:
    """The same rates said with the fields that were given: `fit` may have said a length in others."""
    case.begin()
    given = [(declared, value) for declared, value in case.schedule.items() if value is not None]
    unasked = {one.name: None for one, value in schedule.items() if value is not None and one not in dict(given)}
    for declared, value in given if unasked else ():
        if dict(schedule.items())[declared] is not None:
            continue
        with suppress(InputError, ArithmeticError, ValueError):
            other = dataclasses.replace(schedule, **unasked, **{declared.name: value})
            if case.fits(other, run, case.ticks):
                return other
            for found, _, _ in one_value(case.holding(other, run), 0, {declared.option}):
                return found
    return schedule


def _nearest_to_meant(case: Case, schedule: Schedule, run: Run) -> tuple[Schedule, Run]:
    """The same rates with fewer values changed, where the log, which may end early, leaves such a choice."""
    case.begin()
    meant = {(slot.path, slot.declared.name): slot.value for slot in all_slots(case.schedule, case.run)}
    together = Counter((_alone(change.meant), _alone(change.found)) for change in _differences(case, schedule, run))
    for slot in all_slots(schedule, run):
        key = slot.path, slot.declared.name
        if key not in meant or meant[key] is None or _same(meant[key], slot.value):
            continue
        if together[_alone(meant[key]), _alone(slot.value)] > 1:
            continue  # A warmup's length and the milestone at its end are one number.
        with suppress(InputError, ArithmeticError, ValueError):
            fewer = applied(schedule, run, slot, meant[key])
            if case.fits(*fewer, case.ticks):
                return _nearest_to_meant(case, *fewer)
            others = {change.option for change in _differences(case, *fewer)}
            for nearer, its_run, _ in one_value(case.holding(*fewer), 0, others):
                return _nearest_to_meant(case, nearer, its_run)
    return schedule, run


def _alone(value: Any) -> Any:
    """The only one of a list."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _parts(schedule: Schedule) -> Iterator[Schedule]:
    """A schedule, and those that it is made of."""
    yield schedule
    for declared, value in schedule.items():
        if declared.kind is SPEC:
            yield from itertools.chain.from_iterable(map(_parts, value))


def _is_alike(one: Schedule, other: Schedule) -> bool:
    """Whether both are the same scheduler, made of the same parts."""
    return [*map(type, _parts(one))] == [*map(type, _parts(other))]


def _items(schedule: Schedule) -> list[tuple[Param, Any]]:
    """The values of a schedule and of its parts."""
    return [item for part in _parts(schedule) for item in part.items() if item[0].kind is not SPEC]


def _differences(case: Case, schedule: Schedule, run: Run) -> list[Change]:
    """The options in which another instance of the same scheduler, in its run, is another."""
    pairs = [*zip(_items(case.schedule), _items(schedule), strict=True)]
    pairs += [pair for pair in zip(case.run.items(), run.items(), strict=True) if pair[0][0].name in RUN_FIELDS]
    return [Change(declared.option, meant, found) for (declared, meant), (_, found) in pairs if not _same(meant, found)]


def _same(meant: Any, found: Any) -> bool:
    if isinstance(meant, float) and isinstance(found, float):
        return math.isclose(meant, found, rel_tol=CLOSE)
    return bool(meant == found)


def nearest(case: Case) -> Iterator[Explanation]:
    """No explanation, but what comes nearest."""
    from lrcli.fit.found import NEARLY

    near = [one for one in case.known if one.exactness == NEARLY] if case.moves else []
    if near:
        best = min(near, key=lambda one: one.error)
        sentence = f"{UNEXPLAINED}; what comes nearest, within {best.error:.2g}, is {best.spec}"
        yield Explanation("unknown", sentence, {"nearest": best.spec})
