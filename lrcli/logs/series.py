"""The values of a column of a log, with where they stand, in a few bytes each."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FULL_DIGITS = 15
"""Significant digits from which on a value is shown as exactly as a float64 can be."""

_MOST_TEXTS = 200
"""Cells of a chunk whose digits are counted."""

_FIXED = re.compile(r"\s*[+-]?[0-9]+(?:\.([0-9]*))?\s*", re.ASCII)
_PADDED = re.compile(r"\s*[+-]?[0-9]+\.(?:[0-9]+0\s*|[0-9]*0[eE][+-]?[0-9]+\s*)", re.ASCII)


class Shown(NamedTuple):
    """How a log writes the values of a column, from a sample of all its parts."""

    digits: int
    """The most significant digits that any value shows."""
    decimals: int | None
    """Decimals, where every value has the same number of them and no exponent; else None."""
    padded: bool = False
    """Whether some decimals are zeros that nobody would have typed: "0.000300", "2.00e-05"."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The rows of a log that have a value in a column: arrays of equal length, float64, in the order of the log.

    `steps` and `epochs` are None where the log has none; a row without one holds NaN there. Epochs are positions as the
    log has them: 0.25 stays 0.25.
    """

    column: str
    lines: Lines
    steps: Floats | None
    epochs: Floats | None
    values: Floats
    shown: Shown

    def __len__(self) -> int:
        return len(self.values)

    def apart(self) -> Series:
        """The same, which stays as it is while the log is read further."""
        steps, epochs = (None if axis is None else axis.copy() for axis in (self.steps, self.epochs))
        return Series(self.column, self.lines, steps, epochs, self.values.copy(), self.shown)


def samples_of_a_step(steps: Floats) -> int:
    """How many samples a step has, where the steps of a log are samples: what divides all that lies between rows."""
    import numpy as np

    whole = steps[np.isfinite(steps) & (steps % 1 == 0)]
    return (
        int(np.gcd.reduce(whole.astype(np.int64))) if len(whole) == len(steps) > 1 and (abs(steps) < 2**53).all() else 1
    )


class Lines:
    """The line of each row, counted from 1, kept only where it is not the one after the line before."""

    def __init__(self) -> None:
        self._rows, self._starts = array("q"), array("q")
        self._count = 0

    def extend(self, lines: Sequence[int]) -> None:
        """Add the lines of further rows."""
        if not len(lines):
            return
        runs: list[int] = []
        if lines[-1] - lines[0] != len(lines) - 1:
            runs = [place for place, (one, two) in enumerate(pairwise(lines), 1) if two != one + 1]
        if not self._count or self[self._count - 1] + 1 != lines[0]:
            runs = [0, *runs]
        self._rows.extend([self._count + place for place in runs])
        self._starts.extend([lines[place] for place in runs])
        self._count += len(lines)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, row: int) -> int:
        place = bisect_right(self._rows, row) - 1
        return self._starts[place] + row - self._rows[place]


class Gathered:
    """A series while it is read."""

    def __init__(self, column: str, has_steps: bool, has_epochs: bool) -> None:
        self.column = column
        self.lines = Lines()
        self.steps = array("d") if has_steps else None
        self.epochs = array("d") if has_epochs else None
        self.values = array("d")

    def extend(
        self,
        lines: Sequence[int],
        steps: Sequence[float | None],
        epochs: Sequence[float | None],
        values: Sequence[float | None],
    ) -> None:
        """Add the rows that have a value."""
        if None in values:
            kept = [place for place, value in enumerate(values) if value is not None]
            lines = [lines[place] for place in kept]
            steps, epochs, values = ([column[place] for place in kept] for column in (steps, epochs, values))
        self.lines.extend(lines)
        for growing, numbers in ((self.steps, steps), (self.epochs, epochs), (self.values, values)):
            if growing is not None:
                growing.extend(_without_none(numbers))

    def series(self, shown: Shown, epoch_length: int | None) -> Series:
        """What has been read; `epoch_length` are the steps of an epoch, where the log says so."""
        import numpy as np

        steps, epochs, values = (
            None if numbers is None else np.frombuffer(numbers, dtype=np.float64) if numbers else np.empty(0)
            for numbers in (self.steps, self.epochs, self.values)
        )
        assert values is not None
        if steps is not None and epochs is not None and len(steps):
            steps = _through(steps, epochs, epoch_length)
        return Series(self.column, self.lines, steps, epochs, values, shown)


def _through(steps: Floats, epochs: Floats, length: int | None) -> Floats | None:
    """Steps that begin again with each epoch, counted through the run; None where an epoch's length is not known.

    Others that fall, as those of a run that was taken up again, stay as they are.
    """
    import numpy as np

    rises = epochs[1:] > epochs[:-1]
    falls = (steps[1:] < steps[:-1]) | ((steps[1:] == steps[:-1]) & rises)
    if not falls.any():
        return steps
    if np.isnan(steps).any() or np.isnan(epochs).any() or not (falls == rises).all() or (epochs % 1).any():
        return steps
    if length is None and (np.diff(steps)[~falls] == 1).all():
        length = int(steps.max() - steps.min()) + 1
    first = 1 if epochs.min() >= 1 else 0
    return None if length is None else (epochs - first) * length + steps


def _without_none(numbers: Sequence[float | None]) -> Iterable[float]:
    nan = float("nan")
    return [nan if number is None else number for number in numbers] if None in numbers else numbers  # type: ignore[return-value]


class Digits:
    """How the values of a column are written, from the cells that it is shown."""

    def __init__(self) -> None:
        self._digits = 0
        self._decimals: set[int] = set()
        self._fixed = True
        self._padded = False

    @property
    def settled(self) -> bool:
        """Whether further cells could tell nothing new."""
        return self._digits >= FULL_DIGITS and not self._fixed

    def look(self, cells: Sequence[str]) -> None:
        """Take note of some of these cells."""
        if self.settled:
            return
        every = -(-len(cells) // _MOST_TEXTS) or 1
        for cell in {*cells[::every]}:
            digits = cell.strip().lower().partition("e")[0].lstrip("+-").replace(".", "").lstrip("0")
            self._padded = self._padded or _PADDED.fullmatch(cell) is not None
            if not digits.isdecimal():
                continue  # Zero, or no number.
            self._digits = max(self._digits, len(digits))
            fixed = _FIXED.fullmatch(cell)
            self._decimals.add(len(fixed[1] or "") if fixed else -1)
            self._fixed = len(self._decimals) == 1 and -1 not in self._decimals

    def shown(self) -> Shown:
        """What is known so far."""
        if self._fixed and self._decimals:
            return Shown(self._digits, min(self._decimals), self._padded)
        return Shown(self._digits, None, self._padded)
