"""Straight lines of a log, and the ticks at which they meet: at a row, or between two of them."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lrcli.fit.landmarks import LEAST_BREAK, Landmarks, roughness
from lrcli.fit.numbers import typed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ticks = NDArray[np.int64]

FEWEST_ROWS, MOST_CORNERS = 4, 6

MEETS = 0.05
"""Ticks that two lines may meet beside a whole one."""

NEAR, FAR = 1e-6, 1e-3
"""Relative, to a rate that somebody typed: where the log shows it in full, and at most."""

BENT = 1e-5
"""Of the highest rate: how far a row is from a line through the two before it that it is not on."""

Point = tuple[int, float]


def corners(marks: Landmarks) -> list[Point]:
    """The ticks and rates between which there are straight lines, from tick 0 on; empty where there are none."""
    if len(marks.values) < FEWEST_ROWS or marks.moves_in_steps or not marks.highest:
        return []
    least = max(LEAST_BREAK / 10, 4 * marks.tolerance.strict) * marks.highest
    off = 4 * marks.tolerance.strict * marks.highest
    return _corners(marks.ticks, marks.values, least, off, [*marks.lengths, *marks.ends])


def _corners(ticks: "Ticks", values: "Floats", least: float, off: float, ends: Sequence[int]) -> list[Point]:
    """The points of rows: `least` is how far one is off the line between those beside it, `off` what rounding does."""
    import numpy as np

    last = len(values) - 1
    line = values[:-2] + (values[2:] - values[:-2]) * (ticks[1:-1] - ticks[:-2]) / (ticks[2:] - ticks[:-2])
    bent = [int(row) + 1 for row in np.flatnonzero(np.abs(values[1:-1] - line) > least)]
    found: list[Point] = []
    while bent and len(found) < MOST_CORNERS:
        row = bent.pop(0)
        if not bent or bent[0] != row + 1:
            found.append((int(ticks[row]), float(values[row])))
            continue
        after = bent.pop(0)
        if after == last:
            return []
        point = _meeting(ticks, values, row, after)
        if point is None:
            return []
        found.append(point)
    if bent:
        return []
    first = (values[1] - values[0]) / (ticks[1] - ticks[0])
    start = float(values[0] - first * ticks[0])
    slope = float((values[last] - values[last - 1]) / (ticks[last] - ticks[last - 1]))
    if start < -least:
        return []
    points = [(0, max(0.0, start)), *found, *_end(int(ticks[last]), float(values[last]), slope, least, off, ends)]
    return points if len(values) > 2 * len(points) else []  # Each is two numbers: fewer rows than those have a curve.


def end_of_line_down(marks: Landmarks) -> int:
    """The last row of the straight line down from the highest rate; 0 where there is none, or it does not end."""
    import numpy as np

    ticks, values = marks.ticks, marks.values
    first, second, last = marks.held_until + 1, marks.held_until + 2, marks.bottom
    if second >= last:
        return 0
    slope = float((values[second] - values[first]) / (ticks[second] - ticks[first]))
    off = abs(values[first : last + 1] - values[first] - slope * (ticks[first : last + 1] - ticks[first]))
    rounding = 2 * float(marks.tolerance.rounding(marks.values[first:second]).max()) + BENT * marks.highest
    leaves = (off > rounding * np.arange(1, len(off) + 1)).nonzero()[0]
    return first + int(leaves[0]) - 1 if len(leaves) and leaves[0] > 2 else 0


def _meeting(ticks: "Ticks", values: "Floats", row: int, after: int) -> Point | None:
    """Where the lines up to one row and from the next on meet between the two; None where it is at no whole tick."""
    up = float((values[row] - values[row - 1]) / (ticks[row] - ticks[row - 1]))
    down = float((values[after + 1] - values[after]) / (ticks[after + 1] - ticks[after]))
    first, apart = int(ticks[row]), float(values[after] - values[row]) - down * int(ticks[after] - ticks[row])
    at = first + apart / (up - down) if up != down else math.nan
    if not first < at < ticks[after] or abs(at - round(at)) > MEETS:
        return None
    return round(at), float(values[row]) + up * (round(at) - first)


def _end(last: int, rate: float, slope: float, least: float, off: float, ends: Sequence[int]) -> list[Point]:
    """Where a line that still moves ends: of the ticks at which it may, that whose rate is the plainest."""
    if not slope:
        return []
    there = [(end, rate + slope * (end - last)) for end in dict.fromkeys(ends) if end >= last]
    points = [
        (end, 0.0 if abs(one) < least else typed(one, min(FAR, max(NEAR, off / one)))[0])
        for end, one in there
        if one > -least
    ]
    return sorted(points, key=lambda point: roughness(point[0]) + (roughness(point[1]) if point[1] else 0))[:1]
