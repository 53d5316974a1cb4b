"""What was held against a log, and what is known from it."""

from collections.abc import Sequence

from lrcli.engine import spec_of
from lrcli.fit.beside import WORTH_A_MENTION, is_near, read_as
from lrcli.fit.decided import is_underway, settles
from lrcli.fit.effort import Effort
from lrcli.fit.found import EXACT, FLOAT32, NEARLY, ROUNDED, Found, exactness_of, greatest_error, is_plain
from lrcli.fit.otherwise import said_otherwise
from lrcli.fit.ranking import Ranking
from lrcli.fit.view import View
from lrcli.record import Reading, rates_at
from lrcli.record.tolerance import FULL, FULL_PRECISION
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH

GOOD = (EXACT, FLOAT32, ROUNDED)


class Findings:
    """The candidates that give a log, or nearly."""

    def __init__(self, ranking: Ranking, effort: Effort) -> None:
        self.record = ranking.record
        self.tolerance = ranking.tolerance
        self.ranking = ranking
        self.effort = effort
        self.each: dict[str, Found] = {}
        """By their specs."""
        self.is_read_in_one_way = False

    def learn(self, readings: Sequence[Reading]) -> None:
        """Take up in which ways the log may be read, the likeliest first."""
        by_epoch = sum(reading.axis == EPOCH for reading in readings)
        self.is_read_in_one_way = len(readings) == 1 or (by_epoch == 1 and readings[0].axis == EPOCH)
        self.ranking = self.ranking._replace(axis=readings[0].axis if readings else "")

    def ranked(self) -> list[Found]:
        """All of them, the best first."""
        return self.ranking.of(self.each.values())

    def good(self) -> list[Found]:
        """Those that give the log as far as it shows, the best first."""
        return [one for one in self.ranked() if one.exactness != NEARLY]

    def is_decided(self) -> bool:
        """Whether something plain gives the log, to the bit where it is shown in full: others would be stranger."""
        return bool(self._plain())

    def is_known(self, view: View) -> bool:
        """Whether nothing else is looked for in another reading."""
        return self.is_decided() or (view.marks.moves_in_steps and self.has(view, typed=True))

    def _plain(self) -> list[Found]:
        good = (EXACT,) if self.tolerance.kind == FULL_PRECISION else GOOD
        return [
            one
            for one in self.each.values()
            if one.exactness in good
            and one.is_plain
            and one.shows_itself
            and self.ranking.has_its_length(one)
            and not one.begins_at_nothing
            and (one.composed.ends or not is_underway(one, self.record))
        ]

    def settles(self, view: View) -> bool:
        """Whether what is found leaves nothing to look for. Lines are the beginning of many.

        What has no end is often the same from another tick on, so that another reading may give it plainer numbers.
        """
        found = [one for one in self._plain() if one.composed.ends or self.is_read_in_one_way]
        return not view.marks.is_straight and any(settles(one, self.record) for one in found)

    def has_all_but_bits(self, views: list[View]) -> bool:
        """Whether the log is shown in full, and what somebody may have typed gives it but for rounding."""
        in_full = self.tolerance.kind == FULL_PRECISION
        return in_full and any(self.has(view, likely=True, typed=True) for view in views)

    def has(
        self,
        view: View,
        to_the_bit: bool = False,
        likely: bool = False,
        typed: bool = False,
        of_one_piece: bool = False,
    ) -> bool:
        """Whether something gives the log in this reading that is all that is asked."""
        good = (EXACT,) if to_the_bit else GOOD
        return any(
            one.reading is view.reading
            and one.exactness in good
            and (one.is_typed or not typed)
            and not (likely and one.begins_at_nothing)
            and not (of_one_piece and one.schedule.value(role.PARTS))
            for one in self.each.values()
        )

    def hold(self, schedule: Schedule, run: Run, reading: Reading, is_another: bool = False) -> bool:
        """Hold a candidate against all rows; whether it gives them as far as the log shows.

        Where it does but for rounding, so are those with the same curve, unless it `is_another` of them itself.
        """
        import numpy as np

        composed, values = run.warmed_up(schedule), self.record.values
        if not is_near(composed, run, reading, values, self.tolerance):
            return False
        run = read_as(composed, run, reading, self.record)
        name = spec_of(schedule, run)
        if name in self.each:
            return self.each[name].exactness != NEARLY
        rows = len(reading.ticks) // 2
        self.effort.left -= rows if composed.has_closed_form() else max(rows, int(reading.ticks.max()))
        expected = rates_at(composed, run.lrs, reading.ticks)
        if not np.isfinite(expected).all():
            return False
        error = greatest_error(expected, values)
        exactness = exactness_of(expected, values, self.tolerance)
        if exactness is None:
            if error > WORTH_A_MENTION:
                return False
            exactness = NEARLY
        self.each[name] = Found(schedule, run, reading, exactness, error)
        if exactness == NEARLY:
            may_be_another = error <= max(FULL, self.tolerance.relative)
        else:
            may_be_another = exactness != EXACT and (self.tolerance.kind == FULL_PRECISION or not is_plain(name))
        for other in said_otherwise(schedule, run.lrs[0]) if may_be_another and not is_another else ():
            self.hold(other, run, reading, is_another=True)
        return exactness != NEARLY
