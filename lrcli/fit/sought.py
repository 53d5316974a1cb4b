"""Where the fields of a scheduler are looked for when all of them are sought at once, by their roles."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

from lrcli.fit.effort import Effort
from lrcli.fit.estimates import WHOLE_TYPES, estimates
from lrcli.fit.forms import BASE, Form, freed, scale_of
from lrcli.fit.guess import Guess
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.lengths import shares_of_length
from lrcli.fit.relaxed import START, WARMUP, Relaxed, Sought, Warmed
from lrcli.fit.solve import Solver
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import Param
from lrcli.schedules.role import Role

MOST_FORMS, MOST_COMBINED = 16, 100
"""Of one scheduler: forms with a curve of their own, and combinations of values, many of which change nothing."""

Place = Callable[[Landmarks, type[Schedule], Param], "Sought | None"]


def relaxed_guesses(
    cls: type[Schedule],
    level: int,
    marks: Landmarks,
    effort: Effort,
    hopeless: set[Any],
    warmed: bool = False,
) -> Iterator[Guess]:
    """The guesses at a scheduler with what `level` leaves free, behind a straight line up where it is `warmed`.

    `hopeless` takes up the forms that are not that of the log, under whatever convention.
    """
    choices = _choices(cls, level, marks)
    if choices is None:
        return
    seen: set[tuple[object, ...]] = set()
    for count, combination in enumerate(itertools.islice(itertools.product(*choices.values()), MOST_COMBINED)):
        key = cls.reference.name, level, count, warmed
        if key in hopeless:
            continue
        relaxed = _relaxed(cls, dict(zip(choices, combination, strict=True)), marks, effort, warmed)
        signature = (*relaxed.names, *relaxed.signature())
        if signature not in seen and len(seen) < MOST_FORMS:
            seen.add(signature)
            yield from relaxed.guesses()
            if relaxed.nearest > ANOTHER + 2 * marks.slope_up / marks.highest:
                hopeless.add(key)


def _choices(cls: type[Schedule], level: int, marks: Landmarks) -> dict[str, list[Any]] | None:
    """What each field may be: given values, or where it is sought; None for what has no smooth curve."""
    if not cls.has_closed_form() or marks.is_flat or cls.fields(*SHAPELESS):
        return None
    free = freed(cls, level, marks)
    if free is None:
        return None
    numbers = scale_of(cls, marks, None)[0] + free
    choices: dict[str, list[Any]] = {BASE: [SOUGHT]} if BASE in numbers else {}
    peaks = [one for one in cls.fields(role.PEAK) if not one.required]
    if peaks and marks.rises and cls.fields(role.WARMUP) and not cls.fields(*STARTS):
        choices[BASE] = [_start(marks, cls, peaks[0]) or 0.0]  # A warmup from the optimizer's own rate.
    for declared in cls.params().values():
        place = PLACES.get(declared.role) if declared.role and declared.annotation in NUMBERS else None
        there = place(marks, cls, declared) if place else None
        if declared.name in numbers and there is not None:
            choices[declared.name] = [there]
        elif declared.name in numbers:
            choices[declared.name] = [SOUGHT]
        elif declared.role is role.CYCLES and not marks.restarts:
            choices[declared.name] = [1, 2, 3, 4]  # The log may end before the first restart.
        elif there is None and declared.role is role.DECAY:
            choices[declared.name] = [1 if declared.required else declared.default]
        elif there is None:
            starts_at_nothing = declared.role in (role.START, role.START_SHARE) and marks.rises
            values = [0.0] if starts_at_nothing else estimates(declared, cls, marks)
            most = MOST_VALUES if declared.role is None or declared.role.unit is role.TICKS else MOST_CHOICES
            choices[declared.name] = [SOUGHT] if values is None else values[:most]
        elif declared.role is role.WARMUP and not marks.rises:
            choices[declared.name] = [int(declared.at_least or 0), there]
        elif declared.required or (declared.default is not None and declared.role in ALWAYS):
            choices[declared.name] = [there]
        else:
            choices[declared.name] = [declared.default, there]
    at_share = _of_length(cls, marks)
    if at_share is not None:
        share, _, row = at_share
        assert share.role is not None
        choices[share.name] = [*_likely_shares(row, share.role, marks), SOUGHT]
    holds = cls.fields(role.HOLD) if cls.fields(role.DECAY) else []
    for length in cls.fields(role.LENGTH) if holds else []:
        if not length.required and length.default is None:
            choices[length.name] = [None]
            choices |= {hold.name: choices[hold.name][-1:] for hold in holds}
    return choices


def _relaxed(cls: type[Schedule], values: dict[str, Any], marks: Landmarks, effort: Effort, warmed: bool) -> Relaxed:
    """A form with what is sought in it."""
    at_share = _of_length(cls, marks)
    if at_share is not None and values[at_share[0].name] is not SOUGHT:
        share, length, row = at_share
        values[length.name] = _lengths_by_share(row, values[share.name], marks)
    for cycles, length in itertools.product(cls.fields(role.CYCLES), cls.fields(role.LENGTH)):
        if not marks.restarts and not cls.fields(role.CYCLE_GROWTH) and values[cycles.name] > 1:
            low, _, first = _ramp_end(marks)
            first_end = low + (int(marks.ticks[-1]) - low) * values[cycles.name]
            values[length.name] = Sought(first + 1.2 * (first_end - first), first_end, math.inf, True)
    sought = {name: value for name, value in values.items() if isinstance(value, Sought)}
    fixed = {name: value for name, value in values.items() if name not in sought}
    scale = scale_of(cls, marks, None)[1]
    solver = Solver(Form(cls, fixed, tuple(sought), None, scale), marks, effort)
    for name, first, (low, high) in zip(sought, solver.guess, solver.bounds, strict=True):
        one = sought[name]
        meaning = None if name == BASE else cls.params()[name].role
        if one is SOUGHT:
            every = [other.start for key, other in sought.items() if _is(cls, key, role.DROP_EVERY)]
            if meaning is role.DROP_FACTOR and every:
                first = first ** every[0]
            one = Sought(first, low, high, usual=USUAL.get(meaning, ()) if meaning else ())
        sought[name] = one._replace(
            low=max(low, one.low),
            high=min(high, one.high),
            is_rate=meaning is None or meaning.scales_with_rate,
            is_peak=name == scale,
        )
    if warmed:
        up = _line_up(marks)
        for name, one in sought.items():
            if one.is_whole:  # It is counted from the end of the line.
                earlier = [max(one.low, start - up[WARMUP].start) for start in (one.start, *one.others)]
                low = max(min(one.low, 1), one.low - up[WARMUP].high)
                sought[name] = one._replace(start=earlier[0], others=earlier[1:], low=low)
        return Warmed(solver, sought | up, marks)
    return Relaxed(solver, sought, marks)


def _is(cls: type[Schedule], name: str, meaning: Role) -> bool:
    return name != BASE and cls.params()[name].role is meaning


STARTS = (role.START, role.START_SHARE, role.START_DIVISOR)

SHAPELESS = (role.PARTS, role.EXPRESSION, role.DROPS_AT, role.POINTS_AT, role.JUDGEMENT)

MOST_VALUES, MOST_CHOICES = 3, 8
"""Ticks and other values of a field that is not sought."""

ANOTHER = 2e-2
"""Of the highest rate: an error that another convention does not make good."""

SPANS = (100, 1000, 10000)
"""Ticks in which a decay without an end sets in."""

SHORTEST_WARMUP = 2
"""Of those that a log does not show."""

NOTHING = 1e-7
"""Of the highest rate: a rate at tick 0 that is none."""

FAR = 0.3

USUAL = {
    role.WAVES: (0.5, 1.0, 1.5, 2.0, 3.0, 0.25, 0.45, 0.4),
    role.POWER: (1.0, 2.0, 0.5, 0.9, 3.0),
    role.FLOOR_SHARE: (0.0, 1.0, 0.1, 0.01, 0.05, 0.2, 0.001, 0.5, 0.02, 0.3),
    role.START_SHARE: (0.0, 0.1, 0.01, 1 / 3, 0.001, 0.5, 0.2),
    role.FLOOR_DIVISOR: (1e4, 1e5, 1000.0, 100.0, 10.0),
    role.START_DIVISOR: (25.0, 10.0, 100.0),
    role.DROP_FACTOR: (0.1, 0.5, 0.9, 0.95, 0.96, 0.2, 0.3, 0.99),
    role.GROWTH: (1.0, 0.5, 0.1, 0.01, 2.0),
    role.PEAK_AT: (0.3, 0.1, 0.25, 0.2, 0.4, 0.05, 0.5),
    role.FLAT_UNTIL: (0.75, 0.5, 0.6, 0.72, 0.9, 0.8, 0.7),
}
"""Values that people type, by role."""

SOUGHT = Sought(math.nan, -math.inf, math.inf)
"""A real number, from where `Solver` starts."""

NUMBERS = (*WHOLE_TYPES, float, float | None)
ALWAYS = (
    role.LENGTH,
    role.EPOCHS,
    role.WARMUP,
    role.HOLD,
    role.DECAY,
    role.CYCLE,
    role.START_DIVISOR,
)


def _line_up(marks: Landmarks) -> dict[str, Sought]:
    """The length and the first share of a straight line up."""
    first = int(marks.ticks[0])
    if not marks.rises:
        return {
            WARMUP: Sought(max(first / 2, SHORTEST_WARMUP), SHORTEST_WARMUP, first, True),
            START: Sought(1 / 3, 1 / 3, 1 / 3),
        }
    low, high, at = _ramp_end(marks)
    slope = marks.slope_up
    share = min(0.99, max(1e-3, (float(marks.values[0]) - slope * first) / marks.highest))
    return {
        WARMUP: Sought(at, low, high, True),
        START: Sought(share, 1e-9, 1.0, usual=(1 / 3, 0.1, 0.01, 0.001, 0.5, 0.2)),
    }


def _ramp_end(marks: Landmarks) -> tuple[float, float, float]:
    """Where the rise ends: after the first tick, up to the last, and where its line reaches the highest rate."""
    if not marks.rises:
        return 0.0, 0.0, 0.0
    low, high = int(marks.ticks[marks.peak - 1]), int(marks.ticks[min(marks.peak + 1, len(marks.ticks) - 1)])
    if marks.held_until > marks.peak:
        high = int(marks.ticks[marks.peak])
    tick = marks.line_reaches_highest
    at = tick if low < tick <= high else (low + high) / 2
    return low + 1e-6, high, at


def _warmup(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    first = int(marks.ticks[0])
    if not marks.rises:
        return Sought(first / 2, 0, first, True) if first > 0 and not marks.is_beheaded else None
    low, high, at = _ramp_end(marks)
    return Sought(at, low, high, True)


def _length(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    last = int(marks.ticks[-1])
    ends: list[float] = [*marks.lengths, last + 1]
    row = marks.bottom
    if marks.restarts:
        ends = [*_ends_of_cycles(marks, bool(cls.fields(role.CYCLE_GROWTH))), *ends]
    elif row > marks.held_until + 1 and row < len(marks.ticks) - 2:
        ends.insert(0, int(marks.ticks[row]))
    if row > marks.held_until:
        fall = float(marks.values[marks.held_until] - marks.values[row])
        ticks = int(marks.ticks[row] - marks.ticks[marks.held_until])
        if fall > 0:
            ends.append(int(marks.ticks[row] + ticks * float(marks.values[row]) / fall))
    ends = [ends[0], *(end for end in ends[1:] if abs(end - ends[0]) > FAR * ends[0])][:2]
    if marks.ends_between_rows:
        ends.append((last + int(marks.ticks[-2])) // 2)
    if declared.role is role.EPOCHS and not cls.fields(role.PER_EPOCH):
        return None
    return Sought(ends[0], 1, math.inf, True, ends[1:])


def _ends_of_cycles(marks: Landmarks, of_one: bool) -> list[float]:
    """The length of all cycles together, or that of one, counted from the end of the warmup or with it."""
    first = _ramp_end(marks)[2] if marks.rises else 0.0
    gaps = [marks.before(row) for row in marks.restarts]
    if of_one:
        end = (gaps[0].after + gaps[0].upto) / 2
        return [end - first, end] if first else [end]
    shares = [(len(gaps) + 1) / (place + 1) for place in range(len(gaps))]
    low = max(first + (gap.after - first) * share for gap, share in zip(gaps, shares, strict=True))
    high = min(first + (gap.upto - first) * share for gap, share in zip(gaps, shares, strict=True))
    return [(low + high) / 2]


def _hold(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    row, last = marks.held_until, len(marks.ticks) - 1
    before, after = int(marks.ticks[row]), int(marks.ticks[min(row + 1, last)])
    ramp = _ramp_end(marks)
    return Sought(max(0.0, (before + after) / 2 - ramp[2]), max(0.0, before - ramp[1]), after - ramp[0], True)


def _decay(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    rows = [marks.held_until, *marks.breaks[-1:]]
    ends = [*marks.lengths[:1], int(marks.ticks[marks.bottom]), int(marks.ticks[-1]) + 1]
    found = [end - int(marks.ticks[row]) for row in rows for end in ends]
    found = [one for one in dict.fromkeys(found) if one > 0][:2]
    return Sought(found[0], 1, math.inf, True, found[1:]) if found else None


def _cycle(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    if marks.rises and cls.fields(role.PEAK):
        return _warmup(marks, cls, declared)
    if marks.restarts:
        gap = marks.before(marks.restarts[0])
        # Where all cycles have the same length, the next begins behind the last row.
        least = int(marks.ticks[-1]) / (len(marks.restarts) + 1) + 0.5
        middle = (gap.after + gap.upto) / 2
        return Sought(max(middle, least) if least <= gap.upto else middle, gap.after + 1e-6, gap.upto, True)
    return _length(marks, cls, declared)


def _cycle_fall(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    low, peak = int(marks.ticks[marks.bottom]), int(marks.ticks[marks.peak])
    return Sought(low - peak, 1, math.inf, True) if low - peak > 1 else None


def _of_length(cls: type[Schedule], marks: Landmarks) -> tuple[Param, Param, int] | None:
    """The field that says at which share of the length something happens, that of the length, and the row."""
    for share, row in shares_of_length(cls, marks):
        for length in cls.fields(role.LENGTH, role.EPOCHS):
            return share, length, row
    return None


def _lengths_by_share(row: int, share: float, marks: Landmarks) -> Sought:
    low, high = int(marks.ticks[row - 1]) / share, (int(marks.ticks[row + 1]) + 1) / share
    said = [length for length in (*marks.lengths, int(marks.ticks[-1]) + 1) if low < length < high]
    return Sought([*said, int(marks.ticks[row]) / share][0], low, high, True)


def _likely_shares(row: int, meaning: Role, marks: Landmarks) -> list[float]:
    """The shares that people type, those first of which the length is that of the log."""
    last = [*marks.lengths, int(marks.ticks[-1]) + 1][0]
    lengths = {share: _lengths_by_share(row, share, marks) for share in USUAL[meaning]}
    possible = [share for share, one in lengths.items() if one.high >= 0.7 * last]
    return sorted(possible, key=lambda share: abs(math.log(lengths[share].start / last)))[:MOST_VALUES]


def _start_divisor(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    if not marks.rises or not marks.values[0] > 0:
        return None
    return Sought(float(declared.default or 25.0), 1e-3, 1e9, False, (10.0, 100.0))


def _start(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    """The rate that the line through the rows of the rise has at tick 0; none where that is nothing."""
    if not marks.rises:
        return None
    first = (float(marks.values[0]) - marks.slope_up * int(marks.ticks[0])) / marks.highest
    if marks.peak > 1 and abs(first) < NOTHING:
        return None
    first = first if first > 0 else float(marks.values[0]) / marks.highest
    return Sought(first * (1.0 if declared.role is role.START_SHARE else marks.highest), 0.0, math.inf)


def _drop_every(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    if marks.moves_in_steps or not cls.fields(role.VARIANT):
        return None
    return Sought(max(1, int(marks.ticks[-1]) // 4), 1, math.inf, True)


def _timescale(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    if cls.fields(role.GROWTH) and not (declared.required and cls.fields(role.VARIANT)):
        return None
    first, *others = SPANS if cls.fields(role.GROWTH) else (max(marks.first_at_peak, 10), *SPANS)
    return Sought(first, 1, math.inf, declared.annotation in WHOLE_TYPES, others, usual=(1, *SPANS))


PLACES: dict[Role, Place] = {
    role.WARMUP: _warmup,
    role.LENGTH: _length,
    role.EPOCHS: _length,
    role.HOLD: _hold,
    role.DECAY: _decay,
    role.CYCLE: _cycle,
    role.CYCLE_FALL: _cycle_fall,
    role.START_DIVISOR: _start_divisor,
    role.TIMESCALE: _timescale,
    role.START: _start,
    role.START_SHARE: _start,
    role.DROP_EVERY: _drop_every,
}
