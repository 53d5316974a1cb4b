"""The formula of a schedule as a function of the step: the declaration's own arithmetic, with its values filled in.

The methods behind `factor` or `at` become plain Python: what the values decide is decided, what is a constant is named,
and what is called once stands where it is called. No operation changes place, so the bits are the declaration's.
"""

import ast
import copy
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache, reduce
from typing import Any, NamedTuple

from lrcli.code.folding import folded, truth
from lrcli.code.lines import lines_of
from lrcli.schedules.base import Absolute
from lrcli.schedules.factor import Factor
from lrcli.schedules.kind import resolved
from lrcli.schedules.timm import real_power

CONSTANT, HELPER = "@", "&"
"""What stands before the names of constants and helpers until it is known which names are free."""

RESERVED = (
    "accelerator", "batch", "batches", "cycle", "device", "epoch", "index", "loader", "loss", "model", "optimizer",
    "scale", "scaler", "scheduler", "step", "steps", "trainer", "updates", "val_loss",
)  # fmt: skip
"""Names that the loop gives to its own things."""

SHORT = 45
"""Characters of an expression that still stands where it is used; a longer one is a function of its own."""


class Formula(NamedTuple):
    """A function of the tick, as source."""

    name: str
    imports: tuple[str, ...]
    lines: tuple[str, ...]
    """The constants that it needs, its helpers, and the function."""
    parameters: tuple[str, ...]
    """Its parameters: the tick, and the base rate where it needs one."""
    is_factor: bool
    """Whether it gives a factor of the base rate, as LambdaLR wants it, and not the rate."""


@lru_cache(maxsize=16)
def formula(schedule: Absolute, tick: str, suffix: str = "") -> Formula:
    """The formula of a schedule that is bound to its group; `suffix` is added to every name that it defines."""
    is_factor = isinstance(schedule, Factor) and type(schedule).at is Factor.at
    reader = _Reader(schedule)
    main = reader.function("factor" if is_factor else "at")
    functions = _called(main, reader.helpers)
    main.name = "factor" if is_factor else "rate"
    parameters = [name for name in _parameters(main) if name == "t" or _uses(main, name)]
    main.args.args = [ast.arg(name) for name in parameters]
    local = {name for function in functions for name in _locals(function)}
    names = {"t": tick} if tick not in local | {*reader.constants} else {}
    helpers = functions[:-1]
    for mark, defined in [(CONSTANT, list(reader.constants)), (HELPER, [f.name for f in helpers])]:
        for name in defined:
            ending = "" if mark == HELPER and name in reader.shared else suffix
            taken = name in local or name in ("t", tick, *RESERVED) or (mark == HELPER and name == main.name)
            names[mark + name] = f"{name}{'_at' if mark == HELPER else '_given'}{ending}" if taken else name + ending
    read = {name for function in functions for name in _names(function)}
    lines = [
        f"{names[CONSTANT + name]} = {ast.unparse(value)}"
        for name, value in reader.constants.items()
        if CONSTANT + name in read
    ]
    for function in helpers:
        function.name = names[HELPER + function.name]
    for function in functions:
        _Renamed(names).visit(function)
        function.name += suffix if function is main else ""
        lines += ["", "", *lines_of(function)]
    shown = tuple(names.get(name, name) for name in parameters)
    used = {word for line in lines for word in re.findall(r"\w+", line)}
    imports = [line for line in dict.fromkeys(reader.imports) if line.split()[-1] in used]
    return Formula(main.name, tuple(imports), tuple(lines), shown, is_factor)


class _Reader:
    """Reads the methods of one schedule."""

    def __init__(self, schedule: Absolute) -> None:
        self.schedule = schedule
        self.constants: dict[str, ast.expr] = {}
        self.imports: list[str] = []
        self.helpers: list[ast.FunctionDef] = []
        self.shared: set[str] = set()
        """Helpers that belong to no schedule: they are the same in all of them."""

    def function(self, name: str) -> ast.FunctionDef:
        """The method called `name`, as a function without self."""
        function = inspect.getattr_static(type(self.schedule), name)
        return self.written(inspect.unwrap(function), name.lstrip("_"))

    def written(self, function: Callable[..., Any], name: str) -> ast.FunctionDef:
        """A function or method as plain source."""
        tree = ast.parse(_source(function)).body[0]
        assert isinstance(tree, ast.FunctionDef)
        tree.name, tree.returns, tree.decorator_list = name, None, []
        tree.args.args = [ast.arg(argument.arg) for argument in tree.args.args if argument.arg != "self"]
        if ast.get_docstring(tree) is not None:
            tree.body = tree.body[1:]
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and node.value is not None:
                node.__class__ = ast.Assign  # type: ignore[assignment]
                node.targets = [node.target]  # type: ignore[attr-defined]
        _Apart().visit(tree)
        written = _Written(self, function.__globals__, tree)
        tree.body = _used(_block([statement for old in tree.body for statement in written.statement(old)]))
        return tree

    def helper(self, function: ast.FunctionDef) -> None:
        """Define a helper once."""
        if all(known.name != function.name for known in self.helpers):
            self.helpers.append(function)


