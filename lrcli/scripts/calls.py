"""Calls in a script: what makes a scheduler, what steps one, and functions of the file, which are followed."""

import ast
import contextlib
from abc import abstractmethod

from lrcli.pasted import FUNCTIONS, Made, SourceError, UnknownNamesError, made
from lrcli.scripts import names
from lrcli.scripts.evaluate import METHODS, Evaluator, Frame
from lrcli.scripts.outline import AnyFunction
from lrcli.scripts.scope import FrameScope, enumerate_names
from lrcli.scripts.values import (
    BACKWARD,
    LOAD,
    OPTIMIZE,
    STEP,
    UPDATE,
    Class,
    Condition,
    Event,
    Function,
    Instance,
    Items,
    Known,
    Opaque,
    Optimizer,
    Scheduler,
    Value,
    alternatives,
    within,
)
from lrcli.scripts.values import Mapping as Dictionary

DEEPEST = 6
"""Calls of functions of the file within one another that are followed."""

MOST_CALLS = 400
"""Calls of functions of the file that are followed in all."""


class Caller(Evaluator):
    """Follows calls."""

    @abstractmethod
    def block(self, statements: list[ast.stmt]) -> None:
        """Statements in order."""

    def _call(self, node: ast.Call) -> Value:
        name = names.dotted(node.func)
        symbol = name.rpartition(".")[2]
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method == BACKWARD and not _calls_something(node):
            self.event(BACKWARD, node, Opaque(""), (), node)
            return Opaque("")
        foreign = self.is_imported(name)
        owner = self.value(node.func.value) if isinstance(node.func, ast.Attribute) and not foreign else None
        arguments = [self.value(argument) for argument in node.args]
        keywords = {keyword.arg or "**": self.value(keyword.value) for keyword in node.keywords}
        if symbol in self.makers and (family := self.family(name)):
            return self._scheduler(node, symbol, family, arguments, keywords)
        if names.is_optimizer(name) and not self.lookup(name):
            return self._wrapped(arguments) or self._optimizer(node, made=True)
        if symbol == "Accelerator":
            self.accelerators.append(keywords)
        if method in (STEP, UPDATE):
            self.stepping.append(node)
        if owner is not None and self._happens(node, method, owner, arguments, keywords):
            return Opaque(lambda: names.text(node))
        if foreign or isinstance(node.func, ast.Call):
            function = None
        elif isinstance(node.func, ast.Attribute) and owner is not None:
            function = self.attribute_of(owner, node.func)
        else:
            function = self.value(node.func)
        if isinstance(function, Function):
            return self.call(function, arguments, keywords, node) or Opaque(lambda: names.text(node))
        if isinstance(function, Class):
            return self.instance(function, arguments, keywords, node)
        if symbol in ROUNDS and (rounds := _rounds(name, method, owner, arguments)) is not None:
            return rounds
        if method == "prepare" or name == "amp.initialize":
            return self._prepared(arguments)
        if not names.is_harmless(symbol or method) or method in ("append", "extend") or symbol == "setattr":
            for value in (*arguments, *keywords.values()):
                self.escape(value)
        if names.changes(symbol or method):
            for each in (owner, *arguments, *keywords.values()):
                self.forget(each)
        if name == "dict" and not arguments and "**" not in keywords:
            return Dictionary(keywords)
        if name in FUNCTIONS and all(isinstance(argument, Known | Items) for argument in arguments):
            known = self.literal(node, node)
            if known is not None:
                return known
        return self._unfollowed(node, name, arguments)

    def _unfollowed(self, node: ast.Call, name: str, arguments: list[Value]) -> Opaque:
        def written() -> str:
            pairs = zip(node.args, arguments, strict=True)
            texts = [value.text if isinstance(value, Opaque) else names.text(part) for part, value in pairs]
            return f"{name or names.text(node.func)}({', '.join(texts)})"

        return Opaque(written if node.args else lambda: names.text(node), *arguments, named=True)

    def _wrapped(self, arguments: list[Value]) -> Value | None:
        """The optimizer that another is made of: Lookahead(optimizer)."""
        several = list(alternatives(arguments[0])) if arguments else []
        return arguments[0] if several and all(isinstance(each, Optimizer) for each in several) else None

    def _prepared(self, arguments: list[Value]) -> Value:
        """What accelerator.prepare() returns."""
        for each in (each for argument in arguments for each in alternatives(argument)):
            if isinstance(each, Scheduler):
                each.prepared = True
        found = [self._loader_prepared(value) if isinstance(value, Opaque) else value for value in arguments]
        return found[0] if len(found) == 1 else Items(found)

    def _loader_prepared(self, value: Opaque) -> Opaque:
        return Opaque(lambda: f"{value.text} (prepared)", value, named=True)

    def is_imported(self, name: str) -> bool:
        """Whether a dotted name comes from another module."""
        first = name.partition(".")[0]
        return first in self.outline.imported and self.lookup(first) is None

    def family(self, name: str) -> str:
        """The framework that a dotted name belongs to, by the imports; "" where they do not say."""
        if not self.is_imported(name):
            return ""
        first = name.partition(".")[0]
        package = (self.outline.imported[first] or first).partition(".")[0]
        return package if package in names.FRAMEWORKS else ""

    def _scheduler(
        self, node: ast.Call, symbol: str, family: str, arguments: list[Value], keywords: dict[str, Value]
    ) -> Value:
        found: Made | None = None
        with contextlib.suppress(UnknownNamesError, SourceError):
            found = made(node, FrameScope(self), self.source.text)
        by_name = {**dict(enumerate_names(symbol, arguments)), **keywords}
        self.order += 1
        frame = self.frame.number
        scheduler = Scheduler(node, symbol, family, Opaque(""), by_name, found, self.order, frame, self.loops)
        scheduler.children = [
            each for value in (*arguments, *keywords.values()) for each in within(value) if isinstance(each, Scheduler)
        ]
        if "optimizer" in by_name:
            scheduler.optimizer = by_name["optimizer"]
        elif scheduler.children:
            scheduler.optimizer = scheduler.children[0].optimizer
        self.schedulers.append(scheduler)
        return scheduler

    def _happens(
        self, node: ast.Call, method: str, owner: Value, arguments: list[Value], keywords: dict[str, Value]
    ) -> bool:
        """Record what a call of a method does to a scheduler or an optimizer; whether it was one of those."""
        values = (*arguments, *keywords.values())
        if method == BACKWARD:
            self.event(BACKWARD, node, owner, (), node)
            return True
        if method not in METHODS:
            return False
        several = list(alternatives(owner))
        if method in (STEP, UPDATE) and several and all(isinstance(each, Scheduler) for each in several):
            self.event(method, node, owner, values, node)
        elif method == STEP and several and all(isinstance(each, Optimizer) for each in several):
            self.event(OPTIMIZE, node, owner, values, node)
        elif method == STEP and arguments and all(isinstance(each, Optimizer) for each in alternatives(arguments[0])):
            self.event(OPTIMIZE, node, arguments[0], values, node)  # GradScaler, or accelerate's
        elif method == "load_state_dict" and all(isinstance(each, Scheduler | Optimizer) for each in several):
            self.event(LOAD, node, owner, values, node)
        else:
            return False
        return True

    def call(
        self, function: Function, arguments: list[Value], keywords: dict[str, Value], node: ast.Call | None
    ) -> Value | None:
        """Follow a call of a function of the file, or the function by itself; what it returns, where that is known."""
        if function.node not in self.outline.relevant and function.node.name != "__init__":
            return None
        number = id(function.node)
        plain = all(map(_is_plain, (*arguments, *keywords.values())))
        if plain and node is not None and function.node in self.alone:
            return self.alone[function.node]
        if number in self.path or len(self.path) >= DEEPEST or self.frames > MOST_CALLS:
            self.is_cut = self.is_cut or number not in self.path
            for value in (*arguments, *keywords.values()):
                self.escape(value)
            return None
        self.called.add(function.node)
        self.frames += 1
        frame = self._frame(function, arguments, keywords, with_defaults=node is not None)
        before = self.frame, self.loops, self.conditions, self.path
        happened, order = len(self.events), self.order
        self.frame = frame
        if node is None:
            self.loops, self.conditions = (), ()
        else:
            self.path = (*self.path, number)
        for decorator in function.node.decorator_list:
            if names.is_without_gradients(decorator):
                self.conditions = (*self.conditions, Condition(decorator, True, "with no_grad", len(self.loops)))
        self.block(function.node.body)
        self.frame, self.loops, self.conditions, self.path = before
        alone = plain and node is not None and function.owner is None and _is_plain(frame.returned)
        if alone and self._is_alone(self.events[happened:], order):
            self.alone[function.node] = frame.returned
        if frame.returned is not None:
            self.returned[function.node] = frame.returned
        return frame.returned

    def _is_alone(self, events: list[Event], order: int) -> bool:
        """Whether all that happened was done to what was made after a place in the order: another call is the same."""
        done = [each for event in events for each in alternatives(event.target)]
        return any(isinstance(each, Scheduler) for each in done) and all(
            each.order > order if isinstance(each, Scheduler | Optimizer) else True for each in done
        )

    def _frame(
        self, function: Function, arguments: list[Value], keywords: dict[str, Value], with_defaults: bool
    ) -> Frame:
        """The names of a function when it begins."""
        scope = function.scope
        visible = self.module.names if scope is self.module else {**scope.outer, **scope.names}
        frame = Frame(self.frames, function.node.name, visible, function.owner)
        parameters = _parameters(function.node)
        if function.owner is not None and parameters and not _is_static(function.node):
            frame.my_name = parameters[0]
            frame.names[parameters[0]] = function.owner
            self.outline.marks.mark_word(parameters[0], with_parts=False)
            parameters = parameters[1:]
        outer, self.frame = self.frame, frame
        if with_defaults:
            defaults = function.node.args.defaults
            for name, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
                frame.names[name] = self.value(default)
        for name, value in {**dict(zip(parameters, arguments, strict=False)), **keywords}.items():
            if name != "**":
                self.put(name, value)
        for name in (*parameters, *(argument.arg for argument in function.node.args.kwonlyargs)):
            if name not in frame.names:
                frame.names[name] = self._unknown(ast.copy_location(ast.Name(name, ast.Load()), function.node))
        self.frame = outer
        return frame

    def instance(
        self, cls: Class, arguments: list[Value], keywords: dict[str, Value], node: ast.Call | None
    ) -> Instance:
        """Follow the making of an object of a class of the file."""
        me = Instance(cls, {})
        if node is not None:
            self.instances.append(me)
        me.attributes |= self.constants(cls)
        if "__init__" not in cls.methods and any(map(names.is_dataclass, cls.node.decorator_list)):
            me.attributes |= dict(zip(_fields(cls.node), arguments, strict=False))
            me.attributes |= {name: value for name, value in keywords.items() if name != "**"}
        if "__init__" in cls.methods:
            self.call(Function(cls.methods["__init__"], self.module, me), arguments, keywords, node)
        else:
            for value in (*arguments, *keywords.values()):
                self.escape(value)
        return me


