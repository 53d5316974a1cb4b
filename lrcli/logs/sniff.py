"""Which format a text is: told by its first lines."""

import json
import re

from lrcli.logs import names
from lrcli.logs.folder import is_mlflow_file
from lrcli.logs.lines import PAIR

_LIST_OF = re.compile(r"\[\s*(?:[\[{]|-?[0-9.]+\s*[,\]]|\]|$)")
_CELL = re.compile(r"\s*\"?\s*(?:[+-]?[0-9][0-9.eE+\-:]*|nan|na|none|null|inf|-?)\s*\"?\s*", re.IGNORECASE)

LONGEST_RECORD = 1 << 20
"""Characters; what is longer is read as a document, which is not held."""

MOST_LINES = 200
"""Lines of a banner after which a text is taken for what it looks like."""


def kind_of(head: str, ended: bool) -> str | None:
    """The name in `opening.READERS` of the reader for a text that begins so; None if more must be seen."""
    lines = [line for line in head.split("\n")[: MOST_LINES + 1] if line and not line.isspace()]
    whole = ended or len(lines) > 1
    first = lines[0].strip() if lines else ""
    if whole and is_mlflow_file(first):
        return "mlflow"
    if first.startswith("{"):
        return _object_kind(first, len(lines) > 1, whole)
    if first.startswith("[") and _LIST_OF.match(head.lstrip()):
        return "document"
    if len(lines) < 2 and not ended:
        return "text" if _is_text(first) else None
    if _has_columns(lines):
        return "columns"
    if _is_table(lines):
        return "table"
    if any(map(_is_text, lines)):
        return "text"
    return "table" if ended or len(lines) >= MOST_LINES else None


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


def _is_text(line: str) -> bool:
    return len(line) < 10_000 and PAIR.search(line) is not None


_RULE = re.compile(r"[-=+| ]*[-=][-=+| ]*")
_COLOUR = re.compile(r"\x1b\[[0-9;?]*m")


def tabbed(chunk: str) -> str:
    """Columns that are set with spaces, as skorch prints them, with tabs instead, and without rules and colours."""
    lines = (_COLOUR.sub("", line) for line in chunk.split("\n"))
    return "\n".join("" if _RULE.fullmatch(line) else "\t".join(line.split()) for line in lines)


def _has_columns(lines: list[str]) -> bool:
    """Whether the first line names columns, an axis or a rate among them, and the others have a number for each."""
    cells = [line.split("\t") for line in tabbed("\n".join(lines[:8])).split("\n") if line]
    if not cells:
        return False
    header, *rows = cells
    known = any(names.is_axis(name) or names.as_rate(name) for name in header)
    fitting = (len(row) == len(header) and all(map(_CELL.fullmatch, row)) for row in rows)
    return len(header) > 1 and known and bool(rows) and all(fitting) and not any(end in lines[0] for end in ",;\t")


_ASSIGNED = re.compile(r"[A-Za-z_)\]] ?[:=] ?[+-]?\.?[0-9]")


def _is_table(lines: list[str]) -> bool:
    """Whether the first line is a header and those after it are rows of as many cells."""
    header = re.sub(r'"[^"]*"', "", lines[0])
    if len(_ASSIGNED.findall(header)) > 1:
        return False
    delimiter = max(",;\t", key=header.count)
    if not header.count(delimiter):
        return len(lines) < 2 or all(_CELL.fullmatch(line) for line in lines[1:6]) or not _is_text(lines[0])
    width = header.count(delimiter)
    later = [re.sub(r'"[^"]*"', "", line) for line in lines[1:6]]
    fitting = [
        line for line in later if line.count(delimiter) == width and any(map(_CELL.fullmatch, line.split(delimiter)))
    ]
    return bool(fitting) or not any(map(_is_text, lines))
