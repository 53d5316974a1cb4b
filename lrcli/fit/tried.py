"""What is tried of every scheduler, and in what order: the cheap before the dear."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from lrcli.errors import InputError
from lrcli.fit.effort import Effort, SpentError
from lrcli.fit.estimates import forms
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.solve import Guess, Solver
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule

RATES_EACH, RATES_SOUGHT = 12_000, 15_000
"""For one scheduler at one stage: those that can give the log are quick to find it."""


class Stage(NamedTuple):
    """What is tried of every scheduler before more is tried of any."""

    level: int
    """What is left free; see `forms`."""
    sought: bool
    """Whether lengths are sought that the log does not suggest."""

    @property
    def effort(self) -> int:
        """What is spent on one scheduler."""
        return RATES_SOUGHT if self.sought else RATES_EACH

    @property
    def is_early(self) -> bool:
        """Whether no length was sought yet."""
        return not any(stage.sought for stage in STAGES[: STAGES.index(self) + 1])


STAGES = [
    Stage(level, sought)
    for level, sought in ((0, False), (1, False), (0, True), (2, False), (3, False), (1, True), (4, False), (5, False))
] + [Stage(level, True) for level in (2, 3, 4, 5)]
"""The stages in their order."""

OF_A_PART = [stage for stage in STAGES if stage.level in (0, 1)] + [Stage(3, False)]
"""Those that are tried on a part of a sequence."""

BEFORE_SEQUENCES = Stage(1, False)


def guesses(
    cls: type[Schedule], stage: Stage, marks: Landmarks, effort: Effort, base: float | None = None
) -> Iterator[Guess]:
    """The guesses at a scheduler, at this rate of the optimizer or at any; nothing where its arithmetic fails."""
    seen = set()
    hopeless: set[tuple[Any, ...]] = set()
    later = {declared.name for declared in cls.fields(role.HOLD, role.DECAY)}
    for form in forms(cls, marks, stage.level, base):
        try:
            if stage.sought and form.whole is None:
                continue
            beginning = tuple(value for name, value in form.fixed.items() if name not in later)
            if beginning in hopeless:
                continue
            solver = Solver(form, marks, effort, base)
            signature = solver.signature()
            if signature is None:
                hopeless.add(beginning)  # It is the rows up to the highest rate that it does not give.
                continue
            # Where the rate moves in steps, others that look the same are what the log does not decide.
            own = [value for name, value in form.fixed.items() if not _is_choice(cls, name)]
            alike = (signature, tuple(own) if marks.moves_in_steps else ())
            if alike in seen:
                continue
            seen.add(alike)
            yield from solver.guesses(solver.sought_wholes() if stage.sought else solver.plain_wholes())
        except (InputError, ArithmeticError, ValueError):
            continue
        except SpentError:
            return


def _is_choice(cls: type[Schedule], name: str) -> bool:
    meaning = cls.params()[name].role
    return meaning is not None and meaning.unit is role.CHOICE


def candidates_of(marks: Landmarks) -> list[type[Schedule]]:
    """The schedulers that may give such a log, the simplest first."""
    found = []
    for cls in every().values():
        steps = bool(cls.fields(role.DROPS_AT, role.DROP_EVERY))
        if steps and not marks.moves_in_steps and not cls.fields(role.VARIANT):
            continue
        if not marks.rises and cls.fields(role.PEAK_AT):
            continue
        if marks.rises and not cls.fields(
            role.WARMUP, role.PEAK_AT, role.CYCLE, role.START_SHARE, role.TARGET, role.GROWTH, role.START
        ):
            continue
        found.append(cls)
    return sorted(found, key=lambda cls: len(cls.params()))
