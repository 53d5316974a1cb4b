"""The training loop that the torch frameworks share: data, model, optimizer, and the loop with step() in its place."""

from collections.abc import Sequence
from typing import NamedTuple

from lrcli.code import refusal
from lrcli.code.layout import Group, Node, call, comment, indented, laid_out, listed
from lrcli.engine import spec_of
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import STEP


class Parts(NamedTuple):
    """What a target puts into the loop."""

    imports: Sequence[str]
    scheduler: Node
    """What makes the scheduler, after the optimizer."""
    step: Sequence[str] = ("scheduler.step()",)
    """The lines that step it."""
    definitions: Sequence[str] = ()
    """What stands between the imports and the model."""
    before: Sequence[str] = ()
    """What stands right before the loop."""
    optimizer: str = "SGD"
    rates: tuple[float, ...] | None = None
    """The rates that the optimizer is made with; the run's where they are not given."""
    accelerated: bool = False
    """Whether an accelerator takes care of accumulation and mixed precision."""
    scaled: bool = False
    """Whether it scales the loss, and skips steps of the optimizer at times."""
    remark: str = ""
    """What else a reader should know, in a comment at the top."""


class Pace(NamedTuple):
    """How the loop goes through the run."""

    ticks: int
    per_step: bool
    epochs: int | None
    """None where nobody said how long an epoch is: the loop counts steps then."""
    batches: int
    is_partial: bool
    """Whether the last epoch ends before its data do."""
    accumulate: int
    drops_rest: bool
    """Whether the last batches of an epoch, fewer than are accumulated, make no step."""


