"""A lambda in Python source as the expression of --expr, with the spaces that it was written with."""

import ast
from collections.abc import Iterator

from lrcli.pasted.literals import Scope, SourceError, UnknownNamesError
from lrcli.schedules.expression import Expression
from lrcli.text import quoted

_MODULES = ("math", "np", "numpy", "torch")
"""Modules whose functions of the same name --expr has too."""


def expression(node: ast.expr, source: str, scope: Scope) -> Expression:
    """The expression of a lambda, or of a list of equal ones.

    Raises SourceError for what --expr does not take, and UnknownNamesError for names within.
    """
    node = scope.definition(node)
    if isinstance(node, ast.List | ast.Tuple) and node.elts:
        several = {expression(item, source, scope) for item in node.elts}
        if len(several) > 1:
            raise SourceError(node, "a lambda of its own for each parameter group is not taken: --expr is one for all")
        return several.pop()
    if isinstance(node, ast.Name | ast.Attribute):
        raise SourceError(node, f"expected a lambda, found the name {quoted(ast.unparse(node))}: write it with --expr")
    if not isinstance(node, ast.Lambda) or not node.args.args:
        raise SourceError(node, f"expected a lambda of the tick, found {quoted(ast.unparse(node))}")
    text = _edited(node.body, source, dict(_edits(node, scope)))
    try:
        return Expression(text)
    except ValueError as error:
        raise SourceError(node, f"--expr takes {error}, found {quoted(text)}") from None


def _edits(node: ast.Lambda, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    """What stands in the lambda's body for the tick, for constants and for functions of modules."""
    tick, *others = [argument.arg for argument in node.args.args]
    fixed = dict(zip(reversed(others), reversed(node.args.defaults), strict=False))
    unknown: list[str] = []
    waiting: list[ast.AST] = [node.body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in _MODULES:
            yield part, part.attr
        elif isinstance(part, ast.Call) and ast.unparse(part.func) == "float":
            # Its only work is to divide whole numbers in Python 2.
            yield part.func, ""
            waiting += part.args
        elif isinstance(part, ast.Call) and ast.unparse(part.func) in ("int", "len", "round"):
            try:
                yield part, repr(scope.value(part))
            except UnknownNamesError as missing:
                if _mentions(part, tick):
                    raise SourceError(part, f"--expr takes no {quoted(ast.unparse(part))}: floor and ceil") from None
                unknown += missing.names
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            waiting += part.args
        elif isinstance(part, ast.Name | ast.Attribute):
            text = ast.unparse(part)
            if text == tick:
                yield part, "t"
                continue
            try:
                value = scope.value(fixed.get(text, part))
            except UnknownNamesError as missing:
                # pi, imported from math, is called so in --expr too.
                unknown += [name for name in missing.names if name != "pi"]
                continue
            yield part, repr(value) if not isinstance(value, int | float) or value >= 0 else f"({value!r})"
        else:
            waiting += ast.iter_child_nodes(part)
    if unknown:
        raise UnknownNamesError(unknown)


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))


def _edited(body: ast.expr, source: str, edits: dict[ast.expr, str]) -> str:
    """The source of `body` with the nodes replaced; on one line."""
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    whole = source.encode()

    def place(node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    begin, end = place(body)
    text = b""
    for node, replacement in sorted(edits.items(), key=lambda item: place(item[0])):
        start, stop = place(node)
        text += whole[begin:start] + replacement.encode()
        begin = stop
    return " ".join((text + whole[begin:end]).decode().split())
