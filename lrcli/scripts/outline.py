"""What a script consists of, before it is followed: its functions, its imports and which functions matter."""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator

from lrcli.scripts import names
from lrcli.scripts.marks import Marks

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef

_BLOCKS = ("body", "handlers", "cases", "orelse", "finalbody")

LONGEST_NAME = 60
"""Characters before a parenthesis among which the name stands that is called."""


class Outline:
    """The statements of a file, counted once. Expressions are not looked at: that would take longer than all else."""

    def __init__(self, text: str, tree: ast.Module, makers: set[str]) -> None:
        self.imported: dict[str, str] = {}
        """The module, with its dots, of each name that was imported."""
        self.changed: set[str] = set()
        """The names of which something else than the module's own lines may change what they hold."""
        functions: list[AnyFunction] = []
        classes: list[ast.ClassDef] = []
        for statement in statements(tree):
            kind = type(statement)
            if kind is ast.Expr:
                continue
            if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
                functions.append(statement)  # type: ignore[arg-type]
            elif kind is ast.ClassDef:
                classes.append(statement)  # type: ignore[arg-type]
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                self._import(statement)
            elif statement.col_offset:
                self.changed.update(_changed(statement))
        self.marks = Marks(text)
        self._calls = _calls(text)
        self._making = self._lines_calling({*makers, *names.OPTIMIZERS})
        self.relevant = self._relevant(functions)
        """The functions that have to do with rates, themselves or through others of the file."""
        self._mark(classes)

    def _lines_calling(self, functions: set[str]) -> list[int]:
        called = functions & self._calls.keys()
        return sorted(self.marks.line(place) for name in called for place in self._calls[name])

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.imported[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else ""
        else:
            for alias in node.names:
                self.imported[alias.asname or alias.name] = f"{'.' * node.level}{node.module or ''}.{alias.name}"

    def _relevant(self, functions: list[AnyFunction]) -> set[ast.AST]:
        found: set[ast.AST] = set()
        lines, waiting = self.marks.speaking, functions
        while lines and waiting:
            more = {node for node in waiting if _holds(node, lines)}
            waiting = [node for node in waiting if node not in more]
            found |= more
            lines = self._lines_calling({node.name for node in more if not node.name.startswith("__")})
        return found

    def _mark(self, classes: list[ast.ClassDef]) -> None:
        """Mark the lines that call what matters, or what may change the numbers in what it is given."""
        calling = {node.name for node in self.relevant if isinstance(node, AnyFunction)} | set(CALLED)
        calling |= {node.name for node in classes if self.is_relevant(node)}
        calling |= set(filter(names.changes, self._calls))
        self.marks.mark(self._making)
        self.marks.mark(self._lines_calling(calling))

    def is_relevant(self, node: ast.ClassDef) -> bool:
        """Whether a method of a class has to do with rates."""
        return not self.relevant.isdisjoint(node.body)

    def turn(self, node: AnyFunction) -> tuple[bool, bool]:
        """Those that nothing in the file calls come first, and of them those that make something."""
        return node.name in self._calls, not _holds(node, self._making)

    def matters(self, node: ast.stmt | ast.expr) -> bool:
        """Whether a statement or an expression, or one within it, may do something to a scheduler or an optimizer."""
        return self.marks.within(node.lineno, node.end_lineno or node.lineno)


CALLED = ("Accelerator", "prepare", "initialize")
"""What accelerate and apex call."""


def _changed(node: ast.stmt) -> list[str]:
    """The names whose parts a statement assigns, and those that it declares global."""
    if isinstance(node, ast.Global):
        return node.names
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    found = []
    for target in targets:
        base: ast.expr = target
        while isinstance(base, ast.Attribute | ast.Subscript):
            base = base.value
        if isinstance(base, ast.Name) and base is not target:
            found.append(base.id)
    return found


def _calls(text: str) -> dict[str, list[int]]:
    """Where each name is called, by the places of the parentheses."""
    found: dict[str, list[int]] = {}
    place = -1
    for before in text.split("("):
        place += len(before) + 1
        words = before[-LONGEST_NAME:].rsplit(None, 2)
        if not words:
            continue
        name = words[-1].rpartition(".")[2]
        if not name.isidentifier():
            name = _NO_NAME.split(name)[-1]
        if name and (len(words) < 2 or words[-2] not in ("def", "class")):
            found.setdefault(name, []).append(place)
    return found


_NO_NAME = re.compile(r"\W+")


def _holds(node: AnyFunction, lines: list[int]) -> bool:
    """Whether one of the lines, which are in order, stands in a function."""
    place = bisect_right(lines, node.lineno - 1)
    return place < len(lines) and lines[place] <= (node.end_lineno or 0)


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """All statements within something, in order."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if type(node) not in _SIMPLE:
            waiting += reversed(parts(node))


_SIMPLE = {
    ast.Expr,
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Return,
    ast.Import,
    ast.ImportFrom,
    ast.Raise,
    ast.Pass,
}
"""Statements that hold no others."""


def parts(node: ast.AST) -> list[ast.AST]:
    """The statements, handlers and cases that stand directly in one."""
    held = vars(node)
    return [part for name in _BLOCKS if name in held for part in held[name]]
