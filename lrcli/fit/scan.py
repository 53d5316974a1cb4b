"""Cycles of which a log shows few rows each: the length is sought one by one, since no slope leads to it."""

import math
from collections.abc import Iterator

from lrcli.fit.guess import Guess
from lrcli.fit.hopeless import misshapen
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.relaxed import NEAR_ENOUGH, Relaxed
from lrcli.schedules import role

FEW_ROWS = 12
"""Of a cycle."""

PARTS = 4
"""Of a cycle that a length may be off at the end of a log, and of what lies between two lengths."""


def has_few_rows_a_cycle(marks: Landmarks) -> bool:
    """Whether so few rows lie from peak to peak that none may be near a peak."""
    return marks.second_peak is not None and marks.second_peak - marks.peak <= FEW_ROWS


def with_its_cycle(relaxed: Relaxed) -> Iterator[Guess]:
    """The guesses from the length of a cycle whose shape is nearest to that of the log, where none was near."""
    marks, params = relaxed.marks, relaxed.solver.params
    names = [name for name in relaxed.sought if name in params and params[name].role is role.CYCLE]
    for name in names:
        one = relaxed.sought[name]
        high = int(min(one.high, int(marks.ticks[-1])))
        for low in (
            math.ceil(one.low),
            int(marks.ticks[1] - marks.ticks[0]),
        ):  # What looks highest may be another peak.
            if relaxed.nearest > NEAR_ENOUGH and low <= high:
                near = one._replace(start=_nearest(relaxed, name, low, high), low=low)
                relaxed = Relaxed(relaxed.solver, relaxed.sought | {name: near}, marks)
                yield from relaxed.guesses()


def _nearest(relaxed: Relaxed, name: str, low: int, high: int) -> int:
    """The whole number with which the shape of the curve is nearest, whatever its height and its lowest rate are."""
    place, rows = relaxed.names.index(name), relaxed.every_row
    wanted = [relaxed.solver.values[row] for row in rows]
    numbers = [one.start for one in relaxed.sought.values()]

    def difference(length: int) -> float:
        return misshapen(relaxed.at([*numbers[:place], length, *numbers[place + 1 :]], rows), wanted)

    # What is a little too long is half a cycle off at the end of the log.
    span = int(relaxed.marks.ticks[-1] - relaxed.marks.ticks[0])
    lengths = [low]
    while lengths[-1] < high:
        lengths.append(min(high, lengths[-1] + 1 + lengths[-1] ** 2 // (PARTS * span)))
    place_of = min(range(len(lengths)), key=lambda at: difference(lengths[at]))
    first, last = lengths[max(0, place_of - 1)], lengths[min(place_of + 1, len(lengths) - 1)]
    return min(range(first, last + 1, -(-(last - first) // PARTS) or 1), key=difference)
