"""Rows to text, one module per format, found by its name; and to figures. It knows rows and values only."""

import importlib
from collections.abc import Iterator

from lrcli.render.style import Style
from lrcli.rows import Rows

FIGURES = ("svg", "png", "pdf")
"""The formats that matplotlib draws."""

FORMATS = ("table", "plot", "csv", "tsv", "json", "jsonl", "markdown", *FIGURES)
"""To add a format of text, add its name here and a module of that name with a `render`."""

PICTURE = "picture"
"""What a person sees who asked for nothing: plot and short table."""

CURVES = ("plot", *FIGURES)
"""The formats that show nothing but curves."""

_DRAWN = ("table", "plot", PICTURE)
_ASCII = str.maketrans("─━│┌┐└┘├┤┬┴┼╎•×…▁▂▃▄▅▆▇█", "--|+++++++++:*x~_.-=+*#@")


def render(format: str, rows: Rows, style: Style) -> Iterator[str]:
    """The pieces of text to be written, in order. The rows are read as the pieces are taken."""
    pieces: Iterator[str] = importlib.import_module(f"lrcli.render.{format}").render(rows, style)
    return map(as_ascii, pieces) if style.ascii and format in _DRAWN else pieces


def render_figure(format: str, rows: Rows, style: Style) -> bytes:
    """A whole figure in one of `FIGURES`. Raises InputError without matplotlib."""
    from lrcli.render import figure

    return figure.render(format, rows, style)


def as_ascii(text: str) -> str:
    """`text` in ASCII: lines become their likeness, all else is escaped."""
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode()
