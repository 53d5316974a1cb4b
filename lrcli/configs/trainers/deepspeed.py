"""DeepSpeed's JSON: alone, or joined to a file of transformers' Trainer, which fills in what is "auto".

Source: deepspeed 0.19.8 runtime/config.py, runtime/engine.py; transformers 5.23 integrations/deepspeed.py
"""

import math
import os
from typing import Any, NamedTuple

from lrcli.configs.facts import NUMBER, WHOLE, Fact, Job
from lrcli.configs.file_spec import text_of
from lrcli.configs.trainer import JSON, Made, Trainer
from lrcli.configs.tree import Node
from lrcli.errors import InputError
from lrcli.schedules import every, named
from lrcli.schedules.counting import Feed, torch_steps
from lrcli.schedules.family import FAMILIES
from lrcli.text import quoted

AUTO = "auto"
DEFAULT_LR = 1e-3
"""Of DeepSpeed's Adam, where its optimizer block has no rate."""


class Values(NamedTuple):
    """What the Trainer fills in where the file has "auto", with the name that it has there."""

    batch_size: int
    accumulate: int
    num_processes: int | None
    """None where nobody has said how many there are."""
    lr: float


def marks(root: Node) -> bool:
    """Whether the keys are DeepSpeed's and no other trainer's."""
    own = root.has_any(
        "train_micro_batch_size_per_gpu", "train_batch_size", "zero_optimization", "zero_allow_untested_optimizer"
    )
    return own and not root.has_any("per_device_train_batch_size", "num_train_epochs", "base_model")


def scheduler_of(name: str) -> str | None:
    """The scheduler that DeepSpeed's `scheduler.type` names: one of its own, or torch's; None where there is none."""
    for family in ("DeepSpeed", "PyTorch"):
        for cls in every().values():
            if cls.reference.family is FAMILIES[family] and cls.reference.symbol == name:
                return cls.reference.name
    return None


def joined(job: Job) -> Job | None:
    """A reading of the DeepSpeed file that goes with the Trainer's: --deepspeed, or what `deepspeed` names or holds."""
    said, node = job.reading.deepspeed, job.node("deepspeed")
    if said:
        return _opened(job, said)
    if node is None or node.value is False or node.value == "":
        return None
    if isinstance(node.value, dict):
        return _job(job, job.path, node)
    text = str(node.value)
    if text.lstrip().startswith("{"):
        return _job(job, job.path, parsed(f"{job.path} line {node.line}: deepspeed", text))
    folder = os.path.dirname(os.path.abspath(job.path))
    # Examples name it from the root of their repository.
    above = [os.path.normpath(os.path.join(folder, *[os.pardir] * level)) for level in range(4)]
    for place in ("", *above):
        if os.path.isfile(os.path.join(place, text)):
            return _opened(job, os.path.join(place, text))
    job.assume(
        f"{text} (deepspeed, line {node.line}) is not here, and was taken to have no scheduler block: --deepspeed PATH "
        "reads it"
    )
    return None


def parsed(path: str, text: str) -> Node:
    """The document, in which no key stands twice: DeepSpeed refuses that."""
    from lrcli.configs import json_text

    return json_text.read(path, text, once=True)


def _opened(job: Job, path: str) -> Job:
    return _job(job, path, parsed(path, text_of(path)))


def _job(job: Job, path: str, root: Node) -> Job:
    other = Job(path, root, job.run, job.version, "DeepSpeed", job.reading)
    other.remarks = job.remarks
    return other


def differs(ds: Job, key: str, value: Any, name: str) -> None:
    """Note a literal that is not the Trainer's value; the Trainer refuses it."""
    node = ds.node(key)
    if node is None or node.value == AUTO or node.value == value:
        return
    found = node.plain
    ds.remark(
        "LR707",
        f"- ds {key}={found} vs hf {name}={value}: transformers refuses it (Please correct the following DeepSpeed "
        "config values that mismatch TrainingArguments values)",
        f'"{key.rpartition(".")[2]}": "auto"',
        node.line,
    )


