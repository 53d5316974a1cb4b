"""Python source laid out as formatters lay it out: on one line, in its brackets, or an argument a line."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 88
"""Characters of a line, as formatters have it by default."""


class Group(NamedTuple):
    """A call or list: what opens it, its items, each with the text before it, and what closes it."""

    opening: str
    items: Sequence["tuple[str, Node]"]
    closing: str

    def __str__(self) -> str:
        return self.opening + ", ".join(f"{before}{item}" for before, item in self.items) + self.closing


Node = str | Group


def call(symbol: str, *positional: Node, **named: Node) -> Group:
    """A call of `symbol`."""
    items = [("", argument) for argument in positional]
    return Group(f"{symbol}(", [*items, *((f"{name}=", argument) for name, argument in named.items())], ")")


def listed(items: Sequence[Node]) -> Group:
    """A list."""
    return Group("[", [("", item) for item in items], "]")


def literal(value: object) -> Node:
    """`value` as source: a list for what is given per group or in a row, and texts in double quotes."""
    if isinstance(value, tuple | list):
        return listed([literal(item) for item in value])
    return f'"{value}"' if isinstance(value, str) else repr(value)


def laid_out(node: Node, indent: int = 0, before: str = "", after: str = "") -> list[str]:
    """The lines of `node`, with the text `before` on the first and `after` on the last."""
    margin = " " * indent
    flat = f"{margin}{before}{node}{after}"
    if isinstance(node, str) or len(flat) <= WIDTH or not node.items:
        return [flat]
    lines = [f"{margin}{before}{node.opening}"]
    inner = str(node)[len(node.opening) : -len(node.closing)]
    is_call = node.opening.endswith("(") and not node.opening.startswith("from ")
    if is_call and indent + 4 + len(inner) <= WIDTH:
        return [*lines, f"{margin}    {inner}", f"{margin}{node.closing}{after}"]
    for name, item in node.items:
        lines += laid_out(item, indent + 4, name, ",")
    bracket, more = node.closing[0], node.closing[1:].lstrip()
    if more:
        return [*lines, f"{margin}{bracket}", f"{margin}{more}{after}"]
    return [*lines, f"{margin}{bracket}{after}"]


def comment(text: str) -> list[str]:
    """`text` as lines of comments."""
    return textwrap.wrap(
        text, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False, break_on_hyphens=False
    )


def indented(lines: Sequence[str], by: int = 4) -> list[str]:
    """The lines, further to the right."""
    return [f"{' ' * by}{line}" if line else line for line in lines]