@cache
def _source(function: Callable[..., Any]) -> str:
    return textwrap.dedent(inspect.getsource(function))


class _Written(ast.NodeTransformer):
    """Puts values in the place of the fields, and bodies in the place of calls."""

    def __init__(self, reader: _Reader, names: dict[str, Any], function: ast.FunctionDef) -> None:
        self.reader = reader
        self.names = names
        self.body = {id(statement) for statement in function.body}
        self.stores = Counter(_stores(function))
        self.aliases: dict[str, ast.expr] = {}
        """What names stand for that are given once, to a constant or to another name."""
        self.tick = _parameters(function)[0] if function.name in ("factor", "at") else None

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        """The statements that a statement becomes."""
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
            body = self._tail(node.value)
            if body is not None:
                return body
        if isinstance(node, ast.If):
            test = truth(folded(self._raw(node.test)), self.tick)
            if isinstance(test, ast.Constant):
                return [new for old in (node.body if test.value else node.orelse) for new in self.statement(old)]
            body = _block([new for old in node.body for new in self.statement(old)])
            return [
                ast.If(self._named(test), body, _block([new for old in node.orelse for new in self.statement(old)]))
            ]
        if isinstance(node, ast.Assign) and self._is_alias(node):
            return []
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, name, self._named(folded(self._raw(value))))
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, name, [new for old in value for new in self.statement(old)])
            elif isinstance(value, list) and value and isinstance(value[0], ast.ExceptHandler):
                for handler in value:
                    handler.body = [new for old in handler.body for new in self.statement(old)]
        # What is computed for nothing but an error that a constructor would raise is left out.
        return [] if isinstance(node, ast.Expr) else [node]

    def _is_alias(self, node: ast.Assign) -> bool:
        """Whether a name only stands for a constant, or for another name; it is remembered then."""
        match node.targets:
            case [ast.Name(id=name)] if id(node) in self.body and self.stores[name] == 1:
                value = folded(self._raw(copy.deepcopy(node.value)))
                of_name = isinstance(value, ast.Name) and (value.id[0] == CONSTANT or self.stores[value.id] == 1)
                if of_name or isinstance(value, ast.Constant):
                    self.aliases[name] = value
                    return True
        return False

    def _raw(self, node: ast.expr) -> ast.expr:
        visited: ast.expr = self.visit(node)
        return visited

    def _named(self, node: ast.expr) -> ast.expr:
        """The expression with its constants by their names."""
        named: ast.expr = _Named(self.reader.constants).visit(node)
        return named

    def _tail(self, call: ast.Call) -> list[ast.stmt] | None:
        """The body of a method that is called with plain names and whose result is returned as it is."""
        function = self._method(call)
        given = [folded(self._raw(copy.deepcopy(argument))) for argument in call.args]
        if function is None or not all(isinstance(argument, ast.Name) for argument in given):
            return None
        if any(helper.name == function.name for helper in self.reader.helpers):
            return None  # it is called elsewhere too
        names = {
            name: argument.id
            for name, argument in zip(_parameters(function), given, strict=True)
            if isinstance(argument, ast.Name)
        }
        for statement in function.body:
            _Renamed(names).visit(statement)
        return function.body

    def _method(self, call: ast.Call) -> ast.FunctionDef | None:
        match call.func:
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return self.reader.function(name)
        return None

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = self._method(node)
        if function is None:
            called = self.names.get(node.func.id) if isinstance(node.func, ast.Name) else None
            if called is resolved:
                return self._raw(node.args[0])
            if called is real_power:
                return ast.BinOp(self._raw(node.args[0]), ast.Pow(), self._raw(node.args[1]))
            self.generic_visit(node)
            return node
        arguments = [self._raw(argument) for argument in node.args]
        parameters = _parameters(function)
        match function.body:
            case [ast.Return(value=ast.expr() as value)] if all(
                isinstance(given, ast.Name | ast.Constant) or _uses(function, name) < 2
                for name, given in zip(parameters, arguments, strict=True)
            ):
                filled: ast.expr = _Filled(dict(zip(parameters, arguments, strict=True))).visit(copy.deepcopy(value))
                if len(ast.unparse(filled)) <= SHORT:
                    return filled
        self.reader.helper(function)
        return ast.Call(ast.Name(HELPER + function.name, ast.Load()), arguments, [])

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        chain: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            chain.insert(0, inner.attr)
            inner = inner.value
        if not (isinstance(inner, ast.Name) and inner.id == "self"):
            self.generic_visit(node)
            return node
        value = reduce(getattr, chain, self.reader.schedule)
        name = chain[-1].lstrip("_")
        if isinstance(value, tuple | list):
            self.reader.constants[name] = ast.parse(repr(list(value)), mode="eval").body
            return ast.Name(CONSTANT + name, ast.Load())
        plain: Any = value
        constant = ast.Constant(plain)
        if isinstance(value, int | float) and not isinstance(value, bool):
            constant.kind = name
        return constant

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.aliases:
            return copy.deepcopy(self.aliases[node.id])
        if node.id in self.names:
            value = self.names[node.id]
            if inspect.ismodule(value):
                self.reader.imports.append(f"import {value.__name__}")
            elif inspect.isfunction(value) and value.__module__.startswith("lrcli"):
                self.reader.shared.add(node.id)
                self.reader.helper(self.reader.written(value, node.id))
                return ast.Name(HELPER + node.id, ast.Load())
            elif callable(value):
                self.reader.imports.append(f"from {value.__module__.lstrip('_')} import {node.id}")
            elif isinstance(value, int | float):
                return ast.Constant(value)
        return node


