"""Numbers of a log that is rounded, as somebody may have typed them: the surest first, since that makes others surer.

What a log of six digits says of a rate at its end may leave a number open by a tenth, until the highest rate, which it
shows to six digits, is taken for what was typed.
"""

import math
from collections.abc import Sequence

from lrcli.fit.numbers import DIGITS, SHIFT, Curve, passing_through, solution

DOUBTED = 2.0
"""Times the uncertainty of a number: what was typed is not farther off."""


def settled(
    curve: Curve,
    numbers: Sequence[float],
    wanted: Sequence[float],
    rounding: Sequence[float],
    bounds: Sequence[tuple[float, float]],
    peak: float,
) -> list[float] | None:
    """Typed numbers with which `curve` has the rates that are wanted, up to `rounding`; None where it has no slopes.

    `curve` gives as many rates as there are numbers, each at the row that tells most of its number.
    """
    found, free = list(numbers), list(range(len(numbers)))
    while free:
        doubts = _doubts(curve, found, free, rounding, bounds, peak)
        if doubts is None:
            return None
        place = min(free, key=lambda one: doubts[one] / abs(found[one]) if found[one] else math.inf)
        low, high = bounds[place]
        found[place] = min(max(typed_within(found[place], DOUBTED * doubts[place]), low), high)
        free.remove(place)
        solved = _solved(curve, found, free, wanted, bounds, peak)
        if solved is None:
            return None
        found = solved
    return found


def typed_within(number: float, doubt: float) -> float:
    """The shortest number that is no farther off."""
    if abs(number) <= doubt:
        return 0.0
    near = [float(f"{number:.{digits}g}") for digits in range(1, DIGITS + 1)]
    near.insert(1, round(number * 3) / 3)
    return next((one for one in near if abs(one - number) <= doubt), number)


def _solved(
    curve: Curve,
    found: list[float],
    free: list[int],
    wanted: Sequence[float],
    bounds: Sequence[tuple[float, float]],
    peak: float,
) -> list[float] | None:
    if not free:
        return found

    def part(numbers: Sequence[float]) -> list[float]:
        rates = curve(_with(found, free, numbers))
        return [rates[place] for place in free]

    of_free = [found[place] for place in free], [wanted[place] for place in free], [bounds[place] for place in free]
    solved = passing_through(part, *of_free, peak)
    return None if solved is None else _with(found, free, solved)


def _with(found: Sequence[float], places: Sequence[int], numbers: Sequence[float]) -> list[float]:
    changed = list(found)
    for place, number in zip(places, numbers, strict=True):
        changed[place] = number
    return changed


def _doubts(
    curve: Curve,
    found: list[float],
    free: list[int],
    rounding: Sequence[float],
    bounds: Sequence[tuple[float, float]],
    peak: float,
) -> dict[int, float] | None:
    """How far off each number may be, by the rounding of the rows that the free ones are found from."""
    here = curve(found)
    columns = []
    for place in free:
        shift = SHIFT * abs(found[place]) or SHIFT * peak
        shift = shift if found[place] + shift <= bounds[place][1] else -shift
        there = curve(_with(found, [place], [found[place] + shift]))
        columns.append([(there[row] - here[row]) / shift for row in free])
    doubts = dict.fromkeys(free, 0.0)
    for at, row in enumerate(free):
        weights = solution(columns, [float(other == at) for other in range(len(free))])
        if weights is None:
            return None
        for place, weight in zip(free, weights, strict=True):
            doubts[place] += abs(weight) * rounding[row]
    return doubts if all(map(math.isfinite, doubts.values())) else None
