"""Rows to text: one module per format, found by its name. It knows rows and values only."""

import importlib
from collections.abc import Iterator

from lrcli.render.style import Style
from lrcli.rows import Rows

FORMATS = ("table", "plot", "csv", "tsv", "json", "jsonl", "markdown", "svg")
"""To add a format, add its name here and a module of that name with a `render`."""

PICTURE = "picture"
"""What a person sees who asked for nothing: plot and short table."""

_DRAWN = ("table", "plot", PICTURE)
_ASCII = str.maketrans("─━│┌┐└┘├┤┬┴┼╎•×…▁▂▃▄▅▆▇█", "--|+++++++++:*x~_.-=+*#@")


def render(format: str, rows: Rows, style: Style) -> Iterator[str]:
    """The pieces of text to be written, in order. The rows are read as the pieces are taken."""
    pieces: Iterator[str] = importlib.import_module(f"lrcli.render.{format}").render(rows, style)
    return map(as_ascii, pieces) if style.ascii and format in _DRAWN else pieces


def as_ascii(text: str) -> str:
    """`text` in ASCII: lines become their likeness, all else is escaped."""
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode()
