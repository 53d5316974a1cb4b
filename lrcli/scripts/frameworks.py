"""LR915 to LR921: how torch, timm, accelerate and Lightning want their schedulers to be stepped."""

import ast
from collections.abc import Iterator

from lrcli.checks.rule import ERROR, WARNING
from lrcli.scripts import names
from lrcli.scripts.rule import (
    TORCH,
    Located,
    Script,
    counts_batches,
    gives_epoch,
    lengths,
    number,
    passes_anything,
    script_rule,
)
from lrcli.scripts.values import (
    STEP,
    UPDATE,
    Class,
    Items,
    Known,
    Mapping,
    Scheduler,
    Value,
    alternatives,
    mentions_of,
    text_of,
    within,
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
                f"{scheduler.symbol} counts updates (line {scheduler.node.lineno}): step() does not move the rate",
                "call scheduler.step_update(num_updates) after every optimizer.step()",
            )


@script_rule("LR918", "accelerate-length", WARNING)
def accelerate_length(script: Script) -> Iterator[Located]:
    """The length of a schedule that accelerate steps is not what accelerate counts.

    Cause:
        A prepared scheduler is stepped once for every process, and only where the gradients are synchronised. A length
        from the prepared loader is one process's: it wants num_processes times as many. A length in batches wants to be
        divided by gradient_accumulation_steps.

    Bad:
        accelerator = Accelerator(gradient_accumulation_steps=4)
        scheduler = get_linear_schedule_with_warmup(optimizer, 0, len(train_loader) * epochs)
        model, optimizer, train_loader, scheduler = accelerator.prepare(model, optimizer, train_loader, scheduler)
        for epoch in range(epochs):
            for batch in train_loader:
                optimizer.step()
                scheduler.step()
    Good:
        accelerator = Accelerator(gradient_accumulation_steps=4)
        scheduler = get_linear_schedule_with_warmup(optimizer, 0, len(train_loader) * epochs // 4)
        model, optimizer, train_loader, scheduler = accelerator.prepare(model, optimizer, train_loader, scheduler)
        for epoch in range(epochs):
            for batch in train_loader:
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
            if accumulated and "/" not in text and not any("/" in mention for mention in mentions_of(value)):
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


def _accumulation(script: Script) -> str:
    """gradient_accumulation_steps of the Accelerator, as a number above 1; "" where it is not known."""
    for keywords in script.follower.accelerators:
        steps = number(keywords.get("gradient_accumulation_steps"))
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
        accumulating = any(".accumulate(" in condition.test for condition in event.conditions)
        if accumulating and all("sync_gradients" not in condition.test for condition in event.conditions):
            yield Located(
                event.node,
                f"{several[0].symbol} was not prepared: accelerate steps it for every batch that is accumulated",
                "pass it to accelerator.prepare(), or step it if accelerator.sync_gradients",
            )


@script_rule("LR920", "lightning-interval", WARNING)
def lightning_interval(script: Script) -> Iterator[Located]:
    """Lightning steps a schedule that counts in batches once an epoch: interval "step" was forgotten.

    Cause:
        What configure_optimizers returns is stepped every epoch, unless its configuration says "interval": "step".

    Bad:
        class Model(pl.LightningModule):
            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                scheduler = OneCycleLR(optimizer, 0.1, total_steps=self.trainer.estimated_stepping_batches)
                return [optimizer], [scheduler]
    Good:
        class Model(pl.LightningModule):
            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                scheduler = OneCycleLR(optimizer, 0.1, total_steps=self.trainer.estimated_stepping_batches)
                return [optimizer], [{"scheduler": scheduler, "interval": "step"}]
    Source:
        Lightning #5631 #6948 #3869 #4466 #20436, PR #11599
    """
    for cls, returned in _configurations(script):
        if _is_manual(cls):
            continue
        for scheduler, settings in _scheduled(returned):
            interval = settings.values.get("interval") if settings else Known("epoch", scheduler.node)
            interval = interval or Known("epoch", scheduler.node)
            per_epoch = isinstance(interval, Known) and interval.value == "epoch"
            counted = next((counts_batches(value) for _, value in lengths(scheduler) if counts_batches(value)), "")
            if per_epoch and counted:
                yield Located(
                    scheduler.node,
                    f"{scheduler.symbol} counts in batches ({counted}), but Lightning steps it once an epoch",
                    'return {"scheduler": scheduler, "interval": "step"}',
                )


def _configurations(script: Script) -> Iterator[tuple[Class, Value]]:
    """The Lightning modules of a script, each with what configure_optimizers returns."""
    for cls in script.follower.classes:
        node = cls.methods.get("configure_optimizers")
        returned = script.follower.returned.get(node) if node is not None else None
        if returned is not None:
            yield cls, returned


def _scheduled(value: Value) -> Iterator[tuple[Scheduler, Mapping | None]]:
    """The schedulers in what configure_optimizers returns, each with its settings; one that may be several is left."""
    for each in alternatives(value):
        if isinstance(each, Scheduler):
            yield each, None
        elif isinstance(each, Items):
            for item in each.values:
                yield from _scheduled(item)
        elif isinstance(each, Mapping):
            inner = each.values.get("lr_scheduler", each.values.get("scheduler"))
            if isinstance(inner, Scheduler) and "scheduler" in each.values:
                yield inner, each
            elif inner is not None:
                yield from _scheduled(inner)


def _is_manual(cls: Class) -> bool:
    return any(
        isinstance(node, ast.Assign)
        and "automatic_optimization" in names.text(node.targets[0])
        and isinstance(node.value, ast.Constant)
        and node.value.value is False
        for node in ast.walk(cls.node)
    )


@script_rule("LR921", "lightning-manual-without-step", WARNING)
def manual_without_step(script: Script) -> Iterator[Located]:
    """With manual optimization Lightning does not step the scheduler, and neither does the module.

    Cause:
        automatic_optimization = False leaves the optimizers and the schedulers to the module: it calls
        self.lr_schedulers().step() itself.

    Bad:
        class Model(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False
            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return [optimizer], [StepLR(optimizer, 30)]
            def training_step(self, batch, i):
                self.manual_backward(self.loss(batch))
                self.optimizers().step()
    Good:
        class Model(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False
            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return [optimizer], [StepLR(optimizer, 30)]
            def training_step(self, batch, i):
                self.manual_backward(self.loss(batch))
                self.optimizers().step()
            def on_train_epoch_end(self):
                self.lr_schedulers().step()
    Source:
        Lightning documentation, "Manual optimization"
    """
    for cls, returned in _configurations(script):
        schedulers = [each for each in within(returned) if isinstance(each, Scheduler)]
        text = names.text(cls.node)
        stepped = "lr_schedulers" in text or "lr_scheduler_step" in text or "sched" in _stepped(cls)
        if schedulers and _is_manual(cls) and not stepped and "training_step" in cls.methods:
            yield Located(
                schedulers[0].node,
                f"automatic_optimization is False, and nothing steps {schedulers[0].symbol}",
                "call self.lr_schedulers().step() in on_train_epoch_end or after the optimizer's step()",
            )


def _stepped(cls: Class) -> str:
    """What the methods of a class call step() of, in one text."""
    return " ".join(
        names.text(node.func.value).lower()
        for node in ast.walk(cls.node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == STEP
    )
