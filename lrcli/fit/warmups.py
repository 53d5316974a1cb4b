"""Guesses at a warmup of the run, and any scheduler behind it."""

from collections.abc import Iterator

from lrcli.fit.effort import Effort
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.line_up import warmup_ends
from lrcli.fit.ramps import may_be_a_ramp, ramps
from lrcli.fit.sequences import RATES_FOR_A_PART
from lrcli.fit.tried import Stage, candidates_of, guesses
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule

Warmed = tuple[Schedule, list[Run]]
"""A schedule, and the runs that may warm it up."""


def behind_a_warmup(
    stage: Stage, marks: Landmarks, effort: Effort, only: type[Schedule] | None
) -> Iterator[tuple[bool, Iterator[Warmed]]]:
    """The guesses at one scheduler after another, and whether others may give the log as well."""
    if not marks.rises or marks.peak + 1 >= len(marks.values):
        return
    if marks.peak > 1 and marks.values[0] == marks.values[marks.peak - 1]:
        return  # A jump is no line.
    for warmup in warmup_ends(marks):
        rest = marks.from_tick(warmup)
        if len(rest.values) < 2 or not may_be_a_ramp(marks, warmup):
            continue
        for cls in candidates_of(rest, only=only):
            if takes_a_warmup(cls):
                yield rest.moves_in_steps, _of_one(cls, stage, marks, warmup, rest, effort.part(RATES_FOR_A_PART))


def _of_one(
    cls: type[Schedule], stage: Stage, marks: Landmarks, warmup: int, rest: Landmarks, effort: Effort
) -> Iterator[Warmed]:
    for guess in guesses(cls, stage, rest, effort):
        shown = ramps(marks, warmup, guess.lr)
        runs = [Run(lr=guess.lr, warmup=warmup, warmup_style=how, warmup_start_factor=start) for how, start in shown]
        yield guess.schedule, runs


def takes_a_warmup(cls: type[Schedule]) -> bool:
    """Whether torch can put it behind a straight line up."""
    own = cls.fields(role.WARMUP, role.TARGET)
    return cls.reference.family.composes and not own and not cls.rewrites_base_rate
