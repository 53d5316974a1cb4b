"""What a person sees who asked for nothing in particular: the plot, and a short table of the rows that matter."""

from collections.abc import Iterator

from lrcli.render import plot, table
from lrcli.render.digest import Digest
from lrcli.render.style import Style
from lrcli.rows import Rows

FEW = 5
"""Rows of the short table, where events do not need more."""

LEAST_TABLE = 2


def render(rows: Rows, style: Style) -> Iterator[str]:
    """Plot and table in one reading of the rows."""
    digest = Digest(rows, plot.buckets_for(style))
    yield drawn(digest, style, style.height - plot.PROMPT_LINES)


def drawn(digest: Digest, style: Style, height: int) -> str:
    """Plot and table in at most `height` lines; of these the plot has what it needs to show the curves' shape."""
    wanted = digest.matter.count if digest.rows.selected else max(FEW, len(digest.matter.events(table.MATTERING)))
    free = min(height // 2, height - plot.least_height(digest, style, name_marks=False))
    below = ""
    for most in range(min(wanted, table.MATTERING, free - table.HEADER_LINES), LEAST_TABLE - 1, -1):
        below = table.drawn(digest, style, most) if digest.count else ""
        if below.count("\n") <= free:
            break
        below = ""
    # The table names the marks too.
    return plot.drawn(digest, style, height - below.count("\n"), name_marks=not below) + below
