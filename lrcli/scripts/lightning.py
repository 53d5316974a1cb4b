"""LR920 and LR921: how Lightning wants its schedulers to be stepped."""

import ast
from collections.abc import Iterator

from lrcli.checks.rule import WARNING
from lrcli.scripts import names
from lrcli.scripts.outline import statements
from lrcli.scripts.rule import Located, Script, counts_steps, lengths, script_rule
from lrcli.scripts.values import STEP, Class, Items, Known, Mapping, Scheduler, Value, alternatives, within


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
            counted = next(filter(None, (counts_steps(*length) for length in lengths(scheduler))), "")
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
    """Whether automatic_optimization is set to False, or is a property that returns it."""
    return any(
        isinstance(node.value, ast.Constant) and node.value.value is False and "automatic_optimization" in name
        for name, node in _said(cls)
    )


def _said(cls: Class) -> Iterator[tuple[str, ast.Assign | ast.Return]]:
    """What a class assigns, and what its methods return, each with its name."""
    for method in (None, *cls.methods.values()):
        for node in statements(method or cls.node):
            if isinstance(node, ast.Assign):
                yield names.text(node.targets[0]), node
            elif isinstance(node, ast.Return) and method is not None:
                yield method.name, node


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
        if not schedulers or "training_step" not in cls.methods or not _is_manual(cls):
            continue
        text = names.text(cls.node)
        if "lr_schedulers" not in text and "lr_scheduler_step" not in text and "sched" not in _stepped(cls):
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
