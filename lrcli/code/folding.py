"""What constants decide in an expression is decided: comparisons, and, or, not, if-else, max and min.

What adds 0 or multiplies by 1 is left out. All other arithmetic stays as it is, in its order: so do the bits.
"""

import ast
import operator
from collections.abc import Callable
from typing import Any

ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


def folded(node: ast.expr) -> ast.expr:
    """The expression with all that constants decide."""
    visited: ast.expr = _Fold().visit(node)
    return visited


def truth(node: ast.expr, tick: str | None = None) -> ast.expr:
    """A condition, a constant where it is known whether it holds; `tick` is the name of what is never below 0."""
    match node:
        case ast.BoolOp(op=op, values=values):
            decides = isinstance(op, ast.Or)
            known = [truth(value, tick) for value in values]
            if any(isinstance(value, ast.Constant) and bool(value.value) == decides for value in known):
                return ast.Constant(decides)
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Lt()], comparators=[ast.Constant(value=int() | float() as v)]
        ):
            if name == tick and v <= 0:
                return ast.Constant(False)
    return node


def _number(node: ast.expr) -> Any:
    """The value of a number, or of arithmetic of numbers; None for anything else."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            known = _number(left), _number(right)
            return None if None in known else ARITHMETIC[type(op)](*known)
    return None


def _is(node: ast.expr, number: int) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value == number


def _are_one(left: ast.expr, right: ast.expr) -> bool:
    """Whether both are the same constant."""
    if not (isinstance(left, ast.Constant) and isinstance(right, ast.Constant)):
        return False
    return bool(left.kind) and (left.kind, left.value) == (right.kind, right.value)


class _Fold(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node.op:
            case ast.Sub() if _are_one(node.left, node.right):
                return ast.Constant(0)
            case ast.Pow() if _is(node.left, 1):
                return node.left
            case ast.Mult() | ast.Div() | ast.Pow() if _is(node.right, 1):
                return node.left
            case ast.Add() | ast.Sub() if _is(node.right, 0):
                return node.left
            case ast.Mult() if _is(node.left, 1):
                return node.right
            case ast.Add() if _is(node.left, 0):
                return node.right
            case ast.Mult() if _is(node.left, 0) and isinstance(node.right, ast.Name):
                return node.left  # a rate, which is a number from 0 up
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="max" | "min" as name), args=[_, *_] as args):
                values = [_number(argument) for argument in args]
                if None not in values:
                    return args[values.index(max(values) if name == "max" else min(values))]
            case ast.Call(func=ast.Name(id="float"), args=[ast.expr() as argument]):
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    return argument  # which arithmetic does by itself
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.left, ast.Constant) and all(isinstance(other, ast.Constant) for other in node.comparators):
            text = ast.unparse(node).replace(" is not ", " != ").replace(" is ", " == ")
            return ast.Constant(bool(eval(text, {"__builtins__": {}})))
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant):
            return ast.Constant(not node.operand.value)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        decides = isinstance(node.op, ast.Or)
        kept: list[ast.expr] = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                if bool(value.value) == decides:
                    kept.append(value)
                    break
                last: ast.expr = value
                continue
            kept.append(value)
        if not kept:
            return last
        return kept[0] if len(kept) == 1 else ast.BoolOp(node.op, kept)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        test = truth(node.test)
        if isinstance(test, ast.Constant):
            return node.body if test.value else node.orelse
        return node
