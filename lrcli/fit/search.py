"""Which schedules give a log: every scheduler of the registry, with a warmup before it, under every reading."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress

from lrcli.engine import spec_of
from lrcli.fit.beside import WORTH_A_MENTION, is_near, read_as
from lrcli.fit.by_epoch import guesses_by_epoch
from lrcli.fit.chained import RATES_FOR_CHAINS, chained
from lrcli.fit.decided import is_underway, settles
from lrcli.fit.effort import Effort, SpentError
from lrcli.fit.found import EXACT, FLOAT32, NEARLY, ROUNDED, Found, exactness_of, greatest_error, is_typed
from lrcli.fit.guess import Guess
from lrcli.fit.hopeless import Hopeless
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.longer import longer
from lrcli.fit.otherwise import said_otherwise
from lrcli.fit.parts_of_epochs import in_fewest_steps, readings_after, readings_in_parts
from lrcli.fit.periods import ends_on_its_way_up
from lrcli.fit.places import SHORTEST_WARMUP
from lrcli.fit.ranking import Ranking
from lrcli.fit.sequences import Parts
from lrcli.fit.tried import (
    AT_ONCE,
    BEFORE_SEQUENCES,
    BEHIND_A_WARMUP,
    STAGES,
    Known,
    Stage,
    at_once,
    candidates_of,
    guesses,
)
from lrcli.fit.twins import twins
from lrcli.fit.view import View, is_possible
from lrcli.fit.warmups import behind_a_warmup, takes_a_warmup
from lrcli.record import Reading, Record, rates_at, readings_of_anything, tolerance_of
from lrcli.record.tolerance import FULL, FULL_PRECISION
from lrcli.run import Run
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH

SECONDS = 1.3
"""Of work, after which the search stops: counted in rates, so that every machine has the same answer."""
RATES = 400_000
RATES_FOR_SEQUENCES = 80_000
RATES_FOR_WARMUPS = 20_000
RATES_BY_EPOCH = 80_000
"""Rates that are computed in about a second of CPU, and for a part of the search."""

NOISE = 1e-5
"""Relative, of arithmetic in float32."""

FOR_A_PLAINER_ONE = 100_000
"""Rates that are computed after something gives the log whose numbers nobody would type."""

MOST_UNTYPED = 12
"""Of one scheduler, while none has numbers that somebody may have typed."""

BENT = (3, 4, 5, 6)
"""Levels at which one of two powers is found, with the lowest rate or without it."""

OF_A_RISE = 4
"""Stages that are tried of a log that does nothing but rise, which many schedules give."""

MOST_ALIKE = 5
"""Of one scheduler, where the log does not show the tick of a drop, or of the highest rate."""

MOST_CONTINUED = 6
"""Of the best, of which longer ones are named."""

BEFORE_PARTS = {False: AT_ONCE[1], True: AT_ONCE[4]}
"""What is tried of epochs as ticks, before steps are sought in them: more where the log shows no end."""


class Search:
    """The search for one log."""

    def __init__(self, record: Record, seconds: float = SECONDS, only: type[Schedule] | None = None) -> None:
        self.record = record
        self.only = only
        """The only scheduler that is tried, where one is named."""
        self.tolerance = tolerance_of(record)
        self.seconds = seconds
        self.effort = Effort(int(seconds * RATES))
        self.found: dict[str, Found] = {}
        self.hopeless = Hopeless()
        self.is_read_in_one_way = False
        self.views: list[View] = []
        self.is_in_float32_tried = False
        self.stage = STAGES[0]
        """The last that was tried."""
        self.lengths = [length for length in (record.facts.max_steps,) if length]
        self.ranking = Ranking(record, self.tolerance, self.lengths)

    def candidates(self) -> list[Found]:
        """All that was found, the best first."""
        ways = [one for one in readings_of_anything(self.record) if is_possible(one, self.record, self.tolerance)]
        views = [View(reading, self.record, self.tolerance, self.lengths, self.only) for reading in ways]
        self.views = views = [view for view in views if len(view.marks.values) > 1 or view.marks.highest > 0]
        by_epoch = sum(view.reading.axis == EPOCH for view in views)
        self.is_read_in_one_way = len(views) == 1 or (by_epoch == 1 and views[0].reading.axis == EPOCH)
        self.ranking = self.ranking._replace(axis=views[0].reading.axis if views else "")
        for view in views:
            if view.marks.is_flat:
                self._constant(view.marks, view.reading)
                return list(self.found.values())
        enough = None
        moves_by_epoch = bool(views) and views[0].reading.axis == EPOCH
        in_steps = any(view.marks.moves_in_steps for view in views)
        is_dense = not any(view.marks.is_sparse for view in views)
        is_rise = is_dense and any(ends_on_its_way_up(view.marks) for view in views)
        is_straight = is_dense and any(view.marks.is_straight_down for view in views)
        is_cut = is_dense and not any(view.marks.shows_an_end for view in views)
        shows_its_length = is_dense and not is_straight and not is_cut
        before_sequences = BEFORE_SEQUENCES if is_dense or in_steps else AT_ONCE[2]
        for place, (stage, usual) in enumerate(self._rounds(views)):
            if place > 1 and in_steps and any(self._has_found(view) for view in views):
                continue  # What jumps is no smooth curve.
            if (stage.at_once or stage.sought) and shows_its_length and self._has_all_but_bits(views):
                continue
            for view in views:
                if moves_by_epoch and view.reading.axis != EPOCH and self._is_known(views[0]):
                    break  # In steps it would be the same, with stranger numbers.
                self.stage = stage
                self.look(stage, view, usual)
                if self._is_settled(view):
                    return self._with_twins()
            if place == 0 and not self._is_decided():
                self._by_epoch()
            is_time = stage == BEFORE_PARTS[True] if is_cut else place == 1
            if is_time and not any(self._is_known(view) for view in views):
                self._in_parts_of_epochs(readings_after(self.record), STAGES[:2])
            found = self.found.values()
            if stage == BEFORE_PARTS[is_cut] and not any(one.is_typed and one.exactness != NEARLY for one in found):
                self._in_parts_of_epochs(readings_in_parts(self.record), AT_ONCE[:2])
            self._in_float32()
            if stage == before_sequences and not usual and self.only is None and not self._is_decided():
                for view in views:
                    known_in = [view] if is_dense else []
                    known_in += views[:1] if moves_by_epoch and view is not views[0] else []
                    if not any(map(self._is_known, known_in)):
                        self._sequences(view)
            is_open = stage.is_early and is_straight  # It is the beginning of many, whose length must be sought, too.
            is_open |= is_rise and place < OF_A_RISE
            if self.effort.is_spent or (self._is_decided() and not is_open):
                break
            if enough is None and not usual and any(self._has_found(view, likely=True) for view in views):
                enough = self.effort.left - FOR_A_PLAINER_ONE
            if enough is not None and self.effort.left < enough and not is_open:
                break
        return self._with_twins()

    def _with_twins(self) -> list[Found]:
        """All that was found, what may go on longer, and what gives the log like the best under another convention."""
        good = [one for one in self._ranked() if one.exactness != NEARLY]
        if not good or self.only is not None:
            return self._ranked()
        for one, view in itertools.product(good[:MOST_CONTINUED], self.views):
            for schedule in longer(one.schedule, one.run.lrs[0], view.marks) if view.reading is one.reading else ():
                self._hold(schedule, one.run, one.reading)
        best = good[0]
        for view in self.views if not best.run.warmup and not best.schedule.fields(role.WARMUP) else ():
            is_open = view.marks.is_sparse or view.marks.ticks[0] > 0  # The first rate is not shown.
            if is_open and view.reading.axis == best.reading.axis and view.reading is not best.reading:
                self._try(type(best.schedule), self.stage, view)
        for reading in (view.reading for view in self.views if view.reading.axis == best.reading.axis):
            later = int(reading.ticks[0] - best.reading.ticks[0])
            given: set[type[Schedule]] = set()
            for schedule, run in twins(best.schedule, best.run, later):
                if type(schedule) not in given and self._hold(schedule, run, reading):
                    given.add(type(schedule))
        return self._ranked()

    def _ranked(self) -> list[Found]:
        return self.ranking.of(self.found.values())

    @property
    def spent(self) -> float:
        """What the search has cost, in the seconds that it was given."""
        return self.seconds - self.effort.left / RATES

    def _rounds(self, views: list[View]) -> list[tuple[Stage, bool]]:
        """What is tried, one after another: of every scheduler, or at first of those that the log's writer offers."""
        stages = [(stage, False) for stage in STAGES]
        together = [(stage, False) for stage in AT_ONCE]
        if not any(view.marks.is_sparse for view in views) or any(view.marks.moves_in_steps for view in views):
            if not any(view.marks.shows_an_end and not view.marks.is_within_a_cycle for view in views):
                bent = [one for one in stages[2:] if one[0].level in BENT and not one[0].sought]
                rest = [one for one in stages[2:] if one not in bent]
                return [*stages[:2], *together[:5], *bent, *together[5:], *rest]
            # The rows show where phases end: what has no length to be sought is tried first.
            seen = [one for one in stages if not one[0].sought]
            return [*seen, *together, *(one for one in stages if one not in seen)]
        usual = [(stage, True) for stage in AT_ONCE] if any(view.usual for view in views) else []
        return [*usual, *together, *stages]

    def _is_decided(self) -> bool:
        """Whether something plain gives the log, to the bit where it is shown in full: others would be stranger."""
        return bool(self._plain())

    def _is_known(self, view: View) -> bool:
        """Whether nothing else is looked for in another reading."""
        return self._is_decided() or (view.marks.moves_in_steps and self._has_found(view, typed=True))

    def _plain(self) -> list[Found]:
        good = (EXACT,) if self.tolerance.kind == FULL_PRECISION else (EXACT, FLOAT32, ROUNDED)
        return [
            one
            for one in self.found.values()
            if one.exactness in good
            and one.is_plain
            and one.shows_itself
            and self.ranking.has_its_length(one)
            and not one.begins_at_nothing
            and (one.composed.ends or not is_underway(one, self.record))
        ]

    def _is_settled(self, view: View) -> bool:
        """Whether what is found leaves nothing to look for. Lines are the beginning of many.

        What has no end is often the same from another tick on, so that another reading may give it plainer numbers.
        """
        found = [one for one in self._plain() if one.composed.ends or self.is_read_in_one_way]
        return not view.marks.is_straight and any(settles(one, self.record) for one in found)

    def look(self, stage: Stage, view: View, usual: bool = False) -> None:
        """Try every scheduler on one reading, or the usual ones."""
        for classes in (view.usual,) if usual else (view.own, view.others):
            self._try_each(classes, stage, view)
            if self._is_settled(view):
                return
            if self._has_found(view, self.tolerance.kind == FULL_PRECISION and classes is view.own, typed=True):
                break
        if usual:
            return
        if stage.at_once:
            self._warmups_at_once(stage, view)
        elif stage in BEHIND_A_WARMUP:
            self._warmups(stage, view.marks, view.reading)

    def _try_each(self, classes: list[type[Schedule]], stage: Stage, view: View) -> None:
        for cls in classes:
            self._try(cls, stage, view)
            if self.effort.is_spent or self._is_settled(view):
                return

    def _has_all_but_bits(self, views: list[View]) -> bool:
        """Whether the log is shown in full, and what somebody may have typed gives it but for rounding."""
        in_full = self.tolerance.kind == FULL_PRECISION
        return in_full and any(self._has_found(view, likely=True, typed=True) for view in views)

    def _has_found(
        self,
        view: View,
        to_the_bit: bool = False,
        likely: bool = False,
        typed: bool = False,
        of_one_piece: bool = False,
    ) -> bool:
        good = (EXACT,) if to_the_bit else (EXACT, FLOAT32, ROUNDED)
        return any(
            one.reading is view.reading
            and one.exactness in good
            and (one.is_typed or not typed)
            and not (likely and one.begins_at_nothing)
            and not (of_one_piece and one.schedule.value(role.PARTS))
            for one in self.found.values()
        )

    def _by_epoch(self) -> None:
        """Schedulers that know how many ticks an epoch has, where the log has a row for each epoch."""
        for cls in every().values():
            if not cls.fields(role.PER_EPOCH) or self.only not in (None, cls):
                continue
            with suppress(SpentError):
                for guess, reading in guesses_by_epoch(cls, self.record, self.effort.part(RATES_BY_EPOCH)):
                    if self._hold(guess.schedule, Run(lr=guess.lr), reading):
                        return

    def _in_parts_of_epochs(self, readings: Sequence[Reading], stages: Sequence[Stage]) -> None:
        """Schedules that count steps, where the log has a row for each epoch and does not say how long one is."""
        for reading in readings:
            view = View(reading, self.record, self.tolerance, self.lengths, self.only)
            for stage in stages:
                self.look(stage, view)
            found = {name: one for name, one in self.found.items() if one.reading is reading}
            for name, one in found.items() if reading.length > 1 else ():
                del self.found[name]
                self._hold(*in_fewest_steps(one.schedule, one.run, reading))
            if found:
                return

    def _in_float32(self) -> None:
        """Once, where something gives the log but for such rounding: what computes so, with all that is free."""
        near = [one.reading for one in self.found.values() if one.exactness == NEARLY and one.error <= NOISE]
        views = [view for view in self.views if any(view.reading is reading for reading in near)]
        if self.is_in_float32_tried or self.tolerance.kind == FULL_PRECISION or not views:
            return
        self.is_in_float32_tried = True
        for stage, view in itertools.product(AT_ONCE, views):
            for cls in view.in_float32:
                self._try(cls, stage, view)
                if self._has_found(view, typed=True):
                    return

    def _constant(self, marks: Landmarks, reading: Reading) -> None:
        """A rate that never moves: the first scheduler that is a formula and nothing else."""
        for cls in every().values():
            fields = list(cls.params().values())
            if len(fields) == 1 and fields[0].role is role.EXPRESSION:
                schedule = cls(**{fields[0].name: fields[0].parse("1")})
                self._hold(schedule, Run(lr=float(marks.values[0])), reading)
                return

    def _try(self, cls: type[Schedule], stage: Stage, view: View) -> None:
        effort = self.effort.part(stage.effort)
        if stage.at_once:
            found = at_once(cls, stage, view.marks, effort, self.hopeless)
        else:
            found = guesses(cls, stage, view.marks, effort, known=view.known.setdefault(cls, Known()))
        self._hold_some(found, view)

    def _hold_some(self, found: Iterator[Guess], view: View) -> None:
        """Hold guesses against the log, until one gives it."""
        marks = view.marks
        is_open = marks.moves_in_steps or marks.is_straight or marks.is_within_a_cycle or ends_on_its_way_up(marks)
        most, left = MOST_ALIKE if is_open else 1, MOST_UNTYPED
        for guess in found:
            if self._hold(guess.schedule, guess.run, view.reading):
                left -= 1
                most -= is_typed(spec_of(guess.schedule, guess.run)) or most > 1
            if most <= 0 or left <= 0:
                return

    def _warmups(self, stage: Stage, marks: Landmarks, reading: Reading) -> None:
        """A warmup, and then any scheduler that torch can put behind it."""
        for is_open, guesses_of_one in behind_a_warmup(stage, marks, self.effort.part(RATES_FOR_WARMUPS), self.only):
            if self.effort.is_spent:
                return
            found = any(self._hold(one, run, reading) for one, runs in guesses_of_one for run in runs)
            if found and not is_open:
                return

    def _warmups_at_once(self, stage: Stage, view: View) -> None:
        """The same with all that is unknown sought at once."""
        marks = view.marks
        if not marks.rises and (marks.is_beheaded or marks.ticks[0] < SHORTEST_WARMUP):
            return
        if marks.rises and marks.peak + 1 >= len(marks.values):
            return  # Nothing is seen of what comes after the line.
        for cls in candidates_of(marks, False, self.only):
            if takes_a_warmup(cls) and not self.effort.is_spent:
                effort = self.effort.part(stage.effort)
                self._hold_some(at_once(cls, stage, marks, effort, self.hopeless, warmed=True), view)

    def _sequences(self, view: View) -> None:
        """What is put together from parts, where nothing of one piece gives the log."""
        with suppress(SpentError):
            for guess in Parts(view.marks, self.effort.part(RATES_FOR_SEQUENCES)).guesses():
                if self._hold(guess.schedule, Run(lr=guess.lr), view.reading) and self._is_decided():
                    return
        if not self._has_found(view, typed=True, of_one_piece=True):
            for guess in chained(view.marks, self.effort.part(RATES_FOR_CHAINS)):
                if self._hold(guess.schedule, Run(lr=guess.lr), view.reading):
                    return

    def _hold(self, schedule: Schedule, run: Run, reading: Reading, is_another: bool = False) -> bool:
        """Hold a candidate against all rows; whether it gives them as far as the log shows.

        Where it does but for rounding, so are those with the same curve, unless it `is_another` of them itself.
        """
        import numpy as np

        composed, values = run.warmed_up(schedule), self.record.values
        if not is_near(composed, run, reading, values, self.tolerance):
            return False
        run = read_as(composed, run, reading, self.record)
        name = spec_of(schedule, run)
        if name in self.found:
            return self.found[name].exactness != NEARLY
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
        self.found[name] = Found(schedule, run, reading, exactness, error)
        is_rounded = error <= max(FULL, self.tolerance.relative) if exactness == NEARLY else exactness != EXACT
        if is_rounded and (exactness == NEARLY or self.tolerance.kind == FULL_PRECISION) and not is_another:
            for other in said_otherwise(schedule, run.lrs[0]):
                self._hold(other, run, reading, is_another=True)
        return exactness != NEARLY
