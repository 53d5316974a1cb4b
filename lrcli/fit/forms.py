"""What is tried of a scheduler: which of its fields are fixed, and which are found.

A field is fixed to one of a few values, or it is a number that the rates determine, or a whole number that they do.
"""

from collections.abc import Iterator
from itertools import islice, product
from typing import Any, NamedTuple

from lrcli.fit.estimates import WHOLE_TYPES, estimates
from lrcli.fit.landmarks import Landmarks
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import Param

MOST_FORMS = 600
"""Combinations of fixed values that are tried of one scheduler."""

BASE = "base rate"
"""The number that is no field: the optimizer's rate."""

FLOORS = (role.FLOOR, role.FLOOR_OF_OPTIMIZER, role.FLOOR_SHARE, role.FLOOR_DIVISOR)
BENDS = (role.POWER, role.CURVE, role.WAVES, role.CYCLE_DECAY)
WHOLES = (role.LENGTH, role.DECAY, role.EPOCHS, role.TIMESCALE)
"""Whole numbers that the rates determine, the first that a scheduler has."""


class Form(NamedTuple):
    """A scheduler with some of its fields fixed, and what is to be found."""

    cls: type[Schedule]
    fixed: dict[str, Any]
    numbers: tuple[str, ...]
    """Fields, or BASE, that are numbers to be found."""
    whole: str | None
    """The field that is a whole number to be found."""
    scale: str | None
    """The number that the curve is proportional to."""

    @property
    def unit(self) -> int:
        """The ticks of one of what the whole number counts."""
        if self.whole is None or self.cls.params()[self.whole].role is not role.EPOCHS:
            return 1
        return next((self.fixed.get(one.name) or 1 for one in self.cls.fields(role.PER_EPOCH)), 1)


class Forms(NamedTuple):
    """The forms of a scheduler in which the same numbers are to be found."""

    cls: type[Schedule]
    choices: dict[str, list[Any]]
    """The values to which fields are fixed."""
    numbers: tuple[str, ...]
    whole: str | None
    scale: str | None

    def each(self, marks: Landmarks) -> Iterator[Form]:
        """The forms, the likeliest first."""
        for combination in islice(product(*self.choices.values()), MOST_FORMS):
            fixed = _held_from_its_warmup(self.cls, dict(zip(self.choices, combination, strict=True)), marks)
            yield Form(self.cls, fixed, self.numbers, self.whole, self.scale)


def forms(cls: type[Schedule], marks: Landmarks, level: int, base: float | None = None) -> Forms | None:
    """What is tried of a scheduler: at level 0 what may have a default has it, from 1 on floors and bends are found.

    `base` is the optimizer's rate, where it is known. None where there is nothing to be tried.
    """
    params = list(cls.params().values())
    if any(declared.role in (role.PARTS, role.EXPRESSION) for declared in params) or cls.fields(role.JUDGEMENT):
        return None
    free = freed(cls, level, marks)
    if free is None:
        return None
    ends, scale = scale_of(cls, marks, base)
    numbers = ends + free
    whole = _whole(cls, level)
    choices: dict[str, list[Any]] = {}
    for declared in params:
        if declared.name in numbers or declared is whole:
            continue
        values = estimates(declared, cls, marks)
        if values is None or (declared.role is role.START_SHARE and marks.starts_below(base)):
            numbers.append(declared.name)
        else:
            choices[declared.name] = values
    if whole is not None and not cls.params()[whole.name].required and whole.default is None and cls.fields(role.HOLD):
        choices[whole.name] = [None]
        whole = next((one for one in cls.fields(role.DECAY) if one.name in choices), None)
        if whole is not None:
            choices.pop(whole.name)
    return Forms(cls, choices, tuple(numbers), whole and whole.name, scale) if all(choices.values()) else None


def _held_from_its_warmup(cls: type[Schedule], fixed: dict[str, Any], marks: Landmarks) -> dict[str, Any]:
    """With the hold counted from the warmup that the form has, not from the first row that shows the highest rate."""
    for hold in cls.fields(role.HOLD):
        for warmup in cls.fields(role.WARMUP):
            if fixed.get(hold.name) and fixed.get(warmup.name) is not None:
                fixed[hold.name] = max(0, fixed[hold.name] + marks.first_at_peak - fixed[warmup.name])
    return fixed


def scale_of(cls: type[Schedule], marks: Landmarks, base: float | None) -> tuple[list[str], str | None]:
    """The numbers at the ends of the rise, and which of them the whole curve is proportional to."""
    peaks = [peak for peak in cls.fields(role.PEAK) if peak.required or peak.default is not None or marks.rises]
    is_given = cls.fields(role.SCALE, role.WIDTH) or (cls.fields(role.START) and cls.fields(role.GROWTH))
    starts = [] if base is not None or is_given else [BASE]
    if not peaks:
        return starts, starts[0] if starts else None
    # Where no field says from which rate it rises, it is the optimizer's.
    rises_from = cls.fields(role.START, role.START_SHARE, role.START_DIVISOR)
    return [peaks[0].name, *(starts if marks.rises and not rises_from else [])], peaks[0].name


def freed(cls: type[Schedule], level: int, marks: Landmarks) -> list[str] | None:
    """The numbers that are not at their default; None where a scheduler has nothing more to free."""
    floors = [declared for declared in cls.fields(*FLOORS) if not declared.required]
    bends = [declared for declared in cls.fields(*BENDS) if not declared.required and not declared.choices]
    bends = [declared for declared in bends if declared.annotation not in WHOLE_TYPES]
    if marks.second_peak is None and not cls.fields(role.CYCLE_FALL):  # Some decay with every tick.
        bends = [declared for declared in bends if declared.role is not role.CYCLE_DECAY]
    bends += [declared for declared in cls.fields(role.SCALE, role.GROWTH) if not declared.required]
    bends += [one for one in cls.fields(role.TIMESCALE) if not one.required and one.annotation not in WHOLE_TYPES]
    if level == TIMESCALES and _timescale_sought(cls):
        return []
    first, second = bends[:1], bends[1:2]
    sets = [[], [floors[:1]], [floors[1:2]], [first], [floors[:1], first], [second]]
    sets += [[floors[:1], second], [first, second], [floors[:1], first, second]]
    if level >= len(sets):
        return None
    chosen = sets[level]
    if any(not part for part in chosen):
        return None
    return [declared.name for part in chosen for declared in part]


TIMESCALES = 3
"""The level at which a timescale that may be left out is sought."""


def _timescale_sought(cls: type[Schedule]) -> bool:
    return any(not one.required and one.annotation in WHOLE_TYPES for one in cls.fields(role.TIMESCALE)) and not (
        cls.fields(role.GROWTH)  # Of the two only the quotient is seen.
    )


def _whole(cls: type[Schedule], level: int) -> Param | None:
    for declared in cls.fields(*WHOLES):
        optional = declared.role is role.TIMESCALE and not declared.required
        if declared.annotation in WHOLE_TYPES and (not optional or (level == TIMESCALES and _timescale_sought(cls))):
            if declared.role is role.DECAY and declared.default is None:
                continue
            return declared
    return None
