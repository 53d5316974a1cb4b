"""Numbers that divide, sought as their reciprocals: a curve is a line of those, so that one step finds them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lrcli.fit.newton import Nearest, Newton, Numbers, Task
from lrcli.schedules import role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DIVISORS = (role.START_DIVISOR, role.FLOOR_DIVISOR)
"""Roles of numbers that divide."""

LEAST = 1e-300
"""A reciprocal of a number that has no bound."""


class ByReciprocals(Newton):
    """The same as Newton, where the numbers at some places divide."""

    def __init__(self, task: Task, divisors: Sequence[bool]) -> None:
        import numpy as np

        self.divisors = np.array(divisors)
        self.places = [place for place, divides in enumerate(divisors) if divides]
        self.own_units, turned = task.units, self._turned(task.units)
        super().__init__(
            task._replace(
                curve=lambda numbers: task.curve(self._turned_back(numbers)),
                low=np.where(self.divisors, self._turned(task.high), task.low),
                high=np.where(self.divisors, self._turned(task.low), task.high),
                units=turned,
                shifts=np.where(self.divisors, task.shifts / task.units * turned, task.shifts),
            )
        )

    def nearest(
        self, start: "Floats", free: Sequence[int], is_worth: Callable[[Numbers], bool] = lambda curve: True
    ) -> Nearest:
        found = super().nearest(self._turned(start), free, is_worth)
        numbers, slopes = self._turned(found.numbers), found.slopes
        if slopes.size:
            factors = [
                -self.own_units[place] / (self.units[place] * numbers[place] ** 2) if self.divisors[place] else 1.0
                for place in free
            ]
            slopes = slopes * factors
        return found._replace(numbers=numbers, slopes=slopes)

    def _turned(self, numbers: "Floats") -> "Floats":
        import numpy as np

        return np.where(self.divisors, 1 / np.maximum(numbers, LEAST), numbers)

    def _turned_back(self, numbers: Numbers) -> Numbers:
        turned = list(numbers)
        for place in self.places:
            turned[place] = 1 / max(turned[place], LEAST)
        return turned


def newton(task: Task, meanings: Sequence[role.Role | None]) -> Newton:
    """The search for numbers with these roles, of which some divide, or none does."""
    divisors = [meaning in DIVISORS for meaning in meanings]
    return ByReciprocals(task, divisors) if any(divisors) else Newton(task)
