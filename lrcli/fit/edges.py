"""Schedules that nobody would write: they stay where they are for one number, and move with any other.

A cosine down to its own base rate, a factor of 1, a growth of 0: they give a log that stays at its highest rate, but
what was run there has not begun to fall, or never falls.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import suppress

from lrcli.errors import InputError
from lrcli.record import rates_at
from lrcli.run import Run
from lrcli.schedules.base import Schedule

SEEN = 12
"""Ticks at which a rate is seen to stay."""

A_LITTLE = 1e-3

FARTHEST = 100_000
"""Ticks behind which it need not be seen: of what is longer, the curve up to there decides."""

MOST_WALKED = 5_000
"""Ticks of what has to be walked through from its beginning."""


def stays_by_chance(schedule: Schedule, run: Run) -> bool:
    """Whether its rate stays behind the warmup, and would not if one of its numbers were a little other."""
    return _stays(schedule, run) and any(not _stays(other, run) for other in _others(schedule))


def _stays(schedule: Schedule, run: Run) -> bool:
    composed = run.warmed_up(schedule)
    first = max(composed.own_warmup, run.warmup) + 1
    last = max(min(composed.horizon or 0, FARTHEST), 2 * first, 2 * SEEN)
    ticks = {*range(first, last + 1, max(1, (last - first) // SEEN)), last - 1, last, last + 1, 2 * last}
    if not composed.has_closed_form():
        ticks = {tick for tick in ticks if tick <= MOST_WALKED}
    return len({*rates_at(composed, run.lrs, sorted(ticks)).tolist()}) == 1


def _others(schedule: Schedule) -> Iterator[Schedule]:
    """The same with one of the real numbers that are given a little other."""
    for declared, value in schedule.items():
        if declared.role and isinstance(value, float) and (declared.required or value != declared.default):
            with suppress(InputError, ArithmeticError):
                yield dataclasses.replace(schedule, **{declared.name: value * (1 - A_LITTLE) or A_LITTLE})
