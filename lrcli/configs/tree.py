"""What a configuration file holds, with the line and column of everything in it."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lrcli.errors import InputError

LARGEST = 2_000_000
"""Characters of a file; the longest that people write by hand have a tenth of it."""

DEEPEST = 60
"""Levels of nesting."""


class Node(NamedTuple):
    """A value and where it stands: a scalar of Python, a dict of nodes by key, or a list of nodes."""

    value: Any
    line: int = 0
    """From 1."""
    column: int = 0
    """From 1."""

    @property
    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain for node in self.value]
        return self.value

    def get(self, path: str) -> "Node | None":
        """The node at a dotted path; None where there is none."""
        node: Node | None = self
        for key in path.split("."):
            if node is None or not isinstance(node.value, dict):
                return None
            node = node.value.get(key)
        return node

    def has(self, *paths: str) -> bool:
        """Whether all of these are there."""
        return all(self.get(path) is not None for path in paths)

    def has_any(self, *paths: str) -> bool:
        """Whether one of these is there."""
        return any(self.get(path) is not None for path in paths)

    @property
    def keys(self) -> Iterator[str]:
        """The keys of a mapping; none of anything else."""
        return iter(self.value if isinstance(self.value, dict) else ())


COMMANDS = "$0"
"""The key of what stands before the options of a script, line by line."""

OUTSIDE = "?"
"""On both sides of what only a shell knows, in the words of a script."""

_ELSEWHERE = re.compile(r"\?([^?]*)\?|\$\{([^{}]*)\}", re.ASCII)


def elsewhere(value: Any) -> str:
    """What a value depends on that is not in the file: a variable of the shell, or a reference; empty if nothing."""
    found = _ELSEWHERE.search(value) if isinstance(value, str) else None
    name = (found[1] or found[2] or found[0]).strip() if found else ""
    return f"${name}" if name.isdigit() else name


REFERENCE = re.compile(r"\$\{\s*([A-Za-z_][\w.]*)\s*\}", re.ASCII)
"""What OmegaConf replaces by the value of another key."""


def resolved(root: Node, node: Node, depth: int = 0) -> Node:
    """`node` with the reference that it is followed, as OmegaConf does; others are left as they are."""
    if not isinstance(node.value, str) or depth > DEEPEST:
        return node
    found = REFERENCE.fullmatch(node.value.strip())
    target = root.get(found[1]) if found else None
    if target is None:
        return node
    return Node(resolved(root, target, depth + 1).value, node.line, node.column)


def refused(path: str, line: int, column: int, reason: str) -> InputError:
    """What is said of a file that cannot be read."""
    return InputError(f"{path} line {line} column {column}: {reason}")
