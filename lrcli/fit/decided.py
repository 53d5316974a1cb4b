"""What a log decides: a candidate is exact where the log leaves no other choice, and possible where it does."""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from lrcli.errors import InputError
from lrcli.fit.found import EXACT, NEARLY, POSSIBLE, Candidate, Found
from lrcli.fit.turns import beside_turns
from lrcli.record import Record, Tolerance, different, rates_at, tolerance_of
from lrcli.record.tolerance import FULL_PRECISION
from lrcli.run import Run
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH, STEP
from lrcli.schedules.more import StepRules

OFTEN = 3
"""Drops from which on they are taken to be regular."""

FAR_FETCHED = 4
"""Digits more than another candidate needs: nobody typed those."""

ENOUGH_BITS = 20
"""Different rates, all equal to the bit: no other formula gives them by chance, whatever it gives but for rounding."""

COMPARED = 500
"""Ticks at which two curves are compared."""

MOST_JUDGED = 5
"""Candidates; those behind them are possible at best."""

EVEN = 1e-6
"""Of the highest rate: a difference that is none."""

JUMP = 10.0
"""Times the change from row to row before: what moves so far at once is a drop."""

STILL = 3
"""Ticks after the end of a schedule from which on it is seen that nothing follows."""

UNSAID = (role.WARMUP, role.WARMUP_EPOCHS, role.VARIANT)
"""What a log must show although nothing is said of it."""

A_LITTLE = 1e-3
"""Relative change of a number that a log must show if it decides it."""


def judged(found: Sequence[Found], record: Record) -> list[Candidate]:
    """The candidates as they are shown: exact where the log leaves no other choice."""
    good = [one for one in found if one.exactness != NEARLY]
    if not good:
        return [Candidate(one.spec, one.exactness, one.error) for one in found]
    tolerance = tolerance_of(record)
    # Where something gives a log in full to the bit, what does not is not what was run.
    to_the_bit = tolerance.kind == FULL_PRECISION and any(one.exactness == EXACT and one.is_typed for one in good)
    doubted: list[Found] = []
    shown, simplest = [], math.inf
    for place, one in enumerate(good):
        # Where something simple is not decided, nothing stranger is.
        sure = place < MOST_JUDGED and one.roughness[1] < simplest and (one.exactness == EXACT or not to_the_bit)
        sure = sure and determined(one, good, record) and pinned(one, record, tolerance)
        sure = sure and not any(_is_another_name(one, other, record) for other in doubted)
        doubted += [] if sure else [one]
        shown.append(Candidate(one.spec, one.exactness if sure else POSSIBLE, one.error))
        simplest = simplest if sure else min(simplest, one.roughness[1])
    return sorted(shown, key=lambda candidate: candidate.exactness == POSSIBLE)


def settles(one: Found, record: Record) -> bool:
    """Whether other curves would give the log only by chance: it shows many rates, and the end if there is one."""
    values = record.values
    if len(set(values.tolist())) < ENOUGH_BITS or (one.exactness != EXACT and _shown_every(one) > 1):
        return False
    if one.schedule.fields(role.POINTS_AT):
        return False  # Lines between points are what any lines are.
    return is_over(one, record) if one.composed.ends else one.exactness == EXACT and bool(values[-1] != values[-2])


def determined(one: Found, others: Sequence[Found], record: Record) -> bool:
    """Whether all that give the log agree: between its rows, and up to the end of this schedule."""
    if len(record) < 4 or len(different(record.values)) < 3 or not _is_sure(one, record):
        return False
    ticks = _until_the_end(one, record, others)
    own = rates_at(one.composed, one.run.lrs, ticks)
    to_the_bit = one.exactness == EXACT and len(different(record.values)) >= ENOUGH_BITS
    for other in others:
        if {one.reading.axis, other.reading.axis} == {STEP, EPOCH}:
            return False  # Whether it counts epochs or steps is what the log does not say.
        if other is one or other.reading.axis != one.reading.axis:
            continue
        if to_the_bit and other.exactness != EXACT:
            continue
        if other.roughness[1] > one.roughness[1] + FAR_FETCHED or _is_regular(one, other, record):
            continue
        shift = 0 if other.reading.axis == "row" else int(other.reading.ticks[0] - one.reading.ticks[0])
        if shift and other.roughness[1] > one.roughness[1] + 1:
            continue  # Another convention, with stranger numbers.
        if _may_decay(other, record):
            return False
        # A warmup that is over before the first row is not believed in for that.
        is_stranger = other.roughness[0] > one.roughness[0] and other.roughness[1] > one.roughness[1]
        seen = ticks >= one.reading.ticks.min() if is_stranger else ticks >= 0
        if not _agree(rates_at(other.composed, other.run.lrs, ticks)[seen], own[seen]):
            return False
    return True


