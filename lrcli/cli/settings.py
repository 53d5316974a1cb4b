"""The table [tool.lrsched] of pyproject.toml: what check looks at and what it leaves out."""

import fnmatch
import os
from typing import Any

from lrcli.errors import InputError
from lrcli.text import quoted

FILE = "pyproject.toml"
KEYS = ("ignore", "select", "per-file-ignores", "specs")


class Settings:
    """The table; empty where there is none."""

    def __init__(self, table: dict[str, Any], path: str) -> None:
        self.folder = os.path.dirname(path)
        for key in table:
            if key not in KEYS:
                raise InputError(f"{path}: [tool.lrsched] has no key {quoted(key)}; expected {', '.join(KEYS)}")
        self.ignore = _texts(table.get("ignore", []), path, "ignore")
        self.select = _texts(table.get("select", []), path, "select")
        self.specs = _texts(table.get("specs", []), path, "specs")
        several = table.get("per-file-ignores", {})
        if not isinstance(several, dict):
            raise InputError(f"{path}: per-file-ignores: expected a table of patterns, found {quoted(str(several))}")
        self.per_file = {
            pattern: _texts(codes, path, f"per-file-ignores, {pattern}") for pattern, codes in several.items()
        }

    def ignored_in(self, path: str) -> tuple[str, ...]:
        """The codes that are left out in a file: by its path from the table's folder, or by its name."""
        relative = os.path.relpath(path, self.folder or ".").replace(os.sep, "/")
        found = [
            code
            for pattern, codes in self.per_file.items()
            if fnmatch.fnmatch(relative, pattern) or fnmatch.fnmatch(os.path.basename(path), pattern)
            for code in codes
        ]
        return (*self.ignore, *found)


def _texts(value: Any, path: str, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(f"{path}: {key}: expected a list of texts, found {quoted(str(value))}")
    return tuple(value)


def settings() -> Settings:
    """The table of the nearest pyproject.toml, here or above. Raises InputError naming the file."""
    folder = os.getcwd()
    while True:
        path = os.path.join(folder, FILE)
        if os.path.isfile(path):
            return _read(path)
        above = os.path.dirname(folder)
        if above == folder:
            return Settings({}, FILE)
        folder = above


def _read(path: str) -> Settings:
    import tomllib

    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: {error}") from None
    tool = document.get("tool", {})
    table = tool.get("lrsched", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise InputError(f"{path}: expected a table [tool.lrsched]")
    return Settings(table, path)