def processes(ds: Job, batch_size: int, accumulate: int) -> int | None:
    """The processes that follow from a literal train_batch_size; None where they do not."""
    node = ds.node("train_batch_size")
    if node is None or isinstance(node.value, bool) or not isinstance(node.value, int):
        return None
    each = batch_size * accumulate
    return node.value // each if node.value % each == 0 and node.value else None


def compare_batches(ds: Job, values: Values) -> None:
    """Hold the literals of the file to the Trainer's batch sizes and rate."""
    differs(ds, "train_micro_batch_size_per_gpu", values.batch_size, "per_device_train_batch_size")
    differs(ds, "gradient_accumulation_steps", values.accumulate, "gradient_accumulation_steps")
    each = values.batch_size * values.accumulate
    if values.num_processes is not None:
        differs(ds, "train_batch_size", each * values.num_processes, "train_batch_size (calculated)")
    elif (node := ds.node("train_batch_size")) and isinstance(node.value, int) and node.value % each:
        ds.remark(
            "LR707",
            f"train_batch_size {node.value} is no multiple of {values.batch_size} a batch x {values.accumulate} "
            "accumulated: no number of processes makes it so, and transformers refuses it",
            '"train_batch_size": "auto"',
            node.line,
        )
    differs(ds, "optimizer.params.lr", values.lr, "learning_rate")
    differs(ds, "scheduler.params.warmup_max_lr", values.lr, "learning_rate")


def has_scheduler(ds: Job) -> bool:
    """Whether the file has a block that replaces the Trainer's scheduler."""
    return ds.node("scheduler") is not None


def note_replaced(job: Job, ds: Job, kind: str) -> None:
    """Note that DeepSpeed's block takes the place of the Trainer's scheduler."""
    line = job.line_of("lr_scheduler_type")
    block = str(ds.get("scheduler.type").value)
    if (
        line
        and not (kind == "linear" and block == "WarmupDecayLR")
        and not (kind == "constant_with_warmup" and block == "WarmupLR")
    ):
        job.remark(
            "LR708",
            f"lr_scheduler_type {kind} is never used: the scheduler block of {ds.path} (line "
            f"{ds.line_of('scheduler')}), {block}, takes its place",
            f"leave the scheduler block out of {ds.path}",
            line,
        )


def replaced(job: Job, ds: Job, total: int, warmup: int, lr: float) -> tuple[str, dict[str, Any]]:
    """The schedule of the scheduler block, "auto" filled as the Trainer does: the scheduler's name and its values."""
    differs(ds, "scheduler.params.total_num_steps", total, "num_training_steps (calculated)")
    differs(ds, "scheduler.params.warmup_num_steps", max(1, warmup), "warmup_steps")
    fills = {
        "warmup_min_lr": 0.0,
        "warmup_max_lr": lr,
        "total_num_steps": total,
        "warmup_num_steps": max(1, warmup),
    }
    return block(ds, fills)


