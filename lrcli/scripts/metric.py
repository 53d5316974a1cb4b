"""LR902 to LR904: what ReduceLROnPlateau is given."""

import ast
import re
from collections.abc import Iterator

from lrcli.checks.rule import ERROR, WARNING
from lrcli.scripts import names
from lrcli.scripts.rule import (
    Located,
    Script,
    gives_epoch,
    innermost,
    passes_anything,
    same,
    script_rule,
)
from lrcli.scripts.values import BACKWARD, BATCHES, Value, text_of


@script_rule("LR902", "plateau-without-metric", ERROR)
def plateau_without_metric(script: Script) -> Iterator[Located]:
    """ReduceLROnPlateau.step() is called without the metric that it judges.

    Cause:
        step() of ReduceLROnPlateau takes the metric; without it Python raises TypeError at the end of the first epoch.

    Bad:
        scheduler = ReduceLROnPlateau(optimizer)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step()
    Good:
        scheduler = ReduceLROnPlateau(optimizer)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step(validate(model))
    Source:
        torch.optim.lr_scheduler.ReduceLROnPlateau
    """
    for event, several in script.steps:
        if several and all(s.symbol == "ReduceLROnPlateau" for s in several) and not passes_anything(event):
            yield Located(
                event.node,
                "ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'",
                "pass the validation metric: scheduler.step(val_loss)",
            )


@script_rule("LR903", "plateau-given-epoch", ERROR)
def plateau_given_epoch(script: Script) -> Iterator[Located]:
    """ReduceLROnPlateau.step() is given the epoch: it takes the number for the metric.

    Cause:
        Its first argument is the metric. The epoch always grows: in mode min that is never better, and the rate is cut
        every patience + 1 epochs; in mode max it is always better, and the rate is never cut.

    Bad:
        scheduler = ReduceLROnPlateau(optimizer)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step(epoch)
    Good:
        scheduler = ReduceLROnPlateau(optimizer)
        for epoch in range(90):
            for batch in train_loader:
                optimizer.step()
            scheduler.step(validate(model))
    Source:
        torch.optim.lr_scheduler.ReduceLROnPlateau; pytorch #2545
    """
    for event, several in script.steps:
        if several and all(s.symbol == "ReduceLROnPlateau" for s in several) and gives_epoch(event):
            yield Located(
                event.node,
                f"{names.text(event.node)}: the number of the epoch is taken for the metric",
                "pass the validation metric: scheduler.step(val_loss)",
            )


@script_rule("LR904", "plateau-batch-loss", WARNING)
def plateau_batch_loss(script: Script) -> Iterator[Located]:
    """ReduceLROnPlateau.step() is given the training loss of a batch: patience is over within an epoch.

    Cause:
        patience counts calls of step(). Called after every batch with that batch's loss, which is noise, the rate is
        cut every few batches.

    Bad:
        scheduler = ReduceLROnPlateau(optimizer)
        for epoch in range(90):
            for batch in train_loader:
                loss = model(batch)
                loss.backward()
                optimizer.step()
                scheduler.step(loss)
    Good:
        scheduler = ReduceLROnPlateau(optimizer)
        for epoch in range(90):
            for batch in train_loader:
                loss = model(batch)
                loss.backward()
                optimizer.step()
            scheduler.step(validate(model))
    Source:
        Lightning #5943 #10496; torch.optim.lr_scheduler.ReduceLROnPlateau
    """
    for event, several in script.steps:
        if not several or not all(s.symbol == "ReduceLROnPlateau" for s in several) or innermost(event) != BATCHES:
            continue
        given = _base_names(event.call.args[0], event.arguments[0]) if event.call and event.call.args else set()
        for other in script.events:
            if other.kind == BACKWARD and same(other.loops, event.loops) and event.conditions == other.conditions:
                used = {part.id for part in ast.walk(other.node) if isinstance(part, ast.Name)}
                if given & used:
                    yield Located(
                        event.node,
                        f"{names.text(event.node)} judges every batch by its own loss: patience counts batches",
                        "call it once an epoch, with the validation metric",
                    )
                    break


_OF_ONE = re.compile(r"(\w+)(?:\.(?:item|detach|cpu|mean|sum|numpy|data|float)\b(?:\(\))?)*")
"""`loss`, `loss.item()`, `loss.detach().cpu()`."""


def _base_names(node: ast.expr, value: Value) -> set[str]:
    """The name of the loss that a metric is, and of what it was assigned."""
    several = (_OF_ONE.fullmatch(text) for text in (names.text(node), text_of(value)))
    return {found[1] for found in several if found}
