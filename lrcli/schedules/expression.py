"""The arithmetic of --expr: a factor as a function of the tick, with the bits of the same Python lambda.

The text is parsed by Python's own parser, every node is looked up in a short list, and only then is it compiled, with
nothing in reach but the functions named here. Integer powers are bounded, so that no expression can run away.
"""

import ast
import math
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from lrcli.errors import InputError
from lrcli.schedules.kind import Kind
from lrcli.text import quoted

LONGEST = 500
"""Characters in an expression, blanks aside; with powers bounded too, nothing in it can grow without end."""

MOST_BITS = 4096
"""Size of an integer power that is still computed; a float64 has 1024 bits before its point."""

TICK_BITS, FLOAT_BITS = 30, 1024
"""Size of the largest tick, and of the largest whole number that `floor` or `ceil` makes of a float."""

_FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "sqrt": math.sqrt,
    "cos": math.cos,
    "sin": math.sin,
    "exp": math.exp,
    "log": math.log,
    "floor": math.floor,
    "ceil": math.ceil,
}
_VARIABLES = ("t", "base_lr")
_NODES = (
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.UnaryOp, ast.UAdd, ast.USub, ast.Not, ast.BoolOp, ast.And, ast.Or,
    ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
    ast.IfExp, ast.Call, ast.Name, ast.Load, ast.Constant,
)  # fmt: skip
_EXPECTED = (
    f"arithmetic of {', '.join(_VARIABLES)}, numbers, + - * / // % **, comparisons, if-else, pi and "
    f"{' '.join(_FUNCTIONS)}"
)


_MEANT = (
    (r"\^", "**", "a power is written **"),
    (r"\b(?:math|cmath|np|numpy|torch|jnp)\.(?=[a-z])", "", "functions stand by themselves"),
    (
        r"\b(?:[a-z]+_)?(?:epochs?|steps?|ticks?|iter(?:ation)?s?|it|num_updates?)\b|\b[nix]\b(?!\s*\()",
        "t",
        "the tick is called t",
    ),
)
"""What people write otherwise: a pattern, what stands for it here, and why."""


def _refusal(text: str, fault: str = "") -> ValueError:
    """What to say of a text that is not such arithmetic: what was meant where that is clear, else what is at fault."""
    meant, reasons = text, []
    if found := re.match(r"\s*lambda\s+(\w+)\s*:\s*", text):
        meant = re.sub(rf"\b{found[1]}\b", "t", text[found.end() :])
        reasons.append("the tick is called t")
    for pattern, instead, reason in _MEANT:
        changed = re.sub(pattern, instead, meant)
        reasons += [reason] if changed != meant and reason not in reasons else []
        meant = changed
    if meant != text and len(text) <= LONGEST:
        with suppress(ValueError):
            Expression(meant)
            return ValueError(f"{quoted(meant.strip())}, as {' and '.join(reasons)}")
    return ValueError(_EXPECTED + (f", not {quoted(fault)}" if fault and fault != text else ""))


def _power(base: float, exponent: float) -> float:
    if type(base) is int and type(exponent) is int and exponent * base.bit_length() > MOST_BITS:
        raise OverflowError(f"the power has more than {MOST_BITS} bits; write the base as a float, as in 2.0**t")
    result: float | complex = base**exponent
    if isinstance(result, complex):
        raise ValueError("a negative number has no real power with a fraction in the exponent")
    return result


