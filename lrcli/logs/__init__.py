"""Training logs as they are: metrics and rates as a stream of values. It knows rows and values only."""

import difflib
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import NamedTuple, cast

from lrcli.errors import InputError
from lrcli.logs.delimited import Chunk, Delimited, Numbers
from lrcli.logs.records import Records
from lrcli.logs.source import Source
from lrcli.rows import BLOCK
from lrcli.text import plural, printable, quoted

__all__ = ["EpochBlock", "Log", "LogBlock", "open_log", "per_epoch"]

STEP_COLUMNS = ("step", "_step", "global_step", "iter", "iteration", "trainer/global_step")
EPOCH_COLUMNS = ("epoch", "epochs")
OTHER_AXES = (
    "wall time", "time", "_runtime", "_timestamp", "relative time (process)", "runtime", "eval_runtime",
    "eval_samples_per_second", "eval_steps_per_second", "total_flos", "num_input_tokens_seen",
)  # fmt: skip
ENVELOPE = ("__MIN", "__MAX")
"""What Weights & Biases puts beside each column."""

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

    def __init__(self, table: Delimited | Records, source: Source) -> None:
        self._table = table
        self._source = source
        self.name = table.name
        self.columns = table.columns
        self.missing = 0
        self.nans = 0

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
        axes = (*STEP_COLUMNS, *EPOCH_COLUMNS, *OTHER_AXES)
        return [name for name in self.columns if name and name.lower() not in axes and not name.endswith(ENVELOPE)]

    def choose(self, wanted: str | None, obvious: Sequence[str], option: str) -> str:
        """The column that is called `wanted`, or has it in its name and no other has; with None the obvious one.

        `obvious` are names, the first that is there is taken; one that ends with "-" stands for the only column that
        begins with it. Raises InputError that lists the columns.
        """
        names = self.value_columns
        if wanted is None:
            return self._obvious(names, obvious, option)
        exact = [name for name in self.columns if name == wanted] or [
            name for name in self.columns if name.lower() == wanted.lower()
        ]
        if len(exact) > 1:
            raise InputError(f"{option}: {self.name} has {len(exact)} columns called {quoted(wanted)}")
        partly = [name for name in names if wanted.lower() in name.lower()]
        if exact or len(partly) == 1:
            return (exact or partly)[0]
        if partly:
            raise InputError(f"{option}: {quoted(wanted)} may be {self._listed(partly)}")
        near = difflib.get_close_matches(wanted, names, n=1)
        hint = f"did you mean {printable(near[0])}? " if near else ""
        raise InputError(f"{option}: {self.name} has no column {quoted(wanted)}; {hint}There are {self._listed(names)}")

    def _obvious(self, names: Sequence[str], obvious: Sequence[str], option: str) -> str:
        for candidate in obvious:
            fitting = [
                name
                for name in names
                if name.lower() == candidate or (candidate.endswith("-") and name.lower().startswith(candidate))
            ]
            if fitting and (len(fitting) == 1 or not candidate.endswith("-")):
                return fitting[0]
        ending = [name for name in names if name.lower().endswith(tuple(f" - {candidate}" for candidate in obvious))]
        for choice in (ending, names):
            if len(choice) == 1:
                return choice[0]
        raise InputError(f"{option}: expected the name of a column of {self.name}; there are {self._listed(names)}")

    def _listed(self, names: Sequence[str]) -> str:
        shown = ", ".join(quoted(name)[1:-1] for name in names[:MOST_LISTED]) or "none with values"
        return shown + (f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else "")

    def axis(self, names: Sequence[str]) -> str | None:
        """The first column that has one of these names."""
        return next((name for name in self.columns if name.lower() in names), None)

    def blocks(self, column: str) -> Iterator[LogBlock]:
        """The rows that have a value in `column`, as they are read. Raises InputError naming line, column and cell."""
        step, epoch = self.axis(STEP_COLUMNS), self.axis(EPOCH_COLUMNS)
        for lines, values, (steps, epochs) in self._read(column, step, epoch):
            for start in range(0, len(values), BLOCK):
                part = slice(start, start + BLOCK)
                yield LogBlock(lines[part], steps[part], epochs[part], values[part])

    def _read(self, column: str, *axes: str | None) -> Iterator[tuple[Sequence[int], list[float], list[Numbers]]]:
        """The rows that have a value in `column`: their lines, the values, and the axes (None for one there is not)."""
        there = [name for name in axes if name is not None]
        place, *axis_places = map(self.columns.index, [column, *there])
        rows = 0
        epoch = next((place for place, name in enumerate(there) if name.lower() in EPOCH_COLUMNS), None)
        for lines, values, read in settled(self._table.chunks(place, axis_places), epoch):
            rows += len(lines)
            numbers = [
                filled(finite(axis)) if name.lower() in EPOCH_COLUMNS else finite(axis)
                for name, axis in zip(there, read, strict=True)
            ]
            if None in values:
                kept = [place for place, value in enumerate(values) if value is not None]
                self.missing += len(values) - len(kept)
                lines = [lines[place] for place in kept]
                values, *numbers = ([column[place] for place in kept] for column in (values, *numbers))
            present = cast(list[float], values)
            self.nans += sum(map(math.isnan, present))
            found = iter(numbers)
            none: Numbers = [None] * len(lines)
            yield lines, present, [none if axis is None else next(found) for axis in axes]
        if not rows:
            raise InputError(f"{self.name} has no rows below its header")
        if rows == self.missing:
            raise InputError(
                f"{self.name} has no value in the column {quoted(column)}: all {plural(rows, 'cell')} are empty"
            )


def settled(chunks: Iterator[Chunk], epoch: int | None) -> Iterator[Chunk]:
    """The chunks, cut so that each ends with a row that has an epoch: `filled` need not look beyond it.

    `epoch` is the place of that axis, None where there is none. At most `MOST_HELD` rows wait for the next chunk.
    """
    held: Chunk = [], [], []
    for lines, values, axes in chunks:
        if held[0]:
            lines, values = [*held[0], *lines], held[1] + values
            axes = [before + axis for before, axis in zip(held[2], axes, strict=True)]
        stop = len(lines)
        while epoch is not None and stop and axes[epoch][stop - 1] is None:
            stop -= 1
        stop = len(lines) if len(lines) - stop > MOST_HELD else stop
        held = lines[stop:], values[stop:], [axis[stop:] for axis in axes]
        yield (
            (lines, values, axes)
            if stop == len(lines)
            else (
                lines[:stop],
                values[:stop],
                [axis[:stop] for axis in axes],
            )
        )
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
    epoch, step = log.axis(EPOCH_COLUMNS), log.axis(STEP_COLUMNS)
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
