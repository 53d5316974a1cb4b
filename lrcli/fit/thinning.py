"""The rows of a long log that landmarks and candidates are taken from; the verdict is on all of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ticks = NDArray[np.int64]

MOST_ROWS = 1500

THINNED_FROM = 200
"""The row from which on those of a long log are left out."""


def thinned(values: "Floats") -> "Ticks":
    """The rows of a long log that matter: its beginning, every n-th, and both sides of what jumps."""
    import numpy as np

    count = len(values)
    if count <= MOST_ROWS:
        return np.arange(count)
    chosen = np.zeros(count, dtype=bool)
    chosen[:THINNED_FROM] = chosen[:: -(-count // (MOST_ROWS // 2))] = chosen[-2:] = True
    changes = np.abs(np.diff(values))
    bends = np.abs(np.diff(changes, prepend=0.0))
    for row in np.argsort(bends)[-200:]:
        chosen[max(0, row - 1) : row + 3] = True
    chosen[max(0, int(values.argmax()) - 1) : int(values.argmax()) + 2] = True
    return np.flatnonzero(chosen)
