"""Python files and notebooks as text: where they are, what is in them, and where each line came from."""

import ast
import json
import os
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from lrcli.errors import InputError

SUFFIXES = (".py", ".ipynb")

MENTIONS = (
    b"LR(",
    b"LRScheduler(",
    b"_schedule(",
    b"_schedule_with",
    b"ReduceLROnPlateau",
    b"WarmRestarts",
    b"get_scheduler",
    b"create_scheduler",
)
"""One of these stands in every file that makes a scheduler which is read here; any other is not parsed."""

SKIPPED = {"node_modules", "__pycache__", "site-packages", "build", "dist", "venv"}
"""Folders that hold no source of the project; those that begin with a dot are left out too."""

_MAGIC = re.compile(
    r"\s*[%!?]|(?:ls|cd|pwd|mkdir|rmdir|cp|mv|rm|cat|pip|conda|man|time|timeit)\b(?:\s+[\w./~-].*|\s*)$"
)
"""A line of a notebook that is a command of IPython and no Python."""

_IGNORED = re.compile(r"#\s*lrsched:\s*ignore(?:\[([A-Za-z0-9, ]*)\])?")
LARGEST = 20_000_000
"""Bytes of a file that is read."""


class Place(NamedTuple):
    """Where a finding is: lines and columns from 1. `cell` is a notebook's, from 1, and its lines are the cell's."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None = None

    def __str__(self) -> str:
        cell = f":cell {self.cell}" if self.cell is not None else ""
        return f"{self.file}{cell}:{self.line}:{self.column}"


class ScriptText:
    """One file: its text as Python, and the way back from a line of it to the file."""

    def __init__(self, path: str, text: str, cells: list[tuple[int, int]] | None = None) -> None:
        self.path = path
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.cells = cells or []
        """Of a notebook: the number of each cell of code, and the line before its first."""
        self.lines = self.text.split("\n")

    def place(self, line: int, column: int, end_line: int, end_column: int) -> Place:
        """The place of a stretch of the text, whose columns count bytes from 0."""
        start, end = self._characters(line, column), self._characters(end_line, end_column)
        cell, before = next(((c, b) for c, b in reversed(self.cells) if b < line), (None, 0))
        return Place(self.path, line - before, start + 1, end_line - before, end + 1, cell)

    def _characters(self, line: int, column: int) -> int:
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return len(text.encode()[:column].decode(errors="replace"))

    def ignores(self, line: int, code: str) -> bool:
        """Whether a comment on that line silences the code."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        found = _IGNORED.search(text)
        if found is None:
            return False
        codes = [part.strip().upper() for part in (found[1] or "").split(",") if part.strip()]
        return not codes or any(code.startswith(part) for part in codes)

    def tree(self) -> ast.Module:
        """The syntax tree. Raises SyntaxError, also for what Python's parser gives up on."""
        try:
            with warnings.catch_warnings(action="ignore"):
                return ast.parse(self.text)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or "nested too deeply", (self.path, 1, 1, "")) from None


def is_path(text: str) -> bool:
    """Whether a word of the command line is a file or a folder of scripts, and not a spec."""
    return text.endswith(SUFFIXES) or os.path.isdir(text)


def files(path: str) -> Iterator[str]:
    """The scripts of a path: itself, or those below a folder, in order. Raises InputError if there is none."""
    if not os.path.isdir(path):
        if not os.path.exists(path):
            raise InputError(f"{path}: no such file")
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(SUFFIXES))


def read(path: str) -> ScriptText | None:
    """The file as Python; None where it makes no scheduler. Raises InputError, or SyntaxError for no notebook."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    if not any(mention in content for mention in MENTIONS):
        return None
    text = content.decode("utf-8-sig", errors="replace")
    return notebook(path, text) if path.endswith(".ipynb") else ScriptText(path, text)


def notebook(path: str, text: str) -> ScriptText:
    """The cells of code, one after another; lines that are magic stand as comments. Raises SyntaxError."""
    try:
        document = json.loads(text)
        found = [
            (number, "".join(cell["source"]) if isinstance(cell["source"], list) else str(cell["source"]))
            for number, cell in enumerate(document["cells"], 1)
            if cell["cell_type"] == "code"
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SyntaxError(f"no notebook: {error}") from None
    lines: list[str] = []
    cells = []
    for number, cell in found:
        cells.append((number, len(lines)))
        foreign = cell.lstrip().startswith("%%")
        continued = False
        commanded = not foreign and any(map(_MAGIC.match, cell.splitlines())) and not _is_python(cell)
        for line in cell.splitlines() or [""]:
            magic = foreign or continued or (commanded and _MAGIC.match(line) is not None)
            if magic:
                indent = line[: len(line) - len(line.lstrip())]
                lines.append(f"# {line}" if foreign or continued else f"{indent}pass  # {line.strip()}")
            else:
                lines.append(re.sub(r"^(\s*\w+\s*)=\s*[!%].*", r"\1= None", line))
            continued = magic and line.rstrip().endswith("\\")
    return ScriptText(path, "\n".join(lines) + "\n", cells)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
