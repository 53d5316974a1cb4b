"""Fields of a scheduler that make it pass through the rates of a log: the inverse of the simulation."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Self

from lrcli.errors import InputError
from lrcli.fit.effort import Effort
from lrcli.fit.estimates import FromTurn
from lrcli.fit.first_guess import DEFAULT_RATE, first_guess, unused_rate
from lrcli.fit.forms import BASE, BENDS, FLOORS, Form
from lrcli.fit.guess import Guess
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.lengths import grid_of_lengths
from lrcli.fit.longer import USUAL_RATES
from lrcli.fit.numbers import NEAR, between, bounds_of, crossings, passing_through, simplest, telling
from lrcli.fit.settled import Settling
from lrcli.record.curve import few_rates_at
from lrcli.record.tolerance import FULL_PRECISION
from lrcli.schedules import role

WORTH_A_LOOK, WORTH_TYPING = 3e-3, 1e-4
"""Of the highest rate: differences beyond which a candidate is dropped, and up to which its numbers are rounded."""

NEAREST = 1e-5
"""Relative, to a number that was typed."""

SHAPELESS = 4e-2
"""Of the highest rate: a difference that no other height makes good."""

SAME = 1e-9
"""Of the highest rate: what rounding makes of a curve."""

MOST_SHAPELESS = 4
"""Lengths with which a form is another curve altogether, after which no further one is tried."""

NEVER_NOTHING = (role.START_DIVISOR, role.FLOOR_DIVISOR, role.TIMESCALE, role.POWER)
LEAST = 1e-12
"""Of a number that divides, or bends the curve."""

NOTHING = 1e-11
"""Of a unit: what is left of a number that is none."""

MANY = 1000
"""Times what rounding may take from a rate: it is shown with enough digits."""

QUICK = 4
"""Rows at which most candidates are seen to be wrong."""


class Solver:
    """One form on one log. What it tries is taken from `effort`; it ends with Spent where none is left."""

    def __init__(self, form: Form, marks: Landmarks, effort: Effort, base: float | None = None) -> None:
        unused = form.cls.fields(role.SCALE) and BASE not in form.numbers
        self.base = (unused_rate(marks) if unused else marks.highest) if base is None else base
        self.marks = marks
        self.effort = effort
        self.params = form.cls.params()
        self._fix(form)
        self.cost = 0 if form.cls.has_closed_form() else int(marks.ticks[-1])
        self.bounds = [self._bounds(name) for name in form.numbers]
        self.ticks, self.values = marks.plain
        self.guess = [self._first(name) for name in form.numbers]
        self.rows = self._rows()

    def _fix(self, form: Form) -> None:
        self.form = form
        self.defaults = {name: declared.default for name, declared in self.params.items()} | form.fixed
        self.turns = {name: value for name, value in form.fixed.items() if isinstance(value, FromTurn)}

    def of(self, form: Form) -> Self:
        """The same for another form of the scheduler that has the same numbers to be found."""
        other = copy.copy(self)
        other._fix(form)
        if form.cls.fields(role.SCALE, role.DROP_EVERY):
            other.guess = [other._first(name) for name in form.numbers]  # It depends on what is fixed.
        return other

    def _bounds(self, name: str) -> tuple[float, float]:
        if name == BASE:
            return 0.0, math.inf
        low, high = bounds_of(self.params[name])
        found = self.params[name].role
        if found is role.CURVE or (found is role.POWER and self.params[name].required):
            return low, high
        return max(low, LEAST if found in NEVER_NOTHING else 0.0), high

    def _first(self, name: str) -> float:
        return first_guess(name, self.form, self.marks, self.base, self.defaults)

    def _row_of(self, name: str) -> int:
        """The row that tells most of a number."""
        marks = self.marks
        meaning = role.START if name == BASE else self.params[name].role
        if name == self.form.scale or meaning is role.PEAK:
            # Where the rate is in steps, the first row: later ones carry the rounding of every step.
            return marks.peak
        if meaning in (*FLOORS, role.TARGET):
            return marks.bottom
        if meaning in (role.START, role.START_SHARE):
            return int(marks.starts_late)
        if meaning is role.DROP_FACTOR:
            falls = [row for row in marks.steps if row > marks.peak]
            return falls[0] if marks.moves_in_steps and falls else self._row_of_decay
        if meaning is role.CYCLE_DECAY:
            return marks.second_peak or len(marks.values) - 1
        if meaning is role.GROWTH and self.form.cls.fields(role.CYCLE):
            return marks.bottom  # It grows when the cycle is over.
        return marks.middle

    @property
    def _row_of_decay(self) -> int:
        """The row that tells most of what a rate is multiplied by from tick to tick: the lowest, where it is shown with
        enough digits, else one where it has fallen to a third, of which rounding takes least beside what it tells.
        """
        import numpy as np

        marks = self.marks
        if marks.values[marks.bottom] > MANY * marks.tolerance.absolute:
            return marks.bottom
        fall = marks.values[marks.held_until : marks.bottom + 1]
        return marks.held_until + int(np.abs(fall - marks.highest / 3).argmin())

    def _fill(self, values: dict[str, Any], numbers: Sequence[float], whole: int | None) -> float:
        """Put the fields into `values`, and return the optimizer's rate."""
        values.update(self.defaults)
        values.update(zip(self.form.numbers, numbers, strict=True))
        if self.form.whole is not None:
            values[self.form.whole] = whole
            for name, turn in self.turns.items():
                values[name] = max(0, (whole or 0) - turn.tick)
        lr: float = values.pop(BASE, self.base)
        return lr

    def made(self, numbers: Sequence[float], whole: int | None) -> Guess:
        """The schedule with these values. Raises InputError where it refuses them."""
        values: dict[str, Any] = {}
        lr = self._fill(values, numbers, whole)
        schedule = self.form.cls(**values)
        ticks = [self.ticks[row] for row in self.marks.probes]
        if few_rates_at(schedule, DEFAULT_RATE, ticks) == few_rates_at(schedule, lr, ticks):
            lr = DEFAULT_RATE
        return Guess(schedule, lr)

    def at(self, numbers: Sequence[float], whole: int | None, rows: Sequence[int], shift: Any = 0) -> list[float]:
        """The rates at rows, which increase, of a schedule that begins `shift` ticks late; NaN where there are none."""
        self.effort.take(len(rows) + self.cost)
        # Nobody checks the values: what is found with them is made again, and checked.
        schedule = object.__new__(self.form.cls)
        lr = self._fill(schedule.__dict__, numbers, whole)
        ticks = self.ticks
        return few_rates_at(schedule, lr, [ticks[row] - shift for row in rows])

    def solved(self, whole: int | None) -> list[float] | None:
        """The numbers, for that whole number."""
        if self.rows is None:
            return None
        if not self.rows:
            return []
        values = self.values
        return passing_through(
            lambda numbers: self._at_own_rows(numbers, whole),
            self.guess,
            [values[row] for row in self.rows],
            self.bounds,
            self.marks.highest or 1.0,
        )

    def _at_own_rows(self, numbers: Sequence[float], whole: int | None) -> list[float]:
        """The rates at the rows that the numbers are found from."""
        rows = self.rows or []
        if not self.cost:
            return self.at(numbers, whole, rows)
        order = sorted(rows)
        found = dict(zip(order, self.at(numbers, whole, order), strict=True))
        return [found[row] for row in rows]

    def _rows(self) -> list[int] | None:
        """The rows that the numbers are found from, one each."""
        rows: list[int] = []
        for name in self.form.numbers:
            row = self._row_of(name)
            if row in rows and name != BASE and self.params[name].role in BENDS:
                row = next((one for one in (self.marks.along(0.75), self.marks.along(0.25)) if one not in rows), row)
            while row in rows and row + 1 < len(self.values):
                row += 1
            if row in rows:
                return None
            rows.append(row)
        return rows

    def early(self, moved: str | None = None) -> list[float]:
        """The rates up to the highest one, before anything is found; with one of the numbers moved."""
        return self._guessed([row for row in self.marks.probes if row < self.marks.peak], moved)

    def _guessed(self, rows: Sequence[int], moved: str | None = None) -> list[float]:
        numbers = [(number / 2 or 0.5) if name == moved else number for name, number in self._named()]
        return self.at(numbers, self._whole_to_the_end, rows)

    def _named(self) -> Iterable[tuple[str, float]]:
        """The numbers before anything is found."""
        return zip(self.form.numbers, self.guess, strict=True)

    @property
    def _whole_to_the_end(self) -> int | None:
        return None if self.form.whole is None else -(-(int(self.marks.ticks[-1]) + 1) // self.form.unit)

    def anchors(self) -> tuple[int, ...]:
        """The rows whose rates decide all from the highest one on, whatever the numbers are; none where more does.

        The highest where the curve is proportional to it, the lowest too where it lies between the two.
        """
        scale = self.form.scale
        highest, lowest = self.marks.peak, self.marks.bottom
        rows = sorted({*self._late, lowest})
        curve = self._guessed(rows)
        moved = {name: self._guessed(rows, name) for name in self.form.numbers if name != scale}
        others = [name for name, found in moved.items() if found != curve]
        if not others:
            return (highest,) if scale in self.form.numbers else ()
        if lowest <= highest or any(name == BASE or self.params[name].role not in FLOORS for name in others):
            return ()
        places = (rows.index(highest), rows.index(lowest))
        own = between(curve, places)
        same = own and all(
            other and all(abs(one - another) < SAME for one, another in zip(own, other, strict=True))
            for other in (between(moved[name], places) for name in others)
        )
        return (highest, lowest) if same else ()

    def holds(self) -> bool:
        """Whether a curve of phases stays at its highest rate, before anything is found, where the log does."""
        rows = self.marks.held if self.form.cls.fields(role.HOLD, role.DECAY) else []
        first, second = self.at(self.guess, self._whole_to_the_end, rows) if rows else (0.0, 0.0)
        return math.isnan(first) or math.isclose(first, second, rel_tol=SAME)

    @property
    def is_bent_by_its_shape(self) -> bool:
        """Whether a lowest rate or a power is to be found: some shapes have one, others have not."""
        return any(name != BASE and self.params[name].role in (*FLOORS, *BENDS) for name in self.form.numbers)

    @property
    def _late(self) -> list[int]:
        return [row for row in self.marks.probes if row >= self.marks.peak]

    def gives_the_rise(self) -> bool:
        """Whether the rows up to the highest rate are nearly given, by a scheduler with a warmup."""
        if not (self.marks.rises and self.form.cls.fields(role.WARMUP)):
            return True
        rows = [row for row in self.marks.probes if row < self.marks.peak]
        if any(self.form.fixed.get(prefix.name) is False for prefix in self.form.cls.fields(role.PREFIX)):
            # The line leads up to the base rate, but when it ends the curve is on its way down.
            return self._is_proportional(rows)
        numbers = self.solved(self._whole_to_the_end)
        return numbers is None or self._near(numbers, self._whole_to_the_end, rows)

    def _is_proportional(self, rows: list[int]) -> bool:
        """Whether the rates of rows grow as they would from the first of them to the last."""
        numbers = [self.marks.highest if name == self.form.scale else number for name, number in self._named()]
        ends = (len(rows) - 1, 0)
        found = between(self.at(numbers, self._whole_to_the_end, rows), ends)
        wanted = between([self.values[row] for row in rows], ends)
        return (
            found is None
            or wanted is None
            or all(abs(x - y) < WORTH_A_LOOK for x, y in zip(found, wanted, strict=True))
        )

    def signature(self) -> tuple[float, ...]:
        """The curve before anything is found, of two cycles where it begins again: forms that share it are the same."""
        whole, restarts = self._whole_to_the_end, self.marks.restarts
        if whole is not None and restarts:
            whole = self.ticks[restarts[0]]
        return tuple(self.at([telling(number) for number in self.guess], whole, self.marks.probes))

    def guesses(self, wholes: Iterable[int | None], anchors: tuple[int, ...]) -> Iterator[Guess]:
        """What passes through the rows that tell most, the numbers as a person would have typed them."""
        rows = self.marks.probes
        wanted = self.marks.values[rows]
        # The more digits the log shows, the nearer are the numbers that it gives to those that were typed.
        near = min(NEAR, max(NEAREST, 1e3 * self.marks.tolerance.strict))
        quick = rows[1 :: max(1, len(rows) // QUICK)]
        shapeless = 0
        for whole in wholes:
            if anchors and not self._has_the_shape(whole, anchors):
                continue
            numbers = self.solved(whole)
            error = math.inf if numbers is None else self._error(numbers, whole, quick)
            shapeless += error > SHAPELESS
            if shapeless == MOST_SHAPELESS:
                break
            if numbers is None or error > self._worth(WORTH_A_LOOK) or not self._near(numbers, whole, rows):
                continue
            numbers = [self._or_nothing(name, number) for name, number in zip(self.form.numbers, numbers, strict=True)]

            def fits(combination: Sequence[float], whole: int | None = whole) -> bool:
                import numpy as np

                found = np.array(self.at(combination, whole, rows))
                return bool(self.marks.tolerance.rounded(found, wanted).all())

            # What nearly fits the probes as somebody may have typed it does not always fit the other rows.
            nice = (
                self._typed(numbers, whole, fits, near) if self._near(numbers, whole, rows, WORTH_TYPING) else numbers
            )
            for found in [numbers] if nice in (None, numbers) else [nice, numbers]:
                with suppress(InputError):
                    yield self.made(found or numbers, whole)

    def _typed(
        self, numbers: list[float], whole: int | None, fits: Callable[[Sequence[float]], bool], near: float
    ) -> list[float] | None:
        """The numbers as somebody may have typed them, where those fit."""
        floors: Iterable[list[float]] = ()
        if self.marks.tolerance.kind != FULL_PRECISION and self.rows:
            nice = Settling(
                lambda numbers: self._at_own_rows(numbers, whole),
                [self.values[row] for row in self.rows],
                self.marks.tolerance.rounding(self.marks.values[self.rows]).tolist(),
                self.bounds,
                self.marks.highest or 1.0,
            ).settled(numbers)
            if nice is not None and fits(nice):
                return nice
            floors = () if nice is None else self._with_usual_floors(nice)
        found = simplest(numbers, fits, near)
        return next(filter(fits, floors), found) if found in (None, numbers) else found

    def _with_usual_floors(self, numbers: list[float]) -> Iterator[list[float]]:
        """The same with a lowest rate that people type, where the log says of it only that it is next to nothing."""
        for place, name in enumerate(self.form.numbers):
            if name != BASE and self.params[name].role is role.FLOOR and not numbers[place]:
                for rate in USUAL_RATES:
                    yield [*numbers[:place], rate, *numbers[place + 1 :]]

    def _or_nothing(self, name: str, number: float) -> float:
        """The number without what rounding leaves of a zero."""
        meaning = None if name == BASE else self.params[name].role
        if meaning not in (role.START, role.START_SHARE, *FLOORS) or self.bounds[self.form.numbers.index(name)][0] > 0:
            return number
        return number if abs(number) > NOTHING * (self.marks.highest if meaning.scales_with_rate else 1.0) else 0.0

    def _has_the_shape(self, whole: int | None, anchors: tuple[int, ...]) -> bool:
        """Whether the curve from the highest rate on is nearly that of the log, but for its ends."""
        late = self._late
        rows = sorted({*late[:: max(1, len(late) // QUICK)], *anchors})
        places = tuple(rows.index(row) for row in anchors)
        found = between(self.at(self.guess, whole, rows), places)
        wanted = between([self.values[row] for row in rows], places)
        return wanted is None or (
            found is not None and all(abs(one - other) <= SHAPELESS for one, other in zip(found, wanted, strict=True))
        )

    def _near(
        self, numbers: Sequence[float], whole: int | None, rows: Sequence[int], most: float = WORTH_A_LOOK
    ) -> bool:
        return self._error(numbers, whole, rows) <= self._worth(most)

    def _worth(self, most: float) -> float:
        tolerance = self.marks.tolerance
        return max(most, 3 * max(tolerance.relative, tolerance.absolute / self.marks.highest))

    def _error(self, numbers: Sequence[float], whole: int | None, rows: Sequence[int]) -> float:
        """The greatest difference, as a share of the highest rate."""
        found = self.at(numbers, whole, rows)
        differences = [abs(rate - self.values[row]) for rate, row in zip(found, rows, strict=True)]
        return math.inf if any(map(math.isnan, differences)) else max(differences, default=0.0) / self.marks.highest

    def sought_wholes(self, anchors: tuple[int, ...]) -> Iterator[int | None]:
        """The whole numbers with which the curve passes through one row more."""
        marks = self.marks
        if self.form.whole is None or marks.is_flat:
            return
        rows = [marks.along(0.35) if any(self._row_of(n) == marks.middle for n in self.form.numbers) else marks.middle]
        if marks.middle in (marks.peak, marks.bottom):
            rows = [marks.bottom]
        wanted = float(marks.values[rows[0]])
        if wanted == marks.highest:
            return

        def residual(whole: int) -> float:
            if len(anchors) == 1:
                there, here = self.at(self.guess, whole, [marks.peak, *rows])
                return here / there * marks.highest - wanted if there else math.nan
            numbers = self.solved(whole)
            if numbers is None:
                return math.nan
            self.guess = list(numbers)
            return self.at(numbers, whole, rows)[0] - wanted

        first = self.guess
        start = int((marks.ticks[rows[0]] - marks.ticks[marks.held_until]) * 0.4)
        found = list(islice(crossings(residual, grid_of_lengths(self.form, marks, start)), 4))
        self.guess = first
        yield from dict.fromkeys([*found, *(near + shift for near in found[:2] for shift in (1, -1))])
