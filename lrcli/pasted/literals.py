"""Values that stand in Python source: literals, arithmetic of literals, and the names that the reader was told.

Nothing is run: every node is read by the functions here, and whatever they do not know is asked for.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from lrcli.errors import InputError
from lrcli.text import quoted

MOST_BITS = 4096
"""Size of a whole number that is still computed; a float64 has 1024 bits before its point."""

MOST_ITEMS = 100_000
"""Items of a list that is repeated or counted up."""

_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_UNARY: dict[type[ast.AST], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}


def _counted(*bounds: int) -> list[int]:
    numbers = range(*bounds)
    if len(numbers) > MOST_ITEMS:
        raise OverflowError(f"more than {MOST_ITEMS} items")
    return list(numbers)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "int": int,
    "float": float,
    "round": round,
    "min": min,
    "max": max,
    "abs": abs,
    "len": len,
    "sum": sum,
    "list": list,
    "tuple": tuple,
    "range": _counted,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.sqrt": math.sqrt,
    "np.ceil": lambda number: float(math.ceil(number)),
    "np.floor": lambda number: float(math.floor(number)),
}
_CONSTANTS = {"math.pi": math.pi, "np.pi": math.pi, "math.inf": math.inf}

ENUMERATIONS = ("SchedulerType",)
"""Classes whose members stand for their name in small letters."""


class UnknownNamesError(Exception):
    """The value depends on names that nobody has given. `names` are their source texts."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = list(dict.fromkeys(names))


class SourceError(InputError):
    """What stands at a place in Python source cannot be used; `node` is the place."""

    def __init__(self, node: ast.AST, reason: str) -> None:
        super().__init__(reason)
        self.node = node
        self.reason = reason


class Scope:
    """What names stand for: values that were given, and expressions that were assigned before."""

    def __init__(self, given: Mapping[str, object], assigned: Mapping[str, ast.expr] | None = None) -> None:
        self.given = given
        self.assigned = dict(assigned or {})

    def value(self, node: ast.expr) -> Any:
        """The value of an expression. Raises UnknownNamesError, or SourceError for arithmetic that fails."""
        try:
            return self._value(node)
        except (ArithmeticError, ValueError, TypeError, LookupError) as error:
            if isinstance(error, InputError):
                raise
            raise SourceError(node, f"{quoted(ast.unparse(node))} fails: {type(error).__name__}: {error}") from None

    def definition(self, node: ast.expr) -> ast.expr:
        """The expression that a name was assigned, through other names; `node` itself where it is no such name."""
        for _ in range(len(self.assigned) + 1):
            assigned = self._assigned(node)
            if assigned is None:
                break
            node = assigned
        return node

    def _assigned(self, node: ast.expr) -> ast.expr | None:
        return self.assigned.get(ast.unparse(node)) if isinstance(node, ast.Name | ast.Attribute) else None

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.List | ast.Tuple):
            items = self._values([item.value if isinstance(item, ast.Starred) else item for item in node.elts])
            return [
                each
                for item, value in zip(node.elts, items, strict=True)
                for each in (value if isinstance(item, ast.Starred) else [value])
            ]
        if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
            keys = self._values([key for key in node.keys if key is not None])
            return dict(zip(keys, self._values(node.values), strict=True))
        if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
            return _UNARY[type(node.op)](self._value(node.operand))
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _bounded(node.op, *self._values([node.left, node.right]))
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
            return _COMPARISONS[type(node.ops[0])](*self._values([node.left, node.comparators[0]]))
        if isinstance(node, ast.IfExp):
            return self._value(node.body if self._value(node.test) else node.orelse)
        return self._named(node)

    def _values(self, nodes: list[ast.expr]) -> list[Any]:
        values, unknown = [], []
        for node in nodes:
            try:
                values.append(self._value(node))
            except UnknownNamesError as missing:
                unknown += missing.names
        if unknown:
            raise UnknownNamesError(unknown)
        return values

    def _named(self, node: ast.expr) -> Any:
        text = ast.unparse(node)
        if text in self.given:
            return self.given[text]
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        owner, _, member = text.rpartition(".")
        if isinstance(node, ast.Attribute) and owner.rpartition(".")[2] in ENUMERATIONS:
            return member.lower()
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "value"
            and isinstance(node.value, ast.Attribute | ast.Call)
        ):
            return self._value(node.value)
        if isinstance(node, ast.Call) and not node.keywords:
            function = ast.unparse(node.func)
            if function.rpartition(".")[2] in ENUMERATIONS and len(node.args) == 1:
                return self._value(node.args[0])
            if function in FUNCTIONS and not any(isinstance(argument, ast.Starred) for argument in node.args):
                return self._called(node, FUNCTIONS[function])
        assigned = self._assigned(node)
        if assigned is not None:
            hidden = {name: value for name, value in self.assigned.items() if name != text}
            return Scope(self.given, hidden)._value(assigned)
        raise UnknownNamesError([text])

    def _called(self, node: ast.Call, function: Callable[..., Any]) -> Any:
        try:
            return function(*self._values(node.args))
        except UnknownNamesError as missing:
            # len(loader) is asked for as it stands; int(epochs * 0.1) by the names within.
            raise (UnknownNamesError([ast.unparse(node)]) if function is len else missing) from None


def _bounded(kind: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(kind, ast.Mod) and isinstance(left, str):
        raise TypeError("texts are not put together here")
    whole = isinstance(left, int) and isinstance(right, int)
    if isinstance(kind, ast.Pow) and whole and right * left.bit_length() > MOST_BITS:
        raise OverflowError(f"the power has more than {MOST_BITS} bits")
    if isinstance(kind, ast.Mult):
        for sequence, times in ((left, right), (right, left)):
            if isinstance(sequence, list | str) and isinstance(times, int) and len(sequence) * times > MOST_ITEMS:
                raise OverflowError(f"more than {MOST_ITEMS} items")
        if whole and left.bit_length() + right.bit_length() > MOST_BITS:
            raise OverflowError(f"the product has more than {MOST_BITS} bits")
    result = _OPERATORS[type(kind)](left, right)
    if isinstance(result, complex):
        raise ValueError("a negative number has no real power with a fraction in the exponent")
    return result
