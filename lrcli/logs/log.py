"""A log that is read once: which of its columns are what, and their values as they are read."""

import dataclasses
import difflib
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, cast

from lrcli.errors import InputError
from lrcli.logs import names
from lrcli.logs.series import Gathered, Series, samples_of_a_step
from lrcli.logs.source import LogBytes
from lrcli.logs.table import PRINTED, Chunk, Numbers, Table
from lrcli.rows import BLOCK
from lrcli.text import plural, printable, quoted

MOST_LISTED = 20

MOST_HELD = 10_000
"""Rows without an epoch that wait for one."""


class LogBlock(NamedTuple):
    """Rows that have a value, at most `BLOCK`: parallel sequences. A step or epoch is None where the log has none."""

    lines: Sequence[int]
    """Line of the file, or record of a JSON document, counted from 1."""
    steps: Sequence[float | None]
    epochs: Sequence[float | None]
    values: Sequence[float]


class Log:
    """A log that is read once. `missing` and `nans` count cells without a value, and values that are NaN, so far."""

    def __init__(self, table: Table, source: LogBytes) -> None:
        self._table = table
        self._source = source
        self.name = table.name
        self.missing = 0
        self.nans = 0
        self.superseded = 0
        """Values that another of the same epoch came after."""
        self.facts = table.facts
        self.path = source.path
        """Where it is: of a folder that was opened, the file in it that is read."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that have been seen so far."""
        return self._table.columns

    @property
    def configuration(self) -> str:
        """The configuration of the run as JSON, where the log itself holds it; complete when the log has been read."""
        return self._table.configuration

    @property
    def remarks(self) -> list[str]:
        """Sentences on what a person may not expect; complete when the log has been read."""
        found = [*self._source.remarks, *self._table.remarks]
        if self.superseded:
            values = "value has" if self.superseded == 1 else "values have"
            found.append(f"{self.superseded} {values} another after it in the same epoch: the last of an epoch counts")
        return found

    def _read_until(self, found: Callable[[], bool]) -> None:
        """Look for columns beyond the first rows, except where that would be to wait."""
        while not found() and not self._source.follows and self._table.read_further():
            pass

    @property
    def interrupted(self) -> bool:
        """Whether a log that was followed has been ended by `interrupt`."""
        return self._source.interrupted

    def interrupt(self) -> None:
        """End a log that is followed, after what is there."""
        self._source.interrupted = True

    @property
    def value_columns(self) -> list[str]:
        """The columns that are neither axes nor envelopes."""
        return [name for name in self.columns if name and not names.is_axis(name) and not names.is_envelope(name)]

    @property
    def rates(self) -> list[str]:
        """The columns that hold rates, the likeliest first; parameter groups in their order."""
        return [rate.column for rate in names.rates(self.columns)]

    @property
    def step(self) -> str | None:
        """The column of the optimizer step."""
        return names.step_column(self.columns)

    @property
    def epoch(self) -> str | None:
        """The column of the epoch."""
        return names.epoch_column(self.columns)

    def choose(self, wanted: str, option: str) -> str:
        """The column that is called `wanted`, or has it in its name and no other has.

        Raises InputError that lists the columns.
        """
        self._read_until(lambda: any(wanted.lower() in name.lower() for name in self.columns))
        there = self.value_columns
        exact = [name for name in self.columns if name == wanted] or [
            name for name in self.columns if name.lower() == wanted.lower()
        ]
        if len(exact) > 1:
            raise InputError(f"{option}: {self.name} has {len(exact)} columns called {quoted(wanted)}")
        partly = [name for name in there if wanted.lower() in name.lower()]
        if exact or len(partly) == 1:
            return (exact or partly)[0]
        if partly:
            raise InputError(f"{option}: {quoted(wanted)} may be {listed(partly)}")
        near = difflib.get_close_matches(wanted, there, n=1)
        hint = f"did you mean {printable(near[0])}? " if near else ""
        raise InputError(f"{option}: {self.name} has no column {quoted(wanted)}; {hint}There are {listed(there)}")

    def choose_rate(self, wanted: str | None, option: str) -> str:
        """The column of the rate: `wanted`, or the likeliest, of several parameter groups the first.

        Raises InputError that lists the columns where there is none, or where several may be meant.
        """
        if wanted is not None:
            return self.choose(wanted, option)
        self._read_until(lambda: bool(self.rates))
        rates = names.rates(self.columns)
        likeliest = [rate for rate in rates if rate.distance == rates[0].distance]
        if len({rate.stem for rate in likeliest}) > 1:
            found = listed([rate.column for rate in likeliest])
            raise InputError(f"{option}: {self.name} has several rates, {found}: name the one that is meant")
        if rates:
            return names.first_group(rates)
        every, steps = self.facts.logging_steps, self.facts.global_step
        if every and steps and every > steps:
            raise InputError(
                f"{option}: {self.name} has no rate: one is logged every {plural(int(every), 'step')}, and the run had "
                f"{steps}"
            )
        plain = names.metrics(self.columns)
        if len(plain) == 1 and not names.is_score(plain[0]) and self._is_all_there_is():
            return plain[0]
        there = listed(self.value_columns)
        raise InputError(f"{option}: expected the column of the rate in {self.name}; there are {there}")

    def _is_all_there_is(self) -> bool:
        """Whether a value that is no metric can only be the rate: it is alone, or in a table or record with its place,
        and in no case what is left of sentences.
        """
        is_placed, is_alone = bool(self.step or self.epoch), len(self.value_columns) == 1
        return is_placed and is_alone if self.facts.kind == PRINTED else is_placed or is_alone

    def choose_rates(self, count: int, option: str) -> list[str]:
        """The columns of the rates of `count` parameter groups, in their order. Raises InputError."""
        self._read_until(lambda: len(self.rates) >= count)
        rates = names.rates(self.columns)
        groups = [rate.column for rate in rates if rate.stem == rates[0].stem]
        if len(groups) != count:
            raise InputError(
                f"{option}: the schedule has {count} parameter groups; expected the column of each in {self.name}, "
                f"found {listed([rate.column for rate in rates]) if rates else 'no rate'}"
            )
        return groups

    def choose_metric(self, wanted: str | None, option: str) -> str:
        """The column of the metric: `wanted`, or the obvious one; a rate is never taken for a metric.

        Raises InputError that lists the columns where there is none, or where several may be meant.
        """
        if wanted is not None:
            return self.choose(wanted, option)
        self._read_until(lambda: any(map(names.held_out, names.metrics(self.columns))))
        obvious = names.obvious_metrics(self.columns)
        if len(obvious) == 1:
            return obvious[0]
        if not obvious and self.rates:
            raise InputError(
                f"{option}: {self.name} has rates ({listed(self.rates)}) but no metric; expected one such as val_loss"
            )
        raise InputError(
            f"{option}: expected the name of a column of {self.name}; there are {listed(self.value_columns)}"
        )

    def blocks(self, column: str) -> Iterator[LogBlock]:
        """The rows that have a value in `column`, as they are read. Raises InputError naming line, column and cell."""
        for lines, values, (steps, epochs) in self.rows(column, self.step, self.epoch):
            for start in range(0, len(values), BLOCK):
                part = slice(start, start + BLOCK)
                yield LogBlock(lines[part], steps[part], epochs[part], values[part])

    def series(self, *columns: str) -> list[Series]:
        """The values of each column, in one reading. Raises InputError naming line, column and cell."""
        totals = {name: names.first_of(table, self.columns) for name, table in names.TOTALS.items()}
        step, epoch = self.step, self.epoch
        unknown = None if step or epoch else self._unknown(columns)
        gathered = [Gathered(column, step is not None, epoch is not None) for column in columns]
        rows = 0
        for lines, values, (steps, epochs, rising, *ends) in self._chunks(
            columns, (step, epoch, unknown, *totals.values())
        ):
            if unknown and not rows and len(lines) > 2 and all(map(operator.lt, *_neighbours(rising))):
                self._table.remarks.append(
                    f"{self.name}: {printable(unknown)} only rises: if it is the step, call it so; rows are counted"
                )
            rows += len(lines)
            for growing, numbers in zip(gathered, values, strict=True):
                growing.extend(lines, steps, epochs, numbers)
            self.facts.take({name: next(filter(None, end[::-1]), None) for name, end in zip(totals, ends, strict=True)})
        for growing in gathered:
            self._check(growing.column, rows, rows - len(growing.values))
        return [
            self._in_steps(
                growing.series(
                    self._table.digits[self.columns.index(growing.column)].shown(), self.facts.steps_per_epoch
                )
            )
            for growing in gathered
        ]

    def _in_steps(self, series: Series) -> Series:
        """The series with its steps counted in steps, where they are samples."""
        if series.steps is None or not (names.counts_samples(series.column) or names.counts_samples(self.name)):
            return series
        batch = samples_of_a_step(series.steps)
        if batch > 1:
            self._table.remarks.append(f"{self.name}: its steps are samples: {batch} are taken for a step")
            series = dataclasses.replace(series, steps=series.steps / batch)
        return series

    def growing(self, column: str) -> Iterator[Series]:
        """The values of a column so far, each time that more was read. Raises InputError as `series` does."""
        step, epoch = self.step, self.epoch
        gathered = Gathered(column, step is not None, epoch is not None)
        for lines, (values,), (steps, epochs) in self._chunks((column,), (step, epoch)):
            before = len(gathered.values)
            gathered.extend(lines, steps, epochs, values)
            if len(gathered.values) > before:
                shown = self._table.digits[self.columns.index(column)].shown()
                yield gathered.series(shown, self.facts.steps_per_epoch).apart()

    def _unknown(self, columns: Sequence[str]) -> str | None:
        """A column that nobody knows, which might say where the rows stand."""
        others = (name for name in names.metrics(self.columns) if name not in columns and not names.is_score(name))
        return next(others, None)

    def _chunks(
        self, columns: Sequence[str], axes: Sequence[str | None]
    ) -> Iterator[tuple[Sequence[int], list[Numbers], list[Numbers]]]:
        """Lines, the values of each column, and the axes: None for what a row, or the log, does not have."""
        there = [name for name in axes if name is not None]
        places = [self.columns.index(name) for name in columns]
        is_epoch = [name == self.epoch for name in there]
        begins = any(map(names.as_rate, columns)) and True in is_epoch
        chunks = self._table.chunks(places, [self.columns.index(name) for name in there])
        for lines, values, read in cut_at_epochs(chunks, is_epoch.index(True)) if begins else chunks:
            numbers = [
                filled(finite(axis)) if fill and begins else finite(axis)
                for fill, axis in zip(is_epoch, read, strict=True)
            ]
            found = iter(numbers)
            none: Numbers = [None] * len(lines) if None in axes else []
            yield lines, values, [none if axis is None else next(found) for axis in axes]

    def rows(self, column: str, *axes: str | None) -> Iterator[tuple[Sequence[int], list[float], list[Numbers]]]:
        """The rows that have a value in `column`: their lines, the values, and the axes (None for one there is not)."""
        rows = 0
        for lines, (values,), numbers in self._chunks((column,), axes):
            rows += len(lines)
            if None in values:
                kept = [place for place, value in enumerate(values) if value is not None]
                self.missing += len(values) - len(kept)
                lines = [lines[place] for place in kept]
                values, *numbers = ([column[place] for place in kept] for column in (values, *numbers))
            present = cast(list[float], values)
            self.nans += sum(map(math.isnan, present))
            yield lines, present, numbers
        self._check(column, rows, self.missing)

    def _check(self, column: str, rows: int, missing: int) -> None:
        if not rows:
            raise InputError(f"{self.name} has no rows below its header")
        if rows == missing:
            raise InputError(
                f"{self.name} has no value in the column {quoted(column)}: all {plural(rows, 'cell')} are empty"
            )


