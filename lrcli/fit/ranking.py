"""Which of the schedules that give a log is named first."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lrcli.fit.found import EXACT, NEARLY, Found
from lrcli.record import Reading, Record, Tolerance, different
from lrcli.record.tolerance import FULL_PRECISION
from lrcli.schedules import every

MOST_OF_ONE = 2
"""Candidates of one scheduler before those of others that give the log as well."""


class Ranking(NamedTuple):
    """The order of what is found for a log."""

    record: Record
    tolerance: Tolerance
    lengths: Sequence[int]
    """What the log says of the length of its run."""
    axis: str = ""
    """That of the likeliest reading."""

    def of(self, found: Iterable[Found]) -> list[Found]:
        """The best first; of one scheduler only those that somebody may have typed, if there are any.

        What stays by chance is left out where anything else gives the log.
        """
        ranked = sorted(found, key=self._rank)
        typed = {one.schedule.reference.name for one in ranked if one.is_typed and one.exactness != NEARLY}
        kept = [one for one in ranked if one.is_typed or one.schedule.reference.name not in typed]
        if any(one.exactness != NEARLY and not one.stays_by_chance for one in kept):
            kept = [one for one in kept if one.exactness == NEARLY or not one.stays_by_chance]
        return [one for _, alike in itertools.groupby(kept, self._grade) for one in _varied(alike)]

    def has_its_length(self, found: Found) -> bool:
        """Whether it ends where the log says that the run ends, if the log says so and it ends at all."""
        return not self.lengths or not found.composed.ends or found.composed.horizon in self.lengths

    def _rank(self, found: Found) -> tuple[bool | int, ...]:
        """Those that give the log before others; where it is shown in full, to the bit before others; simple ones."""
        order = list(every()).index(found.schedule.reference.name)
        return (
            *self._grade(found),
            found.schedule.ends and self._goes_on_after(found.reading, found.composed.horizon),
            not self.has_its_length(found),
            found.reading.axis != self.axis,
            found.effort,
            bool(self.lengths) and found.composed.horizon not in self.lengths,
            found.odd,
            found.roughness[0],
            order,
        )

    def _grade(self, found: Found) -> tuple[bool, bool, bool]:
        """What tells candidates apart before anything else does."""
        in_full = self.tolerance.kind == FULL_PRECISION
        return (
            found.exactness == NEARLY,
            not found.is_typed,
            in_full and found.exactness != EXACT,
        )

    def _goes_on_after(self, reading: Reading, horizon: int | None) -> bool:
        """Whether the rate of the log still moves after the end of a schedule: nobody would have made it so short."""
        if horizon is None:
            return False
        after = self.record.values[reading.ticks > horizon + 1]
        return len(different(after)) > 1


def _varied(ranked: Iterable[Found]) -> list[Found]:
    """The same with two of each scheduler before any third: what else gives the log tells more."""
    seen: Counter[str] = Counter()
    first: list[Found] = []
    rest: list[Found] = []
    for one in ranked:
        name = one.schedule.reference.name
        seen[name] += 1
        (first if seen[name] <= MOST_OF_ONE else rest).append(one)
    return first + rest
