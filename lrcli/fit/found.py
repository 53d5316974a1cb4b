"""What a search has found: a schedule in its run, and how well it gives the log."""

import dataclasses
import math
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from lrcli.engine import spec_of
from lrcli.fit.edges import stays_by_chance
from lrcli.fit.landmarks import roughness
from lrcli.record import Reading, Tolerance
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.warmups import TORCH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXACT, FLOAT32, ROUNDED, POSSIBLE, NEARLY = EXACTNESSES = ("exact", "float32", "rounded", "possible", "nearly")
"""Equal to the bit; equal in float32; equal as far as the log shows; equal, but so are others that it cannot tell
apart; within a thousandth, or but for steps that were skipped."""

MOST_TYPED = 6
"""Digits of a number that somebody may have typed."""

HIGHEST_TYPED = 1e8
"""Above it, a number that has as many digits was typed by nobody; below, any number of ticks may have been."""

MOST_PLAIN = 4
"""Digits of a number that most people would type."""

NEXT_TO_NOTHING = 1e-6
"""Share of the base rate at which no warmup starts that somebody typed."""

NOTHING = ("0", "0.0")

NEXT_TO_ZERO = 1e-12
"""Of the highest rate: what is less is taken for that in a relative difference."""


class Candidate(NamedTuple):
    """A schedule that gives the log, or nearly; `spec` has the run's options too."""

    spec: str
    exactness: str
    error: float
    """Largest relative difference."""


@dataclasses.dataclass(frozen=True)
class Found:
    """A schedule in its run, under a reading, and how well it gives the log."""

    schedule: Schedule
    run: Run
    reading: Reading
    exactness: str
    error: float

    @cached_property
    def spec(self) -> str:
        """The command line that makes it."""
        return spec_of(self.schedule, self.run)

    @cached_property
    def is_typed(self) -> bool:
        """Whether a person may have typed all of its numbers."""
        return is_typed(self.spec)

    @cached_property
    def is_plain(self) -> bool:
        """Whether all of its numbers are as short as those that most people type."""
        return is_plain(self.spec)

    @cached_property
    def composed(self) -> Schedule:
        """With its warmup."""
        return self.run.warmed_up(self.schedule)

    @cached_property
    def stays_by_chance(self) -> bool:
        """Whether it would not stay where it does if one of its numbers were a little other."""
        return stays_by_chance(self.schedule, self.run)

    @property
    def shows_itself(self) -> bool:
        """Whether it is no other's: lines between points are any lines, epochs of batches are seen by their warmup."""
        if self.schedule.fields(role.POINTS_AT):
            return False
        return not self.schedule.fields(role.WARMUP_EPOCHS) or bool(self.schedule.value(role.WARMUP_EPOCHS))

    @property
    def begins_at_nothing(self) -> bool:
        """Whether a script's warmup, or torch's from next to nothing, may stand for a warmup of another's own."""
        if self.run.warmup_style != TORCH:
            return True
        parts = self.composed.value(role.PARTS) or (self.composed,)
        length = parts[0].value(role.WARMUP, role.LENGTH)
        for declared, share in parts[0].all_given(role.START_SHARE):
            if length and share != declared.default:
                return bool(share < NEXT_TO_NOTHING or math.isclose(share * (length + 1), 1, rel_tol=1e-4))
        return False

    @property
    def odd(self) -> int:
        """How many of its whole numbers are no multiples of 5: those are typed less often.

        Where it has parts, or a warmup of the run, the tick at which all is over is one of them.
        """
        parts = self.schedule.value(role.PARTS) or ()
        end = (self.composed.horizon or 0) if parts or self.run.warmup else 0
        wholes = [self.run.warmup, end, *(number for one in (self.schedule, *parts) for number in _wholes(one))]
        return sum(value % 5 != 0 for value in wholes)

    @cached_property
    def roughness(self) -> tuple[int, int]:
        """How much a person has to say: options, then digits.

        What is nothing need not be said, but for a phase that the schedule is made for; nor how long an epoch is.
        """
        spec = spec_of(self.schedule, dataclasses.replace(self.run, steps_per_epoch=None))
        words = spec.replace(",", " ").replace(":", " ").split()
        numbers = [word for word in words if word[:1].isdigit() and word not in NOTHING]
        digits = sum(map(_digits, numbers))
        if not {"--lr", *(declared.option for declared in self.schedule.fields(role.PEAK))} & {*words}:
            digits += 1  # The rate that need not be said has a digit, too.
        left_out = sum(not value for _, value in self.schedule.all_given(role.HOLD))
        return len(words) - 2 * (sum(word in NOTHING for word in words) - left_out), digits + left_out

    @property
    def effort(self) -> int:
        """The same as one number: an option is as much as a digit."""
        words, digits = self.roughness
        return words // 2 + digits


def _wholes(schedule: Schedule) -> Iterator[float]:
    """The whole numbers of its fields."""
    for value in (value for _, value in schedule.items()):
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int | float) and not isinstance(number, bool) and float(number).is_integer():
                yield number


def is_typed(spec: str) -> bool:
    """Whether a person may have typed all of its numbers."""
    return _is_typed_in(spec, MOST_TYPED)


def is_plain(spec: str) -> bool:
    """Whether all of its numbers are as short as those that most people type."""
    return _is_typed_in(spec, MOST_PLAIN)


def _is_typed_in(spec: str, most: int) -> bool:
    words = spec.replace(",", " ").replace(":", " ").replace('"', " ").split()
    return all(_digits_of(word) <= most for word in words)


def _digits_of(word: str) -> int:
    """The digits of a number as it is written: 0.09999999999999999 is not the 0.1 that it is nearly; 0 of others."""
    try:
        number = float(word)
    except ValueError:
        return 0
    if number <= HIGHEST_TYPED and (number.is_integer() or (3 * number).is_integer()):
        return 1
    return len(word.partition("e")[0].replace(".", "").strip("-0"))


def _digits(word: str) -> int:
    try:
        return roughness(float(word))
    except ValueError:
        return 1


def greatest_error(expected: "Floats", found: "Floats") -> float:
    """The largest relative difference from the rates of a log; next to nothing is no less than that of the highest."""
    import numpy as np

    least = float(np.abs(found).max()) * NEXT_TO_ZERO or 1.0
    return float((np.abs(expected - found) / np.maximum(np.abs(found), least)).max())


def exactness_of(expected: "Floats", found: "Floats", tolerance: Tolerance) -> str | None:
    """How well the rates are those of the log; None where they are not."""
    import numpy as np

    if (expected == found).all():
        return EXACT
    if not tolerance.rounded(expected, found).all():
        return None
    if (expected.astype(np.float32) == found.astype(np.float32)).all():
        return FLOAT32
    return ROUNDED
