"""Python files that are configurations: assignments of literals, read as text and never run.

`_base_` is followed as mmengine.Config does; `dict(a=1)` is a mapping, arithmetic of literals and of names that were
assigned above is done, and all else is left unknown.

Source: mmengine 0.10 config/config.py
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lrcli.configs.tree import DEEPEST, LARGEST, OUTSIDE, Node, refused
from lrcli.errors import InputError

MOST_BASES = 50
UNKNOWN = object()
"""The value of what is no literal."""

OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
DELETE = "_delete_"
_BASE_REFERENCE = re.compile(r"\{\{\s*_base_\.([\w.]+)\s*\}\}", re.ASCII)


ARGUMENTS = "TrainingArguments"
"""How the names of the classes end whose arguments are the configuration of a run."""


def read(path: str, text: str) -> Node:
    """The names that the module assigns, those of its base files below them; or what the run's arguments are made with.

    Those are the arguments of the only call of a class such as transformers' TrainingArguments.
    """
    names = _module(path, text, [Path(path).resolve()], 0)
    return Node(_arguments(text, names) or names, 1, 1)


def _arguments(text: str, names: dict[str, Node]) -> dict[str, Node]:
    if f"{ARGUMENTS}(" not in text:
        return {}
    with warnings.catch_warnings(action="ignore"):
        tree = ast.parse(text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _symbol(node).endswith(ARGUMENTS)]
    if len(calls) != 1 or calls[0].args or not all(keyword.arg for keyword in calls[0].keywords):
        return {}
    return {str(keyword.arg): _placed(keyword, _known(keyword.value, names)) for keyword in calls[0].keywords}


def _symbol(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _known(value: ast.expr, names: dict[str, Node]) -> Node:
    """A value, or a mark that it is not in the file."""
    node = _node(value, names, 0)
    read = {inner.id for inner in ast.walk(value) if isinstance(inner, ast.Name)}
    if node.value is UNKNOWN or read - {*names, "dict"}:
        return Node(f"{OUTSIDE}{ast.unparse(value).replace(OUTSIDE, '')}{OUTSIDE}", node.line, node.column)
    return node


def _module(path: str, text: str, above: list[Path], depth: int) -> dict[str, Node]:
    text = _BASE_REFERENCE.sub(lambda found: f"_base_.{found[1]}", text)
    # In quotes it stands for the value too.
    text = re.sub(r"""(['"])(_base_\.[\w.]+)\1""", r"\2", text)
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text)
    except SyntaxError as error:
        raise refused(path, error.lineno or 1, error.offset or 1, f"not Python: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise refused(path, 1, 1, f"not Python: {error}") from None
    own: dict[str, Node] = {}
    base: dict[str, Node] = {}
    for statement in _statements(tree.body):
        if isinstance(statement, ast.With):
            base = _merged(base, _lazy_bases(path, statement, above, depth))
            own = {**base, **own}
        for name, value in _assigned(statement):
            if name == "_base_":
                base = _bases(path, value, above, depth)
                continue
            own[name] = _node(value, {**base, **own, "_base_": Node(base)}, 0)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            _update(statement.value, {**base, **own})
    return _merged(base, own)


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    return [statement for statement in body if isinstance(statement, ast.Assign | ast.AnnAssign | ast.With | ast.Expr)]


def _assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        return [(target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return [(statement.target.id, statement.value)]
    return []


def _update(call: ast.Call, names: dict[str, Node]) -> None:
    """`optim_wrapper.update(dict(...))`, as configurations of the new style change what they import."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr != "update" or not call.args:
        return
    target = _node(function.value, names, 0)
    change = _node(call.args[0], names, 0)
    if isinstance(target.value, dict) and isinstance(change.value, dict):
        target.value.update(_merged(target.value, change.value))


def _bases(path: str, value: ast.expr, above: list[Path], depth: int) -> dict[str, Node]:
    try:
        named = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise refused(path, value.lineno, value.col_offset + 1, "_base_: expected names of files") from None
    merged: dict[str, Node] = {}
    for name in named if isinstance(named, list | tuple) else [named]:
        if not isinstance(name, str):
            raise refused(path, value.lineno, value.col_offset + 1, "_base_: expected names of files")
        merged = {**merged, **_base(path, name, value, above, depth)}
    return merged


def _lazy_bases(path: str, statement: ast.With, above: list[Path], depth: int) -> dict[str, Node]:
    """`with read_base(): from .._base_.schedules.x import *`."""
    if not any("read_base" in ast.dump(item.context_expr) for item in statement.items):
        return {}
    merged: dict[str, Node] = {}
    for line in statement.body:
        if isinstance(line, ast.ImportFrom) and line.level and line.module:
            name = "../" * (line.level - 1) + line.module.replace(".", "/") + ".py"
            merged = {**merged, **_base(path, name, line, above, depth)}
    return merged


def _base(path: str, name: str, place: ast.stmt | ast.expr, above: list[Path], depth: int) -> dict[str, Node]:
    """The names of one base file. Raises InputError where it is not here."""
    file = Path(path).parent / name
    where = f"{path} line {place.lineno}"
    if depth > 20 or len(above) > MOST_BASES or file.resolve() in above:
        raise InputError(f"{where}: _base_: {name} leads back here, or through more than {MOST_BASES} files")
    if "::" in name:
        raise InputError(f"{where}: _base_: {name} is in another package, which is not opened")
    try:
        content = file.read_bytes()[: LARGEST + 1]
        text = content.decode()
    except (OSError, ValueError):
        raise InputError(
            f"{where}: _base_: {file} is not here, and what it says of the schedule is not known"
        ) from None
    return _module(str(file), text, [*above, file.resolve()], depth + 1)


def _merged(base: dict[str, Node], own: dict[str, Node]) -> dict[str, Node]:
    """As Config._merge_a_into_b: mappings are merged by key unless one says `_delete_=True`; lists are replaced."""
    merged = dict(base)
    for key, node in own.items():
        below = merged.get(key)
        if isinstance(node.value, dict):
            deletes = (flag := node.value.get(DELETE)) is not None and bool(flag.value)
            value = {name: child for name, child in node.value.items() if name != DELETE}
            if not deletes and below is not None and isinstance(below.value, dict):
                value = _merged(below.value, value)
            merged[key] = Node(value, node.line, node.column)
        else:
            merged[key] = node
    return merged


def _node(value: ast.expr, names: dict[str, Node], depth: int) -> Node:
    line, column = value.lineno, value.col_offset + 1
    return Node(_value(value, names, depth), line, column)


def _value(value: ast.expr, names: dict[str, Node], depth: int) -> Any:
    """What an expression stands for; UNKNOWN where it is no literal."""
    if depth > DEEPEST:
        return UNKNOWN
    if isinstance(value, ast.Constant):
        return value.value
    if isinstance(value, ast.Name):
        return names[value.id].value if value.id in names else value.id
    if isinstance(value, ast.Attribute):
        inner = _value(value.value, names, depth + 1)
        if isinstance(inner, dict):
            return inner[value.attr].value if value.attr in inner else UNKNOWN
        return value.attr
    if isinstance(value, ast.List | ast.Tuple):
        return [_node(item, names, depth + 1) for item in value.elts]
    if isinstance(value, ast.Dict):
        return {
            str(key.value): _node(item, names, depth + 1)
            for key, item in zip(value.keys, value.values, strict=True)
            if isinstance(key, ast.Constant)
        }
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict" and not value.args:
        return {
            keyword.arg: _placed(keyword, _node(keyword.value, names, depth + 1))
            for keyword in value.keywords
            if keyword.arg
        }
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        inner = _value(value.operand, names, depth + 1)
        return -inner if isinstance(inner, int | float) else UNKNOWN
    if isinstance(value, ast.BinOp) and type(value.op) in OPERATIONS:
        left, right = _value(value.left, names, depth + 1), _value(value.right, names, depth + 1)
        if isinstance(left, int | float) and isinstance(right, int | float):
            try:
                return OPERATIONS[type(value.op)](left, right)
            except (ArithmeticError, ValueError):
                return UNKNOWN
    if isinstance(value, ast.Subscript):
        inner, key = _value(value.value, names, depth + 1), _value(value.slice, names, depth + 1)
        try:
            found = inner[key]
        except (TypeError, KeyError, IndexError):
            return UNKNOWN
        return found.value if isinstance(found, Node) else UNKNOWN
    return UNKNOWN


def _placed(keyword: ast.keyword, node: Node) -> Node:
    return Node(node.value, keyword.lineno, keyword.col_offset + 1)
