"""LR912 to LR914: what is done to the optimizer beside its scheduler."""

import re
from collections.abc import Iterator

from lrcli.checks.rule import ERROR, WARNING
from lrcli.scripts import names
from lrcli.scripts.rule import (
    Located,
    Script,
    is_within,
    same,
    script_rule,
)
from lrcli.scripts.values import (
    LOAD,
    OPTIMIZE,
    SET_RATE,
    Event,
    Optimizer,
    Scheduler,
    alternatives,
    optimizers_of,
    text_of,
)


@script_rule("LR912", "optimizer-replaced", ERROR)
def optimizer_replaced(script: Script) -> Iterator[Located]:
    """The optimizer is made anew after the scheduler: the scheduler goes on moving the rate of the old one.

    Cause:
        A scheduler holds the optimizer that it was made with. Another one under the same name is not known to it, and
        its rate never moves.

    Bad:
        scheduler = CosineAnnealingLR(optimizer, T_max=90)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Good:
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        scheduler = CosineAnnealingLR(optimizer, T_max=90)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        torch.optim documentation: schedulers are made of the optimizer that they move
    """
    for scheduler in script.schedulers:
        own = optimizers_of(scheduler.optimizer)
        events = [event for event in script.steps_of(scheduler) if event.loops]
        if len(own) != 1 or not own[0].made or own[0].escaped or not events:
            continue
        if any(len(list(alternatives(event.target))) > 1 for event in events) or _is_given_another(script):
            continue
        fresh = _fresh(script, scheduler, own[0], events)
        if fresh is not None:
            yield Located(
                fresh.node,
                f"the optimizer is made anew after {scheduler.symbol} ({script.where(scheduler.node)}), which holds "
                "the old one: this one's rate never moves",
                "make the scheduler after the optimizer",
            )


def _is_given_another(script: Script) -> bool:
    """Whether a scheduler is given its optimizer by hand: scheduler.optimizer = optimizer."""
    return re.search(r"sched\w*\.optimizer\s*=[^=]", script.source.text) is not None


def _fresh(script: Script, scheduler: Scheduler, own: Optimizer, events: list[Event]) -> Optimizer | None:
    """The one optimizer that is stepped in the place of the scheduler's own, made later and held by no scheduler."""
    held = {each for other in script.schedulers for each in optimizers_of(other.optimizer)}
    stepped = {
        each
        for other in script.events
        if other.kind == OPTIMIZE and any(is_within(other.loops, event.loops) for event in events)
        for each in optimizers_of(other.target)
    }
    others = stepped - {own}
    fresh = [each for each in others if each.made and each.order > scheduler.order and each not in held]
    return fresh[0] if len(others) == len(fresh) == 1 else None


@script_rule("LR913", "rate-set-by-hand", WARNING)
def rate_by_hand(script: Script) -> Iterator[Located]:
    """The rate is set by hand where a scheduler is stepped: one undoes what the other did.

    Cause:
        Most of torch's schedulers compute the next rate from the one in force: a rate that is written into
        param_groups becomes the start of what follows. Those that set it outright overwrite it.

    Bad:
        scheduler = CosineAnnealingLR(optimizer, T_max=90)
        for epoch in range(90):
            for group in optimizer.param_groups:
                group["lr"] = 0.1 * 0.5 ** (epoch // 30)
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Good:
        scheduler = StepLR(optimizer, step_size=30, gamma=0.5)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        torch.optim documentation: most schedulers can be called one after another, on the rate in force
    """
    if len(script.schedulers) != 1 or len(script.follower.optimizers) != 1 or script.unresolved:
        return
    events = script.steps_of(script.schedulers[0])
    for event in script.events:
        if event.kind != SET_RATE or event.conditions:
            continue
        loops = tuple(loop for loop in event.loops if "param_groups" not in loop.over)
        written = " ".join(map(text_of, event.arguments))
        if not any(step.loops and same(step.loops, loops) and not step.conditions for step in events):
            continue
        if "sched" in written.lower() or names.text(event.node) in written or '["lr"]' in written:
            continue
        yield Located(
            event.node,
            f"the rate is set by hand in the loop in which {script.schedulers[0].symbol} moves it",
            "leave it to one of the two",
        )


RESETS = ("LinearLR", "ConstantLR", "SequentialLR", "ChainedScheduler")
"""Schedulers whose constructor changes the rate, and which go on from the rate in force."""

RECURRENT = ("StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "LinearLR", "ConstantLR", "PolynomialLR")
"""Schedulers that compute the next rate from the one in force."""


@script_rule("LR914", "rate-lost-on-resume", WARNING)
def rate_lost(script: Script) -> Iterator[Located]:
    """The rate that was saved is lost: the optimizer's state is loaded before the scheduler is made, or not at all.

    Cause:
        LinearLR, ConstantLR and compositions of them change the rate when they are made, and go on from the rate in
        force. load_state_dict of a scheduler brings its counters back, but not the optimizer's rate.

    Bad:
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler = LinearLR(optimizer, start_factor=0.1, total_iters=5)
        scheduler.load_state_dict(checkpoint["scheduler"])
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Good:
        scheduler = LinearLR(optimizer, start_factor=0.1, total_iters=5)
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler.load_state_dict(checkpoint["scheduler"])
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        torch.optim.lr_scheduler: state_dict() holds everything but the optimizer; pytorch #60265 #156846
    """
    loads = [event for event in script.events if event.kind == LOAD]
    for scheduler in script.schedulers:
        if scheduler in script.children or "last_epoch" in scheduler.arguments:
            continue
        own = optimizers_of(scheduler.optimizer)
        # The first of its parts was made after the load.
        made = min([scheduler.order, *(child.order for child in scheduler.children)])
        before = [e for e in loads if e.order < made and own and any(each in own for each in alternatives(e.target))]
        loaded = [e for e in loads if any(each is scheduler for each in alternatives(e.target))]
        again = [e for e in loads if e.order > scheduler.order and any(each in own for each in alternatives(e.target))]
        if not loaded or again:
            continue
        if scheduler.symbol in RESETS and before and len(before[0].path) == len(loaded[0].path):
            yield Located(
                before[0].node,
                f"{scheduler.symbol}, made in {script.where(scheduler.node)}, overwrites the rate that is loaded here",
                "load the optimizer's state after the scheduler was made",
            )
        elif scheduler.symbol in RECURRENT and _is_forgotten(script, own):
            yield Located(
                loaded[0].node,
                f"only {scheduler.symbol}'s state is loaded, not the optimizer's: the rate begins again from its start",
                "load the optimizer's state too, after the scheduler was made",
            )


_LOADS = re.compile(
    r"\bopt\w*(?:\[[^]\n]*\])?\.load_state_dict|optim\w*\W{0,3}\.load_state_dict|load_state\("
    r"|(?:load|resum|restor)\w*\([^()]*\bopt"
)
"""An optimizer's state that is loaded, whatever it is called."""


def _is_forgotten(script: Script, own: list[Optimizer]) -> bool:
    """Whether an optimizer is made here, and nothing in the file loads the state of any."""
    return (
        _LOADS.search(script.source.text) is None and bool(own) and all(each.made and not each.escaped for each in own)
    )
