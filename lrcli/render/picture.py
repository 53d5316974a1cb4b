"""What a person sees who asked for nothing in particular: the plot, and a short table of the rows that matter."""

from collections.abc import Iterator

from lrcli.render import plot, table
from lrcli.render.digest import Digest
from lrcli.render.style import Style
from lrcli.rows import Rows

FEW = 5
"""Rows of the short table."""

LEAST_PLOT = 10
"""Lines that a plot needs to be worth drawing; below that the table goes."""


def render(rows: Rows, style: Style) -> Iterator[str]:
    """Plot and table in one reading of the rows, together as high as the style allows."""
    digest = Digest(rows, plot.buckets_for(style), FEW)
    height = style.height - plot.PROMPT_LINES
    below = table.drawn(digest, style, FEW) if digest.count else ""
    lines = below.count("\n")
    if height - lines < LEAST_PLOT:
        below, lines = "", 0
    # The table names the marks too.
    yield plot.drawn(digest, style, height - lines, name_marks=not below) + below