def _is_plain(value: Value | None) -> bool:
    """Whether a value has to do with no optimizer, no scheduler, and no function or object of the file."""
    return all(isinstance(each, Known | Opaque | Items | Dictionary) for each in within(value))


def _calls_something(node: ast.Call) -> bool:
    """Whether a call is given what another returns, or is one of its methods, other than scaler.scale(loss)."""
    several = [node.func.value if isinstance(node.func, ast.Attribute) else node.func, *node.args]
    return any(isinstance(part, ast.Call) and names.symbol(part.func) != "scale" for part in several)


ROUNDS = ("zip", "enumerate", "list", "tuple", "reversed", "values", "items")
"""What makes something to loop over of another."""


def _rounds(name: str, method: str, owner: Value | None, arguments: list[Value]) -> Items | None:
    """What a loop goes over that is made of known lists: zip(), enumerate(), and the parts of a dict."""
    lists = [value.values for value in arguments if isinstance(value, Items)]
    if isinstance(owner, Dictionary) and not arguments and method in ("values", "items"):
        pairs = [[Opaque(repr(key)), value] for key, value in owner.values.items()]
        return Items([Items(pair) if method == "items" else pair[1] for pair in pairs])
    if not lists or len(lists) < len(arguments):
        return None
    if name == "zip" and len({len(each) for each in lists}) == 1:
        return Items([Items(list(several)) for several in zip(*lists, strict=True)])
    if name == "enumerate":
        return Items([Items([Opaque("place"), value]) for value in lists[0]])
    return Items(lists[0]) if name in ("list", "tuple", "reversed") else None


def _parameters(node: AnyFunction) -> list[str]:
    return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]


def _fields(node: ast.ClassDef) -> list[str]:
    """The fields of a dataclass."""
    return [
        part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    ]


def _is_static(node: AnyFunction) -> bool:
    return any(names.dotted(decorator) == "staticmethod" for decorator in node.decorator_list)