def listed(columns: Sequence[str]) -> str:
    """The names of columns, as a message shows them."""
    shown = ", ".join(quoted(name)[1:-1] for name in columns[:MOST_LISTED]) or "none with values"
    return shown + (f" and {len(columns) - MOST_LISTED} more" if len(columns) > MOST_LISTED else "")


def cut_at_epochs(chunks: Iterator[Chunk], epoch: int) -> Iterator[Chunk]:
    """The chunks, cut so that each ends with a row that has an epoch: `filled` need not look beyond it.

    `epoch` is the place of that axis. At most `MOST_HELD` rows wait for the next chunk.
    """
    held: Chunk = [], [], []
    for lines, values, axes in chunks:
        if held[0]:
            lines = [*held[0], *lines]
            values = [before + column for before, column in zip(held[1], values, strict=True)]
            axes = [before + axis for before, axis in zip(held[2], axes, strict=True)]
        stop = len(lines)
        while stop and axes[epoch][stop - 1] is None:
            stop -= 1
        stop = len(lines) if len(lines) - stop > MOST_HELD else stop
        if stop == len(lines):
            held = [], [], []
            yield lines, values, axes
        else:
            held = lines[stop:], [column[stop:] for column in values], [axis[stop:] for axis in axes]
            yield lines[:stop], [column[:stop] for column in values], [axis[:stop] for axis in axes]
    if held[0]:
        yield held


def are_ints(axis: Numbers) -> bool:
    """Whether nothing is missing and all are ints."""
    return list(map(type, axis)).count(int) == len(axis)


def finite(axis: Numbers) -> Numbers:
    """Steps or epochs without those that are not a number, or infinite."""
    if are_ints(axis):
        return axis
    return [number if number is not None and math.isfinite(number) else None for number in axis]


def filled(epochs: Numbers) -> Numbers:
    """Epochs where each row without one has that of the rows after it: Lightning logs rates so, as an epoch begins."""
    if None not in epochs:
        return epochs
    following, backwards = None, []
    for epoch in reversed(epochs):
        following = following if epoch is None else epoch
        backwards.append(following)
    return backwards[::-1]


def _neighbours(numbers: Numbers) -> tuple[list[float], list[float]]:
    there = [number for number in numbers if number is not None]
    return there[:-1], there[1:]
