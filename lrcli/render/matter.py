"""Of rows that may be many, the ones that a table shows: the ends, the events, the ends of epochs, round places."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from math import isfinite
from operator import gt, lt
from typing import NamedTuple, cast

from lrcli.rows import Block, Cell, Rows

Row = tuple[Cell, ...]

MOST_EVENTS = 256
"""Events that are kept; a table of more is not for a person."""

POOL = 400
"""Rows at round places that are kept, to choose from."""

JUMP = 4
"""How much larger than the one before it a step of a curve must be, to be a restart and not a turn."""

NOISE = 1e-12
"""A relative change that rounding alone makes."""

ROUND = (1, 2, 5)


class Placed(NamedTuple):
    """A row, the number that it stands at on the axis, and how many rows come before it."""

    at: int
    number: int
    row: Row


class Pool:
    """Rows by a round number, ever rounder as they become many."""

    def __init__(self) -> None:
        self.rows: list[Placed] = []
        self.stride = 1

    def add(self, placed: Placed) -> None:
        """Keep the row if its number is round enough."""
        if placed.at % self.stride:
            return
        self.rows.append(placed)
        # Rows at 0 are multiples of everything: however many they are, no stride leaves one out.
        while len(self.rows) > POOL and any(kept.at for kept in self.rows):
            self.stride *= 10
            self.rows = [kept for kept in self.rows if kept.at % self.stride == 0]
        del self.rows[POOL:]

    def at_most(self, most: int, others: set[int]) -> list[Placed]:
        """The rows at the smallest of 1, 2, 5, 10, ... and its multiples of which there are at most `most` new ones."""
        stride = self.stride
        new = [placed for placed in self.rows if placed.number not in others]
        while any(placed.at for placed in new):
            for factor in ROUND:
                chosen = [placed for placed in new if placed.at % (factor * stride) == 0]
                if len(chosen) <= most:
                    return chosen
            stride *= 10
            new = chosen
        return new[:most]


class Matter:
    """Reads rows once, and remembers those that matter."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.count = 0
        """Rows that a table could show."""
        self._first: tuple[int, Row] | None = None
        self._last: tuple[int, Row] | None = None
        self._rates = [rows.columns.index(name) for panel in rows.panels if panel.rate for name in panel.columns]
        self._drawn = [rows.columns.index(name) for panel in rows.panels for name in panel.columns]
        self._extremes: dict[tuple[int, bool], tuple[float, int, Row]] = {}
        self._marked: list[tuple[int, Row]] = []
        self._marks_seen = 0
        self._turns: dict[int, Row] = {}
        self._before: list[tuple[int, Row]] = []
        self._ticks, self._epoch_ends = Pool(), Pool()
        self._counts_steps = rows.columns[:2] == ("step", "epoch")

    def read(self, block: Block, start: int) -> None:
        """The next rows, `start` being the number of those before them."""
        indices: Sequence[int] = range(start, start + len(block[0]))
        if self.rows.chosen:
            indices = self.rows.chosen(cast(range, indices))
            block = tuple([column[index - start] for index in indices] for column in block)
        if not indices:
            return
        self.count += len(indices)
        self._first = self._first or (indices[0], row_at(block, 0))
        self._last = (indices[-1], row_at(block, len(indices) - 1))
        self._find_marks(block, indices)
        for column in self._rates:
            self._find_turns(block, indices, column)
        self._find_extremes(block, indices)
        self._find_round_places(block, indices)
        if self._counts_steps:
            self._find_epoch_ends(block, indices)
        self._before = [
            (indices[place], row_at(block, place)) for place in range(max(0, len(indices) - 2), len(indices))
        ]

    def _find_marks(self, block: Block, indices: Sequence[int]) -> None:
        axis = block[0]
        while self._marks_seen < len(self.rows.marks):
            mark = self.rows.marks[self._marks_seen]
            if mark.row > axis[-1]:  # type: ignore[operator]
                return
            place = bisect_left(axis, mark.row)  # type: ignore[type-var]
            if len(self._marked) < MOST_EVENTS and place < len(axis) and axis[place] == mark.row:
                self._marked.append((indices[place], row_at(block, place)))
            self._marks_seen += 1

    def _find_turns(self, block: Block, indices: Sequence[int], column: int) -> None:
        """Where the curve leaves a level or reaches one, turns, or jumps: drops, ends of warmups, restarts."""
        before = [(index, row) for index, row in self._before if row[column] is not None]
        values = [*(row[column] for _, row in before), *block[column]]
        if None in values:
            return
        numbers = cast(list[float], values)
        falls, rises = (list(map(compare, numbers, numbers[1:])) for compare in (gt, lt))
        if len(set(falls)) < 2 and len(set(rises)) < 2:
            return
        for place in range(1, len(falls)):
            if falls[place] != falls[place - 1] or rises[place] != rises[place - 1]:
                if len(self._turns) >= MOST_EVENTS:
                    return
                turned = place + turn(numbers[place - 1], numbers[place], numbers[place + 1])
                if turned > place - 1:
                    at = turned - len(before)
                    index, row = (indices[at], row_at(block, at)) if at >= 0 else before[turned]
                    self._turns[index] = row

    def _find_extremes(self, block: Block, indices: Sequence[int]) -> None:
        for column in self._drawn:
            values = [value for value in block[column] if isinstance(value, int | float) and isfinite(value)]
            if not values:
                continue
            for is_highest, value in ((True, max(values)), (False, min(values))):
                known = self._extremes.get((column, is_highest))
                if known is None or (value > known[0] if is_highest else value < known[0]):
                    found = list(block[column]).index(value)
                    self._extremes[column, is_highest] = (value, indices[found], row_at(block, found))

    def _find_round_places(self, block: Block, indices: Sequence[int]) -> None:
        """The ticks of the axis; where it is no whole number, of the rows."""
        axis = block[0] if isinstance(block[0], range) or all(type(at) is int for at in block[0]) else indices
        for place in round_places(cast(Sequence[int], axis), self._ticks.stride):
            self._ticks.add(Placed(cast(int, axis[place]), indices[place], row_at(block, place)))

    def _find_epoch_ends(self, block: Block, indices: Sequence[int]) -> None:
        epochs = cast(Sequence[int], block[1])
        last = self._before[-1] if self._before else None
        if last and last[1][1] != epochs[0]:
            self._epoch_ends.add(Placed(cast(int, last[1][1]) + 1, *last))
        place = bisect_right(epochs, epochs[0])
        while place < len(epochs):
            self._epoch_ends.add(Placed(epochs[place - 1] + 1, indices[place - 1], row_at(block, place - 1)))
            place = bisect_right(epochs, epochs[place], place)

    def events(self, most: int = MOST_EVENTS) -> dict[int, Row]:
        """At most `most` of the ends, the marks, the turns and the extremes; a turn beside a mark is the same event."""
        if self._first is None or self._last is None:
            return {}
        marked = dict(self._marked)
        near = {index + offset for index in marked for offset in (-1, 0, 1)}
        turns = {index: row for index, row in self._turns.items() if index not in near}
        extremes = {index: row for _, index, row in self._extremes.values()}
        chosen = dict([self._first, self._last])
        for found in (marked, turns, extremes):
            new = [(index, row) for index, row in sorted(found.items()) if index not in chosen]
            chosen |= evenly(new, max(most, 2) - len(chosen))
        return chosen

    def rows_that_matter(self, most: int) -> list[tuple[int, Row]]:
        """At most `most` rows, but two, with their index, in order."""
        chosen = self.events(most)
        free, known = most - len(chosen), set(chosen)
        others = self._epoch_ends.at_most(free, known) or self._ticks.at_most(free, known)
        chosen |= {placed.number: placed.row for placed in others}
        return sorted(chosen.items())


def turn(first: float, second: float, third: float) -> int:
    """Which of three neighbouring values is an event: 0 the second, 1 the third, -1 none."""
    pairs = ((first, second), (second, third))
    into, out = (0.0 if abs(b - a) <= NOISE * max(abs(a), abs(b)) else b - a for a, b in pairs)
    if not into:
        return 1 if out else -1
    if not out:
        return 0
    if (into > 0) == (out > 0):
        return -1
    return 1 if abs(out) > JUMP * abs(into) else 0


def round_places(axis: Sequence[int], stride: int) -> Iterator[int]:
    """Where in `axis` the multiples of `stride` are."""
    if isinstance(axis, range) and axis.step == 1:
        return iter(range(-axis.start % stride, len(axis), stride))
    return (place for place, at in enumerate(axis) if at % stride == 0)


def evenly(found: Sequence[tuple[int, Row]], most: int) -> list[tuple[int, Row]]:
    """At most `most` of what was found, spread over all of it."""
    if len(found) <= most:
        return list(found)
    return [found[place * len(found) // most] for place in range(most)]


def row_at(block: Block, place: int) -> Row:
    """One row of a block."""
    return tuple(column[place] for column in block)
