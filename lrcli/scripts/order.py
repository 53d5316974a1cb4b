"""LR901, LR908 to LR911: where step() stands in the loop."""

import ast
from collections.abc import Iterator

from lrcli.checks.rule import WARNING
from lrcli.scripts.names import HELD_OUT, TRAINED_ON
from lrcli.scripts.rule import (
    TORCH,
    Located,
    Script,
    always,
    counts_steps,
    innermost,
    is_per_batch,
    is_per_epoch,
    is_within,
    lengths,
    same,
    script_rule,
)
from lrcli.scripts.units import in_epochs
from lrcli.scripts.values import (
    BACKWARD,
    BATCHES,
    OPTIMIZE,
    Event,
    Loop,
    Scheduler,
    alternatives,
)


@script_rule("LR901", "step-before-optimizer", WARNING)
def step_before_optimizer(script: Script) -> Iterator[Located]:
    """scheduler.step() comes before optimizer.step(): the first rate of the schedule is never trained with.

    Cause:
        Since torch 1.1 the scheduler is stepped after the optimizer. Called first, it leaves the first value unused and
        everything after it is one tick early; torch warns once.

    Bad:
        scheduler = StepLR(optimizer, step_size=30)
        for epoch in range(90):
            scheduler.step()
            for batch in train_loader:
                optimizer.step()
    Good:
        scheduler = StepLR(optimizer, step_size=30)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        torch.optim documentation, "How to adjust learning rate"; pytorch #20028
    """
    for event, several in script.steps:
        if not several or not event.loops or any(s.is_plateau or s.family not in TORCH for s in several):
            continue
        if not all(map(script.is_known, several)) or event.arguments:
            continue
        optimizing = script.optimizing(several[0])
        if any(other.order < event.order for other in optimizing):
            continue
        inside = [o for o in optimizing if is_within(o.loops, event.loops) and always(event, o)]
        if inside and _in_one_round(event, inside[0]):
            yield Located(
                event.node,
                "scheduler.step() comes before optimizer.step(): the first rate is skipped",
                f"call it after optimizer.step(), which is in {script.where(inside[0].node)}",
            )


def _in_one_round(one: Event, other: Event) -> bool:
    """Whether two events stand in the same call of the same function, or one in a call below the other's."""
    return one.path == other.path[: len(one.path)] or other.path == one.path[: len(other.path)]


