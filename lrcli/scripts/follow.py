"""Follows names through a script: assignments, attributes of self, arguments and returns, within the file.

Every block is read once, in order, with both branches of an `if`. What the text does not say stays unknown.
"""

import ast
import contextlib
from collections.abc import Mapping

from lrcli.pasted import FUNCTIONS, MAKERS, Made, SourceError, UnknownNamesError, made, symbols
from lrcli.scripts import names
from lrcli.scripts.loops import loop_of
from lrcli.scripts.scope import (
    FrameScope,
    asks_for_existence,
    enumerate_names,
    is_main,
    is_rate,
    leaves,
    merge,
    replace,
)
from lrcli.scripts.source import Source
from lrcli.scripts.values import (
    BACKWARD,
    LOAD,
    OPTIMIZE,
    SET_RATE,
    STEP,
    UPDATE,
    Class,
    Condition,
    Either,
    Event,
    Function,
    Instance,
    Items,
    Known,
    Loop,
    Opaque,
    Optimizer,
    Scheduler,
    Value,
    alternatives,
    either,
    mentions_of,
    within,
)
from lrcli.scripts.values import Mapping as Dictionary

DEEPEST = 6
"""Calls of functions of the file within one another that are followed."""

MOST_CALLS = 400
"""Calls of functions of the file that are followed in all."""

Names = dict[str, Value]


class Frame:
    """One call of a function, or the module: its names, and where it stands."""

    def __init__(self, number: int, function: str, outer: Mapping[str, Value], me: Instance | None = None) -> None:
        self.number = number
        self.function = function
        self.names: Names = {}
        self.outer = outer
        self.me = me
        self.my_name = ""
        self.returned: Value | None = None


