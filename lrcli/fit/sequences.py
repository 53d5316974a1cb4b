"""Sequences of two and three parts: a log cut where its curve breaks, and each part fitted as a schedule of its own.

SequentialLR's parts begin at their own tick 0, all from the same base rate. The part whose rates say most gives it.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.fit.effort import Effort, SpentError
from lrcli.fit.found import is_plain, is_typed
from lrcli.fit.going_on import going_on, rests_from
from lrcli.fit.guess import Guess, rough
from lrcli.fit.hopeless import Hopeless
from lrcli.fit.landmarks import Between, Landmarks, roughness
from lrcli.fit.line_up import lines
from lrcli.fit.numbers import typed
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

RATES_FOR_A_LAST_PART = 15_000
"""That goes on from the rate that it finds."""

RATES_FOR_A_TAIL, RATES_WITH_A_BASE = 1_500, 3_000
"""For one scheduler behind others, its beginning sought with it, and where the base rate is sought as well."""

LEVELS = (0, 1, 3)
"""What is left free of a part whose beginning is sought; see `forms`."""

FEWEST_ROWS, FEWEST_WITH_A_BASE = 3, 2
"""Of a part, and of one whose base rate is known: fewer are given by anything."""

UNSEEN = 1000
"""Part of what follows, in which a curve is seen to fall."""

NEARLY = 2e-3
"""Relative: how far the highest row of a log of every n-th tick may be below the base rate."""

ENOUGH = 2
"""Ticks from which nothing gives a part that moves in steps, after which no further one is tried."""

MOST_RUNS = 2
"""Rates that stay, at whose ends a part may begin."""

UNBENT = 1e-9
"""Of the highest rate, from row to row: what is left of a straight line."""

MOST_ENDS = 6
"""Ticks at which the last part may end."""

MOST_ALIKE, MOST_OF_A_CUT, MOST_FOUND = 24, 4, 16
"""Ways to put a log together with the same last part, those of them that are held to every row, and those of all."""

Placed = list[tuple[int, Guess]]
"""Parts, each with the tick at which it begins."""


if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


class Cut(NamedTuple):
    """Where a part may begin."""

    row: int
    """The first row that it alone shows."""
    gap: Between


class Parts:
    """The ways to put a log together from parts."""

    def __init__(self, marks: Landmarks, effort: Effort) -> None:
        self.marks = marks
        self.effort = effort
        self.heads: dict[tuple[int, int, float | None], list[Guess]] = {}
        self.tails: dict[tuple[Cut, float, float | None], list[tuple[int, Guess]]] = {}

    def guesses(self) -> Iterator[Guess]:
        """Sequences that give the rows from which landmarks are taken."""
        yield from itertools.islice(self._guesses(), MOST_FOUND)

    def _guesses(self) -> Iterator[Guess]:
        whole, self.effort = self.effort, self.effort.part(RATES_FOR_A_LAST_PART)
        with suppress(SpentError):
            yield from self._going_on()
        self.effort = whole
        for cut in self.cuts:
            tried: set[float | None] = set()
            for base in self._bases(cut):
                if base in tried:
                    continue
                tried.add(base)
                found = list(filter(None, map(_together, self._aligned(self._behind(cut, base)))))
                yield from found
                if found:
                    break

    def _going_on(self) -> Iterator[Guess]:
        """Sequences whose last part goes on from the rate that it finds, to that at which the log rests."""
        rest = rests_from(self.marks)
        if rest is None or _is_drop(rest, self.marks.values):
            return
        rows = [cut.row for cut in self.cuts if FEWEST_ROWS <= cut.row < rest]
        for row in dict.fromkeys([*([rest - 2] if self.marks.is_sparse and rest > 4 else []), *sorted(rows)[::-1][:2]]):
            cut = Cut(row, self.marks.before(row))
            for base in self._bases(cut):
                found = False
                for parts in self._before(cut, cut.gap.upto, base, MOST_PARTS - 1):
                    start, head = parts[-1]
                    for guess in going_on(head, start, self.marks, self.effort):
                        sequence = _together([*parts, (guess.after, guess)])
                        if sequence:
                            found = True
                            yield sequence
                if found:
                    return

    @cached_property
    def cuts(self) -> list[Cut]:
        """Where a part may begin, the likeliest first."""
        marks, last = self.marks, len(self.marks.values) - 1
        breaks = sorted(marks.breaks, key=lambda row: _is_drop(row, marks.values))
        likely = [row for row in breaks if not _is_drop(row, marks.values)]
        turns = [*likely[:1], *likely[-1:]]
        if marks.is_sparse:
            turns += [marks.peak] if marks.rises else []
            turns = [row + later for row in turns for later in (0, 1)]  # It may turn before a row or behind it.
        found: dict[int, Between] = {}
        for start, end in _flat_runs(marks):
            if _is_drop(end + 1, marks.values):
                continue
            # A smooth fall is not seen at once.
            unseen = int(marks.ticks[-1] - marks.ticks[end]) // UNSEEN
            gap = Between(int(marks.ticks[end]) - 1 - unseen, int(marks.ticks[min(end + 1, last)]))
            found |= {end + 1: gap} if end - start >= FEWEST_ROWS - 1 else {end: marks.before(end)}
        turns = [*turns, *breaks, *marks.departs][:MOST_CUTS]
        for row in [*turns, *(row for run in [*_flat_runs(marks), *_straight_runs(marks)] for row in run)]:
            if 0 < row <= last:
                found.setdefault(row, marks.before(row))
        return [Cut(row, gap) for row, gap in found.items() if row <= last]

    def _bases(self, cut: Cut) -> Iterator[float | None]:
        """The base rates with which a part is tried: that of the highest row, of what comes before, and its own."""
        marks = self.marks
        yield typed(marks.highest, max(NEARLY if marks.is_sparse else 0.0, 4 * marks.tolerance.strict))[0]
        if not _only_rises(marks.from_tick(0, self._after(cut.row))):
            yield from (before.lr for before in self._heads(cut, cut.gap.upto, None))
        yield None

    def _behind(self, cut: Cut, base: float | None) -> Iterator[Placed]:
        """The ways to put the log together with the last part from a cut on."""
        for start, tail in self._tails(cut, math.inf, base):
            for parts in self._before(cut, start, tail.lr, MOST_PARTS - 1):
                yield [*parts, (start, tail)]

    def _before(self, cut: Cut, stop: int, base: float | None, most: int) -> Iterator[Placed]:
        """The ways to give the rows before a cut, up to the tick `stop`."""
        whole = self._heads(cut, stop, base)
        yield from ([(0, self._lengthened(head, 0, stop))] for head in whole)
        if not whole and most > 1:
            for earlier in sorted(other for other in self.cuts if other.row < cut.row):
                for start, middle in self._tails(earlier, self._after(cut.row), base):
                    for parts in self._before(earlier, start, base, most - 1):
                        yield [*parts, (start, self._lengthened(middle, start, stop))]

    def _aligned(self, found: Iterator[Placed]) -> list[Placed]:
        """Those of the same cut, where parts are as long as the way to the next first."""
        some = list(itertools.islice(found, MOST_ALIKE))
        return sorted(some, key=_unaligned)[:MOST_OF_A_CUT]

    def _lengthened(self, guess: Guess, start: int, stop: int) -> Guess:
        """As long as its part, where it is seen to end in no row of it."""
        for declared in guess.schedule.fields(role.LENGTH):
            if start + getattr(guess.schedule, declared.name) != stop:
                schedule = dataclasses.replace(guess.schedule, **{declared.name: stop - start})
                longer = dataclasses.replace(guess, schedule=schedule, after=0)
                if self._gives(longer, self.marks.from_tick(start, stop)):
                    return longer
        return guess

    def _after(self, row: int) -> int:
        """The tick after the last row before one."""
        return int(self.marks.ticks[row - 1]) + 1

    def _heads(self, cut: Cut, stop: int, base: float | None) -> list[Guess]:
        """What gives the rows before a cut; a straight line up to the tick `stop`."""
        marks = self.marks.from_tick(0, self._after(cut.row))
        is_short = len(marks.values) < FEWEST_ROWS
        is_line = is_short or _only_rises(marks)
        key = cut.row, stop if is_line and (cut.row, 0, base) not in self.heads else 0, base
        if key not in self.heads:
            if is_line or marks.is_flat or marks.moves_in_steps or not marks.is_sparse:
                marks.lengths = [stop]
                found = self._found(marks, base)
            else:
                found = next(self._at_once(marks, base, None), None)
            if is_line and not is_short and (found is None or found.schedule.value(role.LENGTH) != stop):
                key = cut.row, 0, base  # The rows say where the line ends, wherever the next part begins.
            self.heads[key] = [found] if found else []
            if is_short and base is not None:
                self.heads[key] = self._short(marks, base)
        return self.heads[key]

    def _short(self, marks: Landmarks, base: float) -> list[Guess]:
        """What gives so few rows, with plain numbers: those first that come nearest to what follows, the plainest."""
        found: dict[type[Schedule], Guess] = {}
        for cls in filter(takes_part, candidates_of(marks)):
            for guess in (
                () if cls.goes_on else guesses(cls, OF_A_PART[0], marks, self.effort.part(RATES_FOR_A_PART), base)
            ):
                if cls not in found and is_plain(spec_of(guess.schedule, guess.run)) and self._gives(guess, marks):
                    found[cls] = guess
        last = [marks.lengths[0] - 1]

        def far(guess: Guess) -> tuple[float, int]:
            return round(abs(few_rates_at(guess.schedule, base, last)[0] / base - 1), 6), rough(guess)

        return sorted(found.values(), key=far)

    def _tails(self, cut: Cut, stop: float, base: float | None) -> list[tuple[int, Guess]]:
        """The parts that give the rows from a cut on, and where they begin."""
        key = cut, stop, base
        if key not in self.tails:
            first = cut.gap.after + 1
            latest = cut.gap.upto - first
            seen = int(self.marks.ticks[cut.row])
            marks = self.marks.from_tick(first, stop, seen)
            marks.lengths += [end - first for end in sorted(self.marks.ends, key=roughness)[:MOST_ENDS]]
            found: list[tuple[int, Guess | None]] = []
            if len(marks.values) < FEWEST_WITH_A_BASE:
                pass  # It is given by anything.
            elif not latest or marks.is_flat or marks.moves_in_steps or len(marks.values) < FEWEST_ROWS:
                ticks = cut.gap.ticks(MOST_TICKS) if base is not None or not latest else []
                for tick in ticks:
                    marks = self.marks.from_tick(tick, stop, seen)
                    found.append((tick, self._found(marks, base, self._left(cut, tick))))
                    if len(found) == ENOUGH and not any(guess for _, guess in found):
                        break
            else:
                found = [(first + guess.after, guess) for guess in self._at_once(marks, base, latest)]
            self.tails[key] = [(tick, guess) for tick, guess in found if guess is not None]
        return self.tails[key]

    def _left(self, cut: Cut, tick: int) -> float | None:
        """The rate that is left to what goes on from it at a tick, if it is shown: it is there for a tick more."""
        before, there = self.marks.values[cut.row - 1 : cut.row + 1]
        return float(there) if before == there and tick == self.marks.ticks[cut.row] else None

    def _at_once(self, marks: Landmarks, base: float | None, latest: int | None) -> Iterator[Guess]:
        """What gives all rows, the simplest of each scheduler, all that is unknown sought at once."""
        seen = set()
        if base is not None and latest is not None:
            for cls in filter(_is_line, candidates_of(marks)):
                for guess in lines(cls, marks, base, latest, [*marks.lengths, *marks.ends]):
                    if self._gives(guess, marks):
                        seen.add(cls)
                        yield guess
                        break
        for level in LEVELS:
            for cls in candidates_of(marks):
                if not takes_part(cls) or cls.goes_on or cls in seen:
                    continue
                found: list[Guess] = []
                effort = self.effort.part(RATES_FOR_A_TAIL if base is not None else RATES_WITH_A_BASE)
                with suppress(SpentError):
                    guesses = relaxed_guesses(cls, level, marks, effort, Hopeless(), False, base, latest)
                    for guess in guesses:
                        found += [guess] if self._gives(guess, marks) else []
                if self.effort.is_spent:
                    raise SpentError
                if found:
                    seen.add(cls)
                    yield min(found, key=rough)

    def _found(self, marks: Landmarks, base: float | None, left: float | None = None) -> Guess | None:
        """The simplest schedule that gives these rows; `left` is the rate from which one may go on."""
        if not len(marks.values) or (base is None and (marks.is_flat or len(marks.values) < FEWEST_ROWS)):
            return None
        is_short = len(marks.values) < FEWEST_ROWS and not marks.is_flat
        classes = sorted(filter(takes_part, candidates_of(marks)), key=list(every().values()).index)
        for stage in OF_A_PART:
            for cls in classes:
                if self.effort.is_spent:
                    raise SpentError
                if cls.goes_on and (left is None or base is None):
                    continue
                given, start = [], left if cls.goes_on else base
                for guess in guesses(cls, stage, marks, self.effort.part(RATES_FOR_A_PART), start):
                    if self._gives(guess, marks):
                        found = dataclasses.replace(guess, lr=base) if cls.goes_on and base is not None else guess
                        words = spec_of(guess.schedule, guess.run)
                        if is_plain(words) if is_short else is_typed(words):
                            return found
                        given += [] if is_short else [found]
                        if len(given) > MOST_UNTYPED:
                            break
                if given:
                    return given[0]
        return None

    def _gives(self, guess: Guess, marks: Landmarks) -> bool:
        import numpy as np

        self.effort.take(len(marks.ticks))
        found = np.array(few_rates_at(guess.schedule, guess.lr, (marks.ticks - guess.after).tolist()))
        # What is between the rows of a log is rounded a little more often than its rows.
        return bool(marks.tolerance.equal(found, marks.values).all())


def _together(parts: Placed) -> Guess | None:
    """The sequence of these parts; None where torch refuses it."""
    with suppress(InputError):
        schedules = tuple(guess.schedule for _, guess in parts)
        return Guess(Sequential(schedules, tuple(start for start, _ in parts[1:])), parts[-1][1].lr)
    return None


def _unaligned(parts: Placed) -> int:
    """How many parts have a length, which is not that up to the next part."""
    return sum(
        start + getattr(guess.schedule, declared.name) != following
        for (start, guess), (following, _) in itertools.pairwise(parts)
        for declared in guess.schedule.fields(role.LENGTH)
    )


def _is_drop(row: int, values: "Floats") -> bool:
    """Whether the rate falls and stays where it is, as it did before: within a part, as likely as not."""
    stood = 1 < row < len(values) - 1 and values[row - 1] == values[row - 2]
    return bool(stood and values[row + 1] == values[row] < values[row - 1])


def _is_line(cls: type[Schedule]) -> bool:
    """Whether it goes from a share of the base rate to another."""
    return all(map(cls.fields, (role.START_SHARE, role.FLOOR_SHARE, role.LENGTH))) and takes_part(cls)


def _only_rises(marks: Landmarks) -> bool:
    return marks.rises and marks.peak == len(marks.values) - 1


def _flat_runs(marks: Landmarks) -> list[tuple[int, int]]:
    """The first and the last rows of the longest rates that stay, in their order; none where there are only such."""
    return [] if marks.moves_in_steps else _runs(marks.tolerance.equal(marks.values[1:], marks.values[:-1]), 0)


def _straight_runs(marks: Landmarks) -> list[tuple[int, int]]:
    """The first and the last rows of the longest straight lines; none where all is a line."""
    import numpy as np

    if marks.moves_in_steps or len(marks.values) < FEWEST_ROWS:
        return []
    bends = np.abs(np.diff(np.diff(marks.values) / np.diff(marks.ticks)) * np.diff(marks.ticks)[1:])
    return _runs(bends <= max(UNBENT, 2 * marks.tolerance.strict) * marks.highest, 1)


def _runs(same: "Bools", more: int) -> list[tuple[int, int]]:
    """The first and the last rows of the longest runs, in their order: a run goes on `more` rows after it."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    runs = [(int(start), int(end) + more) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return sorted(sorted(runs, key=lambda run: run[0] - run[1])[:MOST_RUNS])


def takes_part(cls: type[Schedule]) -> bool:
    """Whether it is torch's own, whose SequentialLR it is, and nothing that has a warmup of its own."""
    own = cls.fields(role.WARMUP, role.PER_EPOCH, role.JUDGEMENT, role.PARTS, role.POINTS_AT)
    return cls.reference.family is Sequential.reference.family and not own and not cls.rewrites_base_rate
