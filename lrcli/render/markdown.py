"""A pipe table for a README or an issue, with every digit."""

from collections.abc import Iterator

from lrcli.render.csv import plain
from lrcli.render.style import Style
from lrcli.rows import Rows
from lrcli.text import printable


def render(rows: Rows, style: Style) -> Iterator[str]:
    """The header, then the blocks."""
    yield "| " + " | ".join(map(escaped, rows.columns)) + " |\n"
    yield "|" + " ---: |" * len(rows.columns) + "\n"
    for block in rows.blocks:
        for line in plain(block, " | ", escaped).splitlines():
            yield f"| {line} |\n"


def escaped(text: str) -> str:
    """`text` in a cell."""
    return printable(text).replace("\\", "\\\\").replace("|", "\\|")
