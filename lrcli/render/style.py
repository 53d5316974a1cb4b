"""What the place that is written to can show; decided by the caller."""

from typing import NamedTuple

from lrcli.text import DEFAULT_PRECISION


class Style(NamedTuple):
    """Size, and what may be drawn. Rendering never looks at the environment or the terminal itself."""

    width: int = 80
    """Columns of a terminal."""
    height: int = 24
    """Lines of it."""
    color: bool = False
    ascii: bool = False
    log_y: bool = False
    precision: int = DEFAULT_PRECISION
    whole_table: bool = False
    """Whether a table has every row and column, however many; else those that matter and fit."""
    size: tuple[float, float] = (16 / 2.54, 10 / 2.54)
    """Width and height of a figure in inches."""
    transparent: bool = False
    """Whether a figure has no background."""
