"""Which format a text is: told by its first lines."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from lrcli.logs import names
from lrcli.logs.folder import is_mlflow_file
from lrcli.logs.lines import LONGEST_TEXT, PAIR
from lrcli.logs.records import flat, melted, message, record_in

_LIST_OF = re.compile(r"\[\s*(?:[\[{]|-?[0-9.]+\s*[,\]]|\]|$)")
_PYTHON = re.compile(r"\[\s*\{\s*'|\{\s*'[^'\n]{0,200}'\s*:\s*\[")
_CELL = re.compile(r"\s*\"?\s*(?:[+-]?[0-9][0-9.eE+\-:]*|nan|na|none|null|inf|-?)\s*\"?\s*", re.IGNORECASE)

LONGEST_RECORD = 1 << 20
"""Characters; what is longer is read as a document, which is not held."""

MOST_LINES = 200
"""Lines of a banner after which a text is taken for what it looks like."""

MOST_MESSAGES = 50
"""Records in which a rate is sought."""

ENOUGH_ROWS = 5
"""Rows by which a table is told."""


def kind_of(head: str, ended: bool) -> str | None:
    """The name in `opening.READERS` of the reader for a text that begins so; None if more must be seen."""
    lines = _first_lines(head)
    whole = ended or len(lines) > 1
    first = lines[0].strip() if lines else ""
    if whole and is_mlflow_file(first):
        return "mlflow"
    if _PYTHON.match(first) and not any(line.startswith("{") for line in lines[1:]):
        return "python" if whole else None
    if first.startswith("{"):
        return _object_kind(first, len(lines) > 1, whole) if not _are_messages(lines) else "messages"
    if first.startswith("[") and _LIST_OF.match(head.lstrip()):
        return "document"
    if len(lines) < 2 and not ended:
        return "text" if _is_text(first) else None
    lines = lines[_header_of(lines) :]
    if (columns := _columns(lines)) is not None:
        return columns
    if _is_table(lines):
        return "molten" if melted(tuple(_cells(lines[0]))) else "table"
    if any(map(_is_text, lines)):
        return "text"
    return "table" if ended or len(lines) >= MOST_LINES else None


def before_the_header(head: str) -> int:
    """How many lines that are not blank stand before the header of a table."""
    return _header_of(_first_lines(head))


def _first_lines(head: str) -> list[str]:
    lines = [line for line in head.split("\n")[: MOST_LINES + 1] if line and not line.isspace()]
    return [_COLOUR.sub("", line) for line in lines] if "\x1b" in head else lines


def _header_of(lines: Sequence[str]) -> int:
    """The place of the header of a table; 0 where there is none, or none that is known by its names."""
    for place, line in enumerate(lines):
        rest = lines[place : place + 1 + ENOUGH_ROWS]
        if len(rest) > 1 and (_columns(rest) or (_names_columns(_cells(line)) and _is_table(rest))):
            return place
    return 0


def without_the_first(head: str, count: int) -> str:
    """The text with its first lines blank, which leaves the numbers of the others; blank ones do not count."""
    lines = head.split("\n")
    for place, line in enumerate(lines):
        if not count:
            break
        count -= bool(line) and not line.isspace()
        lines[place] = ""
    return "\n".join(lines)


def _object_kind(first: str, more: bool, whole: bool) -> str | None:
    """What begins with a brace: records, a document, or a Python dict that was printed."""
    if len(first) > LONGEST_RECORD:
        return "document"
    try:
        record = json.loads(first)
    except (ValueError, RecursionError):
        return "text" if first.endswith("}") and PAIR.search(first) else "document"
    if "log_history" in record:
        return "document"
    if more or not any(isinstance(value, dict | list) for value in record.values()):
        return "lines"
    return "document" if whole else None


def _are_messages(lines: Sequence[str]) -> bool:
    """Whether rates stand in the text of what was logged, and not beside it."""
    for line in lines[:MOST_MESSAGES] if len(lines) > 1 else ():
        record = record_in(line) if len(line) <= LONGEST_TEXT else None
        if record is None or any(map(names.as_rate, flat(record))):
            return False
        if any(names.as_rate(pair["key"]) for pair in PAIR.finditer(message(record))):
            return True
    return False


def _is_text(line: str) -> bool:
    return len(line) < 10_000 and PAIR.search(line) is not None


_RULE = re.compile(r"[-=+|: \u2500-\u257f]*[-=\u2500-\u257f][-=+|: \u2500-\u257f]*")
_BARS = re.compile(r"[|\u2502\u2503\u2551]")
_ASSIGNED = re.compile(r"[A-Za-z0-9_)\]] ?[:=] ?[+-]?\.?[0-9]")
"""No name of a column, but a name and its number."""

_COLOUR = re.compile(r"\x1b\[[0-9;?]*m")


def tabbed(chunk: str) -> str:
    """Columns that are set with spaces or between bars with tabs instead, and without rules and colours."""
    lines = (_COLOUR.sub("", line) for line in chunk.split("\n"))
    return "\n".join("" if _RULE.fullmatch(line) else "\t".join(_parted(line)) for line in lines)


def indexed(chunks: Iterable[str]) -> Iterator[str]:
    """Columns likewise, with a column without a name for the number of the row."""
    before = "\t"
    for chunk in map(tabbed, chunks):
        yield chunk[: len(chunk) - len(chunk.lstrip("\n"))] + before + chunk.lstrip("\n") if before else chunk
        before = "" if chunk.strip("\n") else before


def _parted(line: str) -> list[str]:
    bars = _BARS.split(line.strip())
    if len(bars) < 3:
        return line.split()
    return [cell.strip() for cell in bars[not bars[0] : len(bars) - (not bars[-1])]]


def _names_columns(cells: Sequence[str]) -> bool:
    """Whether these are the names of columns, an axis or a rate among them."""
    if len(cells) < 2 or any(map(_ASSIGNED.search, cells)):
        return False
    return any(names.is_axis(cell) or names.as_rate(cell) for cell in cells)


def _columns(lines: Sequence[str]) -> str | None:
    """The reader for columns: the first line names them, an axis or a rate among them, and the others have a number
    for each; where pandas printed them, the number of the row before.
    """
    header, *rows = [line.split("\t") for line in tabbed("\n".join(lines[:8])).split("\n") if line] or [[]]
    if not rows or not _names_columns(header) or any(end in lines[0] for end in ",;\t"):
        return None
    if any(not all(map(_CELL.fullmatch, row)) for row in rows):
        return None
    widths = {len(row) for row in rows}
    if widths == {len(header) + 1} and all(row[0].isdecimal() for row in rows):
        return "indexed"
    return "columns" if widths == {len(header)} else None


def _cells(header: str) -> list[str]:
    """The names in the header of a table."""
    return [cell.strip().strip('"#').strip() for cell in header.split(max(",;\t", key=header.count))]


def _is_table(lines: Sequence[str]) -> bool:
    """Whether the first line is a header and those after it are rows of as many cells."""
    header = re.sub(r'"[^"]*"', "", lines[0])
    if len(_ASSIGNED.findall(header)) > 1:
        return False
    delimiter = max(",;\t", key=header.count)
    later = lines[1 : 1 + ENOUGH_ROWS]
    if not header.count(delimiter):
        return all(map(_CELL.fullmatch, later)) and not (_is_text(header) and not later)
    width = header.count(delimiter)
    later = [re.sub(r'"[^"]*"', "", line) for line in later]
    fitting = [
        line for line in later if line.count(delimiter) == width and any(map(_CELL.fullmatch, line.split(delimiter)))
    ]
    return bool(fitting) or not any(map(_is_text, lines))
