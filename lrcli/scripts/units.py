"""LR905 to LR907: what a schedule counts, and how often it is stepped."""

import ast
import re
from collections.abc import Iterator

from lrcli.checks.rule import WARNING
from lrcli.schedules.pytorch import MultiStep
from lrcli.scripts import names
from lrcli.scripts.names import EPOCH, HELD_OUT, STEPS
from lrcli.scripts.rule import (
    TORCH,
    WHOLE,
    Located,
    Script,
    always,
    counts_batches,
    counts_steps,
    is_per_batch,
    is_per_epoch,
    is_per_round,
    is_within,
    lengths,
    number,
    same,
    script_rule,
)
from lrcli.scripts.values import (
    EPOCHS,
    STEP,
    UPDATE,
    Event,
    Loop,
    Opaque,
    Scheduler,
    text_of,
)


@script_rule("LR905", "steps-stepped-per-epoch", WARNING)
def steps_per_epoch(script: Script) -> Iterator[Located]:
    """A schedule whose length is counted in batches is stepped once an epoch: only its beginning runs.

    Cause:
        A scheduler has no unit: one call of step() is one tick. A length of len(loader) * epochs needs step() after
        every optimizer.step().

    Bad:
        scheduler = OneCycleLR(optimizer, max_lr=0.1, epochs=10, steps_per_epoch=len(train_loader))
        for epoch in range(10):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Good:
        scheduler = OneCycleLR(optimizer, max_lr=0.1, epochs=10, steps_per_epoch=len(train_loader))
        for epoch in range(10):
            for batch in train_loader:
                optimizer.step()
                scheduler.step()
    Source:
        Lightning #5631 #6948 #3869 #4466; pytorch #65417
    """
    for scheduler in script.schedulers:
        events = script.steps_of(scheduler)
        if scheduler in script.children or scheduler.is_plateau or scheduler.family not in TORCH:
            continue
        if not events or scheduler.escaped or not all(map(is_per_epoch, events)):
            continue
        counted = next(_counted(scheduler, events[0].loops[-1]), None)
        if counted and _trains_in(script, scheduler, events[0]):
            yield Located(
                events[0].node,
                f"{scheduler.symbol} counts in batches ({counted}), but is stepped once an epoch",
                "call scheduler.step() after every optimizer.step(), or give the length in epochs",
            )


def _trains_in(script: Script, scheduler: Scheduler, event: Event) -> bool:
    """Whether batches are trained on within the loop of an event: here, or by someone who has the optimizer."""
    optimizing = script.optimizing(scheduler)
    if script.is_known(scheduler) or optimizing:
        return any(len(o.loops) > len(event.loops) and is_within(o.loops, event.loops) for o in optimizing)
    return any(counts_batches(value) for _, value in lengths(scheduler))


def _counted(scheduler: Scheduler, loop: Loop) -> Iterator[str]:
    """The lengths of a scheduler that are counted in batches, other than the length of the loop that steps it."""
    for name, value in lengths(scheduler):
        counted = counts_steps(name, value)
        if counted and counted not in (loop.bound, text_of(scheduler.arguments.get("epochs"))):
            yield f"{name} {'is' if counted == text_of(value) else 'has'} {counted}"
    function = _lambda(scheduler)
    counted = counts_batches(scheduler.arguments.get("lr_lambda"))
    if counted and function is not None and not EPOCH.search(function.args.args[0].arg) and not _is_scaled(function):
        yield f"its function has {counted}"


def _lambda(scheduler: Scheduler) -> ast.Lambda | None:
    """LambdaLR's function, where it is written out and takes one argument."""
    for node in [*scheduler.node.args, *(keyword.value for keyword in scheduler.node.keywords)]:
        if isinstance(node, ast.Lambda) and len(node.args.args) == 1:
            return node
    return None


def _is_scaled(function: ast.Lambda) -> bool:
    """Whether a function multiplies what it is given: an epoch, to count batches."""
    return any(
        isinstance(part, ast.BinOp)
        and isinstance(part.op, ast.Mult)
        and function.args.args[0].arg in (names.text(part.left), names.text(part.right))
        for part in ast.walk(function.body)
    )


@script_rule("LR906", "epochs-stepped-per-batch", WARNING)
def epochs_per_batch(script: Script) -> Iterator[Located]:
    """A schedule whose length is counted in epochs is stepped after every batch: it is over within the first epochs.

    Cause:
        A scheduler has no unit: one call of step() is one tick. T_max=epochs, milestones of epochs, or a gamma for an
        epoch need step() once an epoch.

    Bad:
        scheduler = CosineAnnealingLR(optimizer, T_max=epochs)
        for epoch in range(epochs):
            for batch in train_loader:
                optimizer.step()
                scheduler.step()
    Good:
        scheduler = CosineAnnealingLR(optimizer, T_max=epochs)
        for epoch in range(epochs):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        hazdzz/STGCN #18; cszn/KAIR #101; bshall/Tacotron #3; catalyst #464
    """
    for event, several in script.steps:
        if len(several) != 1 or event.arguments or several[0].family not in TORCH:
            continue
        (scheduler,) = several
        if not (is_per_batch(event) or is_per_round(event)) or any(map(is_per_epoch, script.steps_of(scheduler))):
            continue
        optimizing = [o for o in script.optimizing(scheduler) if same(o.loops, event.loops)]
        if not optimizing or not all(always(event, o) for o in optimizing):
            continue
        outer = next(loop for loop in reversed(event.loops) if loop.kind == EPOCHS)
        why = (in_epochs if is_per_batch(event) else as_many_epochs)(script, scheduler, outer)
        if why and not HELD_OUT.search(event.loops[-1].over):
            yield Located(
                event.node,
                f"{scheduler.symbol} counts in epochs ({why}), but is stepped after every batch",
                "call scheduler.step() once an epoch, or give its lengths in batches",
            )


