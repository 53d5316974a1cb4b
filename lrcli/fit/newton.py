"""Numbers with which a curve comes nearest to what is wanted: Gauss and Newton, damped, within bounds.

Slopes are taken from differences at first; from then on each step corrects them (Broyden), as long as it helps.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_STEPS = 24
MOST_DAMPED = 4
"""Steps, and those that are made shorter because they did not help."""

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


class Nearest(NamedTuple):
    """Numbers, the greatest difference that they leave, and the slopes there, a column for each number in its unit."""

    numbers: "Floats"
    error: float
    slopes: "Floats"


class Newton:
    """A curve of numbers, what is wanted of it, the bounds of the numbers, and their units."""

    def __init__(
        self,
        curve: Callable[["Floats"], "Floats"],
        wanted: "Floats",
        bounds: tuple["Floats", "Floats"],
        units: "Floats",
        shifts: "Floats",
    ) -> None:
        self.curve, self.wanted, self.bounds, self.units, self.shifts = curve, wanted, bounds, units, shifts

    def slopes(self, numbers: "Floats", found: "Floats", free: Sequence[int]) -> "Floats | None":
        """The slopes at `numbers`, where the curve is `found`; None where there are none."""
        import numpy as np

        columns = []
        for place in free:
            unit, shift, column = self.units[place], self.shifts[place], None
            for change in (shift, -shift):  # On one side there may be no curve.
                moved = numbers.copy()
                moved[place] += change
                within = self.bounds[0][place] <= moved[place] <= self.bounds[1][place]
                if within and moved[place] != numbers[place] and (column is None or not np.isfinite(column).all()):
                    column = (self.curve(moved) - found) * (unit / (moved[place] - numbers[place]))
            if column is None:
                return None
            columns.append(column)
        slopes = np.array(columns).T.reshape(len(found), len(free))
        return slopes if np.isfinite(slopes).all() else None

    def nearest(self, start: "Floats", free: Sequence[int]) -> Nearest:
        """The nearest from `start`, the numbers at the places `free` to be found; without slopes if there are none."""
        import numpy as np

        with np.errstate(all="ignore"):
            return self._nearest(start, list(free))

    def _nearest(self, start: "Floats", places: list[int]) -> Nearest:
        import numpy as np

        none = np.empty((len(self.wanted), 0))
        low, high = self.bounds
        numbers = np.minimum(np.maximum(start, low), high)
        found = self.curve(numbers)
        missing = self.wanted - found
        error = float(np.abs(missing).max())
        if not error < math.inf or not places:
            return Nearest(numbers, error, none)
        slopes, taken, is_new = self.slopes(numbers, found, places), 1, True
        first, promised = error, math.nan
        before, square, damping = math.inf, float(missing @ missing), 1e-4
        for _ in range(MOST_STEPS):
            if slopes is None:
                return Nearest(numbers, error, none)
            if error <= PERFECT:
                break
            normal, right = slopes.T @ slopes, slopes.T @ missing
            scale = normal.diagonal() + 1e-30
            better = False
            for _ in range(MOST_DAMPED if is_new else 1):
                damped = normal.copy()
                damped.flat[:: len(places) + 1] += damping * scale
                try:
                    change = np.linalg.solve(damped, right)
                except np.linalg.LinAlgError:
                    return Nearest(numbers, error, none)
                tried = numbers.copy()
                tried[places] += change * self.units[places]
                tried = np.minimum(np.maximum(tried, low), high)
                curve = self.curve(tried)
                rest = self.wanted - curve
                after = float(rest @ rest)
                if after < square:
                    better = True
                    break
                damping = max(damping * 10, 1e-6)
            if math.isnan(promised):
                promised = float(np.abs(missing - slopes @ change).max())
            if better:
                step = (tried - numbers)[places] / self.units[places]
                length = float(step @ step)
                helped = after <= HELPED * HELPED * square
                if (length and not is_new) or helped:
                    slopes = slopes + np.outer(curve - found - slopes @ step, step / length)
                numbers, found, missing, square, is_new = tried, curve, rest, after, False
                error, damping = float(np.abs(missing).max()), max(damping * 0.05, 1e-12)
                if helped:
                    continue
            elif is_new:
                break
            if taken == 1 and min(error, promised) > max(HOPELESS_AT_FIRST, PROGRESS * first):
                break
            if taken >= 2 and error > max(HOPELESS if taken == 2 else GOOD, PROGRESS * before):
                break
            if taken == MOST_SLOPES:
                break
            before = error
            slopes, taken, is_new = self.slopes(numbers, found, places), taken + 1, True
        if error > GOOD:
            return Nearest(numbers, error, none)
        last = slopes if is_new else self.slopes(numbers, found, places)
        return Nearest(numbers, error, none if last is None else last)
