"""Two schedules at the same time, as torch's ChainedScheduler has them: one that goes on, and one that lowers its first
ticks, as a constant factor or a line up does.
"""

import itertools
from collections.abc import Iterator
from contextlib import suppress

from lrcli.errors import InputError
from lrcli.fit.effort import Effort, SpentError
from lrcli.fit.guess import Guess
from lrcli.fit.hopeless import Hopeless
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.numbers import typed
from lrcli.fit.sequences import LEVELS, takes_part
from lrcli.fit.sought import relaxed_guesses
from lrcli.fit.tried import candidates_of
from lrcli.record.curve import few_rates_at
from lrcli.run import A_THIRD
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Chained

RATES_FOR_CHAINS, RATES_FOR_ONE = 50_000, 3_000
"""Rates that are computed for all, and for one that may go on."""

MOST_CUTS = 3
MOST_ENDS = 10
"""Ticks at which the one that lowers the rate may end, between two rows."""

FEWEST_AFTER = 6
"""Rows from which the one that goes on is found."""

NEARLY = 1e-5
"""Relative: how far a share of the rate may be from what somebody typed."""


def chained(marks: Landmarks, effort: Effort) -> Iterator[Guess]:
    """What may give the log, the likeliest turns first."""
    likely = [row for row in marks.breaks if row <= marks.peak + 1]
    for row in dict.fromkeys([*likely[-MOST_CUTS:], marks.peak] if marks.peak else []):
        if len(marks.values) - row < FEWEST_AFTER:
            continue
        rest = Landmarks(marks.ticks[row:], marks.values[row:], marks.tolerance, marks.lengths)
        for goes_on in _that_go_on(rest, effort):
            yield from _lowered(goes_on, marks, row)


def _that_go_on(rest: Landmarks, effort: Effort) -> Iterator[Guess]:
    """The schedules that give the rows behind a turn, counted from the beginning of the log."""
    for level, cls in itertools.product(LEVELS, candidates_of(rest)):
        if not takes_part(cls) or cls.goes_on:
            continue
        with suppress(SpentError, InputError, ArithmeticError, ValueError):
            yield from relaxed_guesses(cls, level, rest, effort.part(RATES_FOR_ONE), Hopeless())


def _lowered(goes_on: Guess, marks: Landmarks, row: int) -> Iterator[Guess]:
    """The same behind what begins at a share of the rate and ends before this row."""
    ticks, values = marks.plain[0][:row], marks.plain[1][:row]
    rates = few_rates_at(goes_on.schedule, goes_on.lr, ticks)
    if not ticks or not all(rates):
        return
    shares = [value / rate for value, rate in zip(values, rates, strict=True)]
    for cls in filter(_lowers, every().values()):
        for end in marks.before(row).ticks(MOST_ENDS):
            first = _of_share(cls, shares, ticks, end)
            if first is not None:
                yield Guess(Chained((first, goes_on.schedule)), goes_on.lr)


def _of_share(cls: type[Schedule], shares: list[float], ticks: list[int], end: int) -> Schedule | None:
    """One that has these shares of a rate at these ticks, and is over at a later one; None where there is none."""
    [start], [length] = cls.fields(role.START_SHARE), cls.fields(role.LENGTH)
    left = 1 - ticks[0] / end
    for share in (shares[0], (shares[0] - 1 + left) / left):
        likely = A_THIRD if abs(share - A_THIRD) <= NEARLY else typed(share, NEARLY)[0]
        with suppress(InputError):
            one = cls(**{start.name: likely, length.name: end})
            found = few_rates_at(one, 1.0, ticks)
            if all(abs(has - shown) <= NEARLY for has, shown in zip(found, shares, strict=True)):
                return one
    return None


def _lowers(cls: type[Schedule]) -> bool:
    """Whether it goes from a share of the rate to the rate itself."""
    return takes_part(cls) and bool(cls.fields(role.START_SHARE) and cls.fields(role.LENGTH))
