"""Where a search begins that has more free: near where one with less free has ended.

A log that is cut says little of a lowest rate. It is found from beside the curve that has none, and not from elsewhere.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from lrcli.fit.unknown import Sought

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEARLY_WHOLE = 0.05
"""Ticks up to which a number is taken for the whole one that it must be."""


class Near(NamedTuple):
    """The values with which a scheduler came near to the log."""

    fixed: dict[str, Any]
    numbers: dict[str, float]
    """Those that were found."""

    def start(self, fixed: dict[str, Any], sought: dict[str, Sought]) -> "Floats | None":
        """The numbers that are sought, where more of them are and all that is fixed is the same."""
        import numpy as np

        values = self.fixed | self.numbers
        if not (self.numbers.keys() < sought.keys() <= values.keys() and values.items() >= fixed.items()):
            return None
        if not all(isinstance(values[name], int | float) for name in sought):
            return None
        start = np.array([float(values[name]) for name in sought])
        wholes = np.array([one.is_whole for one in sought.values()]) & (np.abs(start - np.rint(start)) < NEARLY_WHOLE)
        start[wholes] = np.rint(start[wholes])
        return start