BY_EPOCH = ("StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "PolynomialLR")
"""Schedulers that count epochs where nothing says that they count batches."""


@script_rule("LR908", "stepped-twice", WARNING)
def stepped_twice(script: Script) -> Iterator[Located]:
    """The scheduler is stepped twice where one step of the schedule is meant: it runs ahead of the training.

    Cause:
        Every call of step() is a tick. Two calls in one epoch, or one after every batch and another at the end of the
        epoch, are more ticks than the schedule was made for.

    Bad:
        scheduler = StepLR(optimizer, step_size=30)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
            print(epoch)
            scheduler.step()
    Good:
        scheduler = StepLR(optimizer, step_size=30)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        torch.optim documentation, "How to adjust learning rate"
    """
    for scheduler in script.schedulers:
        if scheduler.family not in TORCH:
            continue
        events = [e for e in script.steps_of(scheduler) if e.loops]
        for place, first in enumerate(events):
            for second in events[place + 1 :]:
                if first.node is second.node or len(list(alternatives(first.target))) > 1:
                    continue
                between = [o for o in script.optimizing(scheduler) if first.order < o.order < second.order]
                once = same(first.loops, second.loops) and first.conditions == second.conditions and not between
                both = is_per_batch(first) and is_per_epoch(second) and is_within(first.loops, second.loops)
                both = both and not first.conditions and not second.conditions
                if once or both:
                    where = "after every batch and at the end of the epoch" if both else "twice in a row"
                    # The one that the lengths do not speak for.
                    right, wrong = (
                        (second, first) if both and _in_epochs(script, scheduler, second) else (first, second)
                    )
                    yield Located(
                        wrong.node,
                        f"{scheduler.symbol} is stepped {where}: the other call is in {script.where(right.node)}",
                        "leave one of the two out",
                    )
                    break


def _in_epochs(script: Script, scheduler: Scheduler, per_epoch: Event) -> bool:
    """Whether a scheduler that is stepped per epoch and per batch is one for epochs, as far as its lengths say."""
    counted = any(counts_steps(*length) for length in lengths(scheduler))
    return not counted and (scheduler.symbol in BY_EPOCH or bool(in_epochs(script, scheduler, per_epoch.loops[-1])))


@script_rule("LR909", "stepped-in-validation", WARNING)
def stepped_in_validation(script: Script) -> Iterator[Located]:
    """The scheduler is stepped in the loop over the validation data: once for each of its batches.

    Cause:
        A step() within the validation loop counts its batches, and the optimizer does not move there.

    Bad:
        scheduler = StepLR(optimizer, step_size=30)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            for batch in val_loader:
                model(batch)
                scheduler.step()
    Good:
        scheduler = StepLR(optimizer, step_size=30)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            for batch in val_loader:
                model(batch)
            scheduler.step()
    Source:
        torch.optim documentation, "How to adjust learning rate"
    """
    for event, several in script.steps:
        if not several or not event.loops:
            continue
        over = event.loops[-1].over
        held_out = innermost(event) == BATCHES and HELD_OUT.search(over) and not TRAINED_ON.search(over)
        moved = [o for o in script.events if o.kind in (OPTIMIZE, BACKWARD) and is_within(o.loops, event.loops)]
        if (held_out or _without_gradients(event)) and not moved:
            yield Located(
                event.node,
                f"{several[0].symbol} is stepped once for every batch of the validation",
                "call scheduler.step() once, outside of the validation loop",
            )


def _without_gradients(event: Event) -> bool:
    """Whether something stands in a loop over data within no_grad()."""
    loop = event.loops[-1]
    is_inside = any("no_grad" in c.test and c.loops < len(event.loops) for c in event.conditions)
    return is_inside and (loop.kind == BATCHES or (loop.kind == "" and _feeds(loop)))


def _feeds(loop: Loop) -> bool:
    """Whether a loop gives what it takes from its data to a call."""
    given = (part for call in ast.walk(loop.node) if isinstance(call, ast.Call) for part in call.args)
    return len(loop.variables) > 1 and any(isinstance(part, ast.Name) and part.id in loop.variables for part in given)


@script_rule("LR910", "child-stepped-too", WARNING)
def child_stepped_too(script: Script) -> Iterator[Located]:
    """A part of SequentialLR or ChainedScheduler is stepped beside the whole: it runs ahead.

    Cause:
        The composition steps its parts itself. Another step() of a part moves its counter and the rate once more.

    Bad:
        warmup = LinearLR(optimizer, total_iters=5)
        cosine = CosineAnnealingLR(optimizer, T_max=85)
        scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[5])
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            warmup.step()
            scheduler.step()
    Good:
        warmup = LinearLR(optimizer, total_iters=5)
        cosine = CosineAnnealingLR(optimizer, T_max=85)
        scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[5])
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        torch.optim.lr_scheduler.SequentialLR; pytorch #129565
    """
    for whole in script.schedulers:
        if not whole.children or not script.steps_of(whole):
            continue
        for event, several in script.steps:
            if event.loops and several and all(part in whole.children for part in several):
                yield Located(
                    event.node,
                    f"{several[0].symbol} is part of {whole.symbol}, which steps it already",
                    f"step the {whole.symbol} alone",
                )


@script_rule("LR911", "stepped-per-micro-batch", WARNING)
def per_micro_batch(script: Script) -> Iterator[Located]:
    """The scheduler is stepped for every batch, the optimizer for every n-th: the schedule runs n times too fast.

    Cause:
        With gradient accumulation a tick of the schedule is an optimizer step. step() belongs under the same condition
        as optimizer.step().

    Bad:
        scheduler = CosineAnnealingLR(optimizer, T_max=1000)
        for epoch in range(10):
            for i, batch in enumerate(train_loader):
                loss.backward()
                if (i + 1) % 4 == 0:
                    optimizer.step()
                scheduler.step()
    Good:
        scheduler = CosineAnnealingLR(optimizer, T_max=1000)
        for epoch in range(10):
            for i, batch in enumerate(train_loader):
                loss.backward()
                if (i + 1) % 4 == 0:
                    optimizer.step()
                    scheduler.step()
    Source:
        Lightning #1476; accelerate #225 #963; diffusers #4387
    """
    for event, several in script.steps:
        if len(several) != 1 or several[0].is_plateau or several[0].prepared or not event.loops:
            continue
        optimizing = script.optimizing(several[0])
        for other in optimizing:
            extra = other.conditions[len(event.conditions) :]
            if (
                same(other.loops, event.loops)
                and always(event, other)
                and any(condition.is_every_nth for condition in extra)
                and all(same(o.loops, event.loops) for o in optimizing)
            ):
                test = next(condition for condition in extra if condition.is_every_nth)
                yield Located(
                    event.node,
                    f"{several[0].symbol} is stepped for every batch, the optimizer only if "
                    f"{'' if test.branch else 'not '}{test.test}",
                    "step both under the same condition",
                )
                break
