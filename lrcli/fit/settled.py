"""Numbers of a log that is rounded, as somebody may have typed them: the surest first, since that makes others surer.

What a log of six digits says of a rate at its end may leave a number open by a tenth, until the highest rate, which it
shows to six digits, is taken for what was typed.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from lrcli.fit.numbers import DIGITS, SHIFT, Curve, passing_through, solution

DOUBTED = 2.0
"""Times the uncertainty of a number: what was typed is not farther off."""


MOST_DIGITS, MOST_BETWEEN = 3, 12
"""Of the numbers that are tried in a range, and how many."""

NEARLY = 1e-6
"""Units that a bound may be off."""


class Settling(NamedTuple):
    """A curve that has as many rates as it has numbers, each at the row that tells most of its number."""

    curve: Curve
    wanted: Sequence[float]
    rounding: Sequence[float]
    """How far each of those rates may be from the one that is wanted."""
    bounds: Sequence[tuple[float, float]]
    peak: float

    def settled(self, numbers: Sequence[float]) -> list[float] | None:
        """Typed numbers with which the curve has the rates that are wanted; None where it has no slopes."""
        found, free = list(numbers), list(range(len(numbers)))
        while free:
            doubts = self._doubts(found, free)
            if doubts is None:
                return None
            place = min(free, key=lambda one: doubts[one] / abs(found[one]) if found[one] else math.inf)
            low, high = self.bounds[place]
            found[place] = min(max(typed_within(found[place], DOUBTED * doubts[place]), low), high)
            free.remove(place)
            solved = self._solved(found, free)
            if solved is None:
                return None
            found = solved
        return found

    def _solved(self, found: list[float], free: list[int]) -> list[float] | None:
        """The numbers with those that are free solved for."""
        if not free:
            return found

        def part(numbers: Sequence[float]) -> list[float]:
            rates = self.curve(_with(found, free, numbers))
            return [rates[place] for place in free]

        start, wanted = ([every[place] for place in free] for every in (found, self.wanted))
        solved = passing_through(part, start, wanted, [self.bounds[place] for place in free], self.peak)
        return None if solved is None else _with(found, free, solved)

    def _doubts(self, found: list[float], free: list[int]) -> dict[int, float] | None:
        """How far off each number may be, by the rounding of the rows that the free ones are found from."""
        here = self.curve(found)
        columns = []
        for place in free:
            shift = SHIFT * abs(found[place]) or SHIFT * self.peak
            shift = shift if found[place] + shift <= self.bounds[place][1] else -shift
            there = self.curve(_with(found, [place], [found[place] + shift]))
            columns.append([(there[row] - here[row]) / shift for row in free])
        doubts = dict.fromkeys(free, 0.0)
        for at, row in enumerate(free):
            weights = solution(columns, [float(other == at) for other in range(len(free))])
            if weights is None:
                return None
            for place, weight in zip(free, weights, strict=True):
                doubts[place] += abs(weight) * self.rounding[row]
        return doubts if all(map(math.isfinite, doubts.values())) else None


def typed_within(number: float, doubt: float) -> float:
    """The shortest number that is no farther off."""
    if abs(number) <= doubt:
        return 0.0
    near = [float(f"{number:.{digits}g}") for digits in range(1, DIGITS + 1)]
    near.insert(1, round(number * 3) / 3)
    return next((one for one in near if abs(one - number) <= doubt), number)


def typed_between(low: float, high: float) -> list[float]:
    """The numbers of few digits in a range, those of fewest first."""
    found: dict[float, None] = {}
    for digits in range(1, MOST_DIGITS + 1) if 0 < low <= high < math.inf else ():
        unit = 10.0 ** (math.floor(math.log10(high)) + 1 - digits)
        first, last = math.ceil(low / unit - NEARLY), math.floor(high / unit + NEARLY)
        if last - first < MOST_BETWEEN:
            found |= dict.fromkeys(float(f"{count * unit:.{digits}g}") for count in range(first, last + 1))
    return list(found)[:MOST_BETWEEN]


def _with(found: Sequence[float], places: Sequence[int], numbers: Sequence[float]) -> list[float]:
    changed = list(found)
    for place, number in zip(places, numbers, strict=True):
        changed[place] = number
    return changed
