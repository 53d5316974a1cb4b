"""Sequences of two and three parts: a log cut where its curve breaks, and each part fitted as a schedule of its own.

SequentialLR's parts begin at their own tick 0, all from the same base rate. The part whose rates say most gives it.
"""

import dataclasses
import math
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property

from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.fit.effort import Effort, SpentError
from lrcli.fit.found import is_typed
from lrcli.fit.guess import Guess, rough
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.sought import relaxed_guesses
from lrcli.fit.tried import OF_A_PART, candidates_of, guesses
from lrcli.record.curve import few_rates_at
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Sequential

MOST_PARTS = 3
MOST_CUTS = 8
MOST_TICKS = 10
"""At which a cut between two rows is tried."""

RATES_FOR_A_PART = 4_000

MOST_UNTYPED = 8
"""Schedules that give a part, while none has numbers that somebody may have typed."""

RATES_FOR_A_TAIL = 1_500
"""For one scheduler behind others, its beginning sought with it."""

LEVELS = (0, 1, 3)
"""What is left free of a part whose beginning is sought; see `forms`."""

FEWEST_ROWS, FEWEST_WITH_A_BASE = 3, 2
"""Of a part, and of one whose base rate is known: fewer are given by anything."""


class Parts:
    """The ways to put a log together from parts."""

    def __init__(self, marks: Landmarks, effort: Effort) -> None:
        self.marks = marks
        self.effort = effort
        self.known: dict[tuple[int, float, float | None], Guess | None] = {}
        self.tails: dict[tuple[int, float, float | None], list[tuple[int, Guess]]] = {}

    def guesses(self) -> Iterator[Guess]:
        """Sequences that give the rows from which landmarks are taken."""
        for base_lr, parts in self._splits(MOST_PARTS):
            schedules = tuple(schedule for _, schedule in parts)
            try:
                yield Guess(Sequential(schedules, tuple(start for start, _ in parts[1:])), base_lr)
            except InputError:
                continue

    @cached_property
    def cuts(self) -> list[int]:
        """The ticks at which a part may begin."""
        found: list[int] = []
        for row in [
            *self.marks.breaks[:MOST_CUTS],
            *(row for row in self.marks.departs if row not in self.marks.breaks),
        ]:
            found += self.marks.before(row).ticks(MOST_TICKS)
        return found

    def _splits(self, most: int) -> Iterator[tuple[float, list[tuple[int, Schedule]]]]:
        """The base rate, and where each part begins."""
        if self.marks.is_sparse:
            yield from self._splits_between_rows(most)
        for cut in self.cuts:
            for anchor in self._anchors(cut):
                tail = self._part(cut, float("inf"), anchor)
                if tail is None:
                    continue
                for parts in self._heads(cut, anchor, most - 1):
                    yield anchor, [*parts, (cut, tail.schedule)]

    def _splits_between_rows(self, most: int) -> Iterator[tuple[float, list[tuple[int, Schedule]]]]:
        """The same where the tick at which a part begins is sought with the part."""
        for row in self.marks.breaks:
            before = self._head(row, None)
            for base in dict.fromkeys((None, *([before.lr] if before else []), self.marks.highest)):
                for cut, tail in self._tails(row, math.inf, base):
                    for parts in self._heads_between_rows(row, cut, tail.lr, most - 1):
                        yield tail.lr, [*parts, (cut, tail.schedule)]

    def _heads_between_rows(self, stop: int, cut: int, base: float, most: int) -> Iterator[list[tuple[int, Schedule]]]:
        """The ways to give the rows before `stop`, up to the tick of a cut."""
        whole = self._head(stop, base)
        if whole is not None:
            yield [(0, self._lengthened(whole, 0, cut).schedule)]
        elif most > 1:
            for row in self.marks.breaks:
                if row < stop:
                    for start, tail in self._tails(row, self._after(stop), base):
                        longer = self._lengthened(tail, start, cut)
                        for parts in self._heads_between_rows(row, start, base, most - 1):
                            yield [*parts, (start, longer.schedule)]

    def _lengthened(self, guess: Guess, start: int, stop: int) -> Guess:
        """As long as its part, where it is seen to end in no row of it."""
        for declared in guess.schedule.fields(role.LENGTH):
            if start + getattr(guess.schedule, declared.name) < stop:
                schedule = dataclasses.replace(guess.schedule, **{declared.name: stop - start})
                longer = dataclasses.replace(guess, schedule=schedule, after=0)
                if self._gives(longer, self.marks.from_tick(start, stop)):
                    return longer
        return guess

    def _after(self, row: int) -> int:
        """The tick after the last row before one."""
        return int(self.marks.ticks[row - 1]) + 1

    def _head(self, row: int, base: float | None) -> Guess | None:
        """What gives the rows before one."""
        stop = self._after(row)
        key = 0, stop, base
        if key not in self.known:
            marks = self.marks.from_tick(0, stop)
            if len(marks.values) < FEWEST_ROWS or marks.is_flat or marks.moves_in_steps:
                self.known[key] = self._found(marks, base)
            else:
                self.known[key] = next(self._at_once(marks, base, None), None)
        return self.known[key]

    def _tails(self, row: int, stop: float, base: float | None) -> list[tuple[int, Guess]]:
        """The parts that give the rows from one on, and where they begin."""
        key = row, stop, base
        if key not in self.tails:
            gap = self.marks.before(row)
            marks = self.marks.from_tick(gap.after + 1, stop)
            found: list[tuple[int, Guess | None]] = []
            if not (marks.is_flat or marks.moves_in_steps):
                latest = gap.upto - gap.after - 1
                guesses = self._at_once(marks, base, latest) if len(marks.values) >= FEWEST_ROWS else ()
                found = [(gap.after + 1 + guess.after, guess) for guess in guesses]
            elif base is not None:
                found = [(cut, self._part(cut, stop, base)) for cut in gap.ticks(MOST_TICKS)]
            self.tails[key] = [(cut, guess) for cut, guess in found if guess is not None]
        return self.tails[key]

    def _at_once(self, marks: Landmarks, base: float | None, latest: int | None) -> Iterator[Guess]:
        """What gives all rows, the simplest of each scheduler, all that is unknown sought at once."""
        seen = set()
        for level in LEVELS:
            for cls in filter(_takes_part, candidates_of(marks)):
                found = []
                effort = self.effort.part(RATES_FOR_A_TAIL)
                with suppress(SpentError):
                    guesses = relaxed_guesses(cls, level, marks, effort, set(), False, base, latest)
                    found = [guess for guess in guesses if self._gives(guess, marks)]
                if self.effort.is_spent:
                    raise SpentError
                if found and cls not in seen:
                    seen.add(cls)
                    yield min(found, key=rough)

    def _anchors(self, cut: int) -> list[float]:
        """The base rates that one of the parts beside a cut has by itself."""
        found = []
        for start, stop in ((cut, float("inf")), (0, float(cut))):
            guess = self._part(start, stop, None)
            if guess is not None:
                found.append(guess.lr)
        return list(dict.fromkeys(found))

    def _heads(self, stop: int, base_lr: float, most: int) -> Iterator[list[tuple[int, Schedule]]]:
        """The ways to give the rows before `stop`."""
        whole = self._part(0, stop, base_lr)
        if whole is not None:
            yield [(0, whole.schedule)]
            return
        if most < 2:
            return
        for cut in self.cuts:
            if cut < stop:
                tail = self._part(cut, stop, base_lr)
                if tail is not None:
                    for parts in self._heads(cut, base_lr, most - 1):
                        yield [*parts, (cut, tail.schedule)]

    def _part(self, start: int, stop: float, base_lr: float | None) -> Guess | None:
        """The simplest schedule that gives the rows between two ticks."""
        key = start, stop, base_lr
        if key not in self.known:
            self.known[key] = self._found(self.marks.from_tick(start, stop), base_lr)
        return self.known[key]

    def _found(self, marks: Landmarks, base_lr: float | None) -> Guess | None:
        fewest = FEWEST_ROWS if base_lr is None else FEWEST_WITH_A_BASE
        if len(marks.values) < fewest or (base_lr is None and marks.is_flat):
            return None
        classes = sorted(filter(_takes_part, candidates_of(marks)), key=list(every().values()).index)
        for stage in OF_A_PART:
            for cls in classes:
                if self.effort.is_spent:
                    raise SpentError
                given = []
                for guess in guesses(cls, stage, marks, self.effort.part(RATES_FOR_A_PART), base_lr):
                    if self._gives(guess, marks):
                        given.append(guess)
                        if len(given) > MOST_UNTYPED or is_typed(spec_of(guess.schedule, guess.run)):
                            return guess
                if given:
                    return given[0]
        return None

    def _gives(self, guess: Guess, marks: Landmarks) -> bool:
        import numpy as np

        self.effort.take(len(marks.ticks))
        found = np.array(few_rates_at(guess.schedule, guess.lr, (marks.ticks - guess.after).tolist()))
        # What is between the rows of a log is rounded a little more often than its rows.
        return bool(marks.tolerance.equal(found, marks.values).all())


def _takes_part(cls: type[Schedule]) -> bool:
    """Whether torch can put it behind another, and it is nothing that has a warmup of its own."""
    own = cls.fields(role.WARMUP, role.TARGET, role.PER_EPOCH, role.JUDGEMENT, role.PARTS, role.POINTS_AT)
    return cls.reference.family.composes and not own and not cls.rewrites_base_rate
