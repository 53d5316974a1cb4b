"""Numbers with which a curve comes nearest to what is wanted: Gauss and Newton, damped, within bounds.

Slopes are taken from differences at first; from then on each step corrects them (Broyden), as long as it helps. A dozen
rates and a few numbers: Python's own lists are quicker there than arrays.
"""

import math
from collections.abc import Callable, Sequence
from operator import mul, sub
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_STEPS = 24
MOST_DAMPED = 4
"""Steps, and those that are made shorter because they did not help."""

DAMPED, DAMPED_NEARBY = 1e-4, 1e-10
"""Of the squares of the slopes: at first, and where the first curve is good; what is hardly seen needs long steps."""

MOST_SLOPES = 6
"""Times that slopes are taken from differences."""

HELPED = 0.3
"""Share of the error that a step may leave without new slopes."""

HOPELESS_AT_FIRST, HOPELESS = 0.1, 0.05
"""Errors, made and promised, beyond which nothing is expected after the first slopes, and after the second."""

PROGRESS = 0.6
"""Share of the error that may be left from one taking of slopes to the next."""

GOOD, PERFECT = 1e-4, 1e-14
"""Errors: with which it goes on in any case, and at which it ends."""

Numbers = list[float]
Columns = list[list[float]]


class Nearest(NamedTuple):
    """Numbers, the greatest difference that they leave, and the slopes there, a column for each number in its unit."""

    numbers: "Floats"
    error: float
    slopes: "Floats"
    """Without rows where there are none, or where the error is not small."""
    curve: Numbers
    """The curve with these numbers."""

    @classmethod
    def of(cls, numbers: Numbers, error: float, slopes: Columns | None, curve: Numbers) -> "Nearest":
        """The same from lists."""
        import numpy as np

        return cls(np.array(numbers), error, np.array(slopes or []).T, curve)


class Task(NamedTuple):
    """A curve of numbers, and what is wanted of it."""

    curve: Callable[[Numbers], Numbers]
    wanted: "Floats"
    low: "Floats"
    high: "Floats"
    units: "Floats"
    """Of the numbers."""
    shifts: "Floats"
    """Those that slopes are taken from."""
    good: float = GOOD
    """An error that what is wanted may have by itself."""


