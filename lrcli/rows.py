"""What is computed on one side and drawn or written on the other: a table that is made as it is read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar

BLOCK = 4096
"""Rows in a full block: large enough to hide the cost of a block, small enough to stay in the cache."""

MOST_CELLS = 64 * BLOCK
"""Cells in a block: of many columns it has fewer rows, so that memory does not grow with them."""

Cell = float | int | str | None
Block = tuple[Sequence[Cell], ...]
"""One sequence per column, all of the same length, at most `BLOCK` long."""


Part = TypeVar("Part", bound=Sequence[Any])


def parts(whole: Part, columns: int) -> Iterator[Part]:
    """`whole` in slices as long as the blocks of a table of `columns` are."""
    size = max(1, min(BLOCK, MOST_CELLS // columns))
    return (whole[start : start + size] for start in range(0, len(whole), size))  # type: ignore[misc]


class Mark(NamedTuple):
    """A place on the row axis that a plot marks and a table names: a milestone, a restart, a cut."""

    row: int
    """The value of the first column (step or epoch) at the mark."""
    label: str
    """What begins there, as in "cosine --t-max 45"; may be empty."""


class Panel(NamedTuple):
    """Columns that share one vertical axis of a plot."""

    columns: tuple[str, ...]
    rate: bool = True
    """Whether these are learning rates: only they follow --log-y."""
    log_if_wide: bool = False
    """Whether the axis is logarithmic where the values span decades, asked for or not."""


@dataclass(eq=False)
class Rows:
    """A table whose blocks are computed as they are read; it can be read once.

    `columns` is the header; the first column is the plot's horizontal axis (step or epoch).
    `length` is the number of rows, or None while nobody knows it (a log that is still read).
    `panels` are the plot's, from top to bottom; without one there is nothing to draw. `marks` may grow while the
    blocks are read.
    `document` is what JSON shows beside the rows (`schedule`, `run`). `selected` says that the person chose the rows,
    so that a table must not drop any. `chosen` says which of consecutive rows a table shows, where the blocks hold more
    than the person chose, because a curve is drawn whole.
    """

    columns: tuple[str, ...]
    blocks: Iterable[Block]
    length: int | None
    title: str
    panels: tuple[Panel, ...] = ()
    marks: Sequence[Mark] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    selected: bool = False
    chosen: Callable[[range], range | list[int]] | None = None
    nulls: int = 0
    """Numbers that the format has not, as JSON has no NaN, so far."""

    def begin(self) -> None:
        """Compute the first block now: what is wrong with the input shows before anything is written."""
        blocks = iter(self.blocks)
        self.blocks = chain(list(islice(blocks, 1)), blocks)