def as_many_epochs(script: Script, scheduler: Scheduler, loop: Loop) -> str:
    """Why the length of a scheduler is the number of epochs, in a loop over those; "" where that is not sure."""
    for name, value in lengths(scheduler):
        same_text = loop.bound and text_of(value) == loop.bound and not loop.bound.isdigit()
        if name in WHOLE and (same_text or (loop.most is not None and loop.most > 1 and number(value) == loop.most)):
            return f"{name} is {text_of(value)}, as many as there are epochs"
        if name in WHOLE and _is_epochs(text_of(value)):
            return f"{name} is {text_of(value)}"
    return ""


def in_epochs(script: Script, scheduler: Scheduler, loop: Loop) -> str:
    """Why the lengths of a scheduler are epochs, in a loop over those; "" where that is not sure."""
    if why := as_many_epochs(script, scheduler, loop):
        return why
    epochs = script.usual(Opaque(loop.bound)) if loop.most is None else loop.most
    function = scheduler.arguments.get("lr_lambda")
    if isinstance(function, Opaque) and _of_epochs(scheduler):
        return "its function is one of the epoch"
    gamma = script.usual(scheduler.arguments.get("gamma"))
    if epochs is None or epochs < 5:
        return ""
    if scheduler.symbol == "ExponentialLR" and gamma is not None and 0 < gamma < 1 and gamma**epochs < LEAST_LEFT:
        return f"gamma is {gamma}, for {epochs} epochs"
    if scheduler.made is not None and isinstance(scheduler.made.schedule, MultiStep):
        last = max(scheduler.made.schedule.milestones, default=0)
        if epochs / 3 <= last <= epochs:
            return f"its last milestone is {last}, of {epochs} epochs"
    if scheduler.symbol == "StepLR":
        size = script.usual(scheduler.arguments.get("step_size"))
        decay = 0.1 if gamma is None else gamma
        few = size and epochs / 10 <= size <= epochs and decay <= MOST_LEFT
        if few or (size and size <= epochs and 0 < decay < 1 and decay ** (epochs // size) < LEAST_LEFT):
            return f"step_size is {size}, of {epochs} epochs"
    return ""


_EPOCHS = re.compile(r"(?:[\w.]*epochs?|\d+)(?: [-+] (?:[\w.]*epochs?|\d+))*", re.IGNORECASE)
"""A number of epochs by its names: args.epochs - warmup_epochs."""


def _is_epochs(text: str) -> bool:
    """Whether a length is a number of epochs, by the names in it."""
    return (
        _EPOCHS.fullmatch(text) is not None
        and not text.isdigit()
        and not re.search(r"(?i)per|step|iter|batch|in_", text)
    )


MOST_LEFT = 0.5
"""Share of the rate that a drop leaves, above which it is no drop of a whole training."""

LEAST_LEFT = 0.01
"""Share of the rate that is left at the end of a run, below which a decay is one for each epoch, not each batch."""


def _of_epochs(scheduler: Scheduler) -> bool:
    """Whether LambdaLR's function takes what it calls an epoch, and compares it with a number of epochs."""
    function = _lambda(scheduler)
    if function is None or not EPOCH.search(function.args.args[0].arg):
        return False
    used = [names.dotted(part) for part in ast.walk(function.body) if isinstance(part, ast.Name | ast.Attribute)]
    others = [name for name in used if name and name != function.args.args[0].arg]
    return any(map(EPOCH.search, others)) and not any(map(STEPS.search, others))


@script_rule("LR907", "never-stepped", WARNING)
def never_stepped(script: Script) -> Iterator[Located]:
    """The scheduler is made and never stepped: the rate stays where its constructor left it.

    Cause:
        Nothing but scheduler.step() moves the rate.

    Bad:
        scheduler = CosineAnnealingLR(optimizer, T_max=90)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
    Good:
        scheduler = CosineAnnealingLR(optimizer, T_max=90)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        torch.optim documentation, "How to adjust learning rate"
    """
    if script.unresolved:
        return
    for scheduler in script.schedulers:
        if scheduler in script.children or scheduler.escaped or script.steps_of(scheduler, (STEP, UPDATE)):
            continue
        if any(o.loops and o.order > scheduler.order for o in script.optimizing(scheduler)):
            yield Located(
                scheduler.node,
                f"{scheduler.symbol} is never stepped: the rate does not move",
                "call scheduler.step() after optimizer.step()",
            )