def block(ds: Job, fills: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The scheduler of the block and its values; `fills` stands for "auto"."""
    kind = str(ds.get("scheduler.type").value or "")
    name = scheduler_of(kind)
    if name is None:
        ds.refuse("scheduler", f"DeepSpeed does not recognize LR scheduler {kind or '(no type)'}")
    given = ds.mapping("scheduler.params")
    values = {}
    cls = named(name)
    assert cls is not None
    for key, value in given.items():
        if key == "last_batch_iteration":
            continue
        if key not in cls.params():
            ds.refuse("scheduler", f"{kind} got an unexpected keyword argument '{key}'")
        if value == AUTO:
            if key not in fills:
                ds.refuse("scheduler", f'"auto" is not filled in for {key}: only for {", ".join(fills)}')
            value = fills[key]
        values[key] = tuple(value) if isinstance(value, list) else value
    if "warmup_num_steps" in cls.params() and values.get("warmup_type", "log") == "log":
        count: Any = values.get("warmup_num_steps", 1000)
        if isinstance(count, bool) or not isinstance(count, int | float):
            ds.refuse("scheduler.params.warmup_num_steps", f"expected a number, found {quoted(str(count))}")
        ds.remark(
            "LR709",
            f"{kind} warms up along a logarithm over {count} steps: half the way to the full rate is done after "
            f"{max(1, round(math.sqrt(max(float(count), 1))))}",
            '"warmup_type": "linear"',
            ds.line_of("scheduler.type"),
            severity="note" if given.get("warmup_type") == "log" else "",
        )
    return name, values


def read(job: Job) -> Made:
    """The file alone, as a training loop that calls deepspeed.initialize reads it."""
    for key in ("train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "train_batch_size"):
        if (node := job.node(key)) and node.value == AUTO and has_scheduler(job):
            break
    if not has_scheduler(job):
        job.refuse(
            "scheduler", "there is no scheduler block: the rate is that of the program which reads this file beside "
            "its own; give that program's file, with --deepspeed for this one"
        )  # fmt: skip
    given = job.mapping("scheduler.params")
    autos = [key for key, value in given.items() if value == AUTO]
    if AUTO in (job.mapping("optimizer.params").get("lr"),) or autos:
        wanted = ", ".join(autos) or "optimizer.params.lr"
        block(job, dict.fromkeys(autos, 1))
        raise InputError(
            f'{job.path} line {job.line_of("scheduler")}: {wanted}: "auto" is filled in by transformers from its own '
            f"arguments: give their file, as in lrsched train.yaml --deepspeed {job.path}"
        )
    name, values = block(job, {})
    micro, accumulate, whole = (
        None if (node := job.node(key)) is None or node.value == AUTO else job.get(key, None, WHOLE)
        for key in ("train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "train_batch_size")
    )
    lr = job.number("optimizer.params.lr", None, "lr")
    if lr.value is None and values.get("warmup_max_lr") is None:
        if job.node("optimizer") is None:
            job.need(("--lr", "the rate of the optimizer, which the program makes"))
        lr = lr._replace(value=DEFAULT_LR)
    examples = job.option("examples")
    world = job.option("num_processes") if examples or (micro and accumulate and whole) else None
    if micro and accumulate and whole:
        each = micro.value * accumulate.value
        if each < 1 or whole.value % each or (world and each * world.value != whole.value):
            job.remark(
                "LR710",
                f"train_batch_size {whole.value} is not {micro.value} a batch x {accumulate.value} accumulated x "
                f"{world.value if world else 'any number of'} processes: DeepSpeed refuses it (Check batch related "
                "parameters)",
                "leave one of the three out",
                whole.line,
            )
    total = job.option("steps", "ticks") or job.get("scheduler.params.total_num_steps", None, NUMBER)
    steps, per_epoch = total.value, job.option("steps_per_epoch")
    if total.where in ("--steps", "--ticks"):
        job.show(f"{total.where}: optimizer steps", steps)
    epochs = job.option("epochs")
    if examples and (micro or whole):
        size = micro.value if micro else (whole or Fact(1)).value // (world.value if world else 1)
        fed = torch_steps(
            Feed(
                examples=examples.value,
                batch_size=max(1, size),
                num_processes=world.value if world else 1,
                accumulate=accumulate.value if accumulate else 1,
            )
        )
        job.lines += fed.lines
        if epochs and total.where == "the default":
            steps = math.ceil(epochs.value * fed.steps)
            job.show(f"{epochs.value:g} epochs x {fed.steps} steps", steps)
        return Made(name, values, lr.value or DEFAULT_LR, steps and int(steps), fed.steps)
    if epochs and per_epoch and total.where == "the default":
        steps = math.ceil(epochs.value * per_epoch.value)
        job.show(f"{epochs.value:g} epochs x {per_epoch.value} steps", steps)
    return Made(name, values, lr.value or DEFAULT_LR, steps and int(steps), per_epoch.value if per_epoch else None)


TRAINERS = (Trainer("deepspeed", "DeepSpeed", "0.19", marks, read, written=(JSON,)),)
