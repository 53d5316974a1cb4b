"""What a rule about scripts is made of: the script as it was followed, and problems that stand at a node of it."""

import ast
import contextlib
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple, cast

from lrcli.checks.rule import Find, rule
from lrcli.scripts import names
from lrcli.scripts.follow import Follower
from lrcli.scripts.names import LOADER
from lrcli.scripts.source import ScriptText
from lrcli.scripts.values import (
    BATCHES,
    EPOCHS,
    OPTIMIZE,
    STEP,
    UPDATE,
    Event,
    Known,
    Loop,
    Opaque,
    Scheduler,
    Value,
    alternatives,
    mentions_of,
    optimizers_of,
    schedulers_of,
    text_of,
)

TORCH = ("torch", "transformers", "diffusers")
"""Packages whose schedulers are torch's objects."""


class Located(NamedTuple):
    """A problem and where it stands."""

    node: ast.expr
    message: str
    hint: str = ""
    severity: str = ""


class Script:
    """A script, followed."""

    def __init__(self, source: ScriptText, tree: ast.Module) -> None:
        self.source = source
        self.tree = tree
        self.follower = Follower(source, tree)
        self.events = self.follower.events
        self.schedulers = self.follower.schedulers

    def where(self, node: ast.expr) -> str:
        """Where something stands, as a message says it."""
        place = self.source.place(node.lineno, 0, node.lineno, 0)
        return f"line {place.line}" + (f" of cell {place.cell}" if place.cell is not None else "")

    def usual(self, value: Value | None) -> Any:
        """The number that a value is, or that an option of the command line is by default; None where none is said."""
        if not isinstance(value, Opaque) or not _OPTION.fullmatch(value.text):
            return number(value)
        written = value.text.rpartition(".")[2].replace("_", "[-_]")
        added = rf"""add_argument\([^()]*["']--{written}["'][^()]*\bdefault=([\d.e-]+)\s*[,)]"""
        several = set(re.findall(added, self.source.text))
        with contextlib.suppress(ValueError, SyntaxError):
            return ast.literal_eval(several.pop()) if len(several) == 1 else None
        return None

    @cached_property
    def children(self) -> set[Scheduler]:
        """The schedulers that are part of another."""
        return {child for scheduler in self.schedulers for child in scheduler.children}

    @cached_property
    def steps(self) -> list[tuple[Event, list[Scheduler]]]:
        """The calls of scheduler.step(), each with the schedulers that it may be."""
        return [(event, schedulers_of(event.target)) for event in self.events if event.kind == STEP]

    def steps_of(self, scheduler: Scheduler, kinds: tuple[str, ...] = (STEP,)) -> list[Event]:
        """The calls that step a scheduler, or may."""
        return [e for e in self.events if e.kind in kinds and any(each is scheduler for each in alternatives(e.target))]

    def optimizing(self, scheduler: Scheduler) -> list[Event]:
        """The calls of optimizer.step() of a scheduler's optimizer; none where it is not known which that is."""
        own = optimizers_of(scheduler.optimizer)
        if not own:
            return []
        return [
            event
            for event in self.events
            if event.kind == OPTIMIZE and any(each in own for each in optimizers_of(event.target))
        ]

    def is_known(self, scheduler: Scheduler) -> bool:
        """Whether nothing outside the file may step the scheduler or its optimizer."""
        return not scheduler.escaped and not any(each.escaped for each in optimizers_of(scheduler.optimizer))

    @cached_property
    def unresolved(self) -> bool:
        """Whether something is stepped that is called a scheduler, and is not known."""
        known = {event.call for event in self.events if event.kind in (STEP, UPDATE)}
        return self.follower.is_cut or any(
            isinstance(node.func, ast.Attribute)
            and node not in known
            and "sched" in names.text(node.func.value).lower()
            for node in self.follower.stepping
        )


_OPTION = re.compile(r"(?:\w+\.)*\w+")
"""An option of the command line, as a script reads it: args.epochs."""


def is_within(inner: tuple[Loop, ...], outer: tuple[Loop, ...]) -> bool:
    """Whether the loops `inner` stand in the loops `outer`, or are the same."""
    return len(inner) >= len(outer) and all(a.node is b.node for a, b in zip(inner, outer, strict=False))


