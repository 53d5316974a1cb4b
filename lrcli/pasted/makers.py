"""Calls in Python source to schedules: constructors as declared, and the functions that make one of several."""

import ast
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lrcli.pasted.lambdas import expression
from lrcli.pasted.literals import Scope, SourceError, UnknownNamesError
from lrcli.pasted.signatures import DIFFUSERS, FAMILIES, LAST_EPOCH, OPTIMIZER, bound, signature
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.expression import EXPRESSION
from lrcli.schedules.family import STEP
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import ParamError
from lrcli.text import quoted


class Made(NamedTuple):
    """A schedule that Python source constructs."""

    schedule: Schedule
    run: dict[str, Any]
    """What the call says of the run, by the names of the fields of Run."""
    node: ast.Call
    places: Mapping[str, ast.expr]
    """Where each argument stands, by the name of the field that it gives."""
    children: tuple["Made", ...] = ()


class Call(NamedTuple):
    """A call whose arguments are known by name, not yet by value."""

    node: ast.Call
    symbol: str
    arguments: dict[str, ast.expr]
    scope: Scope
    source: str

    def value(self, name: str, otherwise: Any = None) -> Any:
        """The value of an argument."""
        return self.scope.value(self.arguments[name]) if name in self.arguments else otherwise

    def values(self, names: list[str]) -> dict[str, Any]:
        """The values of those of the arguments that were given. Raises UnknownNamesError with all that is missing."""
        found, unknown = {}, []
        for name in names:
            try:
                if name in self.arguments:
                    found[name] = self.value(name)
            except UnknownNamesError as missing:
                unknown += missing.names
        if unknown:
            raise UnknownNamesError(unknown)
        return found

    def refuse(self, name: str, reason: str) -> SourceError:
        """The error of an argument."""
        return SourceError(self.arguments.get(name, self.node), reason)


MAKERS: dict[str, Callable[[Call], Made]] = {}
"""Constructors whose arguments are not the fields of one declaration as they are, by their names."""

NOT_COMPUTED = {
    "scale_fn": "a scale_fn of one's own is not computed, only the modes are",
    "noise_range_t": "a schedule with noise is not computed",
    "noise": "a schedule with noise is not computed",
}
"""Arguments that make another curve than any that is declared."""


def maker(symbol: str) -> Callable[[Callable[[Call], Made]], Callable[[Call], Made]]:
    """Declare the function below to read calls of `symbol`."""

    def declare(read: Callable[[Call], Made]) -> Callable[[Call], Made]:
        MAKERS[symbol] = read
        return read

    return declare


def symbols() -> dict[str, type[Schedule]]:
    """The schedulers that are read from Python, by the name of their class or function."""
    return {cls.reference.symbol: cls for cls in every().values() if cls.reference.family in FAMILIES}


def is_maker(symbol: str) -> bool:
    """Whether a function or class of that name makes a scheduler that is read here."""
    return symbol in MAKERS or symbol in symbols()


def made(node: ast.Call, scope: Scope, source: str) -> Made:
    """The schedule of a call in `source`. Raises SourceError, or UnknownNamesError with the names."""
    symbol = ast.unparse(node.func).rpartition(".")[2]
    arguments = signature(symbol, symbols().get(symbol))
    if symbol == "get_scheduler" and any(keyword.arg in ("num_cycles", "power") for keyword in node.keywords):
        arguments = tuple(DIFFUSERS.split())
    call = Call(node, symbol, bound(node, symbol, arguments, *_spread(node, scope)), scope, source)
    _check_start(call)
    for name, reason in NOT_COMPUTED.items():
        if call.value(name) is not None:
            raise call.refuse(name, reason)
    if symbol in MAKERS:
        return MAKERS[symbol](call)
    return constructed(call, symbols()[symbol])


def refused(node: ast.Call, symbol: str) -> SourceError | None:
    """What Python says of a call of `symbol`, whatever the values of its arguments are; None where it takes them."""
    keywords = {keyword.arg: None for keyword in node.keywords if keyword.arg is not None}
    try:
        bound(node, symbol, signature(symbol, symbols().get(symbol)), [None] * len(node.args), keywords)
    except SourceError as error:
        return error
    return None