def _is_another_name(one: Found, other: Found, record: Record) -> bool:
    """Whether it is the curve of the other, read in the same way: then both are decided, or neither is."""
    if one.reading is not other.reading:
        return False
    ticks = _until_the_end(one, record, [other])
    return _agree(rates_at(other.composed, other.run.lrs, ticks), rates_at(one.composed, one.run.lrs, ticks))


def _until_the_end(one: Found, record: Record, others: Iterable[Found]) -> Any:
    """Ticks up to the last row, and where the schedule goes on, up to its end; all around the turns of any of them."""
    last = int(one.reading.ticks.max())
    last = last if is_over(one, record) else max(2 * last, one.composed.horizon or 0)
    return _ticks(0, last, beside_turns((one.composed, *(other.composed for other in others)), last))


def _agree(rates: Any, own: Any) -> bool:
    """Whether two curves are the same, but for what arithmetic in float32 makes of them."""
    import numpy as np

    peak = float(np.nanmax(np.abs(own))) if np.isfinite(own).any() else 0.0
    both = np.isfinite(rates) & np.isfinite(own)
    return bool((np.abs(rates - own)[both] <= np.maximum(1e-5 * np.abs(own[both]), 1e-7 * peak)).all())


def _is_sure(one: Found, record: Record) -> bool:
    """Whether a person may have typed its numbers, or they give the log to the bit; and the log shows its end."""
    if (one.run.steps_per_epoch or one.reading.length > 1) and not record.facts.steps_per_epoch:
        return False
    if _drops_by_epoch(one, record):
        return False
    is_seen = is_over(one, record)
    if not (_is_run_over(one, record) or _shows_all_drops(one, record)):
        return False
    if one.schedule.fields(role.PARTS) or one.run.warmup:
        # Where there were parts there may be more of them.
        return one.is_typed and is_seen and _shows_its_phases(one)
    if _may_decay(one, record) or (one.schedule.ends and not is_seen) or is_underway(one, record):
        return False
    if not _is_seen(one, record) or not (is_seen or _repeats_itself(one, record)):
        return False
    return one.is_typed or (one.exactness == EXACT and bool(one.schedule.fields(role.DROP_FACTOR)))


def _drops_by_epoch(one: Found, record: Record) -> bool:
    """Whether it drops at the beginnings of epochs whose steps the log has: those may be what it counts."""
    return (
        one.reading.axis == EPOCH
        and record.steps is not None
        and bool(one.schedule.fields(role.DROP_EVERY, role.DROPS_AT))
    )


def _shows_its_phases(one: Found) -> bool:
    """Whether each part, and a warmup before them, has two rows of its own, or one for each of its ticks."""
    turns = [one.run.warmup, *(one.run.warmup + tick for tick in one.schedule.value(role.TAKES_OVER_AT) or ())]
    phases = itertools.pairwise([0, *(tick for tick in turns if tick), int(one.reading.ticks.max()) + 1])
    ticks = one.reading.ticks
    return all(((start <= ticks) & (ticks < stop)).sum() >= min(2, stop - start) for start, stop in phases)


def _may_decay(one: Found, record: Record) -> bool:
    """Whether it may end with a decay that was not given: the log does not show the end, or it ends where the log does.

    A decay of None ticks is one that the schedule does not have, if the log shows its end.
    """
    if _is_run_over(one, record):
        return False
    decays = [value for part, value in one.schedule.items() if part.role is role.DECAY]
    if 0 in decays or (None in decays and not is_over(one, record)):
        return True
    # What grows by nothing after the end may have grown later.
    still = [value for part, value in one.schedule.items() if part.role is role.GROWTH]
    return 0 in still and int(one.reading.ticks.max()) < (one.composed.horizon or 0) + STILL


