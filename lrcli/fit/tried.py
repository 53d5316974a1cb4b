"""What is tried of every scheduler, and in what order: the cheap before the dear."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from lrcli.errors import InputError
from lrcli.fit.drops import drops_of
from lrcli.fit.effort import Effort, SpentError
from lrcli.fit.forms import forms
from lrcli.fit.guess import Guess, rough
from lrcli.fit.hopeless import Hopeless
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.lengths import plain_lengths
from lrcli.fit.periods import changes_of, fall_by_amounts
from lrcli.fit.solve import Solver
from lrcli.fit.sought import relaxed_guesses, warms_up_as_shown
from lrcli.record.tolerance import FULL_PRECISION
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import FLOAT64

RATES_EACH, RATES_SOUGHT = 12_000, 15_000
RATES_AT_ONCE = 9_000
"""For one scheduler at one stage: those that can give the log are quick to find it."""


MOST_LISTED = 16
"""Drops that somebody may have listed."""

AGAIN = (role.CYCLE, role.CYCLES, role.WAVES, role.VARIANT, role.POINTS_AT)
"""What a scheduler has whose rate begins again."""

MOST_COMPARED = 3
"""Values of a field that are compared to see whether it matters."""


class Stage(NamedTuple):
    """What is tried of every scheduler before more is tried of any."""

    level: int
    """What is left free; see `forms`."""
    sought: bool
    """Whether lengths are sought that the log does not suggest."""
    at_once: bool = False
    """Whether all that is unknown is sought at once."""

    @property
    def effort(self) -> int:
        """What is spent on one scheduler."""
        if self.at_once:
            return RATES_AT_ONCE
        return RATES_SOUGHT if self.sought else RATES_EACH

    @property
    def is_early(self) -> bool:
        """Whether no length was sought yet."""
        if self.at_once:
            return self.level == 0
        return not any(stage.sought for stage in STAGES[: STAGES.index(self) + 1])


STAGES = [
    Stage(level, sought)
    for level, sought in ((0, False), (1, False), (0, True), (2, False), (3, False), (4, False), (5, False), (1, True))
] + [Stage(level, sought) for sought in (False, True) for level in ((6, 7, 8), (2, 3, 4, 5))[sought]]
"""The stages in their order."""

AT_ONCE = [Stage(level, False, True) for level in (0, 1, 3, 2, 4, 5)]

OF_A_PART = [stage for stage in STAGES if stage.level in (0, 1)] + [Stage(3, False)]
"""Those that are tried on a part of a sequence."""

BEHIND_A_WARMUP = OF_A_PART
"""Those that are tried behind a line up that the run puts before any schedule."""

BEFORE_SEQUENCES = Stage(1, False)


class Known:
    """What is known of one scheduler on one log from the stages before."""

    def __init__(self) -> None:
        self.rises: dict[tuple[Any, ...], bool] = {}
        """Whether these values give the rows up to the highest rate, whatever the other fields are."""


def guesses(
    cls: type[Schedule],
    stage: Stage,
    marks: Landmarks,
    effort: Effort,
    base: float | None = None,
    known: Known | None = None,
) -> Iterator[Guess]:
    """The guesses at a scheduler, at this rate of the optimizer or at any; nothing where its arithmetic fails."""
    seen = set()
    known = known or Known()
    tried = forms(cls, marks, stage.level, base)
    if tried is None or (stage.sought and tried.whole is None):
        return
    try:
        first = Solver(next(tried.each(marks)), marks, effort, base)
        telling = _telling(first, tried.choices)
        anchors = first.anchors()
    except SpentError:
        return
    for form in tried.each(marks):
        if not warms_up_as_shown(cls, form.fixed, marks):
            continue
        try:
            beginning = tuple((name, form.fixed.get(name)) for name in telling)
            if known.rises.get(beginning) is False:
                continue
            solver = first.of(form)
            if not solver.holds():
                continue
            if beginning not in known.rises:
                known.rises[beginning] = solver.gives_the_rise()
                if not known.rises[beginning]:
                    continue
            wholes = [None] if form.whole is None else plain_lengths(form, marks)
            if not stage.sought and not wholes:
                continue
            # Where the rate moves in steps, others that look the same are what the log does not decide; where it
            # falls by a factor in some ticks, only the quotient of the two is seen.
            own = [value for name, value in form.fixed.items() if not _is_choice(cls, name)]
            matters = marks.moves_in_steps or cls.fields(role.DROP_EVERY)
            alike = (solver.signature(), tuple(own) if matters else ())
            if alike in seen:
                continue
            seen.add(alike)
            if solver.is_bent_by_its_shape:
                anchors = solver.anchors()
            yield from solver.guesses(solver.sought_wholes(anchors) if stage.sought else wholes, anchors)
        except (InputError, ArithmeticError, ValueError):
            continue
        except SpentError:
            return


def at_once(
    cls: type[Schedule], stage: Stage, marks: Landmarks, effort: Effort, hopeless: Hopeless, warmed: bool = False
) -> Iterator[Guess]:
    """The guesses at a scheduler, or at one behind a straight line up, with all that is unknown sought at once."""
    drops = not marks.moves_in_steps and drops_evenly(cls)
    if cls.fields(role.POINTS_AT) and not stage.level and not warmed:
        yield from guesses(cls, STAGES[0], marks, effort)  # Its lines are seen.
    if drops:  # How often it drops is seen, too; where a warmup ended, the plainest numbers say.
        yield from sorted(guesses(cls, STAGES[0], marks, effort), key=rough) if not stage.level and not warmed else ()
        return
    with suppress(SpentError, InputError, ArithmeticError, ValueError):
        yield from relaxed_guesses(cls, stage.level, marks, effort, hopeless, warmed)


def _telling(solver: Solver, choices: dict[str, list[Any]]) -> list[str]:
    """The fields on which the rows up to the highest rate depend."""
    if not solver.marks.rises:
        return []
    rows = solver.early()
    found = [prefix.name for prefix in solver.form.cls.fields(role.PREFIX)]
    found += [name for name in solver.form.numbers if solver.early(name) != rows]
    for name, value in solver.form.fixed.items():
        others = [other for other in dict.fromkeys(choices[name]) if other != value]
        changed = [solver.form._replace(fixed={**solver.form.fixed, name: other}) for other in others[:MOST_COMPARED]]
        if any(solver.of(form).early() != rows for form in changed):
            found.append(name)
    return found


def _is_choice(cls: type[Schedule], name: str) -> bool:
    meaning = cls.params()[name].role
    return meaning is not None and meaning.unit is role.CHOICE


def has_stairs(cls: type[Schedule]) -> bool:
    """Whether a switch makes stairs of its curve."""
    return bool(cls.fields(role.VARIANT) and cls.fields(role.DROP_EVERY, role.TIMESCALE))


def drops_evenly(cls: type[Schedule]) -> bool:
    """Whether it does nothing but drop, by one factor and at regular times."""
    return bool(cls.fields(role.DROP_EVERY)) and not cls.fields(role.VARIANT)


def candidates_of(
    marks: Landmarks, rises: bool | None = None, only: type[Schedule] | None = None
) -> list[type[Schedule]]:
    """The schedulers, or that one if it is `only` one, that may give such a log, the simplest first.

    `rises` overrules whether it begins with a rise.
    """
    rises = marks.rises if rises is None else rises
    found: list[type[Schedule]] = []
    drops, by_amounts = len(changes_of(marks)), fall_by_amounts(marks)
    falls_often = not marks.moves_in_steps and any(drops_of(marks))
    for cls in every().values() if only is None else (only,):
        if cls.reference.family.precision != FLOAT64 and marks.tolerance.kind == FULL_PRECISION:
            continue  # What is computed in float32 is float32.
        steps = bool(cls.fields(role.DROPS_AT, role.DROP_EVERY))
        if steps and not marks.moves_in_steps and not has_stairs(cls) and not (falls_often and drops_evenly(cls)):
            continue
        if marks.stays and any(one.required for one in cls.fields(role.DROP_FACTOR, role.GROWTH)):
            continue  # It would by a factor of 1.
        if marks.falls_in_stairs and not (steps or cls.fields(role.PER_EPOCH) or has_stairs(cls)):
            continue
        if cls.fields(role.DROPS_AT) and drops > MOST_LISTED:
            continue
        if by_amounts and steps and cls.fields(role.DROP_FACTOR):
            continue
        if marks.restarts and not marks.moves_in_steps and not cls.fields(*AGAIN):
            continue
        if not rises and cls.fields(role.PEAK_AT):
            continue
        if rises and not cls.fields(
            role.WARMUP,
            role.PEAK_AT,
            role.CYCLE,
            role.START_SHARE,
            role.TARGET,
            role.GROWTH,
            role.START,
            role.POINTS_AT,
        ):
            continue
        found.append(cls)
    return sorted(found, key=lambda cls: len(cls.params()))