def _spread(node: ast.Call, scope: Scope) -> tuple[list[ast.expr], dict[str, ast.expr]]:
    """Positional and keyword arguments, with `**{...}` and `**dict(...)` taken apart."""
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            raise SourceError(argument, f"expected arguments, found {quoted(ast.unparse(argument))}")
    keywords: dict[str, ast.expr] = {}
    for keyword in node.keywords:
        if keyword.arg is not None:
            keywords[keyword.arg] = keyword.value
            continue
        spread = scope.definition(keyword.value)
        if isinstance(spread, ast.Call) and ast.unparse(spread.func) == "dict" and not spread.args:
            keywords |= {inner.arg: inner.value for inner in spread.keywords if inner.arg}
        elif isinstance(spread, ast.Dict):
            for key, value in zip(spread.keys, spread.values, strict=True):
                if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                    raise SourceError(keyword.value, "expected a dict of names and values")
                keywords[key.value] = value
        else:
            raise UnknownNamesError([ast.unparse(keyword.value)])
    return list(node.args), keywords


def _check_start(call: Call) -> None:
    """Raises SourceError for a run that is taken up again: its curve depends on more than the call says."""
    try:
        last_epoch = call.value(LAST_EPOCH, -1)
    except UnknownNamesError:
        return
    if last_epoch != -1:
        raise call.refuse(
            LAST_EPOCH, f"{LAST_EPOCH}={last_epoch} takes up an earlier run: leave it out, and see lrsched resume"
        )


def constructed(call: Call, cls: type[Schedule], given: Mapping[str, Any] | None = None) -> Made:
    """The schedule of class `cls` with the call's arguments as its fields, and those in `given`."""
    values, children, unknown = dict(given or {}), tuple[Made, ...](), list[str]()
    for name, declared in cls.params().items():
        try:
            if declared.kind is EXPRESSION and "lr_lambda" in call.arguments:
                values[name] = expression(call.arguments["lr_lambda"], call.source, call.scope)
            elif name not in call.arguments or name in values:
                continue
            elif declared.kind is SPEC:
                children = tuple(_children(call, name))
                values[name] = tuple(child.schedule for child in children)
            else:
                value = call.value(name)
                if value is None and declared.default is not None:
                    raise call.refuse(name, f"{name}: expected a value, found None")
                # 1e4 steps are 10000 to the frameworks too.
                whole = isinstance(value, float) and value.is_integer() and declared.annotation in (int, int | None)
                values[name] = int(value) if whole else value
        except UnknownNamesError as missing:
            unknown += missing.names
    if unknown:
        raise UnknownNamesError(unknown)
    try:
        schedule = cls(**values)
    except ParamError as error:
        if error.option == "SPEC":
            raise SourceError(call.node, error.reason) from None
        name = next((name for name, declared in cls.params().items() if declared.option == error.option), "")
        raise call.refuse(name, f"{name}: {error.reason}" if name else error.reason) from None
    interval = {"interval": STEP} if _in_updates(call) else {}
    run = {**interval, **_rates_of(call)}
    return Made(schedule, run, call.node, dict(call.arguments), children)


def _children(call: Call, name: str) -> list[Made]:
    items = call.scope.definition(call.arguments[name])
    if not isinstance(items, ast.List | ast.Tuple):
        raise UnknownNamesError([ast.unparse(items)])
    children, unknown = [], []
    for item in items.elts:
        child = call.scope.definition(item)
        if not isinstance(child, ast.Call):
            unknown.append(ast.unparse(item))
            continue
        if not is_maker(ast.unparse(child.func).rpartition(".")[2]):
            raise SourceError(child, f"expected a scheduler, found {quoted(ast.unparse(child))}")
        try:
            children.append(made(child, call.scope, call.source))
        except UnknownNamesError as missing:
            unknown += missing.names
    if unknown:
        raise UnknownNamesError(unknown)
    return children


def _rates_of(call: Call) -> dict[str, Any]:
    """The base rate, where the optimizer is made in the source with one."""
    optimizer = call.arguments.get(OPTIMIZER)
    optimizer = optimizer if optimizer is None else call.scope.definition(optimizer)
    if not isinstance(optimizer, ast.Call):
        return {}
    rate = next((keyword.value for keyword in optimizer.keywords if keyword.arg == "lr"), None)
    groups = optimizer.args and isinstance(call.scope.definition(optimizer.args[0]), ast.List)
    try:
        lr = call.scope.value(rate) if rate is not None and not groups else None
    except UnknownNamesError:
        return {}
    return {"lr": float(lr)} if isinstance(lr, int | float) and not isinstance(lr, bool) else {}


def _in_updates(call: Call) -> bool:
    """Whether one of timm's schedulers is told to count optimizer steps."""
    return call.value("t_in_epochs", True) is False or call.value("step_on_epochs", True) is False
