"""LR915 to LR919: how torch, timm and accelerate want their schedulers to be stepped."""

from collections.abc import Iterator

from lrcli.checks.rule import ERROR, WARNING
from lrcli.scripts.rule import (
    TORCH,
    Located,
    Script,
    counts_batches,
    gives_epoch,
    lengths,
    passes_anything,
    script_rule,
)
from lrcli.scripts.values import (
    UPDATE,
    Event,
    Known,
    mentions_of,
    text_of,
)


@script_rule("LR900", "syntax-error", ERROR)
def syntax_error(script: Script) -> Iterator[Located]:
    """The file is no Python 3: nothing in it was checked.

    Cause:
        A slip of the pen, Python 2, or a file that is a template.

    Bad:
        for epoch in range(90)
    Good:
        for epoch in range(90): pass
    Source:
        The Python Language Reference
    """
    yield from ()


@script_rule("LR915", "step-with-epoch", WARNING)
def step_with_epoch(script: Script) -> Iterator[Located]:
    """step(epoch) is deprecated: it takes the closed form of the schedule, where there is one.

    Cause:
        With an argument torch warns and uses another formula than without. CosineAnnealingWarmRestarts alone takes a
        fraction of an epoch on purpose.

    Bad:
        scheduler = StepLR(optimizer, step_size=30)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step(epoch)
    Good:
        scheduler = StepLR(optimizer, step_size=30)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Source:
        torch.optim.lr_scheduler.EPOCH_DEPRECATION_WARNING
    """
    for event, several in script.steps:
        takes = [s for s in several if s.is_plateau or s.family not in TORCH or "WarmRestarts" in s.symbol]
        if several and not takes and gives_epoch(event):
            yield Located(
                event.node, f"{several[0].symbol}.step() with the epoch is deprecated", "call scheduler.step() alone"
            )


@script_rule("LR916", "timm-without-epoch", ERROR)
def timm_without_epoch(script: Script) -> Iterator[Located]:
    """One of timm's schedulers is stepped without the epoch that it needs.

    Cause:
        timm's schedulers keep no count: step(epoch) is told which epoch comes next.

    Bad:
        scheduler = CosineLRScheduler(optimizer, t_initial=90)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Good:
        scheduler = CosineLRScheduler(optimizer, t_initial=90)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step(epoch + 1)
    Source:
        timm.scheduler.scheduler.Scheduler.step(epoch, metric=None)
    """
    for event, several in script.steps:
        if several and all(s.family == "timm" for s in several) and not passes_anything(event):
            yield Located(
                event.node,
                "timm's scheduler.step() missing 1 required positional argument: 'epoch'",
                "tell it which epoch comes next: scheduler.step(epoch + 1)",
            )


@script_rule("LR917", "timm-without-update", WARNING)
def timm_without_update(script: Script) -> Iterator[Located]:
    """A scheduler of timm that counts updates is never told of them: the rate does not move.

    Cause:
        With t_in_epochs=False, or step_on_epochs=False in the factory, step(epoch) does nothing:
        step_update(num_updates) moves the rate.

    Bad:
        scheduler = CosineLRScheduler(optimizer, t_initial=9000, t_in_epochs=False)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step(epoch + 1)
    Good:
        scheduler = CosineLRScheduler(optimizer, t_initial=9000, t_in_epochs=False)
        for epoch in range(90):
            for i, batch in enumerate(train_loader):
                optimizer.step()
                scheduler.step_update(epoch * len(train_loader) + i + 1)
    Source:
        timm.scheduler.scheduler.Scheduler.step_update
    """
    for scheduler in script.schedulers:
        told = [scheduler.arguments.get(name) for name in ("t_in_epochs", "step_on_epochs")]
        in_updates = any(isinstance(value, Known) and value.value is False for value in told)
        if scheduler.family != "timm" or not in_updates or not script.is_known(scheduler) or script.unresolved:
            continue
        events = script.steps_of(scheduler)
        if events and not script.steps_of(scheduler, (UPDATE,)):
            yield Located(
                events[0].node,
                f"{scheduler.symbol} counts updates ({script.where(scheduler.node)}): step() does not move the rate",
                "call scheduler.step_update(num_updates) after every optimizer.step()",
            )