def is_over(one: Found, record: Record) -> bool:
    """Whether the log goes on to the end of the schedule: no row more would be shown before it."""
    if _is_run_over(one, record):
        return True
    last, horizon = int(one.reading.ticks.max()), one.composed.horizon
    if horizon is None or _ends_later(one):
        return False
    parts = [part for declared in one.schedule.fields(role.PARTS) for part in getattr(one.schedule, declared.name)]
    if (parts[-1] if parts else one.schedule).ends:
        return True
    # What has no length of its own is over where nothing moves any more.
    end = max(last, horizon) + 1
    rates = rates_at(one.composed, one.run.lrs, _ticks(end, 3 * end))
    return bool((rates == rates[0]).all())


def is_underway(one: Found, record: Record) -> bool:
    """Whether the log stops before the schedule is where it goes to, if it does not begin again and again."""
    return not one.schedule.fields(role.CYCLE) and not _is_run_over(one, record) and _ends_later(one)


def _ends_later(one: Found) -> bool:
    """Whether a row more would be shown before its end."""
    return (one.composed.horizon or 0) > int(one.reading.ticks.max()) + max(2, _shown_every(one))


def _is_run_over(one: Found, record: Record) -> bool:
    """Whether the log says how long the run is, and shows its end."""
    length = record.facts.max_steps
    return bool(length) and int(one.reading.ticks.max()) + max(1, _shown_every(one)) >= int(length or 0)


def _shown_every(one: Found) -> int:
    """The ticks from a row to the next."""
    import numpy as np

    ticks = one.reading.ticks
    return int(np.median(np.diff(ticks))) if len(ticks) > 1 else 1


def _ticks(first: int, last: int, turns: Iterable[int] = ()) -> Any:
    """Ticks at which curves are compared: these spread, and those at which something may happen for a few ticks."""
    import numpy as np

    spread = np.linspace(first, last, COMPARED).astype(np.int64)
    return different(np.concatenate([spread, np.array([*turns], dtype=np.int64)]))


def _shows_all_drops(one: Found, record: Record) -> bool:
    """Whether no drop can follow: the last move of the log is no jump, or drops come regularly."""
    import numpy as np

    moves = np.abs(np.diff(record.values))
    falls, moved = int((record.values[1:] < record.values[:-1]).sum()), np.flatnonzero(moves)
    if one.schedule.fields(role.DROP_EVERY) and falls >= OFTEN:
        return True
    last = int(moved[-1])
    return last > 0 and bool(moves[last] <= JUMP * moves[last - 1])


