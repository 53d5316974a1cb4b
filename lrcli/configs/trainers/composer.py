"""llm-foundry's YAML, which Composer trains with.

Source: llm-foundry optim/__init__.py; composer optim/scheduler.py, core/time.py
"""

import math
import re
from typing import Any

from lrcli.configs.facts import Fact, Job, shown
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules.counting import divided

_TIME = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*(ba|ep|sp|tok|dur)\s*")
NAMES = ("cosine_with_warmup", "linear_decay_with_warmup", "constant_with_warmup")


def marks(root: Node) -> bool:
    """Whether the keys are llm-foundry's."""
    return (
        root.has_any("max_duration")
        and root.has_any("scheduler.t_warmup", "global_train_batch_size")
        and not (
            root.has_any("model.max_sequence_length") and root.has_any("scheduler.units", "optimizer.learning_rate")
        )
    )


def time_of(job: Job, key: str, default: str) -> tuple[float, str, Fact]:
    """A time string as number and unit."""
    fact = job.get(key, default)
    found = _TIME.fullmatch(str(fact.value))
    if not found:
        job.refuse(key, f"expected a time such as 4800ba, 1ep, 10e9tok or 0.1dur, found '{fact.value}'")
    return float(found[1]), found[2], fact


TIMES = ("max_duration", "scheduler.t_warmup", "scheduler.t_max")
"""Keys that are lengths, each with its unit."""


def read(job: Job) -> Made:
    """What Composer makes of the file."""
    name = str(job.get("scheduler.name", "").value)
    lr = job.number("optimizer.lr", None, "lr")
    floor = job.number("scheduler.alpha_f", 0.0)
    if job.node("scheduler") is None:
        job.refuse("scheduler", "there is no scheduler block")
    if name not in NAMES:
        job.refuse("scheduler.name", f"expected one of {', '.join(NAMES)}, found '{name}'")
    ratio = job.number("scale_schedule_ratio", 1.0)
    if ratio.value != 1.0:
        job.refuse("scale_schedule_ratio", "a schedule that is scaled is not computed by lrsched")
    if job.flag("scheduler.scale_warmup"):
        job.refuse("scheduler.scale_warmup", "a warmup that is scaled is not computed by lrsched")
    if lr.value is None:
        job.need(("--lr", "the rate of the optimizer, which the file does not say"))
    batch = job.whole("global_train_batch_size", None, at_least=1)
    by_batch = all(str(job.get(key, "0ba").value).endswith(("ba", "dur")) for key in TIMES)
    if (not by_batch or job.option("examples")) and (said := job.option("batch_size")):
        batch = Fact(said.value * (job.run.num_processes if "num_processes" in job.run.said else 1), "--batch-size")
    job.node("max_duration")
    job.refuse_unknown()
    number, unit, duration = time_of(job, "max_duration", "1ep")
    warm_number, warm_unit, warmup = time_of(job, "scheduler.t_warmup", "0ba")
    max_number, max_unit, longest = time_of(job, "scheduler.t_max", "1dur")
    if name != "constant_with_warmup" and max_unit != "dur" and max_unit != warm_unit and warm_number:
        job.fails(
            "LR716",
            f"Cannot use schedule with different units: t_warmup is {warmup.value} and t_max {longest.value}",
            f"t_max in {warm_unit}", warmup.line,
        )  # fmt: skip
    needs_epoch = "ep" in (unit, warm_unit, max_unit)
    steps = epoch_of(job, batch, needs_epoch and not job.option("steps", "ticks"))
    total_said = job.option("steps", "ticks")
    total = total_said.value if total_said else in_steps(job, number, unit, duration, batch, steps, 0)
    ticks = in_steps(job, warm_number, warm_unit, warmup, batch, steps, total, quiet=True)
    end = in_steps(job, max_number, max_unit, longest, batch, steps, total, quiet=True)
    job.show(f"{warmup.value} ({warmup.where}): warmup", ticks)
    if ticks >= total:
        job.remark("LR704", f"the warmup takes {shown(ticks)} batches and the run has {total}: the full rate is never "
                   "trained at", f"t_warmup: {max(1, total // 20)}ba", warmup.line)  # fmt: skip
    job.assume("the schedule is computed in closed form: equal but for rounding")
    expression = factor(name, ticks, end, float(floor.value))
    return Made("lambda", {"expr": expression}, float(lr.value), int(total), steps)


def factor(name: str, warmup: float, end: float, floor: float) -> str:
    """Composer's multiplier of the rate, as an expression of the batch t."""
    progress = f"min(1.0,(t-{warmup:g})/{end - warmup:g})"
    if name == "constant_with_warmup":
        after = "1"
    elif name == "cosine_with_warmup":
        after = f"{floor!r}+(1-{floor!r})*(1+cos(pi*{progress}))/2"
    else:
        after = f"1+{progress}*({floor!r}-1)"
    return f"t/{warmup:g} if t<{warmup:g} else {after}" if warmup else after


def in_steps(
    job: Job, number: float, unit: str, fact: Fact, batch: Fact, steps: int | None, total: float, quiet: bool = False
) -> Any:
    """A time in batches."""
    if unit == "ba":
        value = int(number)
    elif unit == "dur":
        value = int(number * total)
    elif unit == "ep":
        assert steps is not None
        value = math.ceil(number * steps)
    else:
        if batch.value is None:
            job.need(("--batch-size", f"{fact.value} is counted in batches of all processes"))
        each = batch.value
        if unit == "tok":
            length = job.whole("max_seq_len", None, at_least=1)
            if length.value is None:
                job.refuse("max_seq_len", f"{fact.value} needs the tokens of an example")
            each *= length.value
        value = divided(int(number), each)
    if not quiet:
        job.show(f"{fact.value} ({fact.where}): batches", value)
    return value


def epoch_of(job: Job, batch: Fact, needed: bool) -> int | None:
    """Batches in an epoch."""
    if said := job.option("steps_per_epoch", "batches_per_epoch"):
        return int(said.value)
    examples = job.option("examples")
    if examples is None or batch.value is None:
        if needed:
            job.need(("--examples", "the length is in epochs: how many examples there are"))
        return None
    down = job.flag("train_loader.drop_last")
    steps = divided(examples.value, batch.value, down)
    job.show(f"{examples.value} examples / {batch.of('a batch')}, rounded {'down' if down else 'up'}", steps)
    return steps


TRAINERS = (Trainer("llmfoundry", "llm-foundry", "", marks, read, written=("yaml",)),)
