"""Tab-separated values: as CSV, with tabs and line ends in texts escaped instead of quoted."""

from collections.abc import Iterator

from lrcli.render.csv import separated
from lrcli.render.style import Style
from lrcli.rows import Rows

_ESCAPES = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"})


def render(rows: Rows, style: Style) -> Iterator[str]:
    """The header, then the blocks."""
    return separated(rows, "\t", lambda text: text.translate(_ESCAPES))