def _is_seen(one: Found, record: Record) -> bool:
    """Whether the end of the log is no beginning of something else: a rate that stays, a line, a list of drops."""
    import numpy as np

    values, warmup = record.values, one.composed.own_warmup or one.run.warmup
    if len(values) > 1 and values[-2] < values[-1] == values.max():
        return False  # It ends on its way up.
    if (one.reading.ticks < warmup).sum() < min(2, warmup):
        return False  # Where a line starts and where it ends needs two of its rows.
    highest, lengths = values.max(), np.diff(np.flatnonzero(np.append(np.insert(np.diff(values) != 0, 0, True), True)))
    if lengths[-1] > 1 and values[-1] >= highest * (1 - EVEN):
        return False
    end = values[-max(3, len(values) // 10) :]
    is_line = bool((np.abs(np.diff(end, 2)) <= EVEN * highest).all()) and end[0] != end[-1]
    floors = (role.FLOOR, role.FLOOR_OF_OPTIMIZER, role.FLOOR_SHARE, role.TARGET, role.RATES_AT)
    return not is_line or (
        end[-1] < end[0]
        and not any(value not in (declared.default, 0.0) for declared, value in one.schedule.all_given(*floors))
    )


def _repeats_itself(one: Found, record: Record) -> bool:
    """Whether what has no end goes on as the log shows: its cycle begins again, or no other ends what begins so."""
    import numpy as np

    if one.schedule.fields(role.CYCLE):
        moves = np.diff(record.values)
        rises = moves[moves != 0] > 0
        return bool((rises[1:] & ~rises[:-1]).any())
    return not _may_cool_down(one)


def _may_cool_down(one: Found) -> bool:
    """Whether a scheduler that has a decay at its end falls in the same way before."""
    last, warmup = int(one.reading.ticks.max()), one.schedule.own_warmup
    ticks = _ticks(warmup, max(last, warmup + 1))
    own = rates_at(one.composed, one.run.lrs, ticks)
    for cls in every().values():
        scales = cls.fields(role.TIMESCALE)
        if not (scales and cls.fields(role.DECAY)):
            continue
        fixed = {declared.name: warmup for declared in cls.fields(role.WARMUP)}
        fixed |= {declared.name: 4 * last for declared in cls.fields(role.LENGTH)}
        fixed |= {declared.name: 1 for declared in cls.fields(role.DECAY) if declared.required}
        choices = {scales[0].name: [one.schedule.value(role.TIMESCALE) or warmup or scales[0].default]}
        choices |= {declared.name: list(declared.choices) for declared in cls.fields(role.SHAPE)}
        for combination in itertools.product(*choices.values()):
            try:
                schedule = cls(**fixed, **dict(zip(choices, combination, strict=True)))
            except InputError:
                continue
            rates = rates_at(schedule, (1.0,), ticks)
            if rates[0] > 0 and _agree(rates * (own[0] / rates[0]), own):
                return True
    return False


def pinned(one: Found, record: Record, tolerance: Tolerance) -> bool:
    """Whether each of its values is the only one that gives the log, or changes nothing that the log does not show."""
    last = 2 * int(one.reading.ticks.max())
    ticks = _ticks(0, last, beside_turns([one.composed], max(last, (one.composed.horizon or 0) + 1)))
    own = rates_at(one.composed, one.run.lrs, ticks)
    for schedule, run in _neighbours(one):
        try:
            composed = run.warmed_up(schedule)
        except InputError:
            continue
        found = rates_at(composed, run.lrs, one.reading.ticks)
        if not tolerance.rounded(found, record.values).all():
            continue
        if not _agree(rates_at(composed, run.lrs, ticks), own):
            return False
    return True


def _neighbours(one: Found) -> Iterator[tuple[Schedule, Run]]:
    """The same with one of its values a little more or less."""
    for schedule in _schedules_beside(one.schedule):
        yield schedule, one.run
    for warmup in (one.run.warmup + 1, one.run.warmup - 1) if one.run.warmup else ():
        yield one.schedule, dataclasses.replace(one.run, warmup=warmup)


def _schedules_beside(schedule: Schedule) -> Iterator[Schedule]:
    """A schedule with one of its values, or one of those of its parts, a little more or less."""
    for declared, value in schedule.items():
        others: list[Any] = []
        if declared.role is role.PARTS:
            for place, part in enumerate(value):
                others += [(*value[:place], other, *value[place + 1 :]) for other in _schedules_beside(part)]
        elif declared.role and (value != declared.default or declared.role in UNSAID):
            others = _a_little_more_and_less(value)
        for other in others:
            with suppress(InputError, ArithmeticError):
                yield dataclasses.replace(schedule, **{declared.name: other})
    # A warmup may have been over before the first row, and the curve be the same behind it, or what follows shorter.
    for warmup, prefix in itertools.product(schedule.fields(role.WARMUP), schedule.fields(role.PREFIX)):
        if not getattr(schedule, warmup.name):
            yield dataclasses.replace(schedule, **{warmup.name: 1, prefix.name: False})
    for (warmup, up), (hold, held) in itertools.product(schedule.all_given(role.WARMUP), schedule.all_given(role.HOLD)):
        for shift in (1, -1):
            with suppress(InputError, ArithmeticError):
                yield dataclasses.replace(schedule, **{warmup.name: up + shift, hold.name: held - shift})


def _a_little_more_and_less(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * (1 + A_LITTLE), value * (1 - A_LITTLE)] if value else []
    if isinstance(value, tuple) and all(isinstance(item, int) for item in value):
        return [
            tuple(item + shift * (place == changed) for place, item in enumerate(value))
            for changed in range(len(value))
            for shift in (1, -1)
        ]
    if isinstance(value, StepRules):
        return [value.moved(place, shift) for place in range(len(value.steps)) for shift in (1, -1)]
    return []


def _is_regular(one: Found, other: Found, record: Record) -> bool:
    """Whether the log shows a period often enough to believe in it rather than in a list, or in a last cycle."""
    own, others = type(one.schedule), type(other.schedule)
    if own.fields(role.DROP_EVERY) and others.fields(role.DROPS_AT):
        return int((record.values[1:] < record.values[:-1]).sum()) >= OFTEN
    if own.fields(role.CYCLE) and others.fields(role.CYCLES):
        return int((record.values[1:] > 1.5 * record.values[:-1]).sum()) >= OFTEN - 1
    return False
