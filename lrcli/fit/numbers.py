"""Numbers that make a curve pass through rows of a log: Newton's method, bisection, and what a person typed."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

from lrcli.fit.landmarks import roughness
from lrcli.schedules.param import Param

MOST_ITERATIONS = 12
STALLED = 0.9
"""Of the error before: what goes on so slowly goes nowhere."""
SHIFT = 1e-5
"""Relative, of the finite differences."""
DIGITS = 8
"""Significant digits of a number that a person may have typed."""
NEAR = 2e-3
"""Relative, to a number that a person may have typed."""

Curve = Callable[[Sequence[float]], Sequence[float]]
"""The rates at chosen rows, for the values of some numbers; NaN where there is none."""


def passing_through(
    curve: Curve, guess: Sequence[float], wanted: Sequence[float], bounds: Sequence[tuple[float, float]], peak: float
) -> list[float] | None:
    """The numbers with which `curve` has the rates that are wanted, as many as there are numbers; None if none do."""
    numbers = [min(max(number, low), high) for number, (low, high) in zip(guess, bounds, strict=True)]
    found = curve(numbers)
    best, least = None, math.inf
    for _ in range(MOST_ITERATIONS):
        missing = [one - other for one, other in zip(wanted, found, strict=True)]
        error = max(map(abs, missing))
        if not error < math.inf:
            return best
        if error > STALLED * least:
            return best
        if error < least:
            best, least = numbers, error
        if error <= 4e-16 * peak:
            return numbers
        slopes = []
        for place, number in enumerate(numbers):
            shift = SHIFT * abs(number) or SHIFT * peak
            if len(numbers) == 1 and found[0] and 0 < wanted[0] / found[0] < math.inf:
                # Most curves are proportional to their only number: the slope is taken where it would be then.
                shift = number * (wanted[0] / found[0] - 1) or shift
            moved = number + shift if bounds[place][0] <= number + shift <= bounds[place][1] else number - shift
            after = curve([*numbers[:place], moved, *numbers[place + 1 :]])
            if len(numbers) == 1 and abs(after[0] - wanted[0]) <= 4e-16 * peak:
                return [moved]
            if moved == number:
                return best
            slopes.append([(one - other) / (moved - number) for one, other in zip(after, found, strict=True)])
        change = solution(slopes, missing)
        if change is None:
            return best
        following = [
            _within(number, step, low, high) for number, step, (low, high) in zip(numbers, change, bounds, strict=True)
        ]
        if following == numbers:
            break
        numbers = following
        found = curve(numbers)
    return best


def _within(number: float, step: float, low: float, high: float) -> float:
    """The number after a step, within its bounds; where one that is never 0 would leave them, as its inverse goes."""
    if low > 0 and number > 0 and number + step < low:
        return max(number * number / (number - step), low)
    return min(max(number + step, low), high)


def solution(columns: Sequence[Sequence[float]], wanted: Sequence[float]) -> list[float] | None:
    """The weights with which the columns add up to what is wanted, by elimination; None where there are none."""
    count = len(wanted)
    rows = [[*(column[row] for column in columns), wanted[row]] for row in range(count)]
    for place in range(count):
        pivot = max(range(place, count), key=lambda row: abs(rows[row][place]))
        if not 0 < abs(rows[pivot][place]) < math.inf:
            return None
        rows[place], rows[pivot] = rows[pivot], rows[place]
        for row in range(count):
            if row != place:
                share = rows[row][place] / rows[place][place]
                rows[row] = [one - share * other for one, other in zip(rows[row], rows[place], strict=True)]
    found = [rows[place][count] / rows[place][place] for place in range(count)]
    return found if all(map(math.isfinite, found)) else None


def crossings(residual: Callable[[int], float], grid: Sequence[int]) -> Iterator[int]:
    """The whole numbers next to where `residual` changes its sign, from the greatest of the grid down."""
    found = {tick: residual(tick) for tick in grid}
    for low, high in itertools.pairwise(sorted(grid, reverse=True)):
        high, low = low, high
        below, above = found[low], found[high]
        if math.isnan(above) or (not math.isnan(below) and (below > 0) == (above > 0)):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            value = residual(middle)
            if math.isnan(value) or (not math.isnan(below) and (value > 0) == (below > 0)):
                low = middle
            elif math.isnan(below) and (value > 0) == (above > 0):
                high = middle
            else:
                high = middle
        yield high
        yield low


def typed(value: float, near: float = NEAR) -> list[float]:
    """The numbers that a person may have typed for `value`, the shortest first, and itself."""
    if value == 0 or not math.isfinite(3 * value):
        return [value]
    found = [float(f"{value:.{digits}g}") for digits in range(1, DIGITS)]
    found += [round(value * 3) / 3]
    return list(dict.fromkeys([*(one for one in found if math.isclose(one, value, rel_tol=near)), value]))


def bounds_of(declared: Param) -> tuple[float, float]:
    """The range of a field's values, open ends a little inside."""
    low, high = -math.inf, math.inf
    if declared.at_least is not None:
        low = declared.at_least
    if declared.above is not None:
        low = math.nextafter(declared.above, math.inf)
    if declared.at_most is not None:
        high = declared.at_most
    if declared.below is not None:
        high = math.nextafter(declared.below, -math.inf)
    return low, high


def simplest(
    values: Sequence[float], fits: Callable[[Sequence[float]], bool], near: float = NEAR, most: int = 80
) -> list[float] | None:
    """Of the numbers near `values`, those that a person would have typed and that still fit; None if none do."""
    choices = [typed(value, near) for value in values]
    combinations = itertools.islice(itertools.product(*choices), 2000)
    ordered = sorted(combinations, key=lambda combination: sum(map(roughness, combination)))
    for combination in [*ordered[:most], tuple(values)]:
        if fits(combination):
            return list(combination)
    return None


def telling(number: float) -> float:
    """A factor of 1 and a growth of 0 change nothing, and a power of 1/2 is a root: they are moved a little."""
    return 0.95 * number + 0.02 if number in (0.0, 0.5, 1.0) else number


def between(rates: Sequence[float], places: tuple[int, ...]) -> list[float] | None:
    """The rates as shares of the way to that of the first place, from 0 or from that of the second."""
    low = rates[places[1]] if len(places) > 1 else 0.0
    height = rates[places[0]] - low
    return [(rate - low) / height for rate in rates] if height > 0 else None