class _Checked(ast.NodeTransformer):
    """Refuses every node that is not arithmetic, and puts `_power` in the place of **."""

    def __init__(self, text: str) -> None:
        self.text = text

    def refuse(self, node: ast.AST) -> NoReturn:
        """Raise ValueError for a node, naming what stands there."""
        raise _refusal(self.text, ast.get_source_segment(self.text, node) or "")

    def visit(self, node: ast.AST) -> Any:
        if not isinstance(node, _NODES):
            self.refuse(node)
        return super().visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if type(node.value) is not int and not (type(node.value) is float and math.isfinite(node.value)):
            self.refuse(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id not in (*_VARIABLES, "pi"):
            self.refuse(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS or node.keywords:
            self.refuse(node.func)
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if not isinstance(node.op, _NODES):
            self.refuse(node)
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        return ast.Call(func=ast.Name("_power", ast.Load()), args=[node.left, node.right], keywords=[])


def weighed(node: ast.expr) -> tuple[int, int]:
    """The size in bits that the whole number of a node may have, 0 for a float, and what computing it costs.

    The cost is counted as `Schedule.cost` is. Whole numbers have no end in Python: large ones are what takes long.
    """
    below = [weighed(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    sizes = [size for size, _ in below]
    size = size_of(node, sizes)
    largest = max([size, *sizes])
    return size, 1 + largest * largest // 250_000 + sum(cost for _, cost in below)


def size_of(node: ast.expr, sizes: list[int]) -> int:
    """The size in bits that the whole number of a node may have whose parts have these `sizes`; 0 for a float."""
    match node:
        case ast.Constant(value=int() as value):
            return max(1, value.bit_length())
        case ast.Name(id="t"):
            return TICK_BITS
        case ast.Call(func=ast.Name(id="floor" | "ceil")):
            return max(FLOAT_BITS, *sizes)
        case ast.Call(func=ast.Name(id="min" | "max" | "abs")):
            return max(sizes)
        case ast.Constant() | ast.Name() | ast.Call() | ast.BinOp(op=ast.Div()):
            return 0
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return 1
        case ast.BinOp() if not all(sizes):
            return 0
        case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp(op=ast.USub(), operand=ast.Constant())):
            return 0
        case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=int() as value)):
            return min(MOST_BITS, sizes[0] * value)
        case ast.BinOp(op=ast.Pow()):
            return MOST_BITS
        case ast.BinOp(op=ast.Mult()):
            return sum(sizes)
        case _:
            return max(sizes) + 1 if any(sizes) else 0


class Expression:
    """A checked expression; calling it with the tick and the base rate gives the factor.

    `text` is what was understood, written anew: it holds nothing but arithmetic, whatever it is put into. `cost` is the
    work of a call, as `Schedule.cost` counts it. Raises ValueError (what was expected) for a text that is not such
    arithmetic; the call raises InputError with the tick where the arithmetic itself fails.
    """

    def __init__(self, text: str) -> None:
        text = text.strip()
        if len(text) > 4 * LONGEST:
            raise ValueError(f"an expression of at most {LONGEST} characters")
        # Python takes comments, line breaks in brackets, and letters that it reads as others.
        if not text.isascii() or not text.isprintable() or "#" in text:
            raise ValueError(_EXPECTED)
        try:
            with warnings.catch_warnings(action="ignore"):  # of 1if, which Python takes too
                tree, written = (ast.parse(text, mode="eval") for _ in range(2))
            tree.body = _Checked(text).visit(tree.body)
            self.text = ast.unparse(written)
            if len(self.text.replace(" ", "")) > LONGEST:
                raise ValueError(f"an expression of at most {LONGEST} characters")
            self.cost = weighed(written.body)[1]
            arguments = ast.arguments([], [ast.arg(name) for name in _VARIABLES], None, [], [], None, [])
            tree.body = ast.Lambda(args=arguments, body=tree.body)
            code = compile(ast.fix_missing_locations(tree), "--expr", "eval")
        except RecursionError:
            raise ValueError(f"{_EXPECTED}, and not so many terms in one another") from None
        except (SyntaxError, MemoryError):
            raise _refusal(text) from None
        reachable = {"__builtins__": {}, "pi": math.pi, "_power": _power, **_FUNCTIONS}
        self._evaluate: Callable[[int, float], float] = eval(code, reachable)

    def __call__(self, t: int, base_lr: float) -> float:
        try:
            return self._evaluate(t, base_lr)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise InputError(f"--expr {quoted(self.text)} fails at t={t}: {type(error).__name__}: {error}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text


EXPRESSION = Kind("EXPRESSION", Expression)
