"""A log that is read once: which of its columns are what, and their values as they are read."""

import difflib
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import NamedTuple, cast

from lrcli.errors import InputError
from lrcli.logs import names
from lrcli.logs.delimited import Delimited
from lrcli.logs.records import Records
from lrcli.logs.series import Gathered, Series
from lrcli.logs.source import Source
from lrcli.logs.table import Chunk, Numbers, Table
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


class EpochBlock(NamedTuple):
    """Epochs with the last value of each: parallel sequences."""

    epochs: Sequence[float]
    values: Sequence[float]


class Log:
    """A log that is read once. `missing` and `nans` count cells without a value, and values that are NaN, so far."""

    def __init__(self, table: Table, source: Source) -> None:
        self._table = table
        self._source = source
        self.name = table.name
        self.columns = table.columns
        self.missing = 0
        self.nans = 0
        self.facts = table.facts
        self.remarks = table.remarks

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
        rates = names.rates(self.columns)
        likeliest = [rate for rate in rates if rate.distance == rates[0].distance]
        if len({rate.stem for rate in likeliest}) > 1:
            found = listed([rate.column for rate in likeliest])
            raise InputError(f"{option}: {self.name} has several rates, {found}: name the one that is meant")
        if rates:
            return rates[0].column
        there = self.value_columns
        if len(there) == 1 and not names.is_score(there[0]):
            return there[0]
        raise InputError(f"{option}: expected the column of the rate in {self.name}; there are {listed(there)}")

    def choose_metric(self, wanted: str | None, option: str) -> str:
        """The column of the metric: `wanted`, or the obvious one; a rate is never taken for a metric.

        Raises InputError that lists the columns where there is none, or where several may be meant.
        """
        if wanted is not None:
            return self.choose(wanted, option)
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
        for lines, values, (steps, epochs) in self._read(column, self.step, self.epoch):
            for start in range(0, len(values), BLOCK):
                part = slice(start, start + BLOCK)
                yield LogBlock(lines[part], steps[part], epochs[part], values[part])

    def series(self, *columns: str) -> list[Series]:
        """The values of each column, in one reading. Raises InputError naming line, column and cell."""
        step, epoch = self.step, self.epoch
        gathered = [Gathered(column, step is not None, epoch is not None) for column in columns]
        rows = 0
        for lines, values, (steps, epochs) in self._chunks(columns, (step, epoch)):
            rows += len(lines)
            for growing, numbers in zip(gathered, values, strict=True):
                growing.extend(lines, steps, epochs, numbers)
        for growing in gathered:
            self._check(growing.column, rows, rows - len(growing.values))
        return [growing.series(self._table.digits[self.columns.index(growing.column)].shown()) for growing in gathered]

    def _chunks(
        self, columns: Sequence[str], axes: Sequence[str | None]
    ) -> Iterator[tuple[Sequence[int], list[Numbers], list[Numbers]]]:
        """Lines, the values of each column, and the axes: None for what a row, or the log, does not have."""
        there = [name for name in axes if name is not None]
        places = [self.columns.index(name) for name in columns]
        is_epoch = [name == self.epoch for name in there]
        begins = any(map(names.as_rate, columns)) and True in is_epoch
        chunks = self._table.chunks(places, [self.columns.index(name) for name in there])
        for lines, values, read in settled(chunks, is_epoch.index(True)) if begins else chunks:
            numbers = [
                filled(finite(axis)) if fill and begins else finite(axis)
                for fill, axis in zip(is_epoch, read, strict=True)
            ]
            found = iter(numbers)
            none: Numbers = [None] * len(lines) if None in axes else []
            yield lines, values, [none if axis is None else next(found) for axis in axes]

    def _read(self, column: str, *axes: str | None) -> Iterator[tuple[Sequence[int], list[float], list[Numbers]]]:
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


def settled(chunks: Iterator[Chunk], epoch: int) -> Iterator[Chunk]:
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


def open_log(
    path: str,
    *,
    follow: bool = False,
    announce: Callable[[str], None] = lambda text: None,
    source: Source | None = None,
) -> Log:
    """The log at `path` ("-" is standard input), recognised by its content. Raises InputError.

    With `follow` it never ends: it waits for more, and says through `announce` when the file was replaced or cut.
    """
    source = source or Source(path, follow=follow, announce=announce)
    chunks = source.chunks()
    first = ""
    while not first.strip():
        more = next(chunks, None)
        if more is None:
            raise InputError(f"{source.name} is empty; expected a log")
        first += more
    reader = Records if first.lstrip()[0] in "{[" else Delimited
    return Log(reader(source.name, chain((first,), chunks)), source)


def per_epoch(log: Log, column: str) -> Iterator[EpochBlock]:
    """The last value of each epoch, in order; a new epoch begins where the number changes.

    A row without an epoch goes by its step; a log with neither has an epoch per row.
    """
    epoch, step = log.epoch, log.step
    held: tuple[list[float], list[float]] = [], []
    count = 0
    for _, values, (keys, steps) in log._read(column, epoch or step, step):
        epochs, values = held[0] + _labels(keys, steps, count), held[1] + values
        count += len(keys)
        if not values:
            continue
        held = epochs[-1:], values[-1:]
        if not all(map(operator.ne, epochs, islice(epochs, 1, None))):
            ends = [place for place, (label, following) in enumerate(pairwise(epochs)) if label != following]
            epochs, values = [epochs[place] for place in [*ends, -1]], [values[place] for place in [*ends, -1]]
        for start in range(0, len(values) - 1, BLOCK):
            stop = min(start + BLOCK, len(values) - 1)
            yield EpochBlock(epochs[start:stop], values[start:stop])
    if held[0]:
        yield EpochBlock(*held)


def _labels(keys: Numbers, steps: Numbers, count: int) -> list[float]:
    """The number of each row's epoch: the key, else the step, else which row it is, `count` being that of the first."""
    if are_ints(keys):
        return cast(list[float], keys)
    labels = (
        key if key is not None else step if step is not None else row
        for row, (key, step) in enumerate(zip(keys, steps, strict=True), count)
    )
    return [int(label) if label == label // 1 else label for label in labels]