@script_rule("LR918", "accelerate-length", WARNING)
def accelerate_length(script: Script) -> Iterator[Located]:
    """The length of a schedule that accelerate steps is not what accelerate counts.

    Cause:
        A prepared scheduler is stepped once for every process, and within accumulate() only where the gradients are
        synchronised. A length from the prepared loader is one process's: it wants num_processes times as many. A length
        in batches wants to be divided by gradient_accumulation_steps.

    Bad:
        accelerator = Accelerator(gradient_accumulation_steps=4)
        scheduler = get_linear_schedule_with_warmup(optimizer, 0, len(train_loader) * epochs)
        model, optimizer, train_loader, scheduler = accelerator.prepare(model, optimizer, train_loader, scheduler)
        for epoch in range(epochs):
            for batch in train_loader:
                with accelerator.accumulate(model):
                    optimizer.step()
                    scheduler.step()
    Good:
        accelerator = Accelerator(gradient_accumulation_steps=4)
        scheduler = get_linear_schedule_with_warmup(optimizer, 0, len(train_loader) * epochs // 4)
        model, optimizer, train_loader, scheduler = accelerator.prepare(model, optimizer, train_loader, scheduler)
        for epoch in range(epochs):
            for batch in train_loader:
                with accelerator.accumulate(model):
                    optimizer.step()
                    scheduler.step()
    Source:
        accelerate #2926 #2142 #1398 #963 #225; accelerate.scheduler.AcceleratedScheduler
    """
    accumulated = _accumulation(script)
    for scheduler in script.schedulers:
        if not scheduler.prepared or scheduler.family not in TORCH:
            continue
        for name, value in lengths(scheduler):
            counted = counts_batches(value)
            text = text_of(value)
            if (
                not counted
                or name == "steps_per_epoch"
                or "accum" in text.lower()
                or any("accum" in mention.lower() for mention in mentions_of(value))
            ):
                continue
            accumulates = any(is_accumulated(event) for event in script.steps_of(scheduler))
            if (
                accumulated
                and accumulates
                and "/" not in text
                and not any("/" in mention for mention in mentions_of(value))
            ):
                yield Located(
                    scheduler.node,
                    f"{name} counts batches ({counted}), but accelerate steps the scheduler once for every "
                    f"{accumulated} of them",
                    f"divide it by {accumulated}",
                )
            elif any("(prepared)" in mention for mention in mentions_of(value)) and not any(
                "process" in mention for mention in mentions_of(value)
            ):
                yield Located(
                    scheduler.node,
                    f"{name} counts the batches of one process ({counted}), but accelerate steps the scheduler once "
                    "for every process",
                    "multiply it by accelerator.num_processes, or count before prepare()",
                )


def is_accumulated(event: Event) -> bool:
    """Whether something stands in `with accelerator.accumulate(...)`."""
    return any(".accumulate(" in condition.test for condition in event.conditions)


def _accumulation(script: Script) -> str:
    """gradient_accumulation_steps of the Accelerator, as a number above 1; "" where it is not known."""
    for keywords in script.follower.accelerators:
        value = keywords.get("gradient_accumulation_steps")
        steps = script.usual(value)
        if isinstance(steps, int) and steps > 1:
            return str(steps)
    return ""


@script_rule("LR919", "accelerate-not-prepared", WARNING)
def not_prepared(script: Script) -> Iterator[Located]:
    """The scheduler was not given to accelerator.prepare(): within accumulate() it is stepped for every batch.

    Cause:
        accelerate's wrapper skips the steps of batches whose gradients are only accumulated. A bare scheduler does not:
        the schedule runs gradient_accumulation_steps times too fast.

    Bad:
        scheduler = CosineAnnealingLR(optimizer, T_max=1000)
        model, optimizer, train_loader = accelerator.prepare(model, optimizer, train_loader)
        for epoch in range(10):
            for batch in train_loader:
                with accelerator.accumulate(model):
                    optimizer.step()
                    scheduler.step()
    Good:
        scheduler = CosineAnnealingLR(optimizer, T_max=1000)
        model, optimizer, train_loader, scheduler = accelerator.prepare(model, optimizer, train_loader, scheduler)
        for epoch in range(10):
            for batch in train_loader:
                with accelerator.accumulate(model):
                    optimizer.step()
                    scheduler.step()
    Source:
        accelerate documentation, "Gradient accumulation"; accelerate.scheduler.AcceleratedScheduler
    """
    for event, several in script.steps:
        if len(several) != 1 or several[0].prepared or several[0].is_plateau or not script.is_known(several[0]):
            continue
        if is_accumulated(event) and all("sync_gradients" not in condition.test for condition in event.conditions):
            yield Located(
                event.node,
                f"{several[0].symbol} was not prepared: accelerate steps it for every batch that is accumulated",
                "pass it to accelerator.prepare(), or step it if accelerator.sync_gradients",
            )
