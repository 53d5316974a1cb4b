"""Runs that go on beyond the log, of which it shows the beginning: more cycles, or more of the same straight fall."""

import dataclasses
import itertools
from collections.abc import Iterator

from lrcli.fit.cycles import with_more_cycles
from lrcli.fit.landmarks import Landmarks, roughness
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import Param

USUAL = (0.0, 0.1, 0.01, 0.001, 0.05, 0.5, 0.2, 0.02)
"""Shares of the base rate to which people let a line fall."""

USUAL_RATES = (1e-6, 1e-5, 1e-7, 1e-4)
"""Rates that people type for that."""

PLAIN, NEARLY_WHOLE = 3, 1e-4
"""Digits of a length that somebody typed, and the part of the last tick that it may be off."""

MOST_LONGER = 2


def longer(schedule: Schedule, lr: float, marks: Landmarks) -> Iterator[Schedule]:
    """Those that may have been typed for a longer run, the plainest first; `lr` is the base rate."""
    if marks.is_within_a_cycle:
        yield from with_more_cycles(schedule)
    if marks.is_straight_down and lr:
        yield from itertools.islice(_with_lower_ends(schedule, lr), MOST_LONGER)


def _with_lower_ends(schedule: Schedule, lr: float) -> Iterator[Schedule]:
    """Those that fall as steeply, to an end and in a length that people type."""
    found: list[tuple[int, Schedule]] = []
    floors = schedule.all_given(role.FLOOR_SHARE, role.FLOOR, role.FLOOR_OF_OPTIMIZER)
    for (floor, value), (length, ticks) in itertools.product(floors, schedule.all_given(role.LENGTH, role.EPOCHS)):
        fall = 1 - (value if floor.role is role.FLOOR_SHARE else value / lr)
        firsts = {0, *(warmup for _, warmup in schedule.all_given(role.WARMUP))}
        for first, (share, typed) in itertools.product(firsts, _ends(floor, lr)):
            end = first + (ticks - first) * (1 - share) / fall if fall else 0.0
            last = round(end)
            if last > ticks and roughness(last) <= PLAIN and abs(end - last) <= NEARLY_WHOLE * last / ticks:
                other = dataclasses.replace(schedule, **{floor.name: typed, length.name: last})
                found.append((roughness(last) + roughness(typed), other))
    yield from (one for _, one in sorted(found, key=lambda pair: pair[0]))


def _ends(floor: Param, lr: float) -> list[tuple[float, float]]:
    """The ends that people type: the share of the base rate, and what is typed of it."""
    if floor.role is role.FLOOR_SHARE:
        return [(share, share) for share in USUAL]
    rates = [*USUAL_RATES, *(float(f"{share * lr:.12g}") for share in USUAL)]
    return [(rate / lr, rate) for rate in dict.fromkeys(rates)]
