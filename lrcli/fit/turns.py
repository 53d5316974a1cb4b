"""The ticks at which the curve of a schedule turns: where one of its phases or parts may end."""

import itertools
from collections.abc import Iterable
from typing import Any

from lrcli.schedules import role
from lrcli.schedules.base import Schedule

BESIDE = 2
"""Ticks beside a turn at which curves are compared, too."""


def turns(schedule: Schedule) -> set[int]:
    """The ticks that its fields name, counted from tick 0 or from the end of what the fields before them name."""
    found = {schedule.horizon or 0}
    starts = (0, *(schedule.value(role.TAKES_OVER_AT) or ()))
    before = 0
    for declared, value in schedule.items():
        if declared.role is role.PARTS:
            for start, part in zip(starts, value, strict=False):
                found |= {start + tick for tick in turns(part)}
        elif declared.role and declared.role.unit is role.TICKS:
            ticks = _ticks(value)
            found |= {*ticks, *(before + tick for tick in ticks[:1])}
            before += ticks[0] if len(ticks) == 1 else 0
    return found


def beside_turns(schedules: Iterable[Schedule], last: int) -> set[int]:
    """The ticks up to the last around the turns of schedules."""
    every = itertools.chain.from_iterable(map(turns, schedules))
    around = range(-BESIDE, BESIDE + 1)
    return {tick + shift for tick in every for shift in around if 0 <= tick + shift <= last}


def _ticks(value: Any) -> list[int]:
    values = value if isinstance(value, Iterable) else (value,)
    return [int(one) for one in values if one is not None]
