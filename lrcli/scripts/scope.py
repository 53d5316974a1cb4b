"""Names and branches of a script, as the follower and the reader of constructors ask for them."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lrcli.pasted import Scope, UnknownNamesError, signature, symbols
from lrcli.scripts import names
from lrcli.scripts.values import Items, Known, Opaque, Optimizer, Scheduler, Value, either

if TYPE_CHECKING:
    from lrcli.scripts.evaluate import Evaluator

Names = dict[str, Value]


class FrameScope(Scope):
    """Names of a script as the reader of constructors asks for them."""

    def __init__(self, follower: "Evaluator") -> None:
        super().__init__({})
        self.follower = follower

    def _assigned(self, node: ast.expr) -> ast.expr | None:
        return None

    def definition(self, node: ast.expr) -> ast.expr:
        """The call that made a scheduler, where a name stands for one."""
        value = self._found(node)
        return value.node if isinstance(value, Scheduler | Known | Optimizer) else node

    def _found(self, node: ast.expr) -> Value | None:
        base = node
        while isinstance(base, ast.Attribute | ast.Subscript):
            base = base.value
        return self.follower.value(node) if isinstance(base, ast.Name) else None

    def _named(self, node: ast.expr) -> Any:
        value = self._found(node)
        if isinstance(value, Known):
            return value.value
        if isinstance(value, Items):
            return [self._number(item, node) for item in value.values]
        if value is not None and not isinstance(value, Opaque):
            raise UnknownNamesError([names.text(node)])
        return super()._named(node)

    def _number(self, value: Value, node: ast.expr) -> Any:
        if not isinstance(value, Known):
            raise UnknownNamesError([names.text(node)])
        return value.value


def merge(now: Names, then: Names) -> None:
    for name, value in then.items():
        if now.get(name) is not value:
            now[name] = either(now.get(name), value) or value


def replace(now: Names, then: Names) -> None:
    now.clear()
    now.update(then)


def leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def asks_for_existence(test: ast.expr) -> bool:
    """`if scheduler:`, `if scheduler is not None:` and `if hasattr(...)` are no condition of what is known to exist."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.IsNot):
        comparator = test.comparators[0]
        return isinstance(comparator, ast.Constant) and comparator.value is None and is_scheduler(test.left)
    return is_scheduler(test)


def is_scheduler(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and "sched" in names.text(node).lower()


def is_rate(target: ast.Subscript) -> bool:
    return isinstance(target.slice, ast.Constant) and target.slice.value == "lr"


def enumerate_names(symbol: str, arguments: list[Value]) -> Iterator[tuple[str, Value]]:
    """Positional arguments by their names."""
    for name, value in zip(signature(symbol, symbols().get(symbol)), arguments, strict=False):
        yield name.rstrip("?"), value
