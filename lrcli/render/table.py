"""A table for a person: significant digits, and of many rows the ones that matter."""

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lrcli.render.digest import Digest, Row
from lrcli.render.style import Style
from lrcli.rows import Cell, Rows
from lrcli.text import plural, printable, significant

if TYPE_CHECKING:
    from rich.table import Table

SHORT = 40
"""Rows that are shown without leaving any out."""

LONGEST = 1000
"""Rows of a selection that are shown; a table of more is not for a person."""

MATTERING = 24
WIDEST_HEADER = 24
GAP = 2

Numbered = Sequence[tuple[int, Row]]


def render(rows: Rows, style: Style) -> Iterator[str]:
    """All rows if they are few or were chosen, else those that matter."""
    most = LONGEST if rows.selected else SHORT
    digest = Digest(rows, 2, most)
    yield drawn(digest, style, most if digest.count <= most else MATTERING)


def drawn(digest: Digest, style: Style, most: int) -> str:
    """At most `most` rows, and how many were left out."""
    shown = digest.rows_that_matter(most)
    text = grid(digest.rows, shown, style)
    left_out = digest.count - len(shown)
    if left_out:
        text += fold(f"{left_out} of {plural(digest.count, 'row')} left out; -f csv shows all", style.width)
    return text


def fold(text: str, width: int) -> str:
    """`text` in lines of at most `width`."""
    return "".join(f"{text[start : start + width]}\n" for start in range(0, len(text), max(width, 1)))


def grid(rows: Rows, shown: Numbered, style: Style) -> str:
    """The rows as one table, or as several below each other where the columns do not fit side by side."""
    headers, cells, below = columns_of(rows, shown, style)
    text = ""
    for group in fitting(
        [width_of(header, column) for header, column in zip(headers, cells, strict=True)], style.width
    ):
        text += one_table(
            [headers[place] for place in group], [cells[place] for place in group], sections(rows, shown), style
        )
    return text + "".join(fold(line, style.width) for line in below)


def columns_of(rows: Rows, shown: Numbered, style: Style) -> tuple[list[str], list[list[str]], list[str]]:
    """Headers, cells by column, and lines below that say what the numbers in the headers stand for."""
    headers = [printable(name) for name in rows.columns]
    cells = [[text_of(row[place], style.precision) for _, row in shown] for place in range(len(headers))]
    names = [mark for mark in rows.marks if mark.label]
    if names:
        headers.append("schedule")
        cells.append([name_at(names, row[0]) for _, row in shown])
    below: list[str] = []
    widest = min(WIDEST_HEADER, style.width // 2)
    for place, header in enumerate(headers):
        if len(header) > widest:
            headers[place] = f"({len(below) + 1})"
            below.append(f"{headers[place]} {header}")
    return headers, cells, below


def name_at(names: Sequence[tuple[int, str]], place: Cell) -> str:
    """The label of the last mark at or before `place`."""
    return next(
        (printable(label) for row, label in reversed(names) if isinstance(place, int | float) and row <= place), ""
    )


def text_of(value: Cell, precision: int) -> str:
    """A cell as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return significant(value, precision)
    return printable(str(value))


def width_of(header: str, column: Sequence[str]) -> int:
    """Characters that a column needs."""
    return max(len(header), max(map(len, column), default=0))


def fitting(widths: Sequence[int], width: int) -> Iterator[list[int]]:
    """The columns in groups that fit side by side, each led by the first column."""
    group, used = [0], widths[0]
    for place in range(1, len(widths)):
        if used + GAP + widths[place] > width and len(group) > 1:
            yield group
            group, used = [0], widths[0]
        group.append(place)
        used += GAP + widths[place]
    yield group


def sections(rows: Rows, shown: Numbered) -> set[int]:
    """The places after which a new epoch begins, where rows are steps and few."""
    if rows.columns[:2] != ("step", "epoch") or len(shown) > SHORT:
        return set()
    epochs = [row[1] for _, row in shown]
    return {place for place in range(len(epochs) - 1) if epochs[place] != epochs[place + 1]}


def one_table(headers: Sequence[str], cells: Sequence[Sequence[str]], ends: set[int], style: Style) -> str:
    """One table, no wider than it needs to be."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, padding=(0, GAP - 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    for header, column in zip(headers, cells, strict=True):
        is_text = any(cell and not cell[-1].isdigit() and cell not in ("inf", "-inf", "nan") for cell in column)
        table.add_column(Text(header), justify="left" if is_text else "right", overflow="fold", no_wrap=False)
    for place, row in enumerate(zip(*cells, strict=True)):
        table.add_row(*map(Text, row), end_section=place in ends)
    return printed(table, style)


def printed(table: "Table", style: Style) -> str:
    """What rich makes of the table, with no more escape codes than asked for."""
    from rich.console import Console

    lines = io.StringIO()
    console = Console(
        file=lines,
        width=style.width,
        color_system="256" if style.color else None,
        force_terminal=style.color,
        no_color=not style.color,
        legacy_windows=False,
        emoji=False,
        highlight=False,
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in lines.getvalue().splitlines())
