"""Which schedules give a log: every scheduler of the registry, with a warmup before it, under every reading."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress

from lrcli.engine import spec_of
from lrcli.fit.by_epoch import guesses_by_epoch
from lrcli.fit.chained import RATES_FOR_CHAINS, chained
from lrcli.fit.effort import Effort, SpentError
from lrcli.fit.findings import Findings
from lrcli.fit.found import NEARLY, Found, is_typed
from lrcli.fit.guess import Guess
from lrcli.fit.hopeless import Hopeless
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.longer import longer
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
from lrcli.fit.view import Shown, View, is_possible
from lrcli.fit.warmups import behind_a_warmup, takes_a_warmup
from lrcli.record import Reading, Record, readings_of_anything, tolerance_of
from lrcli.record.tolerance import FULL_PRECISION
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
        self.hopeless = Hopeless()
        self.views: list[View] = []
        self.is_in_float32_tried = False
        self.stage = STAGES[0]
        """The last that was tried."""
        self.lengths = [length for length in (record.facts.max_steps,) if length]
        self.findings = Findings(Ranking(record, self.tolerance, self.lengths), self.effort)

    def candidates(self) -> list[Found]:
        """All that was found, the best first."""
        import numpy as np

        with np.errstate(all="ignore"):
            self._look_everywhere()
            self._look_beside()
        return self.findings.ranked()

    def _look_everywhere(self) -> None:
        """Stage after stage, every scheduler on every reading, until nothing likelier is left."""
        ways = [one for one in readings_of_anything(self.record) if is_possible(one, self.record, self.tolerance)]
        views = [View(reading, self.record, self.tolerance, self.lengths, self.only) for reading in ways]
        self.views = views = [view for view in views if len(view.marks.values) > 1 or view.marks.highest > 0]
        self.findings.learn([view.reading for view in views])
        for view in views:
            if view.marks.is_flat:
                self._constant(view.marks, view.reading)
                return
        shown = Shown.of(views)
        enough = None
        for place, (stage, usual) in enumerate(self._rounds(shown)):
            if place > 1 and shown.in_steps and any(map(self.findings.has, views)):
                continue  # What jumps is no smooth curve.
            if (stage.at_once or stage.sought) and shown.its_length and self.findings.has_all_but_bits(views):
                continue
            for view in views:
                if shown.by_epoch and view.reading.axis != EPOCH and self.findings.is_known(views[0]):
                    break  # In steps it would be the same, with stranger numbers.
                self.stage = stage
                self.look(stage, view, usual)
                if self.findings.settles(view):
                    return
            self._look_in_epochs(place, stage, shown)
            self._in_float32()
            is_time = stage == (BEFORE_SEQUENCES if shown.is_dense or shown.in_steps else AT_ONCE[2])
            if is_time and not usual and self.only is None and not self.findings.is_decided():
                for view in views:
                    known_in = [view] if shown.is_dense else []
                    known_in += views[:1] if shown.by_epoch and view is not views[0] else []
                    if not any(map(self.findings.is_known, known_in)):
                        self._sequences(view)
            # A line is the beginning of many, whose length must be sought, too.
            is_open = (shown.a_line and stage.is_early) or (shown.a_rise and place < OF_A_RISE)
            if self.effort.is_spent or (self.findings.is_decided() and not is_open):
                return
            if enough is None and not usual and any(self.findings.has(view, likely=True) for view in views):
                enough = self.effort.left - FOR_A_PLAINER_ONE
            if enough is not None and self.effort.left < enough and not is_open:
                return

    def _look_in_epochs(self, place: int, stage: Stage, shown: Shown) -> None:
        """What has a row for each epoch may count steps in them."""
        if place == 0 and not self.findings.is_decided():
            self._by_epoch()
        is_time = stage == BEFORE_PARTS[True] if shown.no_end else place == 1
        if is_time and not any(map(self.findings.is_known, self.views)):
            self._in_parts_of_epochs(readings_after(self.record), STAGES[:2])
        if stage == BEFORE_PARTS[shown.no_end] and not any(one.is_typed for one in self.findings.good()):
            self._in_parts_of_epochs(readings_in_parts(self.record), AT_ONCE[:2])

    def _look_beside(self) -> None:
        """What may go on longer than the best, and what gives the log like the best under another convention."""
        good = self.findings.good()
        if not good or self.only is not None:
            return
        for one, view in itertools.product(good[:MOST_CONTINUED], self.views):
            for schedule in longer(one.schedule, one.run.lrs[0], view.marks) if view.reading is one.reading else ():
                self.findings.hold(schedule, one.run, one.reading)
        best = good[0]
        for view in self.views if not best.run.warmup and not best.schedule.fields(role.WARMUP) else ():
            is_open = view.marks.is_sparse or view.marks.ticks[0] > 0  # The first rate is not shown.
            if is_open and view.reading.axis == best.reading.axis and view.reading is not best.reading:
                self._try(type(best.schedule), self.stage, view)
        for reading in (view.reading for view in self.views if view.reading.axis == best.reading.axis):
            later = int(reading.ticks[0] - best.reading.ticks[0])
            given: set[type[Schedule]] = set()
            for schedule, run in twins(best.schedule, best.run, later):
                if type(schedule) not in given and self.findings.hold(schedule, run, reading):
                    given.add(type(schedule))

    @property
    def spent(self) -> float:
        """What the search has cost, in the seconds that it was given."""
        return self.seconds - self.effort.left / RATES

    def _rounds(self, shown: Shown) -> list[tuple[Stage, bool]]:
        """What is tried, one after another: of every scheduler, or at first of those that the log's writer offers."""
        stages = [(stage, False) for stage in STAGES]
        together = [(stage, False) for stage in AT_ONCE]
        if shown.is_dense or shown.in_steps:
            if not any(view.marks.shows_an_end and not view.marks.is_within_a_cycle for view in self.views):
                bent = [one for one in stages[2:] if one[0].level in BENT and not one[0].sought]
                rest = [one for one in stages[2:] if one not in bent]
                return [*stages[:2], *together[:5], *bent, *together[5:], *rest]
            # The rows show where phases end: what has no length to be sought is tried first.
            seen = [one for one in stages if not one[0].sought]
            return [*seen, *together, *(one for one in stages if one not in seen)]
        usual = [(stage, True) for stage in AT_ONCE] if any(view.usual for view in self.views) else []
        return [*usual, *together, *stages]

    def look(self, stage: Stage, view: View, usual: bool = False) -> None:
        """Try every scheduler on one reading, or the usual ones."""
        for classes in (view.usual,) if usual else (view.own, view.others):
            self._try_each(classes, stage, view)
            if self.findings.settles(view):
                return
            if self.findings.has(view, self.tolerance.kind == FULL_PRECISION and classes is view.own, typed=True):
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
            if self.effort.is_spent or self.findings.settles(view):
                return

    def _by_epoch(self) -> None:
        """Schedulers that know how many ticks an epoch has, where the log has a row for each epoch."""
        for cls in every().values():
            if not cls.fields(role.PER_EPOCH) or self.only not in (None, cls):
                continue
            with suppress(SpentError):
                for guess, reading in guesses_by_epoch(cls, self.record, self.effort.part(RATES_BY_EPOCH)):
                    if self.findings.hold(guess.schedule, Run(lr=guess.lr), reading):
                        return

    def _in_parts_of_epochs(self, readings: Sequence[Reading], stages: Sequence[Stage]) -> None:
        """Schedules that count steps, where the log has a row for each epoch and does not say how long one is."""
        for reading in readings:
            view = View(reading, self.record, self.tolerance, self.lengths, self.only)
            for stage in stages:
                self.look(stage, view)
            found = {name: one for name, one in self.findings.each.items() if one.reading is reading}
            for name, one in found.items() if reading.length > 1 else ():
                del self.findings.each[name]
                self.findings.hold(*in_fewest_steps(one.schedule, one.run, reading))
            if found:
                return

    def _in_float32(self) -> None:
        """Once, where something gives the log but for such rounding: what computes so, with all that is free."""
        near = [one.reading for one in self.findings.each.values() if one.exactness == NEARLY and one.error <= NOISE]
        views = [view for view in self.views if any(view.reading is reading for reading in near)]
        if self.is_in_float32_tried or self.tolerance.kind == FULL_PRECISION or not views:
            return
        self.is_in_float32_tried = True
        for stage, view in itertools.product(AT_ONCE, views):
            for cls in view.in_float32:
                self._try(cls, stage, view)
                if self.findings.has(view, typed=True):
                    return

    def _constant(self, marks: Landmarks, reading: Reading) -> None:
        """A rate that never moves: the first scheduler that is a formula and nothing else."""
        for cls in every().values():
            fields = list(cls.params().values())
            if len(fields) == 1 and fields[0].role is role.EXPRESSION:
                schedule = cls(**{fields[0].name: fields[0].parse("1")})
                self.findings.hold(schedule, Run(lr=float(marks.values[0])), reading)
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
            if self.findings.hold(guess.schedule, guess.run, view.reading):
                left -= 1
                most -= is_typed(spec_of(guess.schedule, guess.run)) or most > 1
            if most <= 0 or left <= 0:
                return

    def _warmups(self, stage: Stage, marks: Landmarks, reading: Reading) -> None:
        """A warmup, and then any scheduler that torch can put behind it."""
        for is_open, guesses_of_one in behind_a_warmup(stage, marks, self.effort.part(RATES_FOR_WARMUPS), self.only):
            if self.effort.is_spent:
                return
            found = any(self.findings.hold(one, run, reading) for one, runs in guesses_of_one for run in runs)
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
                if self.findings.hold(guess.schedule, Run(lr=guess.lr), view.reading) and self.findings.is_decided():
                    return
        if not self.findings.has(view, typed=True, of_one_piece=True):
            for guess in chained(view.marks, self.effort.part(RATES_FOR_CHAINS)):
                if self.findings.hold(guess.schedule, Run(lr=guess.lr), view.reading):
                    return
