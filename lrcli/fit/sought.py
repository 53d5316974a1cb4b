"""Where the fields of a scheduler are looked for when all of them are sought at once, by their roles."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from lrcli.errors import InputError
from lrcli.fit.behind import SHIFT, WARMUP, Shifted, Warmed
from lrcli.fit.effort import Effort
from lrcli.fit.estimates import LONG, WHOLE_TYPES, counts_from_its_warmup, estimates
from lrcli.fit.forms import BASE, BENDS, FLOORS, Form, freed, scale_of
from lrcli.fit.guess import Guess, is_within_its_length
from lrcli.fit.hopeless import Hopeless
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.nearby import NEARLY_WHOLE, Near
from lrcli.fit.periods import ends_on_its_way_up, last_rise
from lrcli.fit.places import (
    BEGINS,
    PLACES,
    USUAL,
    lengths_of_share,
    likely_shares,
    line_up,
    of_length,
    ramp_end,
    start_rate,
    with_cycles,
)
from lrcli.fit.relaxed import GIVEN, NEAR_ENOUGH, SURELY, Relaxed
from lrcli.fit.scan import has_few_rows_a_cycle, with_its_cycle
from lrcli.fit.solve import Solver
from lrcli.fit.unknown import Sought
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import PerGroup
from lrcli.schedules.role import Role

MOST_FORMS, MOST_COMBINED = 16, 100
"""Of one scheduler: forms with a curve of their own, and combinations of values, many of which change nothing."""


def relaxed_guesses(
    cls: type[Schedule],
    level: int,
    marks: Landmarks,
    effort: Effort,
    hopeless: Hopeless,
    warmed: bool = False,
    base: float | None = None,
    latest: int | None = None,
) -> Iterator[Guess]:
    """The guesses at a scheduler with what `level` leaves free, behind a straight line up where it is `warmed`.

    A part of a sequence begins up to `latest`; `base` is the optimizer's rate, where it is known.

    `hopeless` takes up what is not the schedule of the log.
    """
    free = freed(cls, level, marks)
    if free is None or (free and marks.stays):
        return
    if level and marks.second_peak is None and hopeless.rules_out(cls, warmed, free, FLOORS):
        return
    choices = _choices(cls, level, marks, base)
    if choices is None:
        return
    span = int(marks.ticks[-1] - marks.ticks[0])
    seen: set[tuple[object, ...]] = set()
    optional = {name for name, values in choices.items() if len(values) > 1 and not isinstance(values[0], Sought)}
    optional |= {name for name in free if cls.params()[name].role in BENDS}
    doubtful: list[Relaxed] = []
    lost: list[Relaxed] = []
    few_rows_a_cycle = latest is None and not warmed and has_few_rows_a_cycle(marks)
    known = hopeless.near.setdefault((cls, warmed), [])
    for combination in _likeliest_first(choices, known):
        for values in with_cycles(cls, dict(zip(choices, combination, strict=True)), marks, warmed, latest or 0):
            shown = [type(value) if isinstance(value, Sought) else value for value in values.values()]
            key = cls.reference.name, level, warmed, span, tuple(shown)
            if key in hopeless.forms or not warms_up_as_shown(cls, values, marks):
                continue
            relaxed = _relaxed(cls, values, marks, effort, warmed, base, latest)
            fixed = relaxed.solver.form.fixed
            starts = [near.start(fixed, relaxed.sought) for near in known]
            relaxed.begun = [start for start in starts if start is not None]
            if not relaxed.holds():
                continue
            signature = (*relaxed.names, *relaxed.signature())
            if any(relaxed.is_idle(name) for name in optional.intersection(relaxed.names)):
                continue  # Without it, it is the same.
            if signature not in seen and len(seen) < MOST_FORMS:
                seen.add(signature)
                yield from filter(is_within_its_length, relaxed.guesses())
                yield from _with_a_share(relaxed)
                yield from _with_other_shares(relaxed)
                if not level:
                    hopeless.learn(cls, warmed, relaxed.misshapen)
                if relaxed.nearest <= NEAR_ENOUGH:
                    known.append(Near(fixed, dict(zip(relaxed.names, relaxed.best.tolist(), strict=True))))
                doubtful += [relaxed] if relaxed.doubtful else []
                lost += [] if relaxed.doubtful else [relaxed]
                if relaxed.nearest > ANOTHER + 2 * marks.steepness and not few_rows_a_cycle:
                    hopeless.forms.add(key)
    for relaxed in sorted(doubtful, key=lambda one: one.nearest):
        yield from relaxed.others()
    for relaxed in lost[:MOST_LOST] if few_rows_a_cycle else ():
        yield from with_its_cycle(relaxed)


def _likeliest_first(choices: dict[str, list[Any]], near: Sequence[Near]) -> list[tuple[Any, ...]]:
    """The combinations of values, those first with which the scheduler came near the log with less left free."""

    def is_far(combination: tuple[Any, ...]) -> bool:
        given = {name: value for name, value in zip(choices, combination, strict=True) if not isinstance(value, Sought)}
        return not any(one.fixed.items() >= given.items() for one in near)

    every = list(itertools.islice(itertools.product(*choices.values()), MOST_COMBINED))
    return sorted(every, key=is_far) if near else every


def _with_a_share(relaxed: Relaxed) -> Iterator[Guess]:
    """The guesses where a warmup that is no whole number of ticks is a share of the length that somebody typed."""
    cls, marks = relaxed.solver.form.cls, relaxed.marks
    if relaxed.nearest > GIVEN:
        return
    numbers = dict(zip(relaxed.names, relaxed.ended.numbers.tolist(), strict=True))
    for share, warmup, length in itertools.product(*map(cls.fields, (role.WARMUP_SHARE, role.WARMUP, role.LENGTH))):
        if not {warmup.name, length.name} <= numbers.keys():
            continue
        ticks = numbers[warmup.name]
        for last in dict.fromkeys([round(numbers[length.name]), *marks.lengths, *marks.ends[:2]]):
            typed = float(f"{ticks / last:.{MOST_DIGITS}g}") if last else 0.0
            if abs(ticks - round(ticks)) > NEARLY_WHOLE >= abs(ticks - typed * last):
                fixed = {warmup.name: warmup.default, share.name: typed, length.name: last}
                yield from _with_fixed(relaxed, numbers, fixed).guesses()


def _with_other_shares(relaxed: Relaxed) -> Iterator[Guess]:
    """The guesses where the log ends on its way up, and the ticks up to the peak may be another share of a length."""
    marks, form = relaxed.marks, relaxed.solver.form
    if not ends_on_its_way_up(marks) or relaxed.nearest > SURELY:
        return
    numbers = dict(zip(relaxed.names, relaxed.best.tolist(), strict=True))
    for share, length in itertools.product(form.cls.fields(role.PEAK_AT), form.cls.fields(role.LENGTH, role.EPOCHS)):
        if share.name not in form.fixed or length.name not in numbers:
            continue
        lengths = {
            other: numbers[length.name] * form.fixed[share.name] / other for other in (share.default, *SHARES_UP)
        }
        for other, found in lengths.items():
            last = round(found)
            if other == form.fixed[share.name] or last <= marks.ticks[-1] or abs(found - last) > NEARLY_WHOLE:
                continue
            other_form = _with_fixed(relaxed, numbers, {share.name: other, length.name: last})
            yield from itertools.islice(other_form.guesses(), 1)


def _with_fixed(relaxed: Relaxed, numbers: dict[str, float], more: dict[str, Any]) -> Relaxed:
    """The same form with more of it fixed, the rest sought from the numbers that were found."""
    form, marks, solver = relaxed.solver.form, relaxed.marks, relaxed.solver
    fixed = form.fixed | more
    rest = {name: one._replace(start=numbers[name]) for name, one in relaxed.sought.items() if name not in fixed}
    return Relaxed(
        Solver(form._replace(fixed=fixed, numbers=tuple(rest)), marks, solver.effort, solver.base), rest, marks
    )


def _choices(cls: type[Schedule], level: int, marks: Landmarks, base: float | None) -> dict[str, list[Any]] | None:
    """What each field may be: given values, or where it is sought; None for what has no smooth curve."""
    if not cls.has_closed_form() or marks.is_flat or cls.fields(*SHAPELESS):
        return None
    free = freed(cls, level, marks)
    if free is None:
        return None
    numbers = scale_of(cls, marks, base)[0] + free
    choices: dict[str, list[Any]] = {BASE: [SOUGHT]} if BASE in numbers else {}
    peaks = [one for one in cls.fields(role.PEAK) if not one.required]
    if peaks and marks.rises and cls.fields(role.WARMUP) and not cls.fields(*STARTS):
        choices[BASE] = [start_rate(marks, cls, peaks[0]) or 0.0]  # A warmup from the optimizer's own rate.
    for declared in cls.params().values():
        place = PLACES.get(declared.role) if declared.role and declared.annotation in NUMBERS else None
        there = place(marks, cls, declared) if place else None
        if declared.name in numbers and there is not None:
            choices[declared.name] = [there]
        elif declared.name in numbers:
            choices[declared.name] = [SOUGHT]
        elif declared.role is role.CYCLES:
            # The log may end before the next restart.
            seen = len(marks.restarts) + 1
            further = 0 if marks.restarts and not marks.is_within_a_cycle else MOST_UNSEEN
            choices[declared.name] = [seen + more for more in range(further + 1)]
        elif declared.role is role.START_SHARE and marks.starts_below(base) and not marks.rises:
            choices[declared.name] = [SOUGHT]
        elif there is None and declared.role is role.DECAY:
            choices[declared.name] = [1 if declared.required else declared.default]
        elif there is None:
            starts_at_nothing = declared.role in (role.START, role.START_SHARE) and marks.rises
            values = estimates(declared, cls, marks)
            if starts_at_nothing:
                values = [0.0] if declared.required or not declared.default else [declared.default, 0.0]
            most = MOST_VALUES if declared.role is None or declared.role.unit is role.TICKS else MOST_CHOICES
            choices[declared.name] = [SOUGHT] if values is None else values[:most]
        elif declared.role is role.WARMUP and not marks.rises:
            least = int(declared.at_least or 0)
            choices[declared.name] = [there._replace(low=least, high=there.high + 1, is_hidden=True)]
        elif (
            (declared.role is role.CYCLE_DECAY and not cls.fields(role.CYCLE_FALL))  # Others decay in one shape only.
            or (declared.role in STARTS and marks.peak > FEWEST_ON_A_LINE and not declared.default)
            or declared.required
            or (declared.default is not None and declared.role in ALWAYS)
        ):
            choices[declared.name] = [there]
        else:
            choices[declared.name] = [there] if _is_needed(cls, declared.name) else [declared.default, there]
    if ends_on_its_way_up(marks):
        choices |= {one.name: [HALF] for one in cls.fields(role.PEAK_AT)}
    at_share = of_length(cls, marks)
    if at_share is not None:
        share, _, row = at_share
        assert share.role is not None
        choices[share.name] = [*likely_shares(row, share.role, marks), SOUGHT]
    holds = cls.fields(role.HOLD) if cls.fields(role.DECAY) else []
    for length in cls.fields(role.LENGTH) if holds else []:
        if not length.required and length.default is None:
            choices[length.name] = [None]
            choices |= {hold.name: choices[hold.name][-1:] for hold in holds}
    return choices


def _is_needed(cls: type[Schedule], name: str) -> bool:
    """Whether a scheduler refuses to go without a field that has a default, as where one of two must be given."""
    example = {one.name: one.parse(one.example) for one in cls.params().values() if one.example or one.required}
    if name not in example:
        return False
    try:
        cls(**{key: value for key, value in example.items() if key != name})
    except InputError:
        return True
    return False


def _relaxed(
    cls: type[Schedule],
    values: dict[str, Any],
    marks: Landmarks,
    effort: Effort,
    warmed: bool,
    base: float | None,
    latest: int | None,
) -> Relaxed:
    """A form with what is sought in it."""
    begins = values.pop(BEGINS, (0.0, float(latest or 0)))
    at_share = of_length(cls, marks)
    if at_share is not None and values[at_share[0].name] is not SOUGHT:
        share, length, row = at_share
        values[length.name] = lengths_of_share(row, values[share.name], marks)
    if ends_on_its_way_up(marks) and cls.fields(role.PEAK_AT):
        least = int(marks.ticks[-1]) / HALF
        whole = Sought(1.25 * least, least, math.inf, True)
        values |= {length.name: whole for length in cls.fields(role.LENGTH, role.EPOCHS)}
    for cycles, length in itertools.product(cls.fields(role.CYCLES), cls.fields(role.LENGTH)):
        seen, first = len(marks.restarts) + 1, ramp_end(marks)[2]
        if cls.fields(role.CYCLE_GROWTH) or values[cycles.name] == seen or not isinstance(values[length.name], Sought):
            continue
        if marks.restarts:
            one = values[length.name]
            values[length.name] = Sought(first + (one.start - first) * values[cycles.name] / seen, 1, math.inf, True)
        else:
            low = ramp_end(marks)[0]
            first_end = low + (int(marks.ticks[-1]) - low) * values[cycles.name]
            values[length.name] = Sought(first + 1.2 * (first_end - first), first_end, math.inf, True)
    for epochs, ticks in itertools.product(cls.fields(role.EPOCHS), cls.fields(role.PER_EPOCH)):
        length, each = values[epochs.name], values[ticks.name]
        if at_share is None and not ends_on_its_way_up(marks) and isinstance(length, Sought) and isinstance(each, int):
            counts = [-(-end // each) for end in (*marks.lengths, *marks.ends[:2])]
            low, start, *others = (tick / each for tick in (length.low, length.start, *length.others))
            values[epochs.name] = Sought(start, max(1.0, low), length.high / each, True, others, usual=counts)
    sought = {name: value for name, value in values.items() if isinstance(value, Sought)}
    _count_from_the_warmup(cls, sought)
    fixed = {name: value for name, value in values.items() if name not in sought}
    scale = scale_of(cls, marks, base)[1]
    solver = Solver(Form(cls, fixed, tuple(sought), None, scale), marks, effort, base)
    for name, first, (low, high) in zip(sought, solver.guess, solver.bounds, strict=True):
        one = sought[name]
        meaning = None if name == BASE else cls.params()[name].role
        if one is SOUGHT:
            every = [other.start for key, other in sought.items() if _is(cls, key, role.DROP_EVERY)]
            if meaning is role.DROP_FACTOR and every:
                first = first ** every[0]
            usual = USUAL.get(meaning, ()) if meaning else ()
            one = Sought(first, low, high, others=ELSEWHERE.get(meaning, ()) if meaning else (), usual=usual)
        sought[name] = one._replace(
            low=max(low, one.low),
            high=min(high, one.high),
            is_rate=meaning is None or meaning.scales_with_rate,
            is_peak=name == scale,
        )
    if warmed:
        up = line_up(marks)
        for name, one in sought.items():
            if one.is_whole:  # It is counted from the end of the line.
                earlier = [max(one.low, start - up[WARMUP].start) for start in (one.start, *one.others)]
                low = max(min(one.low, 1), one.low - up[WARMUP].high)
                sought[name] = one._replace(start=earlier[0], others=earlier[1:], low=low)
        return Warmed(solver, sought | up, marks)
    if latest is not None:
        earlier_by = {name: one._replace(low=max(min(one.low, 1), one.low - latest)) for name, one in sought.items()}
        return Shifted(solver, earlier_by | {SHIFT: Sought(sum(begins) / 2, begins[0], begins[1], True)}, marks)
    return Relaxed(solver, sought, marks)


def warms_up_as_shown(cls: type[Schedule], values: dict[str, Any], marks: Landmarks) -> bool:
    """Whether a warmup that is counted in epochs ends where the rise does, or the last of several."""
    epochs = cls.fields(role.WARMUP_EPOCHS)
    if not epochs or any(isinstance(values[one.name], Sought) for one in (*epochs, *cls.fields(role.PER_EPOCH))):
        return True
    lengths = {one.name: LONG for one in cls.fields(role.EPOCHS)}
    known = {name: value for name, value in values.items() if not isinstance(value, Sought) and name != BASE}
    last = min(last_rise(marks) + 1, len(marks.ticks) - 1)
    return int(ramp_end(marks)[0]) <= cls(**known | lengths).own_warmup <= int(marks.ticks[last]) + 1


def _count_from_the_warmup(cls: type[Schedule], sought: dict[str, Sought]) -> None:
    """Begin with lengths that are shorter by the warmup, where they are counted from its end."""
    for length, warmup in itertools.product(cls.fields(role.LENGTH), cls.fields(role.WARMUP)):
        if length.name in sought and warmup.name in sought and counts_from_its_warmup(cls):
            one, before = sought[length.name], round(sought[warmup.name].start)
            starts = [max(1.0, start - before) for start in (one.start, *one.others)]
            sought[length.name] = one._replace(start=starts[0], others=starts[1:])


def _is(cls: type[Schedule], name: str, meaning: Role) -> bool:
    return name != BASE and cls.params()[name].role is meaning


STARTS = (role.START, role.START_SHARE, role.START_DIVISOR)

SHAPELESS = (role.PARTS, role.EXPRESSION, role.DROPS_AT, role.POINTS_AT, role.JUDGEMENT)

MOST_DIGITS = 3
"""Of a share of the length."""

HALF, SHARES_UP = 0.5, (0.5, 0.4, 0.25, 0.3, 0.2, 0.45, 0.1, 0.6, 0.35)
"""Of a length: the share of the way up that is tried, and those that people type."""

MOST_UNSEEN = 3
"""Cycles after those that a log shows."""

MOST_VALUES, MOST_CHOICES = 3, 8
"""Ticks and other values of a field that is not sought."""

FEWEST_ON_A_LINE = 2
"""Rows of a rise from which it is seen where it begins."""

MOST_LOST = 3
"""Forms whose cycle is sought length by length."""

ANOTHER = 2e-2
"""Of the highest rate: an error that another convention does not make good."""

ELSEWHERE = {role.POWER: (2.5, 0.5), role.FLOOR_DIVISOR: (100.0,)}
"""Where a real number is looked for, too, by role."""

SOUGHT = Sought(math.nan, -math.inf, math.inf)
"""A real number, from where `Solver` starts."""

NUMBERS = (*WHOLE_TYPES, float, float | None, PerGroup)
ALWAYS = (
    role.LENGTH,
    role.EPOCHS,
    role.WARMUP,
    role.HOLD,
    role.DECAY,
    role.CYCLE,
    role.START_DIVISOR,
)