class Follower:
    """Reads one file; `events` and `schedulers` are what it found, in order."""

    def __init__(self, source: Source, tree: ast.Module) -> None:
        self.source = source
        self.events: list[Event] = []
        self.schedulers: list[Scheduler] = []
        self.optimizers: list[Optimizer] = []
        self.imported: dict[str, str] = {}
        self.classes: list[Class] = []
        self.functions: list[Function] = []
        self.instances: list[Instance] = []
        self.loops: tuple[Loop, ...] = ()
        self.conditions: tuple[Condition, ...] = ()
        self.path: tuple[int, ...] = ()
        self.called: set[ast.AST] = set()
        self.returned: dict[ast.AST, Value] = {}
        self.order = 0
        self.frames = 0
        self.frame = Frame(0, "", {})
        self.module = self.frame
        functions = []
        self.mentioned: set[str] = set()
        self.making: list[int] = []
        self.stepping: list[ast.Call] = []
        self.makers = {*symbols(), *MAKERS}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.append(node)
            elif isinstance(node, ast.Call):
                symbol = names.symbol(node.func)
                self.mentioned.add(symbol)
                if symbol in self.makers or symbol in names.OPTIMIZERS:
                    self.making.append(node.lineno)
                elif symbol in ("step", "step_update"):
                    self.stepping.append(node)
            else:
                self._import(node)
        self.relevant = names.relevant(functions, source.lines)
        self.block(tree.body)
        self._rest()

    def _import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.imported[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else ""
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self.imported[alias.asname or alias.name] = f"{'.' * node.level}{node.module or ''}.{alias.name}"

    def _rest(self) -> None:
        """Whatever nothing in the file calls is called from elsewhere: each function once, each class as one object."""
        for function in sorted(self.functions, key=lambda function: self._turn(function.node)):
            if function.node in self.relevant - self.called:
                self.call(function, [], {}, None)
        for cls in self.classes:
            objects = [instance for instance in self.instances if instance.of is cls]
            me = objects[0] if objects else self.instance(cls, [], {}, None)
            for node in sorted(cls.methods.values(), key=self._turn):
                if node in self.relevant - self.called:
                    self.call(Function(node, self.module, me), [], {}, None)

    def _turn(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[bool, bool]:
        """Those that nothing in the file calls come first, and of them those that make something."""
        makes = any(node.lineno <= line <= (node.end_lineno or 0) for line in self.making)
        return node.name in self.mentioned, not makes

    # What is written.

    def block(self, statements: list[ast.stmt]) -> None:
        """Statements in order."""
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """One statement."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = Function(node, self.frame)
            self.functions.append(function)
            self.frame.names[node.name] = function
        elif isinstance(node, ast.ClassDef):
            methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)}
            cls = Class(node, methods)
            self.classes.append(cls)
            self.frame.names[node.name] = cls
        elif isinstance(node, ast.Assign):
            value = self.value(node.value)
            for target in node.targets:
                self.bind(target, value, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.bind(node.target, self.value(node.value), node.value)
        elif isinstance(node, ast.AugAssign):
            self.value(node.value)
            self.bind(node.target, Opaque(names.text(node.target)), node.value)
        elif isinstance(node, ast.Return):
            if node.value is not None:
                value = self.value(node.value)
                self.frame.returned = either(self.frame.returned, value)
                if not self.path:
                    self.escape(value)
        elif isinstance(node, ast.If):
            self._branches(node)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            self._loop(node)
        elif isinstance(node, ast.With | ast.AsyncWith):
            self._with(node)
        elif isinstance(node, ast.Try):
            self.block(node.body)
            for handler in node.handlers:
                self._under(Condition(handler, True, "except"), handler.body)
            self.block(node.orelse)
            self.block(node.finalbody)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                self._under(Condition(case, True, "case"), case.body)
        else:
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr):
                    self.value(part)

    def _under(self, condition: Condition, body: list[ast.stmt]) -> None:
        before = self.conditions
        self.conditions = (*before, condition)
        self.block(body)
        self.conditions = before

    def _branches(self, node: ast.If) -> None:
        self.value(node.test)
        test = names.text(node.test)
        if is_main(test) or asks_for_existence(node.test):
            self.block(node.body)
            before = self.snapshot()
            self._under(Condition(node, False, test), node.orelse)
            self.merge(before)
            return
        before = self.snapshot()
        self._under(Condition(node, True, test), node.body)
        after = self.snapshot()
        self.restore(before)
        self._under(Condition(node, False, test), node.orelse)
        if leaves(node.body):
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
            for name in names.targets(node.target):
                self.frame.names[name] = Opaque(name, frozenset([name]))
            if isinstance(over, Items) and over.values and isinstance(node.target, ast.Name):
                self.frame.names[node.target.id] = Either(over.values)
        before = self.loops
        self.loops = (*before, loop)
        self.block(node.body)
        self.loops = before
        self.block(node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        conditions = self.conditions
        for item in node.items:
            value = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value, item.context_expr)
            text = names.text(item.context_expr)
            if ".accumulate(" in text or "no_grad" in text or "inference_mode" in text:
                self.conditions = (*self.conditions, Condition(item.context_expr, True, f"with {text}"))
        self.block(node.body)
        self.conditions = conditions

    def bind(self, target: ast.expr, value: Value, node: ast.expr) -> None:
        """Give a target its value."""
        if isinstance(target, ast.Name):
            self.frame.names[target.id] = self._named(target, value)
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value) if isinstance(target.value, ast.Name) else None
            if isinstance(owner, Instance):
                owner.attributes[target.attr] = self._named(target, value)
            else:
                self.frame.names[names.text(target)] = self._named(target, value)
        elif isinstance(target, ast.Tuple | ast.List):
            several = value.values if isinstance(value, Items) and len(value.values) == len(target.elts) else []
            for place, item in enumerate(target.elts):
                part = several[place] if several else Opaque(names.text(item), mentions_of(value))
                # timm's factory returns the scheduler and the number of epochs.
                if place == 0 and len(target.elts) == 2 and any(isinstance(v, Scheduler) for v in alternatives(value)):
                    part = value
                self.bind(item.value if isinstance(item, ast.Starred) else item, part, node)
        elif isinstance(target, ast.Subscript):
            if is_rate(target):
                self.event(SET_RATE, target, Opaque(names.text(target.value)), (self.value(node),), None)
            self.escape(value)

    def _named(self, target: ast.expr, value: Value) -> Value:
        """A value under a name that says what it is, where nothing else does."""
        text = names.text(target)
        if isinstance(value, Opaque) and text.rpartition(".")[2].lower() in names.CALLED_OPTIMIZER:
            return self._optimizer(target, made=False)
        return value

    # What it is worth.

    def value(self, node: ast.expr) -> Value:
        """What an expression stands for; whatever happens in it happens."""
        if isinstance(node, ast.Constant):
            return Known(node.value, node)
        if isinstance(node, ast.Name):
            return self.lookup(node.id) or self._unknown(node)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.List | ast.Tuple):
            if any(isinstance(item, ast.Starred) for item in node.elts):
                return self._mixed(node)
            return Items([self.value(item) for item in node.elts])
        if isinstance(node, ast.Dict) and all(
            isinstance(k, ast.Constant) and isinstance(k.value, str) for k in node.keys
        ):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            return Dictionary({str(k): self.value(v) for k, v in zip(keys, node.values, strict=True)})
        if isinstance(node, ast.IfExp):
            self.value(node.test)
            return either(self.value(node.body), self.value(node.orelse)) or self._mixed(node)
        if isinstance(node, ast.NamedExpr):
            value = self.value(node.value)
            self.bind(node.target, value, node.value)
            return value
        if isinstance(node, ast.Await):
            return self.value(node.value)
        if isinstance(node, ast.Subscript):
            return self._item(node)
        return self._mixed(node)

    def lookup(self, name: str) -> Value | None:
        """What a name stands for."""
        return self.frame.names.get(name) or self.frame.outer.get(name)

    def _unknown(self, node: ast.expr) -> Value:
        text = names.text(node)
        if text.rpartition(".")[2].lower() in names.CALLED_OPTIMIZER and text.partition(".")[0] not in self.imported:
            optimizer = self._optimizer(node, made=False)
            self.bind(node, optimizer, node)
            return optimizer
        return Opaque(text, frozenset([text]))

    def _optimizer(self, node: ast.expr, made: bool) -> Optimizer:
        self.order += 1
        optimizer = Optimizer(node, made, self.order)
        self.optimizers.append(optimizer)
        return optimizer

    def _attribute(self, node: ast.Attribute) -> Value:
        text = names.text(node)
        if text in self.frame.names:
            return self.frame.names[text]
        owner = self.value(node.value)
        if isinstance(owner, Instance):
            if node.attr in owner.attributes:
                return owner.attributes[node.attr]
            if node.attr in owner.of.methods:
                return Function(owner.of.methods[node.attr], self.module, owner)
            return self._unknown(node)
        if text in self.frame.outer:
            return self.frame.outer[text]
        if isinstance(owner, Opaque) and node.attr not in names.CALLED_OPTIMIZER and owner.text.isidentifier():
            text = f"{owner.text}.{node.attr}"
            return Opaque(text, frozenset([text]))
        if isinstance(owner, Opaque):
            return self._unknown(node)
        return Opaque(text, mentions_of(owner) | {text})

    def _item(self, node: ast.Subscript) -> Value:
        owner, key = self.value(node.value), self.value(node.slice)
        if isinstance(key, Known):
            if (
                isinstance(owner, Items)
                and isinstance(key.value, int)
                and -len(owner.values) <= key.value < len(owner.values)
            ):
                return owner.values[key.value]
            if isinstance(owner, Dictionary) and key.value in owner.values:
                return owner.values[key.value]
        self.escape(owner)
        text = names.text(node)
        return Opaque(text, mentions_of(owner) | {text})

    def _mixed(self, node: ast.expr) -> Value:
        """Arithmetic and all else: a number where it is one, or else what it is made of."""
        parts = [self.value(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        if all(isinstance(part, Known | Items) for part in parts):
            with contextlib.suppress(UnknownNamesError, SourceError, RecursionError):
                return Known(FrameScope(self).value(node), node)
        mentions = frozenset([*(text for part in parts for text in mentions_of(part))])
        return Opaque(self.expanded(node), mentions)

    def expanded(self, node: ast.expr) -> str:
        """An expression as it is written, a name in the place of another that it was assigned."""
        if isinstance(node, ast.Name | ast.Attribute):
            value = self.lookup(node.id) if isinstance(node, ast.Name) else None
            if isinstance(value, Opaque):
                return value.text
        return names.text(node)

    # What is called.

    def _call(self, node: ast.Call) -> Value:
        name = names.dotted(node.func)
        symbol = name.rpartition(".")[2]
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        owner = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        arguments = [self.value(argument) for argument in node.args]
        keywords = {keyword.arg or "**": self.value(keyword.value) for keyword in node.keywords}
        family = self.family(name)
        if family and symbol in self.makers:
            return self._scheduler(node, symbol, family, arguments, keywords)
        if (symbol in names.OPTIMIZERS or (".optim." in f".{name}" and symbol[:1].isupper())) and not self.lookup(name):
            return self._optimizer(node, made=True)
        if owner is not None and self._happens(node, method, owner, arguments, keywords):
            return Opaque(names.text(node))
        function = self.value(node.func) if not isinstance(node.func, ast.Call) else None
        if isinstance(function, Function):
            return self.call(function, arguments, keywords, node) or Opaque(names.text(node))
        if isinstance(function, Class):
            return self.instance(function, arguments, keywords, node)
        if method == "prepare" or name in ("amp.initialize",):
            for each in (each for argument in arguments for each in alternatives(argument)):
                if isinstance(each, Scheduler):
                    each.prepared = True
            found = [
                Opaque(f"{value.text} (prepared)", value.mentions | {f"prepared:{value.text}"})
                if isinstance(value, Opaque)
                else value
                for value in arguments
            ]
            return found[0] if len(found) == 1 else Items(list(found))
        if not names.HARMLESS.search(symbol or method):
            for value in (*arguments, *keywords.values()):
                self.escape(value)
        if method in ("append", "extend") or symbol == "setattr":
            for value in arguments:
                self.escape(value)
        return self._mixed_call(node, name, arguments)

    def _mixed_call(self, node: ast.Call, name: str, arguments: list[Value]) -> Value:
        if name in FUNCTIONS and all(isinstance(argument, Known | Items) for argument in arguments):
            with contextlib.suppress(UnknownNamesError, SourceError, RecursionError):
                return Known(FrameScope(self).value(node), node)
        text = f"{name or names.text(node.func)}({', '.join(map(self.expanded, node.args))})"
        mentions = frozenset(text for value in arguments for text in mentions_of(value))
        return Opaque(text if node.args else names.text(node), mentions | {text})

    def family(self, name: str) -> str:
        """The framework that a dotted name belongs to, by the imports; "" where they do not say."""
        first = name.partition(".")[0]
        if self.lookup(first) is not None:
            return ""
        module = self.imported.get(first)
        if module is None:
            return ""
        module = module or first
        package = module.partition(".")[0]
        return package if package in names.FRAMEWORKS else ""

    def _scheduler(
        self, node: ast.Call, symbol: str, family: str, arguments: list[Value], keywords: dict[str, Value]
    ) -> Value:
        found: Made | None = None
        with contextlib.suppress(UnknownNamesError, SourceError, RecursionError):
            found = made(node, FrameScope(self), self.source.text)
        by_name = {**dict(enumerate_names(symbol, arguments)), **keywords}
        self.order += 1
        optimizer = by_name.get("optimizer") or Opaque("")
        scheduler = Scheduler(
            node, symbol, family, optimizer, by_name, found, self.order, self.frame.number, self.loops
        )
        for value in (*arguments, *keywords.values()):
            for each in within(value):
                if isinstance(each, Scheduler):
                    scheduler.children.append(each)
        self.schedulers.append(scheduler)
        return scheduler

    def _happens(
        self, node: ast.Call, method: str, owner: Value, arguments: list[Value], keywords: dict[str, Value]
    ) -> bool:
        """Record what a call of a method does to a scheduler or an optimizer; whether it was one of those."""
        values = (*arguments, *keywords.values())
        several = list(alternatives(owner))
        if method in ("step", "step_update") and several and all(isinstance(each, Scheduler) for each in several):
            self.event(STEP if method == "step" else UPDATE, node, owner, values, node)
        elif method == "step" and several and all(isinstance(each, Optimizer) for each in several):
            self.event(OPTIMIZE, node, owner, values, node)
        elif method == "step" and arguments and all(isinstance(each, Optimizer) for each in alternatives(arguments[0])):
            self.event(OPTIMIZE, node, arguments[0], values, node)  # GradScaler, or accelerate's
        elif method == "backward":
            self.event(BACKWARD, node, owner, (owner, *values), node)
        elif method == "load_state_dict" and all(isinstance(each, Scheduler | Optimizer) for each in several):
            self.event(LOAD, node, owner, values, node)
        else:
            return False
        return True

    def event(
        self, kind: str, node: ast.expr, target: Value, arguments: tuple[Value, ...], call: ast.Call | None
    ) -> None:
        """Record something that happens here."""
        self.order += 1
        self.events.append(
            Event(
                kind, node, target, arguments, call, self.loops, self.conditions, self.frame.function, self.order,
                self.path,
            )
        )  # fmt: skip

    def escape(self, value: Value | None) -> None:
        """From here on others may do things to it that the file does not show."""
        for each in within(value):
            if isinstance(each, Scheduler):
                each.escaped = True
                for child in each.children:
                    child.escaped = True
            elif isinstance(each, Optimizer):
                each.escaped = True
            elif isinstance(each, Instance):
                for attribute in each.attributes.values():
                    if attribute is not each:
                        for inner in alternatives(attribute):
                            if isinstance(inner, Scheduler | Optimizer):
                                inner.escaped = True

    def call(
        self, function: Function, arguments: list[Value], keywords: dict[str, Value], node: ast.Call | None
    ) -> Value | None:
        """Follow a call of a function of the file; what it returns, None where that is not known."""
        if function.node not in self.relevant and function.node.name != "__init__":
            return None
        number = id(function.node)
        if number in self.path or len(self.path) >= DEEPEST or self.frames > MOST_CALLS:
            for value in (*arguments, *keywords.values()):
                self.escape(value)
            return None
        self.called.add(function.node)
        self.frames += 1
        outer = self.frame
        scope = function.scope
        visible = self.module.names if scope is self.module else {**scope.outer, **scope.names}
        frame = Frame(self.frames, function.node.name, visible, function.owner)
        parameters = [argument.arg for argument in (*function.node.args.posonlyargs, *function.node.args.args)]
        static = any(names.dotted(decorator) == "staticmethod" for decorator in function.node.decorator_list)
        if function.owner is not None and parameters and not static:
            frame.my_name = parameters[0]
            frame.names[parameters[0]] = function.owner
            parameters = parameters[1:]
        before = self.loops, self.conditions, self.path
        self.frame = frame
        if node is None:
            self.loops, self.conditions = (), ()
        else:
            self.path = (*self.path, number)
        defaults = function.node.args.defaults
        for name, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
            if node is not None:
                frame.names[name] = self.value(default)
        frame.names |= dict(zip(parameters, arguments, strict=False))
        frame.names |= {name: value for name, value in keywords.items() if name != "**"}
        for name in (*parameters, *(argument.arg for argument in function.node.args.kwonlyargs)):
            if name not in frame.names:
                frame.names[name] = self._unknown(ast.copy_location(ast.Name(name, ast.Load()), function.node))
        self.block(function.node.body)
        self.frame = outer
        self.loops, self.conditions, self.path = before
        if frame.returned is not None:
            self.returned[function.node] = frame.returned
        return frame.returned

    def instance(
        self, cls: Class, arguments: list[Value], keywords: dict[str, Value], node: ast.Call | None
    ) -> Instance:
        """Follow the making of an object of a class of the file."""
        me = Instance(cls, {})
        if node is not None:
            self.instances.append(me)
        for statement in cls.node.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                me.attributes[statement.targets[0].id] = self.value(statement.value)
        if "__init__" in cls.methods:
            self.call(Function(cls.methods["__init__"], self.module, me), arguments, keywords, node)
        else:
            for value in (*arguments, *keywords.values()):
                self.escape(value)
        return me