def same(one: tuple[Loop, ...], other: tuple[Loop, ...]) -> bool:
    """Whether two things stand in the same loops."""
    return len(one) == len(other) and is_within(one, other)


def always(event: Event, other: Event) -> bool:
    """Whether `event` happens whenever `other` does: its conditions are among those of `other`."""
    return event.conditions == other.conditions[: len(event.conditions)]


def counts_batches(value: Value | None) -> str:
    """The length of a loader that a value is made of; "" where there is none."""
    for text in sorted(mentions_of(value)):
        if text.startswith("len(") and LOADER.search(text):
            return text
        if text.endswith("estimated_stepping_batches"):
            return text
    return ""


def counts_steps(name: str, value: Value) -> str:
    """What says that a length is counted in batches: a loader's length, or the name of what it is; "" if nothing does.

    For a script that steps the scheduler once an epoch.
    """
    counted = counts_batches(value)
    if counted or not isinstance(value, Opaque | Known):
        return counted
    text = text_of(value)
    if name == "steps_per_epoch":
        return text if isinstance(value, Opaque) or number(value) not in (None, 1) else ""
    factors = text.split(" * ") if isinstance(value, Opaque) else []
    are_names = all(re.fullmatch(r"[\w.]+", factor) for factor in factors)
    return text if are_names and any(_STEPS.search(factor.lower()) for factor in factors) else ""


_STEPS = re.compile(
    r"^(?!.*epoch).*(?:\b|_)(total|max|train|training|num|n|warmup)_?(train|training|update|optimi[sz]er)?_?"
    r"(steps|iters|iterations|updates)$|(?:\b|_)(?:steps|iters|iterations|batches)_per_epoch$"
)
"""A name of a number of batches, as the whole of a length or as a factor of it."""

WHOLE = ("total_steps", "num_training_steps", "T_max", "total_iters")
PARTS = ("steps_per_epoch", "step_size_up", "T_0", "step_size")
"""Arguments that are lengths: of the whole schedule, and of a part of it."""


def lengths(scheduler: Scheduler) -> Iterator[tuple[str, Value]]:
    """The arguments that say how long a scheduler is, those of the parts of a sequence too."""
    for name in (*WHOLE, *PARTS):
        if name in scheduler.arguments:
            yield name, scheduler.arguments[name]
    for child in scheduler.children[-1:]:
        yield from lengths(child)


def innermost(event: Event) -> str:
    """The kind of the innermost loop."""
    return event.loops[-1].kind if event.loops else ""


def is_per_epoch(event: Event) -> bool:
    """Whether something stands in a loop over epochs, and in no loop within it."""
    return innermost(event) == EPOCHS


def is_per_batch(event: Event) -> bool:
    """Whether something stands in a loop over batches that stands in a loop over epochs."""
    return innermost(event) == BATCHES and any(loop.kind == EPOCHS for loop in event.loops[:-1])


def is_per_round(event: Event) -> bool:
    """Whether something stands in a loop over whatever, no list that is written out, within a loop over epochs."""
    over = event.loops[-1].over if event.loops else ""
    return innermost(event) == "" and over[:1] not in "[(" and any(loop.kind == EPOCHS for loop in event.loops[:-1])


def number(value: Value | None) -> Any:
    """The number that a value is; None where it is not known."""
    return value.value if isinstance(value, Known) and isinstance(value.value, int | float) else None


def passes_anything(event: Event) -> bool:
    return event.call is None or bool(event.call.args or event.call.keywords)


def gives_epoch(event: Event) -> bool:
    """Whether the first argument, or one called epoch, is the variable of a loop over epochs."""
    if event.call is None:
        return False
    given = [*event.call.args[:1], *(each.value for each in event.call.keywords if each.arg == "epoch")]
    if not given:
        return False
    first = given[0]
    if isinstance(first, ast.BinOp) and isinstance(first.right, ast.Constant):
        first = first.left
    name = names.dotted(first)
    return bool(name) and any(loop.kind == EPOCHS and name in loop.variables for loop in event.loops)


FindLocated = Callable[[Script], Iterator[Located]]


def script_rule(code: str, name: str, severity: str) -> Callable[[FindLocated], FindLocated]:
    """Declare a rule about scripts. Bad and Good in its docstring are Python."""

    def declare(find: FindLocated) -> FindLocated:
        rule(code, name, severity, Script)(cast(Find, find))
        return find

    return declare
