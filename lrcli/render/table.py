"""A table for a person: significant digits, and of many rows the ones that matter."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from lrcli.render.digest import Digest
from lrcli.render.matter import Row
from lrcli.render.style import Style
from lrcli.rows import Block, Cell, Rows
from lrcli.text import plural, printable, significant, wrapped

SHORT = 40
"""Rows that are shown without leaving any out."""

LONGEST = 200
"""Rows of a selection that are shown on a terminal."""

MATTERING = 24
HEADER_LINES = 2
WIDEST_HEADER = 24
NARROWEST = 24
"""Columns of a text that goes on in the next line."""

GAP = "  "
LEAST_RULE = 3
"""Columns of the line below the names, beside what it says."""

Numbered = Sequence[tuple[int, Row]]


def render(rows: Rows, style: Style) -> Iterator[str]:
    """Every row off a terminal; on one all if they are few or were chosen, else those that matter."""
    if style.whole_table:
        yield from whole(rows, style)
        return
    digest = Digest(rows, 2)
    most = LONGEST if rows.selected else SHORT
    yield drawn(digest, style, most if digest.matter.count <= most else MATTERING)


def whole(rows: Rows, style: Style) -> Iterator[str]:
    """Every row and column, a block at a time, in columns as wide as the first block and the longest number need."""
    grid: Grid | None = None
    for block in rows.blocks:
        columns = columns_of(rows, block, style.precision)
        if grid is None:
            grid = Grid(columns, style, list(columns), longest_number(rows, style.precision))
            yield grid.header()
        yield grid.lines(columns)
    if grid is None:
        yield Grid(columns_of(rows, [], style.precision), style).header()


def longest_number(rows: Rows, precision: int) -> int:
    """Characters of a number in the rows; of few rows the first block shows it."""
    known = rows.length is not None and rows.length <= SHORT
    return 0 if known else precision + len("-.e-05")


def drawn(digest: Digest, style: Style, most: int) -> str:
    """At most `most` rows, and what was left out."""
    shown = digest.matter.rows_that_matter(most)
    columns = columns_of(digest.rows, list(zip(*(row for _, row in shown), strict=True)), style.precision)
    columns, notes = shortened(columns, style.width)
    fitting = those_that_fit(columns, style.width)
    grid = Grid(columns, style, fitting)
    dropped = [name for name in columns if name not in fitting]
    count = digest.matter.count
    told = [f"{len(shown)} of {plural(count, 'row')}; -f csv has all"] if len(shown) < count else []
    left_out = [f"no room for {', '.join(dropped)}"] if dropped else []
    if not grid.has_room(told + left_out):
        notes += left_out
        left_out = []
    return (
        grid.header(told + left_out)
        + grid.lines(columns)
        + "".join(f"{line}\n" for note in notes for line in wrapped(note, style.width, further="  "))
    )


def columns_of(rows: Rows, block: Block | Sequence[Sequence[Cell]], precision: int) -> dict[str, list[str]]:
    """The cells of a block as a person reads them, by column."""
    columns: dict[str, list[str]] = {}
    for name, column in zip(rows.columns, block or [[]] * len(rows.columns), strict=True):
        columns[unlike(printable(name), columns)] = [text_of(value, precision) for value in column]
    names = [mark for mark in rows.marks if mark.label]
    if len(names) > 1:
        columns[unlike("schedule", columns)] = [name_at(names, place) for place in (block[0] if block else [])]
    return columns


def unlike(name: str, others: Mapping[str, object]) -> str:
    """`name`, changed if it is one of the others."""
    return name if name not in others else unlike(f"{name}'", others)


def shortened(columns: dict[str, list[str]], width: int) -> tuple[dict[str, list[str]], list[str]]:
    """The columns with numbers in the place of names that are too wide, and what the numbers stand for."""
    found: dict[str, list[str]] = {}
    notes: list[str] = []
    for name, cells in columns.items():
        if len(name) > min(WIDEST_HEADER, width // 2):
            notes.append(f"({len(notes) + 1}) {name}")
            name = f"({len(notes)})"
        found[name] = cells
    return found, notes


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


def those_that_fit(columns: Mapping[str, list[str]], width: int) -> dict[str, int]:
    """The columns that fit side by side, each with the width it gets. A text that is too wide goes on in the next line.

    The first column and wide texts are always there; of the others as many as fit, from the left.
    """
    natural = {name: width_of(name, cells) for name, cells in columns.items()}
    first = next(iter(columns))
    most = 2 * width // 3
    room = {name: width if name == first else max(1, width - min(natural[first], most) - len(GAP)) for name in columns}
    narrowest = {name: most if name == first else min(NARROWEST, room[name]) for name in columns}
    least = {
        name: size
        if size <= max(narrowest[name], most) or not is_text(columns[name])
        else min(room[name], max(narrowest[name], longest_word(columns[name])))
        for name, size in natural.items()
    }
    chosen = {name for name, size in least.items() if name == first or size < natural[name]}

    def used() -> int:
        return sum(least[name] + len(GAP) for name in chosen) - len(GAP)

    for name in columns:
        if name not in chosen and used() + len(GAP) + least[name] <= width:
            chosen.add(name)
        elif name not in chosen:
            break
    for name in [name for name in chosen if least[name] < natural[name]]:
        least[name] = min(natural[name], max(least[name], least[name] + width - used()))
    return {name: least[name] for name in columns if name in chosen}


def longest_word(cells: Sequence[str]) -> int:
    """Columns that a text needs so that no word of it is broken, also in a line that is indented."""
    return max((length_of(word) for cell in cells for word in cell.split()), default=0) + len(GAP)


class Header(NamedTuple):
    """What a column is called, and how it is set."""

    name: str
    width: int
    is_text: bool

    def cell(self, text: str) -> str:
        """The text, as wide as the column."""
        missing = " " * (self.width - length_of(text))
        return text + missing if self.is_text else missing + text


class Grid:
    """Columns side by side."""

    def __init__(
        self,
        columns: Mapping[str, list[str]],
        style: Style,
        shown: Mapping[str, int] | Sequence[str] = (),
        least: int = 0,
    ) -> None:
        self.style = style
        self.headers: list[Header] = []
        for name in shown or columns:
            text = is_text(columns[name])
            natural = max(width_of(name, columns[name]), 0 if text else least)
            self.headers.append(Header(name, shown[name] if isinstance(shown, Mapping) else natural, text))

    @property
    def width(self) -> int:
        """Columns of the terminal that it takes."""
        return sum(header.width + len(GAP) for header in self.headers) - len(GAP)

    def has_room(self, told: Sequence[str]) -> bool:
        """Whether the line below the names can say this."""
        return LEAST_RULE + 1 + len("; ".join(told)) <= self.style.width

    def header(self, told: Sequence[str] = ()) -> str:
        """The names and the line below them, which says what there is to tell if it has the room."""
        names = GAP.join(header.cell(header.name) for header in self.headers).rstrip()
        if self.style.color:
            names = f"\x1b[1m{names}\x1b[0m"
        text = f" {'; '.join(told)}" if told and self.has_room(told) else ""
        wide = min(self.width, max(LEAST_RULE, self.style.width - len(text))) if text else self.width
        return f"{names}\n{'─' * wide}{text}\n"

    def lines(self, columns: Mapping[str, list[str]]) -> str:
        """The rows; a text that is wider than its column goes on in the next line."""
        found = []
        for cells in zip(*(columns[header.name] for header in self.headers), strict=True):
            parts = [pieces(cell, header) for cell, header in zip(cells, self.headers, strict=True)]
            for place in range(max(map(len, parts))):
                line = [part[place] if place < len(part) else "" for part in parts]
                found.append(GAP.join(map(Header.cell, self.headers, line)).rstrip() + "\n")
        return "".join(found)


def pieces(cell: str, header: Header) -> list[str]:
    """The cell in lines as wide as its column; a number is never broken."""
    if not header.is_text or length_of(cell) <= header.width:
        return [cell]
    return wrapped(cell, header.width, further="  ")


def is_text(cells: Sequence[str]) -> bool:
    """Whether a column holds anything but numbers."""
    return not all(map(is_number, filter(None, cells)))


def is_number(cell: str) -> bool:
    """Whether the cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def width_of(header: str, cells: Sequence[str]) -> int:
    """Characters that a column needs."""
    return max(length_of(header), max(map(length_of, cells), default=0))


def length_of(text: str) -> int:
    """Columns of a terminal that the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
