"""Where a search begins that has more free: near where one with less free has ended.

A log that is cut says little of a lowest rate. It is found from beside the curve that has none, and not from elsewhere.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lrcli.fit.unknown import Sought

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEARLY_WHOLE = 0.05
"""Ticks up to which a number is taken for the whole one that it must be."""


def starts_near(
    known: Sequence[dict[str, Any]], fixed: dict[str, Any], sought: dict[str, Sought]
) -> Iterator["Floats"]:
    """The numbers that are sought as they are in `known` values, of those with the same fixed ones."""
    import numpy as np

    for values in known:
        if not (values.items() >= fixed.items() and values.keys() >= sought.keys()):
            continue
        if not all(isinstance(values[name], int | float) for name in sought):
            continue
        start = np.array([float(values[name]) for name in sought])
        wholes = np.array([one.is_whole for one in sought.values()]) & (np.abs(start - np.rint(start)) < NEARLY_WHOLE)
        start[wholes] = np.rint(start[wholes])
        yield start
