"""What a search has seen not to be the schedule of the log, so that it does not try the same again."""

import math
from collections.abc import Sequence
from typing import Any

from lrcli.fit.nearby import Near
from lrcli.schedules import role
from lrcli.schedules.base import Schedule

OFF_BY_A_FLOOR, OFF_BY_A_BEND, OFF_AT_FIRST = 0.12, 0.4, 0.3
"""Of the highest rate: what another scale and another lowest rate leave of a curve. Beyond the first no lowest rate
that is sought makes it that of the log, beyond the second no number that bends it does, and beyond the third no number
that is found from where it stands (of 200 that were found none was beyond 0.11)."""


class Hopeless:
    """What is known of the schedulers that were tried, by themselves and behind a straight line up."""

    def __init__(self) -> None:
        self.forms: set[tuple[Any, ...]] = set()
        """Forms that are not that of the log, whatever the tick of its first row."""
        self.misshapen: dict[tuple[type[Schedule], bool], float] = {}
        """The least difference in shape that a scheduler had with nothing free that may have a default."""
        self.near: dict[tuple[type[Schedule], bool], list[Near]] = {}
        """Where a scheduler came near to the log: with more of its numbers free, it begins there."""

    def learn(self, cls: type[Schedule], warmed: bool, difference: float) -> None:
        """Take up the difference in shape of one form."""
        self.misshapen[cls, warmed] = min(difference, self.misshapen.get((cls, warmed), math.inf))

    def rules_out(self, cls: type[Schedule], warmed: bool, free: Sequence[str], floors: Sequence[role.Role]) -> bool:
        """Whether fields that were at their default do not make it the schedule of the log."""
        only_floors = bool(free) and all(cls.params()[name].role in floors for name in free)
        return self.misshapen.get((cls, warmed), 0.0) > (OFF_BY_A_FLOOR if only_floors else OFF_BY_A_BEND)


def misshapen(rates: Sequence[float], wanted: Sequence[float]) -> float:
    """The greatest difference between two curves that no other scale and no other lowest rate makes good."""
    count = len(wanted)
    if not count:
        return 0.0
    middle, aim = sum(rates) / count, sum(wanted) / count
    spread = sum((rate - middle) ** 2 for rate in rates)
    together = sum((rate - middle) * (other - aim) for rate, other in zip(rates, wanted, strict=True))
    slope = together / spread if spread > 0 else 0.0
    left = [abs(other - aim - slope * (rate - middle)) for rate, other in zip(rates, wanted, strict=True)]
    return max(left) if math.isfinite(sum(left)) else math.inf
