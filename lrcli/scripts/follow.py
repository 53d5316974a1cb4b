"""Follows names through a script: assignments, attributes of self, arguments and returns, within the file.

Every block is read once, in order, with both branches of an `if`. What the text does not say stays unknown.
"""

import ast

from lrcli.scripts import names
from lrcli.scripts.calls import Caller
from lrcli.scripts.loops import loop_of
from lrcli.scripts.outline import AnyFunction
from lrcli.scripts.scope import Names, asks_for_existence, is_main, leaves, merge, replace
from lrcli.scripts.source import ScriptText
from lrcli.scripts.values import Class, Condition, Function, Opaque, Value, either


class Follower(Caller):
    """Reads one file."""

    def __init__(self, source: ScriptText, tree: ast.Module) -> None:
        super().__init__(source, tree)
        self.classes: list[Class] = []
        self.functions: list[Function] = []
        self.block(tree.body)
        self._rest()

    def _rest(self) -> None:
        """Whatever nothing in the file calls is called from elsewhere: each function once, each class as one object."""
        for function in sorted(self.functions, key=lambda function: self.outline.turn(function.node)):
            if function.node in self.outline.relevant - self.called:
                self.call(function, [], {}, None)
        for cls in self.classes:
            objects = [instance for instance in self.instances if instance.of is cls]
            me = objects[0] if objects else self.instance(cls, [], {}, None)
            for node in sorted(cls.methods.values(), key=self.outline.turn):
                if node in self.outline.relevant - self.called:
                    self.call(Function(node, self.module, me), [], {}, None)

    def block(self, statements: list[ast.stmt]) -> None:
        """Statements in order."""
        before = self.conditions
        for statement in statements:
            self.statement(statement)
        self.conditions = before

    def statement(self, node: ast.stmt) -> None:
        """One statement."""
        if isinstance(node, ast.Expr):
            if self.outline.matters(node) and not names.does_nothing(node.value):
                self.value(node.value)
        elif isinstance(node, ast.Assign):
            value = self.value(node.value)
            for target in node.targets:
                self.bind(target, value, node.value)
        elif isinstance(node, ast.If):
            self._branches(node)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            self._loop(node)
        elif isinstance(node, ast.With | ast.AsyncWith):
            self._with(node)
        elif isinstance(node, ast.Return):
            self._return(node)
        elif isinstance(node, AnyFunction):
            self.functions.append(Function(node, self.frame))
            self.frame.names[node.name] = self.functions[-1]
        elif isinstance(node, ast.ClassDef):
            self.classes.append(Class(node, {each.name: each for each in node.body if isinstance(each, AnyFunction)}))
            self.frame.names[node.name] = self.classes[-1]
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.bind(node.target, self.value(node.value), node.value)
        elif isinstance(node, ast.AugAssign):
            self.value(node.value)
            self.bind(node.target, Opaque(names.text(node.target)), node.value)
        elif isinstance(node, ast.Try | ast.TryStar):
            self.block(node.body)
            for handler in node.handlers:
                self._under(Condition(handler, True, "except", len(self.loops)), handler.body)
            self.block(node.orelse)
            self.block(node.finalbody)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                self._under(Condition(case, True, "case", len(self.loops)), case.body)
        else:
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr):
                    self.value(part)

    def _return(self, node: ast.Return) -> None:
        if node.value is None:
            return
        value = self.value(node.value)
        self.frame.returned = either(self.frame.returned, value)
        if not self.path:
            self.escape(value)

    def _under(self, condition: Condition, body: list[ast.stmt]) -> None:
        before = self.conditions
        self.conditions = (*before, condition)
        self.block(body)
        self.conditions = before

    def _branches(self, node: ast.If) -> None:
        test = self.value(node.test)
        written = test if isinstance(test, Opaque) else names.text(node.test)
        otherwise = Condition(node, False, written, len(self.loops))
        if is_main(node.test) or asks_for_existence(node.test):
            self.block(node.body)
            before = self.snapshot()
            self._under(otherwise, node.orelse)
            self.merge(before)
            return
        before = self.snapshot()
        self._under(Condition(node, True, written, len(self.loops)), node.body)
        after = self.snapshot()
        self.restore(before)
        self._under(otherwise, node.orelse)
        if leaves(node.body):
            if isinstance(node.body[-1], ast.Continue) and otherwise.is_every_nth:
                self.conditions = (*self.conditions, otherwise)
            return
        if leaves(node.orelse):
            self.restore(after)
        else:
            self.merge(after)

    def snapshot(self) -> tuple[Names, Names]:
        """The names of now."""
        return dict(self.frame.names), dict(self.frame.me.attributes) if self.frame.me else {}

    def restore(self, names: tuple[Names, Names]) -> None:
        """Back to the names of then."""
        replace(self.frame.names, names[0])
        if self.frame.me:
            replace(self.frame.me.attributes, names[1])

    def merge(self, names: tuple[Names, Names]) -> None:
        """The names of now or then, whichever branch was taken."""
        merge(self.frame.names, names[0])
        if self.frame.me:
            merge(self.frame.me.attributes, names[1])

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        over = self.value(node.test if isinstance(node, ast.While) else node.iter)
        loop = loop_of(node, over, self)
        if not isinstance(node, ast.While):
            self.bind_each(node.target, over)
        before = self.loops
        if not self.holds(over):  # A loop over schedulers does to each of them once what it does.
            self.loops = (*before, loop)
        self.block(node.body)
        self.loops = before
        self.block(node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        conditions = self.conditions
        for item in node.items:
            value: Value = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value, item.context_expr)
            called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
            accumulates = isinstance(called, ast.Attribute) and called.attr == "accumulate"
            if accumulates or names.is_without_gradients(item.context_expr):
                written = "with .accumulate(" if accumulates else "with no_grad"
                self.conditions = (*self.conditions, Condition(item.context_expr, True, written, len(self.loops)))
        self.block(node.body)
        self.conditions = conditions