def pace(schedule: Schedule, run: Run) -> Pace:
    """The pace of a settled run."""
    ticks = (run.total or 100) if schedule.follows_metric else run.length(schedule)
    per_step = run.interval == STEP
    size, batches = run.steps_per_epoch, run.batches if run.steps_per_epoch else 1
    epochs = (-(-ticks // size) if size else None) if per_step else ticks
    partial = bool(per_step and size and ticks % size)
    drops_rest = bool(size) and batches // run.accumulate == size and batches % run.accumulate != 0
    return Pace(ticks, per_step, epochs, batches, partial, run.accumulate, drops_rest)


def refuse_rest(schedule: Schedule, run: Run, target: str) -> None:
    """Raises InputError where batches that are left at the end of an epoch are to make no step of their own."""
    if run.steps_per_epoch and run.batches > run.steps_per_epoch * run.accumulate:
        why = f"its loop makes a step of the {run.batches % run.accumulate} batches left at the end of an epoch"
        raise refusal(target, why)


def source(schedule: Schedule, run: Run, parts: Parts, amp: bool = False) -> str:
    """The whole source of a training loop for `schedule` in a settled run."""
    composed = schedule if schedule.follows_metric else run.warmed_up(schedule)
    beat = pace(composed, run)
    if parts.accelerated and beat.epochs is None:  # which must see the end of its data to know when to step
        beat = beat._replace(epochs=1, batches=beat.ticks * beat.accumulate)
    native_amp = amp and not parts.accelerated
    imports = ["import torch", "from torch.utils.data import DataLoader", *parts.imports]
    if beat.epochs is None:
        imports.append("from itertools import cycle")
    lines = [
        *comment(f"lrsched: {spec_of(schedule, run)}"),
        *(comment(parts.remark) if parts.remark else []),
        *import_lines(imports),
        *before_the_model(spaced(parts.definitions)),
        *(['device = "cuda" if torch.cuda.is_available() else "cpu"'] if native_amp else []),
        *model(run, native_amp),
        data(beat),
        *optimizer(composed, run, parts),
        *laid_out(parts.scheduler, 0, "scheduler = "),
        *(["scaler = torch.amp.GradScaler(device)"] if native_amp else []),
        *parts.before,
        "",
        *loop(schedule, beat, parts, native_amp),
    ]
    return "\n".join(lines) + "\n"


def before_the_model(definitions: Sequence[str]) -> list[str]:
    """Definitions with a blank line after them."""
    return [*definitions, *([""] if definitions[-1] else [])]


def spaced(definitions: Sequence[str]) -> list[str]:
    """Definitions after the imports: a blank line before constants, two around functions and classes."""
    blocks: list[list[str]] = []
    for line in definitions:
        starts = line[:1] not in ("", " ", ")", "]", "}") and not (blocks and blocks[-1][-1].startswith("@"))
        if starts:
            blocks.append([line])
        elif blocks:
            blocks[-1].append(line)
    for block in blocks:
        while not block[-1]:
            block.pop()
    lines: list[str] = []
    between = 1
    for block in (block for place, block in enumerate(blocks) if block not in blocks[:place]):
        is_function = block[0].startswith(("def ", "class ", "@"))
        lines += [*[""] * (2 if is_function else between), *block]
        between = 2 if is_function else 0
    return lines + [""] * between if blocks else [""]


def import_lines(statements: Sequence[str]) -> list[str]:
    """The imports, sorted as isort does: the standard library, a blank line, the others; one for each module."""
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    for statement in statements:
        if statement.startswith("import "):
            plain.add(statement)
        else:
            module, _, imported = statement.removeprefix("from ").partition(" import ")
            names.setdefault(module, set()).update(imported.split(", "))
    blocks = []
    for standard in (True, False):
        block = sorted(line for line in plain if (line.split()[1] in STANDARD) == standard)
        for module in sorted(module for module in names if (module.split(".")[0] in STANDARD) == standard):
            items: list[tuple[str, str | Group]] = [("", name) for name in sorted(names[module], key=_isort_key)]
            flat = f"from {module} import {', '.join(name for _, name in items if isinstance(name, str))}"
            block += [flat] if len(flat) <= 88 else laid_out(Group(f"from {module} import (", items, ")"))
        if block:
            blocks.append(block)
    return [line for place, block in enumerate(blocks) for line in ([""] if place else []) + block]


STANDARD = ("bisect", "functools", "itertools", "math")
"""Modules of the standard library that the code may import."""


def _isort_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name.lower()


def model(run: Run, native_amp: bool = False, owner: str = "", indent: int = 0) -> list[str]:
    """The model, with a layer for each parameter group."""
    moved = ".to(device)" if native_amp else ""
    count = len(run.lrs)
    if count == 1:
        return [f"{' ' * indent}{owner}model = torch.nn.Linear(1, 1){moved}  # your model"]
    layers = call("torch.nn.Sequential", *["torch.nn.Linear(1, 1)"] * count)
    made = laid_out(layers, indent, f"{owner}model = ", "  # your model, a group a layer")
    return [*made, *(["model.to(device)"] if native_amp else [])]


def data(beat: Pace) -> str:
    """Its data."""
    return f"loader = DataLoader(torch.ones({beat.batches}, 1))  # your batches of an epoch"


def optimizer(schedule: Schedule, run: Run, parts: Parts, owner: str = "", indent: int = 0) -> list[str]:
    """The optimizer with its groups; with momentum where the schedule moves it. `owner` has the model."""
    rates = parts.rates or run.lrs
    momentum = {"momentum": "0.9"} if schedule.cycles_momentum and parts.optimizer == "SGD" else {}
    if len(rates) == 1:
        groups: Node = f"{owner or 'model'}.parameters()"
    else:
        layers = f"{owner}.model" if owner else "model"
        groups = listed([f'{{"params": {layers}[{i}].parameters(), "lr": {lr!r}}}' for i, lr in enumerate(rates)])
    why = "  # rate() gives it" if parts.rates else ""
    made = call(f"torch.optim.{parts.optimizer}", groups, lr=repr(rates[0]), **momentum)
    return laid_out(made, indent, "optimizer = ", why)


def loop(schedule: Schedule, beat: Pace, parts: Parts, native_amp: bool) -> list[str]:
    """The loop over the run."""
    show = 'print({}, optimizer.param_groups[0]["lr"])'
    update = list(parts.step) if beat.per_step and not schedule.follows_metric else []
    at_end = [] if update else list(parts.step)
    if beat.epochs is None:
        inner = gradients("next(batches)", beat, parts, native_amp)
        if beat.accumulate > 1:
            inner = [f"for _ in range({beat.accumulate}):", *indented(inner)]
        body = [*inner, show.format("step"), *_stepped(update, parts, native_amp)]
        return [
            "batches = cycle(loader)  # as long as the run is",
            f"for step in range({beat.ticks}):",
            *indented(body),
        ]
    stepped = _stepped(update, parts, native_amp)
    if beat.is_partial:
        stopped = ["steps += 1", f"if steps == {beat.ticks}:", "    break"]
        stepped += ["if accelerator.sync_gradients:", *indented(stopped)] if parts.accelerated else stopped
    body = gradients("batch", beat, parts, native_amp)
    head = "for batch in loader:"
    if parts.accelerated:
        body = ["with accelerator.accumulate(model):", *indented([*body, *stepped])]
    elif beat.accumulate > 1:
        head = "for index, batch in enumerate(loader, start=1):"
        rest = "" if beat.drops_rest or beat.batches % beat.accumulate == 0 else " or index == len(loader)"
        body += [f"if index % {beat.accumulate} == 0{rest}:", *indented(stepped)]
    else:
        body += stepped
    judged = ["val_loss = loss.item()  # your validation"] if schedule.follows_metric else []
    epoch = [head, *indented(body), show.format("epoch"), *judged, *at_end]
    steps = ["steps = 0"] if beat.is_partial else []
    return [*steps, f"for epoch in range({beat.epochs}):", *indented(epoch)]


def gradients(batch: str, beat: Pace, parts: Parts, native_amp: bool) -> list[str]:
    """The lines that compute the gradients of a batch."""
    share = f" / {beat.accumulate}" if beat.accumulate > 1 and not parts.accelerated else ""
    if native_amp:
        return [
            "with torch.autocast(device):",
            f"    loss = model({batch}.to(device)).mean(){share}  # your loss",
            "scaler.scale(loss).backward()",
        ]
    backward = "accelerator.backward(loss)" if parts.accelerated else "loss.backward()"
    return [f"loss = model({batch}).mean(){share}  # your loss", backward]


def _stepped(update: list[str], parts: Parts, native_amp: bool) -> list[str]:
    """The lines of an optimizer step, with those of the scheduler where it is stepped with it."""
    if not native_amp:
        stepped = f"if accelerator.sync_gradients{' and not optimizer.step_was_skipped' if parts.scaled else ''}:"
        guarded = [stepped, *indented(update)] if parts.accelerated and update else update
        return ["optimizer.step()", *guarded, "optimizer.zero_grad()"]
    if not update:
        return ["scaler.step(optimizer)", "scaler.update()", "optimizer.zero_grad()"]
    return [
        "scaler.step(optimizer)",
        "scale = scaler.get_scale()",
        "scaler.update()",
        "if scaler.get_scale() >= scale:  # lower after a skipped step",
        *indented(update),
        "optimizer.zero_grad()",
    ]
