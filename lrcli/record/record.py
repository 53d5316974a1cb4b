"""A log of rates as arrays."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from lrcli.errors import InputError
from lrcli.logs.series import FULL_DIGITS, Lines, Series, Shown
from lrcli.logs.table import Facts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Record:
    """The rows of a log that have a rate: arrays of equal length, in the order of the log."""

    values: "Floats"
    steps: "Floats | None"
    """NaN where a row has none."""
    epochs: "Floats | None"
    lines: Lines | Sequence[int]
    """Line of the file of each row, from 1."""
    shown: Shown
    facts: Facts

    @classmethod
    def of_series(cls, series: Series, facts: Facts) -> Self:
        """What `Log.series` gave. Raises InputError for a rate that is none, naming its line."""
        import numpy as np

        wrong = np.flatnonzero(~np.isfinite(series.values))
        if len(wrong):
            row = int(wrong[0])
            raise InputError(f"line {series.lines[row]}: expected a learning rate, found {float(series.values[row])!r}")
        return cls(series.values, series.steps, series.epochs, series.lines, series.shown, facts)

    @classmethod
    def of_values(
        cls,
        values: Sequence[float],
        steps: Sequence[float] | None = None,
        epochs: Sequence[float] | None = None,
        shown: Shown | None = None,
        facts: Facts | None = None,
    ) -> Self:
        """Rates that are in no file."""
        import numpy as np

        arrays = [None if axis is None else np.array(axis, dtype=np.float64) for axis in (values, steps, epochs)]
        assert arrays[0] is not None
        return cls(
            arrays[0],
            arrays[1],
            arrays[2],
            range(1, len(values) + 1),
            shown or Shown(FULL_DIGITS + 2, None),
            facts or Facts("rates"),
        )

    def __len__(self) -> int:
        return len(self.values)

    def part(self, start: int, stop: int | None = None) -> Self:
        """The rows from `start` on, up to `stop`."""
        rows = slice(start, stop)
        return dataclasses.replace(
            self,
            values=self.values[rows],
            steps=None if self.steps is None else self.steps[rows],
            epochs=None if self.epochs is None else self.epochs[rows],
            lines=[self.lines[row] for row in range(*rows.indices(len(self)))],
        )
