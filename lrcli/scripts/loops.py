"""Loops of a training script: over epochs or over batches, and how often."""

import ast
from typing import TYPE_CHECKING

from lrcli.scripts import names
from lrcli.scripts.outline import AnyFunction, parts
from lrcli.scripts.values import BATCHES, EPOCHS, Known, Loop, Opaque, Value, mentions_of, text_of

if TYPE_CHECKING:
    from lrcli.scripts.evaluate import Evaluator

WRAPPERS = (
    "tqdm",
    "trange",
    "enumerate",
    "track",
    "progress_bar",
    "iter",
    "islice",
    "MetricLogger",
    "log_every",
    "zip",
    "prange",
)


def loop_of(node: ast.For | ast.AsyncFor | ast.While, over: Value, follower: "Evaluator") -> Loop:
    """What a loop is."""
    if isinstance(node, ast.While):
        return _while(node, follower)
    iterated = _unwrapped(node.iter)
    variables = names.targets(node.target)
    text = _written(iterated, follower)
    mentioned = " ".join([text, *mentions_of(over)])
    counted = isinstance(iterated, ast.Call) and names.dotted(iterated.func).rpartition(".")[2] in ("range", "trange")
    most, bound = _count(iterated, follower) if isinstance(iterated, ast.Call) and counted else (None, "")
    by_name = any(names.EPOCH.search(variable) for variable in variables)
    if counted and (by_name or (names.EPOCH.search(text) and not names.STEPS.search(text))):
        kind = EPOCHS
    elif names.LOADER.search(mentioned) and ("len(" in mentioned if counted else not by_name):
        kind = BATCHES
    elif by_name:
        kind = EPOCHS
    else:
        kind = ""
    return Loop(node, kind, mentioned, None if _is_left(node) else most, most, bound, variables)


def _while(node: ast.While, follower: "Evaluator") -> Loop:
    """A loop with a condition; `while epoch < epochs` has the bound of range(epochs)."""
    text = names.text(node.test)
    compared: tuple[str, ...] = ()
    most: int | None = None
    bound = ""
    if isinstance(node.test, ast.Compare):
        left = node.test.left
        compared = names.targets(left.target if isinstance(left, ast.NamedExpr) else left)
        if len(node.test.ops) == 1 and isinstance(node.test.ops[0], ast.Lt | ast.LtE):
            stop, start = follower.value(node.test.comparators[0]), follower.value(left)
            most, bound = _difference(start, stop), text_of(stop)
    return Loop(node, EPOCHS if names.EPOCH.search(text) else "", text, None, most, bound, compared)


def _unwrapped(node: ast.expr) -> ast.expr:
    """What is looped over, without the progress bars around it."""
    while isinstance(node, ast.Call) and node.args:
        if names.dotted(node.func).rpartition(".")[2] not in WRAPPERS or names.dotted(node.func).endswith("trange"):
            break
        node = node.args[0]
    return node


def _count(call: ast.Call, follower: "Evaluator") -> tuple[int | None, str]:
    """How often range(...) runs, and the expression that says so."""
    values = [follower.value(argument) for argument in call.args[:3]]
    if len(values) == 1:
        stop = values[0]
        return (stop.value if isinstance(stop, Known) and isinstance(stop.value, int) else None), text_of(stop)
    if len(values) == 2:
        start, stop = values
        if (count := _difference(start, stop)) is not None:
            return count, text_of(stop)
        return _from_start(call.args[0], call.args[1], follower) or (None, text_of(stop))
    return None, ""


def _difference(start: Value, stop: Value) -> int | None:
    """The whole numbers from one to another; None where they are not known."""
    known = [value.value for value in (start, stop) if isinstance(value, Known) and isinstance(value.value, int)]
    return max(0, known[1] - known[0]) if len(known) == 2 else None


def _from_start(start: ast.expr, stop: ast.expr, follower: "Evaluator") -> tuple[int | None, str] | None:
    """How often range(start, start + epochs) and range(1, epochs + 1) run; None for another range."""
    if not isinstance(stop, ast.BinOp) or not isinstance(stop.op, ast.Add):
        return None
    for same, other in ((stop.left, stop.right), (stop.right, stop.left)):
        if names.text(same) == names.text(start):
            count = follower.value(other)
            return (count.value if isinstance(count, Known) and isinstance(count.value, int) else None), text_of(count)
    return None


def _written(node: ast.expr, follower: "Evaluator") -> str:
    """An expression as it is written, a name replaced by what it was assigned."""
    value = follower.lookup(node.id) if isinstance(node, ast.Name) else None
    return value.text if isinstance(value, Opaque) else names.text(node)


def _is_left(node: ast.stmt) -> bool:
    """Whether something leaves a loop before its end."""
    waiting: list[ast.AST] = [node]
    while waiting:
        for part in parts(waiting.pop()):
            if isinstance(part, ast.Break):
                return True
            if not isinstance(part, ast.For | ast.While | ast.AsyncFor | AnyFunction | ast.ClassDef):
                waiting.append(part)
    return False
