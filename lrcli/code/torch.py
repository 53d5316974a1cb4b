"""PyTorch: its own schedulers as they are; any other schedule as a scheduler class with the formula in it."""

import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from lrcli.code import refusal
from lrcli.code.loop import literal, loop, optimizer
from lrcli.run import Run
from lrcli.schedules.base import Absolute, Schedule
from lrcli.schedules.expression import Expression
from lrcli.schedules.family import PYTORCH
from lrcli.schedules.plateau import Plateau

PLAIN = (int, float, str, bool, type(None))


def write(schedule: Schedule, run: Run) -> str:
    """The source. Raises InputError for what has no form here."""
    composed = run.warmed_up(schedule) if not isinstance(schedule, Plateau) else schedule
    writer = Writer(run)
    made = writer.made(composed)
    ticks = run.length(composed) if not isinstance(schedule, Plateau) else run.total or 100
    if isinstance(schedule, Plateau):
        step = ["metric = 1.0  # your validation, after the epoch", "scheduler.step(metric)"]
    else:
        step = ["scheduler.step()"]
    lines = [
        f"# {schedule.spec}",
        *sorted(writer.imports | {"import torch"}, key=lambda line: (line.startswith("from"), line)),
        "",
        *writer.definitions,
        *optimizer(composed, run),
        *textwrap.dedent(f"scheduler = {made}").splitlines(),
        "",
        *loop(run, ticks, step),
    ]
    return "\n".join(lines) + "\n"


class Writer:
    """Gathers what the constructors of a schedule need before them."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.imports: set[str] = set()
        self.definitions: list[str] = []

    def made(self, schedule: Schedule, indent: str = "") -> str:
        """The expression that constructs the scheduler."""
        if schedule.reference.family is not PYTORCH:
            return self._formula(schedule)
        module, _, symbol = schedule.reference.source.rpartition(".")
        self.imports.add(f"from {module} import {symbol}")
        arguments = list(self._arguments(schedule, indent + "    "))
        if any(declared.is_many for declared, _ in schedule.items()):
            lines = "".join(f"\n{indent}    {argument}," for argument in ["optimizer=optimizer", *arguments])
            return f"{symbol}({lines}\n{indent})"
        return f"{symbol}({', '.join(['optimizer', *arguments])})"

    def _arguments(self, schedule: Schedule, indent: str) -> Iterator[str]:
        for declared, value in schedule.items():
            if isinstance(value, Expression):
                yield f"lr_lambda={self._lambdas(value)}"
            elif declared.is_many:
                children = "".join(f"\n{indent}    {self.made(child, indent + '    ')}," for child in value)
                yield f"{declared.name}=[{children}\n{indent}]"
            elif declared.required or isinstance(value, tuple) or value != declared.default:
                yield f"{declared.name}={literal(value)}"

    def _lambdas(self, expression: Expression) -> str:
        names = {
            name for name in ("sqrt", "cos", "sin", "exp", "log", "floor", "ceil", "pi") if name in expression.text
        }
        if names:
            self.imports.add(f"from math import {', '.join(sorted(names))}")
        if "base_lr" not in expression.text:
            return f"lambda t: {expression.text}"
        each = [f"lambda t, base_lr={lr!r}: {expression.text}" for lr in self.run.lrs]
        return each[0] if len(each) == 1 else f"[{', '.join(each)}]"

    def _formula(self, schedule: Schedule) -> str:
        """A scheduler class with the formula of the declaration, for schedules that torch does not have."""
        bound = [schedule.bind(group, self.run.lrs) for group in range(len(self.run.lrs))]
        if not isinstance(schedule, Absolute) or any(other != bound[0] for other in bound[1:]):
            raise refusal(schedule, "torch", "a formula with other values for each parameter group has no short form")
        name = "".join(part.capitalize() for part in schedule.reference.name.split("-")) + "LR"
        if all(f"class {name}(" not in line for line in self.definitions):
            self.definitions += [*self._class(name, bound[0]), "", ""]
        return f"{name}(optimizer)"

    def _class(self, name: str, schedule: Schedule) -> Iterator[str]:
        reference = schedule.reference
        used = list(dict.fromkeys(members(type(schedule), "at")))
        sources = {member: textwrap.dedent(inspect.getsource(unwrapped(type(schedule), member))) for member in used}
        if any(isinstance(inspect.getattr_static(type(schedule), member), cached_property) for member in used):
            self.imports.add("from functools import cached_property")
        helpers = dict(helper for member in used for helper in globals_of(unwrapped(type(schedule), member)))
        for helper, value in helpers.items():
            if inspect.ismodule(value):
                self.imports.add(f"import {value.__name__}")
            elif inspect.isfunction(value) and value.__module__.startswith("lrcli"):
                yield from (*without_docstring(inspect.getsource(value)).splitlines(), "", "")
            elif isinstance(value, (*PLAIN, tuple)):
                yield from (f"{helper} = {value!r}", "")
            else:
                self.imports.add(f"from {value.__module__.lstrip('_')} import {helper}")
        yield f"class {name}(torch.optim.lr_scheduler.LRScheduler):"
        yield f'    """{reference.exact_to}."""'
        yield ""
        for declared, value in schedule.items():
            if isinstance(value, PLAIN):
                yield f"    {declared.name} = {value!r}"
            else:
                self.imports.add("from types import SimpleNamespace")
                fields = (
                    ", ".join(f"{key}={item!r}" for key, item in vars(value).items())
                    if hasattr(value, "__dict__")
                    else ""
                )
                yield f"    {declared.name} = {f'SimpleNamespace({fields})' if fields else repr(value)}"
        for key, value in vars(schedule).items():
            if key not in schedule.params() and isinstance(value, PLAIN) and not key.startswith("_"):
                yield f"    {key} = {value!r}"
        for member in used:
            yield ""
            yield from textwrap.indent(without_docstring(sources[member]), "    ").splitlines()
        yield ""
        yield "    def get_lr(self):"
        yield "        return [self.at(self.last_epoch, base_lr) for base_lr in self.base_lrs]"


def unwrapped(cls: type, member: str) -> Any:
    """The function behind a method or property of the class."""
    found: Any = inspect.getattr_static(cls, member)
    return inspect.unwrap(getattr(found, "fget", None) or getattr(found, "func", found))


def members(cls: type, name: str) -> Iterator[str]:
    """The methods and properties of `cls` that `name` needs, itself first."""
    fields = {field.name for field in dataclasses.fields(cls)}
    waiting, seen = [name], set[str]()
    while waiting:
        member = waiting.pop()
        if member in seen:
            continue
        seen.add(member)
        yield member
        names = unwrapped(cls, member).__code__.co_names
        waiting += [
            other
            for other in names
            if other not in fields
            and (
                callable(inspect.getattr_static(cls, other, None))
                or isinstance(inspect.getattr_static(cls, other, None), property | cached_property)
            )
        ]


def globals_of(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """The names outside the function that it uses, those that its helpers use first."""
    for name in function.__code__.co_names:
        if name in function.__globals__:
            value = function.__globals__[name]
            if inspect.isfunction(value) and value.__module__.startswith("lrcli"):
                yield from globals_of(value)
            yield name, value


def without_docstring(source: str) -> str:
    """The source of a function without its docstring and annotations: what a reader of a training loop wants."""
    import ast

    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for argument in node.args.args:
                argument.annotation = None
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)
