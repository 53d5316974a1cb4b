"""What names in a script stand for, as far as the text says so."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from lrcli.pasted import Made


class Loop(NamedTuple):
    """A loop that something stands in."""

    node: ast.For | ast.AsyncFor | ast.While
    kind: str
    """EPOCHS, BATCHES, or "" where the text does not say."""
    over: str
    """What is looped over, as it stands, names replaced by what they were assigned."""
    times: int | None
    """How often, where it is a number and nothing leaves the loop early."""
    most: int | None
    """How often at most, where it is a number."""
    bound: str
    """The expression that says how often, names replaced; "" where there is none."""
    variables: tuple[str, ...]


EPOCHS, BATCHES = "epochs", "batches"

DEEPEST_TEXT = 20
"""Assignments that are looked through to say what something is made of."""


@dataclass(eq=False)
class Known:
    """A number, text or list that the script says."""

    value: Any
    node: ast.expr


class Opaque:
    """Something that is not followed: how it is written, and all that it is made of. Both are found when asked for."""

    def __init__(self, written: "str | Callable[[], str]", *of: "Value", named: bool = False, extra: str = "") -> None:
        self.depth = 1
        for each in of:
            if isinstance(each, Opaque) and each.depth >= self.depth:
                self.depth = each.depth + 1
        self._written = written
        self._of = of if self.depth < DEEPEST_TEXT else ()
        self._named = named
        self._extra = extra

    @cached_property
    def text(self) -> str:
        """How it is written, names replaced by what they were assigned."""
        return self._written if isinstance(self._written, str) else self._written()

    @cached_property
    def mentions(self) -> frozenset[str]:
        """All names and calls that it is made of."""
        own = [self.text] * self._named + [self._extra] * bool(self._extra)
        return frozenset(own).union(*map(mentions_of, self._of))


@dataclass(eq=False)
class Optimizer:
    """An optimizer where it is made, or the name of one that comes from elsewhere."""

    node: ast.expr
    made: bool
    order: int
    escaped: bool = False


@dataclass(eq=False)
class Scheduler:
    """A scheduler where it is made."""

    node: ast.Call
    symbol: str
    family: str
    """torch, transformers or timm: where it was imported from."""
    optimizer: "Value"
    arguments: dict[str, "Value"]
    made: Made | None
    """The schedule, where all its arguments are known."""
    order: int
    frame: int
    """Which call of which function made it."""
    loops: tuple[Loop, ...]
    children: list["Scheduler"] = field(default_factory=list)
    escaped: bool = False
    prepared: bool = False

    @property
    def is_plateau(self) -> bool:
        """Whether it looks at a metric."""
        return self.symbol in ("ReduceLROnPlateau", "PlateauLRScheduler", "get_reduce_on_plateau_schedule")


@dataclass(eq=False)
class Function:
    """A function of the file; `owner` is the object that it is a method of."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    scope: Any
    """The frame in which it was defined."""
    owner: "Instance | None" = None


@dataclass(eq=False)
class Class:
    """A class of the file."""

    node: ast.ClassDef
    methods: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
    constants: "dict[str, Value] | None" = None
    """What its body assigns, once that was asked for."""


@dataclass(eq=False)
class Instance:
    """An object of a class of the file."""

    of: Class
    attributes: dict[str, "Value"]


@dataclass(eq=False)
class Items:
    """A list or tuple whose items are known."""

    values: list["Value"]


@dataclass(eq=False)
class Mapping:
    """A dict with text as keys."""

    values: dict[str, "Value"]


@dataclass(eq=False)
class Either:
    """One of several, depending on what the script finds out when it runs."""

    values: list["Value"]


Value = Known | Opaque | Optimizer | Scheduler | Function | Class | Instance | Items | Mapping | Either


def alternatives(value: Value | None) -> Iterator[Value]:
    """What a value may be."""
    if isinstance(value, Either):
        for each in value.values:
            yield from alternatives(each)
    elif value is not None:
        yield value


