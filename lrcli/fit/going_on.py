"""A last part that goes on from the rate that it finds, and comes to rest at another: SWALR at the end of a sequence.

Where it begins and how long it takes may lie between two rows: what stands before it says from which rate it goes on.
"""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from lrcli.errors import InputError
from lrcli.fit.effort import Effort
from lrcli.fit.guess import Guess, rough
from lrcli.fit.landmarks import Landmarks, roughness
from lrcli.fit.numbers import typed
from lrcli.record.curve import few_rates_at
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_ROWS = 3
"""At rest."""

SEEN = 1e-3
"""Of the highest rate: the least way that it is seen to go."""

NEAR = 1e-9
"""Relative, to the rate at rest that somebody typed, where it is shown in full."""

MOST_FOUND, MOST_LENGTHS = 4, 3
"""Ways to give the same rows, and lengths of which none is seen."""


def rests_from(marks: Landmarks) -> int | None:
    """The row from which on the rate stays until the log ends; None where it does not, or moves in steps."""
    import numpy as np

    moved = np.flatnonzero(~marks.tolerance.equal(marks.values[1:], marks.values[:-1]))
    row = int(moved[-1]) + 1 if len(moved) else 0
    return row if 1 < row <= len(marks.values) - FEWEST_ROWS and not marks.moves_in_steps else None


def going_on(head: Guess, start: int, marks: Landmarks, effort: Effort) -> Iterator[Guess]:
    """What goes on from a part that begins at `start`, to the rate at which the log rests; the plainest first."""
    rest, shown = rests_from(marks), int((marks.ticks < start).sum())
    if rest is None or shown > rest:
        return
    effort.take(rest + 1 - shown)
    before = few_rates_at(head.schedule, head.lr, (marks.ticks[shown : rest + 1] - start).tolist())
    given = marks.tolerance.equal(_array(before), marks.values[shown : rest + 1])
    if given.all() or not given[0]:
        return
    row = shown + int(given.argmin())
    target = typed(float(marks.values[-1]), max(NEAR, 4 * marks.tolerance.strict))[0]
    classes = [cls for cls in every().values() if cls.goes_on and cls.fields(role.TARGET) and cls.fields(role.LENGTH)]
    found: list[Guess] = []
    for tick, cls in itertools.product([*marks.before(row).ticks(), int(marks.ticks[row - 1])], classes):
        [left] = few_rates_at(head.schedule, head.lr, [tick - 1 - start])
        if abs(left - target) > SEEN * marks.highest:
            for schedule in _schedules(cls, target, marks, tick, rest):
                effort.take(1)
                if _gives(schedule, left, marks, tick, row, rest):
                    found.append(Guess(schedule, head.lr, after=tick))
    yield from sorted(found, key=lambda guess: rough(guess) + roughness(guess.after))[:MOST_FOUND]


def _schedules(cls: type[Schedule], target: float, marks: Landmarks, tick: int, rest: int) -> Iterator[Schedule]:
    """Those that are under way in the last row before the rate rests, and then no more."""
    [aim], [length] = cls.fields(role.TARGET), cls.fields(role.LENGTH)
    shapes = cls.fields(role.SHAPE)
    last = int(marks.ticks[rest]) - tick
    lengths = sorted(range(1, last + 1), key=lambda ticks: (ticks != length.default, roughness(ticks)))
    under_way = int(marks.ticks[rest - 1]) - tick
    lengths = [ticks for ticks in lengths if ticks > under_way] if under_way > 0 else lengths[:MOST_LENGTHS]
    for ticks, *chosen in itertools.product(lengths, *(one.choices for one in shapes)):
        with suppress(InputError):
            values = {aim.name: target, length.name: ticks}
            yield cls(**values, **dict(zip((one.name for one in shapes), chosen, strict=True)))


def _gives(schedule: Schedule, left: float, marks: Landmarks, tick: int, row: int, rest: int) -> bool:
    """Whether it gives the rows from where it goes on up to where it rests; the last that it is under way in first."""
    for rows in (slice(rest - 1, rest + 1), slice(row - 1, rest + 1)):
        shown = marks.ticks[rows] >= tick
        found = few_rates_at(schedule, left, (marks.ticks[rows][shown] - tick).tolist())
        if not marks.tolerance.equal(_array(found), marks.values[rows][shown]).all():
            return False
    return True


def _array(rates: list[float]) -> "Floats":
    import numpy as np

    return np.array(rates, dtype=np.float64)
