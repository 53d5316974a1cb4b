"""Where output goes and how: the options, what the terminal can do, and writing a whole file or none."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from lrcli.cli import NAME, say
from lrcli.cli.writing import opened, opened_binary
from lrcli.errors import InputError
from lrcli.render import CURVES, FIGURES, FORMATS, PICTURE, render, render_figure
from lrcli.render.progress import Block, with_bar
from lrcli.render.style import Style
from lrcli.rows import Block as TableBlock
from lrcli.rows import Rows
from lrcli.schedules.kind import Kind
from lrcli.schedules.param import Declared, ParamError, declaration, param
from lrcli.text import DEFAULT_PRECISION, plural, quoted

SUFFIXES = {
    "csv": "csv",
    "tsv": "tsv",
    "json": "json",
    "jsonl": "jsonl",
    "md": "markdown",
    **dict(zip(FIGURES, FIGURES, strict=True)),
}
"""The format that a file's name asks for."""

FOR_A_PERSON = (PICTURE, "plot", "table")

DEFAULT_SIZE = (80, 24)

LEAST_PICTURE = 11
"""Lines of the terminal for a picture, however much stands below it: with fewer there is no curve to be seen."""

LARGEST = 1000
"""Columns and lines of a picture; a larger one is beyond what a terminal shows, and takes seconds."""

Told = Callable[[TableBlock], Sequence[str]]
"""What there is to say of a block of rows, a line each."""


INCHES = {"cm": 1 / 2.54, "mm": 1 / 25.4, "in": 1.0}
LARGEST_FIGURE = 100
"""Inches; a larger figure is a slip of the finger, and takes gigabytes as a PNG."""


def _size(text: str) -> tuple[float, float]:
    found = re.fullmatch(r"([0-9.]{1,9})x([0-9.]{1,9})(cm|mm|in)", text.strip().lower(), re.ASCII)
    try:
        width, height = (float(found[side]) * INCHES[found[3]] for side in (1, 2)) if found else (0.0, 0.0)
    except ValueError:
        width = height = 0.0
    if not (1 <= width <= LARGEST_FIGURE and 1 <= height <= LARGEST_FIGURE):
        raise ValueError(f"width and height in cm, mm or in, such as 8x5cm, from 1 to {LARGEST_FIGURE} inches")
    return width, height


SIZE = Kind("SIZE", _size, lambda size: "x".join(f"{side * 2.54:g}" for side in size) + "cm")
"""Of a figure, kept in inches."""


