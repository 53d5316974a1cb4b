"""What the expressions of a script stand for, as far as the text says so. What it does not say stays unknown."""

import ast
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from lrcli.pasted import MAKERS, SourceError, UnknownNamesError, symbols
from lrcli.scripts import names
from lrcli.scripts.outline import Outline
from lrcli.scripts.scope import FrameScope, Names, is_rate
from lrcli.scripts.source import ScriptText
from lrcli.scripts.values import (
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
    held,
    names_in,
    within,
)
from lrcli.scripts.values import Mapping as Dictionary

METHODS = (STEP, UPDATE, "load_state_dict")
"""The methods that do something to a scheduler or an optimizer."""


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


class Evaluator(ABC):
    """Gives every expression its value, in the frame that is followed; `events` and `schedulers` are what it found."""

    def __init__(self, source: ScriptText, tree: ast.Module) -> None:
        self.source = source
        self.makers = {*symbols(), *MAKERS}
        self.outline = Outline(source.text, tree, self.makers)
        self.events: list[Event] = []
        self.schedulers: list[Scheduler] = []
        self.optimizers: list[Optimizer] = []
        self.stepping: list[ast.Call] = []
        """All calls of a method called step."""
        self.accelerators: list[dict[str, Value]] = []
        """What each Accelerator was made of."""
        self.loops: tuple[Loop, ...] = ()
        self.conditions: tuple[Condition, ...] = ()
        self.path: tuple[int, ...] = ()
        self.order = 0
        self.called: set[ast.AST] = set()
        """The functions of the file that were followed."""
        self.returned: dict[ast.AST, Value] = {}
        self.alone: dict[ast.AST, Value | None] = {}
        """The functions that do everything to what they make themselves, and what they return: followed once."""
        self.instances: list[Instance] = []
        self.frames = 0
        self.is_cut = False
        """Whether a call was not followed because it would take too long."""
        self.frame = Frame(0, "", {})
        self.module = self.frame

    @abstractmethod
    def _call(self, node: ast.Call) -> Value:
        """What a call returns; what it does happens."""

    def value(self, node: ast.expr) -> Value:
        """What an expression stands for; whatever happens in it happens."""
        evaluate = _KINDS.get(type(node))
        return evaluate(self, node) if evaluate is not None else self._mixed(node)

    def _constant(self, node: ast.Constant) -> Value:
        return Known(node.value, node)

    def _name(self, node: ast.Name) -> Value:
        return self.lookup(node.id) or self._unknown(node)

    def _text(self, node: ast.JoinedStr) -> Value:
        return Opaque(lambda: names.text(node))

    def _sequence(self, node: ast.List | ast.Tuple) -> Value:
        if any(isinstance(item, ast.Starred) for item in node.elts):
            return self._mixed(node)
        return Items([self.value(item) for item in node.elts])

    def _dictionary(self, node: ast.Dict) -> Value:
        keys = names.keys(node)
        if keys is None:
            return self._mixed(node)
        return Dictionary({key: self.value(value) for key, value in zip(keys, node.values, strict=True)})

    def _choice(self, node: ast.IfExp) -> Value:
        self.value(node.test)
        return either(self.value(node.body), self.value(node.orelse)) or self._mixed(node)

    def _assigned(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.bind(node.target, value, node.value)
        return value

    def _awaited(self, node: ast.Await) -> Value:
        return self.value(node.value)

    # Names.

    def lookup(self, name: str) -> Value | None:
        """What a name stands for."""
        return self.frame.names.get(name) or self.frame.outer.get(name)

    def put(self, name: str, value: Value) -> None:
        """Give a name its value; a statement on a line where one stands that holds a scheduler is followed."""
        self.frame.names[name] = value
        kind = type(value)
        if kind is Opaque or kind is Known:
            return
        if isinstance(value, Function | Class):
            if value.node.name != name:
                self.outline.marks.mark_word(name)
        elif self.holds(value) or (isinstance(value, Instance) and self.outline.is_relevant(value.of.node)):
            self.outline.marks.mark_word(name.rpartition(".")[2], with_parts=not isinstance(value, Instance))

    def _unknown(self, node: ast.expr) -> Value:
        text = names.text(node)
        called = text.rpartition(".")[2].lower() in names.CALLED_OPTIMIZER
        if called and text.partition(".")[0] not in self.outline.imported:
            optimizer = self._optimizer(node, made=False)
            self.bind(node, optimizer, node)
            return optimizer
        return Opaque(text, named=True)

    def _optimizer(self, node: ast.expr, made: bool) -> Optimizer:
        self.order += 1
        optimizer = Optimizer(node, made, self.order)
        self.optimizers.append(optimizer)
        return optimizer

    def _attribute(self, node: ast.Attribute) -> Value:
        return self.frame.names.get(names.dotted(node)) or self.attribute_of(self.value(node.value), node)

    def attribute_of(self, owner: Value, node: ast.Attribute) -> Value:
        """What an attribute of something stands for."""
        text = names.dotted(node)
        if text in self.frame.names:
            return self.frame.names[text]
        if node.attr in METHODS:
            self.escape(owner)  # Whoever has scheduler.step may call it.
        if isinstance(owner, Instance):
            if node.attr in owner.attributes:
                return owner.attributes[node.attr]
            if node.attr in owner.of.methods:
                return Function(owner.of.methods[node.attr], self.module, owner)
            return self._unknown(node)
        if text in self.frame.outer:
            return self.frame.outer[text]
        if isinstance(owner, Class) and node.attr in (constants := self.constants(owner)):
            return constants[node.attr]
        if not text or not isinstance(owner, Opaque):
            return Opaque(text or (lambda: names.text(node)), owner, named=True)
        if node.attr not in names.CALLED_OPTIMIZER and owner.text.isidentifier():
            return Opaque(f"{owner.text}.{node.attr}", named=True)
        return self._unknown(node)

    def constants(self, cls: Class) -> dict[str, Value]:
        """What the body of a class assigns."""
        if cls.constants is None:
            cls.constants = {}
            # A base class may take its fields from elsewhere: from the command line, or the environment.
            are_fields = not cls.node.bases or any(map(names.is_dataclass, cls.node.decorator_list))
            for statement in cls.node.body if cls.node.name not in self.outline.changed else ():
                if isinstance(statement, ast.Assign) or (are_fields and isinstance(statement, ast.AnnAssign)):
                    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                    if isinstance(target, ast.Name) and statement.value is not None:
                        cls.constants[target.id] = self.value(statement.value)
        return cls.constants

    def bind(self, target: ast.expr, value: Value, node: ast.expr) -> None:
        """Give a target its value."""
        if isinstance(target, ast.Name):
            if self.frame is self.module and target.id in self.outline.changed:
                self.forget(value)
                value = Opaque(target.id, named=True) if isinstance(value, Known) else value
            self.put(target.id, self._named(target, value))
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value) if isinstance(target.value, ast.Name) else None
            if isinstance(owner, Instance):
                owner.attributes[target.attr] = self._named(target, value)
                if self.holds(value):
                    self.outline.marks.mark_word(target.attr)
            elif isinstance(owner, Class):
                self._put(self.constants(owner), target.attr, value)
            else:
                self.escape(value)  # Whoever has the object has it too.
                self.put(names.text(target), self._named(target, value))
        elif isinstance(target, ast.Tuple | ast.List):
            several = value.values if isinstance(value, Items) and len(value.values) == len(target.elts) else []
            if not several and isinstance(value, Items):
                self.escape(value)
            for place, item in enumerate(target.elts):
                part = several[place] if several else Opaque(names.text(item), value)
                # timm's factory returns the scheduler and the number of epochs.
                if place == 0 and len(target.elts) == 2 and any(isinstance(v, Scheduler) for v in alternatives(value)):
                    part = value
                self.bind(item.value if isinstance(item, ast.Starred) else item, part, node)
        elif isinstance(target, ast.Subscript):
            if is_rate(target):
                self.event(SET_RATE, target, Opaque(names.text(target.value)), (self.value(node),), None)
            owner = self.value(target.value)
            key = target.slice.value if isinstance(target.slice, ast.Constant) else None
            if isinstance(owner, Dictionary) and isinstance(key, str):
                self._put(owner.values, key, value)
            else:
                self.forget(owner)
                self.escape(value)

    def _put(self, held: Names, name: str, value: Value) -> None:
        """Give a name in something its value; under a condition it may be the old one too."""
        held[name] = (either(held.get(name), value) if self.conditions else None) or value

    def _named(self, target: ast.expr, value: Value) -> Value:
        """A value under a name that says what it is, where nothing else does."""
        text = names.text(target)
        if isinstance(value, Opaque) and text.rpartition(".")[2].lower() in names.CALLED_OPTIMIZER:
            return self._optimizer(target, made=False)
        return value

    # Parts and mixtures.

    def _item(self, node: ast.Subscript) -> Value:
        owner, key = self.value(node.value), self.value(node.slice)
        if isinstance(key, Known):
            if isinstance(owner, Items) and isinstance(key.value, int):
                if -len(owner.values) <= key.value < len(owner.values):
                    return owner.values[key.value]
            elif isinstance(owner, Dictionary) and key.value in owner.values:
                return owner.values[key.value]
        elif isinstance(owner, Items | Dictionary):
            parts = list(owner.values.values()) if isinstance(owner, Dictionary) else owner.values
            if parts and all(isinstance(part, Optimizer) for part in parts):
                return Either(parts)
        self.escape(owner)
        return Opaque(lambda: names.text(node), owner, named=True)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        before = dict(self.frame.names)
        for generator in node.generators:
            self.bind_each(generator.target, self.value(generator.iter))
            for test in generator.ifs:
                self.value(test)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        values = [self.value(result) for result in results]
        self.frame.names = before
        if self.holds(values[-1]):
            # One stands for them all.
            return Dictionary({names.text(node.key): values[-1]}) if isinstance(node, ast.DictComp) else Items(values)
        return Opaque(lambda: names.text(node), *values)

    def bind_each(self, target: ast.expr, over: Value) -> None:
        """Give the target of a loop what it may be in each round."""
        several = over.values if isinstance(over, Items) else []
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else []
        if several and isinstance(target, ast.Name):
            self.put(target.id, Either(several))
        elif several and all(isinstance(each, Items) and len(each.values) == len(parts) for each in several):
            for place, part in enumerate(parts):
                self.bind_each(part, Items([each.values[place] for each in several if isinstance(each, Items)]))
        else:
            self.escape(over)
            for name in names.targets(target):
                self.frame.names[name] = Opaque(name, named=True)

    def _mixed(self, node: ast.expr) -> Value:
        """Arithmetic and all else: a number where it is one, or else what it is made of."""
        values = [self.value(part) for part in names.parts(node)]
        known = self.arithmetic(node, values)
        return known if known is not None else Opaque(lambda: names.text(node), *values)

    def arithmetic(self, node: ast.expr, values: list[Value]) -> Known | None:
        """The number that an operation on numbers is; None where it is none."""
        if not all(isinstance(value, Known) for value in values):
            return None
        several = [ast.Constant(value.value) for value in values if isinstance(value, Known)]
        if isinstance(node, ast.BinOp):
            return self.literal(ast.BinOp(several[0], node.op, several[1]), node)
        if isinstance(node, ast.UnaryOp):
            return self.literal(ast.UnaryOp(node.op, several[0]), node)
        return self.literal(node, node) if isinstance(node, ast.Compare) else None

    def literal(self, node: ast.expr, written: ast.expr) -> Known | None:
        """The number, text or list that an expression is; None where it is none."""
        with contextlib.suppress(UnknownNamesError, SourceError):
            return Known(FrameScope(self).value(node), written)
        return None

    # What happens.

    def event(
        self, kind: str, node: ast.expr, target: Value, arguments: tuple[Value, ...], call: ast.Call | None
    ) -> None:
        """Record something that happens here."""
        self.order += 1
        place = self.loops, self.conditions, self.frame.function, self.order, self.path
        self.events.append(Event(kind, node, target, arguments, call, *place))

    def release(self) -> None:
        """Let go of what was followed: functions hold the names that hold them, and with them the syntax tree."""
        self.module.names.clear()
        self.called.clear()
        self.outline.relevant.clear()

    def holds(self, value: Value) -> bool:
        """Whether there is a scheduler or an optimizer in a value."""
        if type(value) in _HOLD_NOTHING:
            return False
        return next(held(value), None) is not None

    def escape(self, value: Value | None) -> None:
        """From here on others may do things to it that the file does not show."""
        if type(value) in _HOLD_NOTHING:
            return
        for thing in held(value):
            thing.escaped = True

    def forget(self, value: Value | None) -> None:
        """From here on others may have changed the numbers that it holds."""
        if type(value) in _HOLD_NOTHING:
            return
        for each in within(value):
            held = names_in(each)
            for name, number in held.items():
                if isinstance(number, Known):
                    held[name] = Opaque(name, named=True)


_HOLD_NOTHING = (Opaque, Known)
"""Values in which there are no others."""


_KINDS: dict[type[ast.expr], Callable[[Evaluator, Any], Value]] = {
    ast.Constant: Evaluator._constant,
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Call: lambda evaluator, node: evaluator._call(node),
    ast.JoinedStr: Evaluator._text,
    ast.Subscript: Evaluator._item,
    ast.List: Evaluator._sequence,
    ast.Tuple: Evaluator._sequence,
    ast.Dict: Evaluator._dictionary,
    ast.IfExp: Evaluator._choice,
    ast.NamedExpr: Evaluator._assigned,
    ast.Await: Evaluator._awaited,
    ast.ListComp: Evaluator._comprehension,
    ast.SetComp: Evaluator._comprehension,
    ast.GeneratorExp: Evaluator._comprehension,
    ast.DictComp: Evaluator._comprehension,
}
"""How each kind of expression is evaluated; any other is a mixture of its parts."""
