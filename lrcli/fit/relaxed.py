"""All that is unknown of a schedule at once: whole numbers are taken for real ones, until they are nearly whole.

Between two rows of a log the end of a warmup or of a hold is an interval. Within it the curve changes smoothly with
that end, so that Gauss and Newton find it; a number that should be whole and is not tells that it is another schedule.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from lrcli.errors import InputError
from lrcli.fit.divisors import newton
from lrcli.fit.effort import SpentError
from lrcli.fit.forms import BASE, BENDS
from lrcli.fit.guess import Guess, is_plain, rough
from lrcli.fit.hopeless import OFF_AT_FIRST, misshapen
from lrcli.fit.landmarks import WIDEST, Landmarks
from lrcli.fit.nearby import NEARLY_WHOLE
from lrcli.fit.newton import PERFECT, Nearest, Task
from lrcli.fit.numbers import NEAR, simplest, telling
from lrcli.fit.settled import DOUBTED, typed_between, typed_within
from lrcli.fit.solve import NEAREST, Solver
from lrcli.fit.unknown import Sought
from lrcli.record.tolerance import FULL_PRECISION
from lrcli.schedules import role

GIVEN = 1e-4
"""Of the highest rate: an error up to which a curve may be that of the log."""

NEAR_ENOUGH, PROMISING = 1e-2, 0.1
"""Of the highest rate: errors with which no other start is worth a try, and with which one within bounds is."""

SURELY = 1e-8
"""The same where rates are shown in full."""

LOOSE, LOOSE_IN_FLOAT32 = 1e-4, 1e-2
"""Of the greatest singular value: a direction in which nothing changes."""

ROUNDINGS, NEARLY_DECIDED = 3.0, 2.0
"""Of the greatest rounding: what may be left of a curve that is that of the log; ticks that a length may be off."""

NEXT_TO_NOTHING = 1e-6
"""Of the highest rate, or of 1."""

MOST_TRIED = 24
MOST_CHOSEN = 2
"""Values of a number that the rates do not determine, and such numbers."""

SHORT_STEP, LONG_STEP = 1e-6, 1e-3
"""Relative, of the differences that slopes are taken from: of rates in full and of those in float32."""

LOWEST = (role.FLOOR, role.FLOOR_OF_OPTIMIZER, role.FLOOR_SHARE)

PART_OF_A_TICK = 0.25
"""The most of such a difference of ticks."""


class Relaxed:
    """One form, with everything that is sought in it, on one log."""

    def __init__(self, solver: Solver, sought: dict[str, Sought], marks: Landmarks) -> None:
        import numpy as np

        self.solver, self.marks, self.sought, self.names = solver, marks, sought, list(sought)
        self.every_row, few = marks.probes, marks.few_probes
        self.rows = few if len(few) >= len(sought) + 2 else self.every_row
        self.wanted = marks.values[self.rows]
        self.low = np.array([one.low for one in sought.values()])
        self.high = np.array([one.high for one in sought.values()])
        self.free = [int(place) for place in np.flatnonzero(self.low < self.high)]
        self.units = np.array([max(abs(one.start), 1.0 if one.is_whole else 1e-3) for one in sought.values()])
        at_rate = [name == BASE or (not one.is_whole and one.start == 0) for name, one in sought.items()]
        self.units[at_rate] = marks.highest or 1.0
        self.nearest = self.misshapen = math.inf
        self.fall = next((place for place, row in enumerate(self.rows) if row >= marks.peak), 0)
        self.doubtful: list[Nearest] = []
        self.begun, self.best = list[Any](), np.array([one.start for one in sought.values()])
        self.in_full = marks.tolerance.kind == FULL_PRECISION
        self.loose = LOOSE if self.in_full else LOOSE_IN_FLOAT32
        shifts = self.units * (SHORT_STEP if self.in_full else LONG_STEP)
        # What ends in a row is smooth on the side of shorter lengths.
        meanings = [None if name not in solver.params else solver.params[name].role for name in sought]
        lengths = [meaning in (role.LENGTH, role.WARMUP) for meaning in meanings]
        shifts[lengths] = -np.minimum(shifts[lengths], PART_OF_A_TICK)
        of_log, highest = marks.tolerance, marks.highest or 1.0
        self._surely = max(SURELY, 2 * max(of_log.strict, of_log.strict_absolute / highest))
        self._enough = max(GIVEN, 3 * max(of_log.relative, of_log.absolute / highest))
        wanted = self.wanted / marks.highest
        self.newton = newton(Task(self.curve, wanted, self.low, self.high, self.units, shifts, self._enough), meanings)

    def curve(self, numbers: Sequence[float]) -> list[float]:
        """The rates at the probes, as shares of the highest."""
        highest = self.marks.highest
        return [rate / highest for rate in self.at(numbers, self.rows)]

    def at(self, numbers: Sequence[float], rows: Sequence[int]) -> list[float]:
        """The rates at rows."""
        return self.solver.at(numbers, None, rows)

    def signature(self) -> tuple[float, ...]:
        """The curve before anything is found: forms that share it are the same."""
        rates = self.at([telling(one.start) for one in self.sought.values()], self.rows)
        self._see([rate / self.marks.highest for rate in rates])
        return tuple(rates)

    def is_idle(self, name: str) -> bool:
        """Whether a number changes nothing where the search begins."""
        start = {key: telling(one.start) for key, one in self.sought.items()}
        one, curve = self.sought[name], self.signature()
        others = (min(max(start[name] * factor, one.low), one.high) for factor in (0.5, 2.0))
        return all(tuple(self.at([*(start | {name: other}).values()], self.rows)) == curve for other in others)

    def holds(self) -> bool:
        """Whether a curve of phases stays at its highest rate, before anything is found, where the log does."""
        rows = self.marks.held if self.solver.form.cls.fields(role.HOLD, role.DECAY) else []
        first, second = self.at([one.start for one in self.sought.values()], rows) if rows else (0.0, 0.0)
        return math.isnan(first) or math.isclose(first, second, rel_tol=SURELY)

    def made(self, numbers: Sequence[float]) -> Guess:
        """The schedule with these numbers. Raises InputError where it refuses them."""
        return self.solver.made(numbers, None)

    def solution(self, start: Any, free: Sequence[int], is_first: bool = False) -> Nearest | None:
        """The numbers at the places `free`, from `start`; None where the curve is not that of the log."""
        found = self.newton.nearest(start, free, self._may_fit) if is_first else self.newton.nearest(start, free)
        self.ended = found
        if found.error < self.nearest:
            self.nearest, self.best = found.error, found.numbers
        return found if found.error <= self._enough and (found.slopes.size or not free) else None

    def guesses(self) -> Iterator[Guess]:
        """The schedules that surely pass through the probes, the numbers as a person would have typed them."""
        hidden = [place for place, one in enumerate(self.sought.values()) if one.is_hidden]
        for start in self._starts():
            if hidden:
                shown = [place for place in self.free if place not in hidden]
                for end in (self.low, self.high):
                    start[hidden] = end[hidden]
                    found = self.solution(start, shown)
                    if found is not None:
                        yield from self._decided(found, shown, 2)
                        start = found.numbers
                    if found is not None or self.ended.error * self.high[hidden].max() > 1:
                        break  # The first row alone may be the last of the warmup, a tick below the highest rate.
            found, free = self.solution(start, self.free, is_first=True), self.free
            self._see(self.ended.curve)
            if self._surely < self.ended.error <= NEAR_ENOUGH:
                if (self.ended.numbers != start).any():
                    found = self.solution(self.ended.numbers, free)  # It was slow, and gave up.
                if found is None and self.ended.error <= NEAR_ENOUGH:
                    lost = self.ended
                    found, free = self._with_usual_bend(lost, free)
                    self.ended = found or lost
            if found is not None and found.error <= self._surely:
                yield from self._decided(found, free, 2)
            elif self.ended.error <= NEAR_ENOUGH:
                self.doubtful.append(self.ended)
            if self.nearest <= (SURELY if self.in_full else NEAR_ENOUGH):
                return

    def _see(self, curve: Sequence[float]) -> float:
        """Compare its shape, from the highest rate on, with that of the log."""
        difference = misshapen(curve[self.fall :], self.newton.wanted[self.fall :])
        self.misshapen = min(self.misshapen, difference)
        return difference

    def _may_fit(self, curve: Sequence[float]) -> bool:
        """Whether a curve, before anything is found, has nearly the shape of the log, so that numbers may be found.

        Where a cycle ends between rows, two curves that are the same may be far from each other at a row.
        """
        return self._see(curve) <= OFF_AT_FIRST or self.marks.second_peak is not None

    def others(self) -> Iterator[Guess]:
        """Those that may pass through them when more is known, the nearest first."""
        for found in sorted(self.doubtful, key=lambda nearest: nearest.error):
            if found.error <= self._enough and found.slopes.size:
                yield from self._decided(found, self.free, 2)
            else:
                yield from self._at_a_corner(found.numbers)

    def _at_a_corner(self, nearest: Any) -> Iterator[Guess]:
        """The same with a tick between rows made whole at first: where the curve turns at a row, it has no slope."""
        narrow = [
            place for place, one in enumerate(self.sought.values()) if one.is_whole and one.high - one.low <= WIDEST
        ]
        for place in narrow[:1]:
            near = round(float(nearest[place]))
            rest = [other for other in self.free if other != place]
            for tick in (near, near + 1, near - 1, near + 2, near - 2):
                start = nearest.copy()
                start[place] = tick
                found = self.solution(start, rest)
                if found is not None:
                    yield from self._decided(found, rest, 1)
                    return

    def _with_usual_bend(self, near: Nearest, free: list[int]) -> tuple[Nearest | None, list[int]]:
        """What is found with a bend that people type, where the search was lost between a bend and a length."""
        import numpy as np

        first = np.array([one.start for one in self.sought.values()])
        first[self._floors] = self.low[self._floors]
        for place in free:
            name = self.names[place]
            if name not in self.solver.params or self.solver.params[name].role not in BENDS:
                continue
            rest = [other for other in free if other != place]
            for value in self.sought[name].usual:
                for start in (near.numbers.copy(), first.copy()):
                    start[place] = value
                    found = self.solution(start, rest)
                    if found is not None:
                        return found, rest
        return None, free

    @property
    def _floors(self) -> list[bool]:
        """Which of the numbers is a lowest rate."""
        return [name in self.solver.params and self.solver.params[name].role in LOWEST for name in self.names]

    def _starts(self) -> Iterator[Any]:
        import numpy as np

        yield from self.begun
        start = np.array([one.start for one in self.sought.values()])
        yield start
        for place, one in enumerate(self.sought.values()):
            is_far = one.high < math.inf and self.nearest > PROMISING  # Elsewhere between its bounds it would be, too.
            for other in () if is_far else one.others:
                moved = start.copy()
                moved[place] = other
                if one.is_whole and other > one.start:
                    moved[self._floors] = self.low[self._floors]  # What ends later falls lower.
                yield moved

    def _decided(self, found: Nearest, free: list[int], depth: int) -> Iterator[Guess]:
        """What a solution says: whole numbers made whole, and values tried of those that it does not determine."""
        import numpy as np

        if free:
            scales = np.abs(found.slopes).max(axis=0)
            loose = [place for place, scale in zip(free, scales, strict=True) if scale <= 1e-12]
            direction = None
            if not loose:
                _, sizes, directions = np.linalg.svd(found.slopes / scales, full_matrices=False)
                if sizes[-1] <= self.loose * sizes[0]:
                    direction = np.abs(directions[-1])
            if (loose or direction is not None) and depth:
                known = list(self._whole(found, free))
                if not loose:
                    yield from (guess for guess in known if is_plain(guess))
                chosen, is_found = self._undetermined(free, loose, direction), False
                for guess in [] if loose else self._with_typed_peaks(found, chosen, free):
                    yield guess
                    is_found = True
                if not is_found:
                    yield from self._tried(found, chosen[:MOST_CHOSEN], free, depth, known)
                return
        yield from self._whole(found, free)

    def _with_typed_peaks(self, found: Nearest, chosen: Sequence[int], free: Sequence[int]) -> Iterator[Guess]:
        """Where a length and the highest rate make up for each other: a warmup before the first row, and the base rate.

        The rates that somebody may have typed are fewer than the ticks, and tell which of those it was.
        """
        peak = next((place for place in chosen if self.sought[self.names[place]].is_peak), None)
        length = next((place for place in chosen if self.sought[self.names[place]].is_whole), None)
        if peak is None or length is None or not self.sought[self.names[length]].high < math.inf:
            return
        rates = [float(found.numbers[peak])]
        for end in (self.low[length], self.high[length] - self.sought[self.names[length]].is_hidden):
            start = found.numbers.copy()
            start[length] = end
            solved = self.solution(start, [place for place in free if place != length])
            rates += [] if solved is None else [float(solved.numbers[peak])]
        rest = [place for place in free if place != peak]
        for rate in typed_between(min(rates), max(rates)):
            start = found.numbers.copy()
            start[peak] = rate
            solved = self.solution(start, rest)
            if solved is not None:
                yield from self._whole(solved, rest)

    def _tried(
        self, found: Nearest, chosen: list[int], free: list[int], depth: int, guesses: list[Guess]
    ) -> Iterator[Guess]:
        """These guesses, and those with values tried of numbers that the rates do not determine, the simplest first."""
        with suppress(SpentError):
            for place in chosen:
                rest = [other for other in free if other != place]
                for value in itertools.islice(self._values_of(place, found), MOST_TRIED):
                    start = found.numbers.copy()
                    start[place] = value
                    other = self.solution(start, rest)
                    if other is not None:
                        guesses += self._decided(other, rest, depth - 1)
        yield from sorted(guesses, key=rough)

    def _undetermined(self, free: list[int], loose: list[int], direction: Any) -> list[int]:
        """The numbers of which values are tried: those that are whole and have few first."""
        there = loose or [place for place, size in zip(free, direction, strict=True) if size > 0.01] or free
        return sorted(there, key=lambda place: self.sought[self.names[place]].width)

    def _values_of(self, place: int, found: Nearest) -> Iterator[float]:
        """The values of a number that the rates do not determine, the likeliest first."""
        peaks = [at for at, other in enumerate(self.sought.values()) if other.is_peak and at != place]
        peak = float(found.numbers[peaks[0]]) if peaks else self.marks.highest
        return self.sought[self.names[place]].values(self.marks, peak)

    def _whole(self, found: Nearest, free: list[int]) -> Iterator[Guess]:
        import numpy as np

        wholes = [place for place, name in enumerate(self.names) if self.sought[name].is_whole]
        nearest = np.rint(found.numbers[wholes])
        off = np.abs(nearest - found.numbers[wholes])
        if self.in_full and len(off) and off.max() > NEARLY_WHOLE:
            return
        settled = None if self.in_full else self._settled(found, free)
        if settled is not None and self._fits(settled):
            yield from self._typed(settled)
            return
        rest = [place for place in free if place not in wholes]
        start = found.numbers.copy()
        start[wholes] = nearest
        solved = self.solution(start, rest)
        if solved is None:
            return
        yield from self._typed(solved.numbers)

    def _settled(self, found: Nearest, free: Sequence[int]) -> Any:
        """The numbers as somebody may have typed them, the surest first: it makes the others surer."""
        import numpy as np

        rounding = np.maximum(self.marks.tolerance.rounding(self.wanted) / self.marks.highest, PERFECT)
        if found.error > ROUNDINGS * float(rounding.max()):
            return None
        left, nearest, numbers = list(free), found, found.numbers.copy()
        while left:
            inverse = np.linalg.pinv(nearest.slopes / rounding[:, None])  # A low rate is shown more exactly.
            change = inverse @ ((self.newton.wanted - np.array(nearest.curve)) / rounding)
            numbers[left] += change * self.units[left]
            doubts = DOUBTED * np.sqrt((inverse**2).sum(axis=1)) * self.units[left]
            relative = doubts / np.maximum(np.abs(numbers[left]), 1e-300)
            at = int(relative.argmin())
            place, doubt = left.pop(at), float(doubts[at])
            if self.sought[self.names[place]].is_whole:
                if doubt > NEARLY_DECIDED:
                    return None
                numbers[place] = round(float(numbers[place]))
            else:
                numbers[place] = np.clip(typed_within(float(numbers[place]), doubt), self.low[place], self.high[place])
            if left:
                other = self.solution(numbers, left)
                if other is None:
                    return None
                nearest, numbers = other, other.numbers.copy()
        return numbers

    def _made_whole(self, numbers: Any) -> list[float]:
        """The numbers as Python's own, whole where they must be."""
        values = zip(self.sought.values(), numbers.tolist(), strict=True)
        return [round(value) if one.is_whole else value for one, value in values]

    def _fits(self, numbers: Any) -> bool:
        """Whether they give every probe, as far as the log shows."""
        import numpy as np

        found = np.array(self.at(self._made_whole(numbers), self.every_row))
        return bool(self.marks.tolerance.rounded(found, self.marks.values[self.every_row]).all())

    def _typed(self, numbers: Any) -> Iterator[Guess]:
        reals = [place for place, one in enumerate(self.sought.values()) if not one.is_whole and one.low < one.high]
        near = min(NEAR, max(NEAREST, 1e3 * self.marks.tolerance.strict))

        def with_reals(values: Sequence[float]) -> Any:
            every = numbers.copy()
            every[reals] = values
            return every

        values = [float(numbers[place]) for place in reals]
        without = [0.0 if self._may_be_nothing(*pair) else pair[1] for pair in zip(reals, values, strict=True)]
        nice = simplest(without, lambda reals: self._fits(with_reals(reals)), near)
        if nice is None and without != values:
            nice = simplest(values, lambda reals: self._fits(with_reals(reals)), near)
        for found in [values] if nice in (None, values) else [nice, values]:
            with suppress(InputError):
                yield self.made(self._made_whole(with_reals(found or values)))

    def _may_be_nothing(self, place: int, number: float) -> bool:
        """Whether it is next to nothing: what is left of it may be what the search has not found out."""
        one = self.sought[self.names[place]]
        return one.low <= 0 and abs(number) <= NEXT_TO_NOTHING * (self.marks.highest if one.is_rate else 1.0)