def either(first: Value | None, second: Value | None) -> Value | None:
    """What a name is after two branches; None where one of them says nothing."""
    if first is second or second is None:
        return first
    if first is None:
        return second
    several = list(dict.fromkeys([*alternatives(first), *alternatives(second)]))
    nothing = [value for value in several if not (isinstance(value, Known) and value.value is None)]
    several = nothing or several
    return several[0] if len(several) == 1 else Either(several)


def within(value: Value | None) -> Iterator[Value]:
    """A value and all that it holds."""
    for each in alternatives(value):
        yield each
        if isinstance(each, Items):
            for item in each.values:
                yield from within(item)
        elif isinstance(each, Mapping):
            for item in each.values.values():
                yield from within(item)


def held(value: Value | None) -> Iterator[Scheduler | Optimizer]:
    """The schedulers and optimizers in a value, and in all that it holds."""
    for each in within(value):
        yield from _held_by(each)


def names_in(value: Value) -> dict[str, Value]:
    """What something holds by name."""
    if isinstance(value, Mapping):
        return value.values
    if isinstance(value, Instance):
        return value.attributes
    return (value.constants or {}) if isinstance(value, Class) else {}


def _held_by(value: Value) -> Iterator[Scheduler | Optimizer]:
    """The schedulers and optimizers that someone has who has a value."""
    if isinstance(value, Scheduler):
        yield value
        yield from value.children
    elif isinstance(value, Optimizer):
        yield value
    elif isinstance(value, Instance):
        for attribute in value.attributes.values():
            for each in alternatives(attribute):
                if isinstance(each, Scheduler | Optimizer):
                    yield each


def schedulers_of(value: Value | None) -> list[Scheduler]:
    """The schedulers that a value may be; empty where it may be anything else too."""
    several = list(alternatives(value))
    found = [each for each in several if isinstance(each, Scheduler)]
    return found if len(found) == len(several) else []


def optimizers_of(value: Value | None) -> list[Optimizer]:
    """The optimizers that a value may be; empty where it may be anything else too."""
    several = list(alternatives(value))
    found = [each for each in several if isinstance(each, Optimizer)]
    return found if len(found) == len(several) else []


def text_of(value: Value | None) -> str:
    """How a value is written."""
    if isinstance(value, Known):
        return repr(value.value)
    return value.text if isinstance(value, Opaque) else ""


def mentions_of(value: Value | None) -> frozenset[str]:
    """All names and calls that a value is made of."""
    found: frozenset[str] = frozenset()
    for each in within(value):
        found |= each.mentions if isinstance(each, Opaque) else frozenset()
    return found


@dataclass(frozen=True)
class Condition:
    """A branch that something stands in, or a `with` that decides what happens in it."""

    node: ast.AST
    branch: bool
    written: "str | Value" = field(compare=False)
    loops: int = field(compare=False)
    """How many loops stand around it."""

    @cached_property
    def test(self) -> str:
        """How its test is written, a name replaced by what it was assigned."""
        return self.written if isinstance(self.written, str) else text_of(self.written)

    @property
    def is_every_nth(self) -> bool:
        """Whether it holds once in n rounds: if i % n == 0, or after if i % n: continue."""
        return "%" in self.test and ("==" in self.test or "not " in self.test) == self.branch


class Event(NamedTuple):
    """Something that happens to a scheduler or an optimizer, where the text says that it does."""

    kind: str
    node: ast.expr
    target: Value
    arguments: tuple[Value, ...]
    call: ast.Call | None
    loops: tuple[Loop, ...]
    conditions: tuple[Condition, ...]
    function: str
    order: int
    path: tuple[int, ...]
    """The calls of functions of the file that led here."""


STEP, UPDATE, OPTIMIZE, BACKWARD, LOAD, SET_RATE, CLIP = (
    "step",
    "step_update",
    "optimize",
    "backward",
    "load",
    "set_rate",
    "clip",
)
"""Kinds of events: scheduler.step(), timm's step_update(), optimizer.step(), loss.backward(), load_state_dict(), and a
rate set by hand."""
