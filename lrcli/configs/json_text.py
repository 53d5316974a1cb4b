"""JSON as Python's json module reads it, with the place of every value."""

import json
import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from lrcli.configs.tree import DEEPEST, Node, refused

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r"[^\s,\]}]+")


def read(path: str, text: str, *, once: bool = False) -> Node:
    """The document. Raises InputError with line and column; where `once`, also for a key that stands twice."""
    text = text.removeprefix("\ufeff")
    if text.count("{") + text.count("[") > DEEPEST:
        depth = 0
        for place in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{\]}]', text):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(place[0], 0)
            if depth > DEEPEST:
                raise refused(path, *_place(text, place.start()), f"expected at most {DEEPEST} levels of nesting")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise refused(path, error.lineno, error.colno, f"not JSON: {error.msg}") from None
    except ValueError as error:
        raise refused(path, 1, 1, f"not JSON: {error}") from None
    return _Walker(path, text, once).value(_SPACE.match(text, 0).end())[0]  # type: ignore[union-attr]


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


class _Walker:
    """Goes once more through a text whose grammar is known to be right."""

    def __init__(self, path: str, text: str, once: bool) -> None:
        self.path = path
        self.text = text
        self.once = once
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1

    def value(self, at: int) -> tuple[Node, int]:
        line, column = self.place(at)
        first = self.text[at]
        found: Any
        if first == "{":
            found, end = self.mapping(self.skip(at + 1))
        elif first == "[":
            found, end = self.sequence(self.skip(at + 1))
        elif first == '"':
            found, end = scanstring(self.text, at + 1, True)
        else:
            match = _PLAIN.match(self.text, at)
            assert match
            found, end = json.loads(match[0]), match.end()
        return Node(found, line, column), end

    def skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        assert match
        return match.end()

    def mapping(self, at: int) -> tuple[dict[str, Node], int]:
        found: dict[str, Node] = {}
        while self.text[at] != "}":
            line, column = self.place(at)
            key, end = scanstring(self.text, at + 1, True)
            if self.once and key in found:
                raise refused(self.path, line, column, f"Duplicate keys in DeepSpeed config: ['{key}']")
            node, end = self.value(self.skip(self.skip(end) + 1))
            found[key] = Node(node.value, line, column)
            at = self.after(end)
        return found, at + 1

    def sequence(self, at: int) -> tuple[list[Node], int]:
        found = []
        while self.text[at] != "]":
            node, end = self.value(at)
            found.append(node)
            at = self.after(end)
        return found, at + 1

    def after(self, at: int) -> int:
        at = self.skip(at)
        return self.skip(at + 1) if self.text[at] == "," else at