class _Apart(ast.NodeTransformer):
    """Gives several names a line each, where none needs what another was before."""

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                given: set[str] = set()
                for target, value in zip(targets, values, strict=True):
                    if not isinstance(target, ast.Name) or given & _names(value):
                        return node
                    given.add(target.id)
                return [ast.Assign([target], value) for target, value in zip(targets, values, strict=True)]
        return node


class _Named(ast.NodeTransformer):
    """Names the constants that come from fields."""

    def __init__(self, constants: dict[str, ast.expr]) -> None:
        self.constants = constants

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not node.kind or node.value in (0, 1):  # which may have been left out elsewhere
            return ast.Constant(node.value)
        self.constants[node.kind] = ast.Constant(node.value)
        return ast.Name(CONSTANT + node.kind, ast.Load())


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.names.get(node.arg, node.arg))


class _Filled(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)


def _called(main: ast.FunctionDef, helpers: Sequence[ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The function and what it calls, itself or by others, in the order in which they are defined."""
    wanted: set[str] = set()
    waiting = [main]
    while waiting:
        read = _names(waiting.pop())
        found = [helper for helper in helpers if HELPER + helper.name in read and helper.name not in wanted]
        wanted |= {helper.name for helper in found}
        waiting += found
    return [*(helper for helper in helpers if helper.name in wanted), main]


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _locals(function: ast.FunctionDef) -> set[str]:
    """The names that a function defines for itself."""
    return set(_stores(function))


def _stores(function: ast.FunctionDef) -> list[str]:
    """The names that a function gives values to, as often as it does; its parameters are given one."""
    stored = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return stored + _parameters(function)


def _block(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements up to the first that returns."""
    kept: list[ast.stmt] = []
    for statement in statements:
        if kept and isinstance(statement, ast.If) and _leaves_first(kept[-1], statement):
            continue
        kept.append(statement)
        if isinstance(statement, ast.Return):
            break
    return kept


def _used(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements without names that nothing reads any more."""
    read = {
        node.id
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)
    }
    kept = [
        statement
        for statement in statements
        if not (isinstance(statement, ast.Assign) and all(_is_unread(target, read) for target in statement.targets))
    ]
    return kept if len(kept) == len(statements) else _used(kept)


def _is_unread(target: ast.expr, read: set[str]) -> bool:
    return isinstance(target, ast.Name) and target.id not in read


def _leaves_first(before: ast.stmt, statement: ast.If) -> bool:
    """Whether the statement before it returns on the same condition."""
    if not isinstance(before, ast.If) or before.orelse or not isinstance(before.body[-1], ast.Return):
        return False
    return ast.unparse(before.test) == ast.unparse(statement.test) and not statement.orelse


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args]


def _uses(function: ast.FunctionDef, name: str) -> int:
    """How often the body reads a name."""
    return sum(isinstance(n, ast.Name) and n.id == name for statement in function.body for n in ast.walk(statement))