@declaration
class Output(Declared):
    """How the rows are shown."""

    format: str = param(
        "auto: a picture on a terminal, CSV elsewhere, or what PATH's suffix says",
        default="auto",
        choices=("auto", *FORMATS),
        short="f",
    )
    json: bool = param("short for --format json", default=False)
    output: str = param(
        "file to write, whole or not at all; - is standard output. Its suffix decides the format",
        default="-",
        short="o",
    )
    open: bool = param("show the file that was written", default=False)
    log_y: bool = param("logarithmic axis for the rate", default=False)
    width: int | None = param(
        "columns of the picture; default: the terminal's", default=None, at_least=1, at_most=LARGEST
    )
    height: int | None = param(
        "lines of the picture; default: the terminal's", default=None, at_least=1, at_most=LARGEST
    )
    precision: int = param("significant digits in tables", default=DEFAULT_PRECISION, at_least=1, at_most=17)
    ascii: bool = param("draw with ASCII characters only", default=False)
    color: str = param("colour", default="auto", choices=("auto", "always", "never"))
    size: tuple[float, ...] = param("size of a figure (svg, png, pdf)", kind=SIZE, default=Style().size)
    transparent: bool = param("a figure without a background", default=False)

    def validate(self) -> None:
        if self.json and self.format not in ("auto", "json"):
            raise ParamError("--json", f"expected to be alone, found beside --format {self.format}")
        if self.open and self.output == "-":
            raise ParamError("--open", "expected a file to show: give --output too, as in -o lr.svg")

    def show(self, rows: Rows, *tables: Rows, remark: str = "", reserve: int = 0) -> None:
        """Write `rows` to the chosen place in the chosen format.

        Where a person reads, `tables` and the `remark` follow; elsewhere the remark goes to standard error. `reserve`
        lines of the terminal are left for what the caller says around that, as far as a picture of LEAST_PICTURE lines
        stays.
        """
        chosen, style = self.chosen_format(), self.style()
        rows.begin()
        below = ""
        if chosen in FOR_A_PERSON:
            below = "".join("".join(render("table", table, style)) for table in tables) + remark
            least = min(style.height, LEAST_PICTURE)
            style = style._replace(height=max(least, style.height - below.count("\n") - reserve))
            chosen = "plot" if tables and chosen == PICTURE else chosen
        if not rows.panels and chosen in CURVES:
            fitting = ", ".join(name for name in FORMATS if name not in CURVES)
            raise InputError(f"--format: expected one of {fitting}, as there is no curve to draw; found {chosen}")
        chosen = "table" if not rows.panels and chosen == PICTURE else chosen
        if not self.scrolls and rows.length is not None:
            rows.blocks = watched(rows.blocks, rows.length)
        if chosen in FIGURES:
            self._write_figure(chosen, rows, style)
        else:
            with opened(self.output) as write:
                for piece in render(chosen, rows, style):
                    write(piece)
                    if rows.length is None and self.output == "-":
                        # A log that still grows: what is known is seen at once.
                        sys.stdout.flush()
                write(below)
        if rows.nulls:
            say(f"{NAME}: {plural(rows.nulls, 'value')} not finite (NaN or infinite): null, as JSON has none of them\n")
        if self.open:
            show_file(self.output)
        if remark and not below:
            say(remark)

    def show_document(self, document: Mapping[str, Any]) -> None:
        """Write an object of JSON that is not rows."""
        import json

        from lrcli.render.jsonl import plain

        text = json.dumps(plain(document), indent=2)
        with opened(self.output) as write:
            write(text + "\n")
        if self.open:
            show_file(self.output)
        if text != json.dumps(document, indent=2):
            say(f"{NAME}: values that are not finite (NaN or infinite) are null, as JSON has none of them\n")

    @property
    def can_watch(self) -> bool:
        """Whether a picture can be drawn again as the rows come."""
        return self.to_terminal and self.chosen_format() in (PICTURE, "plot")

    def watch(self, rows: Rows, events: Told, coming: Told) -> None:
        """Draw the rows again and again as they come, with the last `events` and what is `coming`."""
        from lrcli.render import live

        live.watch(rows, self.style, events, coming, sys.stdout)

    def show_text(self, text: str) -> None:
        """Write a text that is not rows."""
        refuse_unless_text(self.output)
        with opened(self.output) as write:
            write(text)
        if self.open:
            show_file(self.output)

    def _write_figure(self, chosen: str, rows: Rows, style: Style) -> None:
        if self.to_terminal and chosen != "svg":
            raise InputError(f"--format: a {chosen} is not for a terminal: -o lr.{chosen} writes a file")
        with opened_binary(self.output) as write:
            write(render_figure(chosen, rows, style))

    @property
    def scrolls(self) -> bool:
        """Whether rows go by on a terminal, which is all the progress that a person needs."""
        return self.to_terminal and self.chosen_format() not in FOR_A_PERSON

    @property
    def draws(self) -> bool:
        """Whether curves are drawn."""
        return self.chosen_format() in (PICTURE, *CURVES)

    @property
    def to_terminal(self) -> bool:
        """Whether a person reads standard output and this goes there."""
        return self.output == "-" and is_terminal(sys.stdout)

    def chosen_format(self) -> str:
        """The format, with auto decided; "picture" is what a person sees."""
        if not self.is_auto:
            return "json" if self.json else self.format
        if self.to_terminal:
            return PICTURE
        suffix = suffix_of(self.output)
        if suffix and suffix not in SUFFIXES:
            known = ", ".join(f".{name}" for name in SUFFIXES)
            raise InputError(
                f"--output: no format has the suffix of {quoted(self.output)}; expected one of {known}, or --format"
            )
        return SUFFIXES.get(suffix, "csv")

    @property
    def is_auto(self) -> bool:
        """Whether no format was asked for by name."""
        return self.format == "auto" and not self.json

    @property
    def takes_text(self) -> bool:
        """Whether words are what is wanted: no format was asked for, by its name or the file's, and none is seen."""
        return self.is_auto and not self.to_terminal and suffix_of(self.output) in ("", "txt")

    def style(self) -> Style:
        """What the place can show. An explicit size or colour is never overruled."""
        columns, lines = terminal_size()
        return Style(
            width=self.width or columns,
            height=self.height or lines,
            color=self._wants_color(),
            ascii=self.ascii or (self.output == "-" and not can_draw(sys.stdout)),
            log_y=self.log_y,
            precision=self.precision,
            size=(self.size[0], self.size[1]),
            transparent=self.transparent,
            whole_table=not self.to_terminal,
        )

    def _wants_color(self) -> bool:
        if self.color != "auto":
            return self.color == "always"
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        return bool(os.environ.get("FORCE_COLOR")) or self.to_terminal


def suffix_of(path: str) -> str:
    """What a file's name says of its format: "svg"; empty where it says nothing."""
    return os.path.splitext(path)[1].lower()[1:]


def refuse_unless_text(path: str) -> None:
    """Raises InputError where the name of a file to which text goes promises another format."""
    if suffix_of(path) in set(SUFFIXES) - {"md"}:
        raise InputError(f"--output: this is text; expected a name such as x.txt, found {quoted(path)}")


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a person is at the other end of `stream`."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def show_file(path: str) -> None:
    """Open the file with the program that the desktop has for it, and say so where there is none."""
    import webbrowser
    from pathlib import Path

    if not has_desktop() or not webbrowser.open(Path(path).resolve().as_uri()):
        say(f"{NAME}: --open: found no program that shows {path}\n")


def has_desktop() -> bool:
    """Whether there is one: without, a browser for text would take the terminal."""
    return sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))


def watched(blocks: Iterable[Block], total: int | None = None) -> Iterable[Block]:
    """The blocks as they are; where somebody looks at standard error, with a bar there if it takes long."""
    return with_bar(blocks, total, sys.stderr) if is_terminal(sys.stderr) else blocks


def can_draw(stream: IO[str] | None) -> bool:
    """Whether the encoding of `stream` has the characters that pictures are made of."""
    try:
        "⣿│─…".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def terminal_size() -> tuple[int, int]:
    """Columns and lines: COLUMNS and LINES where they are numbers above 0, else the terminal's, else 80 by 24."""
    columns, lines = DEFAULT_SIZE
    for stream in (sys.__stdout__, sys.__stderr__):
        with suppress(OSError, ValueError, AttributeError):
            there = os.get_terminal_size(stream.fileno())  # type: ignore[union-attr]
            columns, lines = there.columns or columns, there.lines or lines
            break
    return _from_environment("COLUMNS", columns), _from_environment("LINES", lines)


def _from_environment(name: str, otherwise: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and 0 < int(value[:9]) <= LARGEST else otherwise
