"""The rates of a run: of every tick, or of enough of them where the schedule does not have to be walked."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.schedules.base import Absolute, Schedule

MOST_WORK = 2**25
"""What the ticks that are walked may cost, three seconds; what comes later is judged by the hyperparameters alone."""

LONGEST_WALK = 2**20
"""Ticks that are walked at most."""

DENSE = 2**15
"""Ticks up to which every one is looked at."""

SAMPLES = 2**13
"""Ticks looked at of a longer run."""

EDGE = 128
"""Ticks at either end of it that are all looked at."""


class Curve(NamedTuple):
    """Rates and the ticks that they belong to."""

    ticks: Sequence[int]
    rates: Sequence[float]

    def at(self, tick: int) -> float:
        """The rate at `tick`, or at the next that is known."""
        return self.rates[bisect_left(self.ticks, tick)]

    def since(self, tick: int) -> "Curve":
        """The part from `tick` on."""
        place = bisect_left(self.ticks, tick)
        return Curve(self.ticks[place:], self.rates[place:])

    def before(self, tick: int) -> "Curve":
        """The part before `tick`."""
        place = bisect_left(self.ticks, tick)
        return Curve(self.ticks[:place], self.rates[:place])

    @property
    def first(self) -> float:
        """The rate at the start."""
        return self.rates[0]

    @property
    def last(self) -> float:
        """The rate at the end."""
        return self.rates[-1]

    @property
    def highest(self) -> float:
        """The highest rate; 0 where there is none."""
        return max(self.rates, default=0.0)

    def where(self, fits: Callable[[float], bool]) -> int | None:
        """The first tick whose rate fits."""
        return next((tick for tick, rate in zip(self.ticks, self.rates, strict=True) if fits(rate)), None)

    def after_last(self, fits: Callable[[float], bool]) -> int:
        """The tick from which on no rate fits any more."""
        backwards = reversed(range(len(self.rates)))
        place = next((place + 1 for place in backwards if fits(self.rates[place])), 0)
        return self.ticks[place] if place < len(self.ticks) else self.ticks[-1] + 1


class Walk(NamedTuple):
    """The rates up to where the framework fails, if it does: the tick, and what it says."""

    curve: Curve
    failed_at: int = 0
    failure: str = ""


def walked(schedule: Schedule, lrs: tuple[float, ...], group: int, length: int, landmarks: Iterable[int] = ()) -> Walk:
    """The rates of the first `length` ticks.

    Of a long run of a schedule that is a formula of the tick there are samples, those at `landmarks` among them.
    """
    ticks: Sequence[int] = range(min(length, LONGEST_WALK, max(1, MOST_WORK // schedule.cost)))
    values: list[float] = []
    try:
        if length > DENSE and isinstance(schedule, Absolute):
            ticks = sampled(length, landmarks)
            bound = schedule.bind(group, lrs)
            base_lr = bound.base(lrs[group])
            values.extend(bound.at(tick, base_lr) for tick in ticks)
        else:
            values.extend(islice(rates(schedule, lrs, group), len(ticks)))
    except InputError as error:
        failure = str(error)
    except (ArithmeticError, ValueError) as error:
        failure = f"{type(error).__name__}: {error}"
    else:
        return Walk(Curve(ticks, values))
    return Walk(Curve(ticks[: len(values)], values), ticks[len(values)], failure)


def sampled(length: int, landmarks: Iterable[int]) -> list[int]:
    """Ticks of a long run: evenly, all at either end, and around the landmarks."""
    chosen = {*range(EDGE), *range(0, length, length // SAMPLES), *range(length - EDGE, length)}
    chosen.update(tick + near for tick in landmarks for near in (-1, 0, 1))
    return sorted(tick for tick in chosen if 0 <= tick < length)


def first_rates(schedule: Schedule, lrs: tuple[float, ...], group: int, count: int) -> Curve:
    """The first rates of a schedule, alone; fewer where it fails."""
    return walked(schedule, lrs, group, count).curve