class Newton:
    """The search for the numbers with which a curve is what is wanted of it."""

    def __init__(self, task: Task) -> None:
        self.curve, self.wanted, self.good = task.curve, task.wanted.tolist(), task.good
        self.units, self.shifts, self.low, self.high = (
            one.tolist() for one in (task.units, task.shifts, task.low, task.high)
        )

    def slopes(self, numbers: Numbers, found: Numbers, free: Sequence[int]) -> Columns | None:
        """The slopes at `numbers`, where the curve is `found`; None where there are none."""
        columns = []
        for place in free:
            column = None
            for shift in (self.shifts[place], -self.shifts[place]):  # On one side there may be no curve.
                here, there = numbers[place], numbers[place] + shift
                if column is None and there != here and self.low[place] <= there <= self.high[place]:
                    moved = self.curve([*numbers[:place], there, *numbers[place + 1 :]])
                    factor = self.units[place] / (there - here)
                    slopes = [(one - other) * factor for one, other in zip(moved, found, strict=True)]
                    column = slopes if math.isfinite(sum(slopes)) else None
            if column is None:
                return None
            columns.append(column)
        return columns

    def nearest(
        self, start: "Floats", free: Sequence[int], is_worth: Callable[[Numbers], bool] = lambda curve: True
    ) -> Nearest:
        """The nearest from `start`, the numbers at the places `free` to be found; without slopes if there are none.

        A curve that is not worth it is not gone on with.
        """
        places = list(free)
        numbers = self._within(start.tolist())
        found = self.curve(numbers)
        missing = list(map(sub, self.wanted, found))
        square = _dot(missing, missing)
        if not square < math.inf or not is_worth(found):
            return Nearest.of(numbers, math.inf, None, found)
        error = _greatest(missing)
        if not places:
            return Nearest.of(numbers, error, [], found)
        slopes, taken, is_new = self.slopes(numbers, found, places), 1, True
        first, promised = error, math.nan
        before, damping = math.inf, DAMPED if error > self.good else DAMPED_NEARBY
        for _ in range(MOST_STEPS):
            if slopes is None:
                return Nearest.of(numbers, error, None, found)
            if error <= PERFECT:
                break
            normal = [[_dot(one, other) for other in slopes[: row + 1]] for row, one in enumerate(slopes)]
            right = [_dot(one, missing) for one in slopes]
            better = False
            for _ in range(MOST_DAMPED if is_new else 1):
                change = _solution(normal, right, damping)
                if change is not None and is_new:
                    blocked = self._blocked(numbers, places, change)
                    change = _without(blocked, normal, right, damping) if blocked else change
                if change is None:
                    return Nearest.of(numbers, error, None, found)
                if math.isnan(promised):
                    promised = _greatest(list(map(sub, missing, _sum(slopes, change))))
                tried = list(numbers)
                for place, one in zip(places, change, strict=True):
                    tried[place] += one * self.units[place]
                tried = self._within(tried)
                curve = self.curve(tried)
                rest = list(map(sub, self.wanted, curve))
                after = _dot(rest, rest)
                if after < square:
                    better = True
                    break
                damping = max(damping * 10, 1e-6)
            if better:
                step = [(tried[place] - numbers[place]) / self.units[place] for place in places]
                length = _dot(step, step)
                helped = after <= HELPED * HELPED * square
                if length and (not is_new or helped):
                    off = list(map(sub, map(sub, curve, found), _sum(slopes, step)))
                    for place, one in enumerate(step):
                        share = one / length
                        slopes[place] = [slope + share * more for slope, more in zip(slopes[place], off, strict=True)]
                numbers, found, missing, square, is_new = tried, curve, rest, after, False
                error, damping = _greatest(missing), max(damping * 0.05, 1e-12)
                if helped:
                    continue
            elif is_new:
                break
            if taken == 1 and min(error, promised) > max(HOPELESS_AT_FIRST, PROGRESS * first):
                break
            if taken >= 2 and error > max(HOPELESS if taken == 2 else self.good, PROGRESS * before):
                break
            if taken == MOST_SLOPES:
                break
            before = error
            slopes, taken, is_new = self.slopes(numbers, found, places), taken + 1, True
        if error > self.good:
            return Nearest.of(numbers, error, None, found)
        return Nearest.of(numbers, error, slopes if is_new else self.slopes(numbers, found, places), found)

    def _blocked(self, numbers: Numbers, places: Sequence[int], change: Numbers) -> list[int]:
        """The rows of what stands at a bound and would leave it."""
        low, high = self.low, self.high
        return [
            row
            for row, (place, step) in enumerate(zip(places, change, strict=True))
            if (step < 0 and numbers[place] <= low[place]) or (step > 0 and numbers[place] >= high[place])
        ]

    def _within(self, numbers: Sequence[float]) -> Numbers:
        bounded = zip(numbers, self.low, self.high, strict=True)
        return [low if one < low else high if one > high else one for one, low, high in bounded]


def _without(blocked: Sequence[int], normal: Columns, right: Numbers, damping: float) -> Numbers | None:
    """The solution with nothing in some rows: what stays at its bound, so that the others go without it."""
    free = [row for row in range(len(right)) if row not in blocked]
    fewer = [[normal[row][other] for other in free if other <= row] for row in free]
    found = _solution(fewer, [right[row] for row in free], damping)
    steps = None if found is None else dict(zip(free, found, strict=True))
    return None if steps is None else [steps.get(row, 0.0) for row in range(len(right))]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(map(mul, one, other), 0.0)


def _greatest(numbers: Numbers) -> float:
    return max(max(numbers), -min(numbers))


def _sum(columns: Columns, weights: Numbers) -> Numbers:
    """The columns times their weights, added up."""
    return [_dot(weights, row) for row in zip(*columns, strict=True)]


def _solution(normal: Columns, right: Numbers, damping: float) -> Numbers | None:
    """The solution of the normal equations, of which the lower half is given, the diagonal enlarged; by Cholesky."""
    lower: Columns = []
    found: Numbers = []
    for row, (line, wanted) in enumerate(zip(normal, right, strict=True)):
        factors: Numbers = []
        for place in range(row):
            factors.append((line[place] - _dot(factors, lower[place])) / lower[place][place])
        square = line[row] + damping * (line[row] + 1e-30) - _dot(factors, factors)
        if not square > 0:
            return None
        found.append((wanted - _dot(factors, found)) / math.sqrt(square))
        lower.append([*factors, math.sqrt(square)])
    for row in reversed(range(len(found))):
        found[row] = (found[row] - sum(lower[place][row] * found[place] for place in range(row + 1, len(found)))) / (
            lower[row][row]
        )
    return found
