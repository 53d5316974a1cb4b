"""llm-foundry's YAML, which Composer trains with.

Source: llm-foundry optim/__init__.py; composer optim/scheduler.py, core/time.py
"""

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from lrcli.configs.facts import Fact, Job, shown
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules.counting import divided

_TIME = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*(ba|ep|sp|tok|dur)\s*")
NAMES = ("cosine_with_warmup", "linear_decay_with_warmup", "constant_with_warmup", "inv_sqrt_with_warmup")


def scope_of(root: Node) -> str:
    """Where the keys are: at the top, or among the `parameters` of a run of MosaicML's platform."""
    return "" if root.has("max_duration") or not root.has("parameters.max_duration") else "parameters."


def marks(root: Node) -> bool:
    """Whether the keys are llm-foundry's."""
    root = root.get(scope_of(root)[:-1]) or root
    return (
        root.has_any("max_duration")
        and root.has_any("scheduler.t_warmup", "global_train_batch_size")
        and not root.has_any("scheduler.units", "optimizer.learning_rate")
    )


def time_of(job: Job, key: str, default: str) -> tuple[float, str, Fact]:
    """A time string as number and unit."""
    fact = job.get(key, default)
    found = _TIME.fullmatch(str(fact.value))
    if not found or not math.isfinite(float(found[1])):
        job.refuse(key, f"expected a time such as 4800ba, 1ep, 10e9tok or 0.1dur, found '{fact.value}'")
    return float(found[1]), found[2], fact


TIMES = ("max_duration", "scheduler.t_warmup", "scheduler.t_max")
"""Keys that are lengths, each with its unit."""


class Time(NamedTuple):
    """A length as Composer counts it: batches, samples or tokens."""

    value: int
    unit: str
    fact: Fact


def read(job: Job) -> Made:
    """What Composer makes of the file."""
    job.scope = scope_of(job.root)
    name = str(job.get("scheduler.name", "").value)
    lr = job.number("optimizer.lr", None, "lr")
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
    times = {key: time_of(job, key, default) for key, default in DEFAULTS.items()}
    total_said = job.option("steps", "ticks")
    needs_epoch = any(unit == "ep" for _, unit, _ in times.values())
    steps = epoch_of(job, batch, needs_epoch and not total_said)
    if total_said:
        times["max_duration"] = (total_said.value, "ba", total_said)
    whole = converted(job, times["max_duration"], None, steps)
    total = math.ceil(in_batches(job, whole, batch))
    job.show(f"{whole.fact.value} ({whole.fact.where}): batches", total)
    warmup, longest = (
        converted(job, times[key], whole, steps) for key in ("scheduler.t_warmup", "scheduler.t_max")
    )  # fmt: skip
    if warmup.unit != longest.unit and name in NAMES[:3]:
        job.fails(
            "LR716",
            f"Cannot use warmup scheduler with t_max {longest.fact.value} and t_warmup {warmup.fact.value}: t_warmup "
            "and t_max must use the same units",
            f"t_warmup in {longest.unit}", warmup.fact.line,
        )  # fmt: skip
    if longest.unit == whole.unit and longest.value < whole.value and name in NAMES[:3]:
        job.fails(
            "LR716",
            f"t_max {longest.fact.value} must be greater than or equal to max_duration {whole.fact.value}. Otherwise, "
            "the LR schedule will not be defined for the entire training duration.",
            "t_max: 1dur", longest.fact.line,
        )  # fmt: skip
    ticks, end = in_batches(job, warmup, batch), in_batches(job, longest, batch)
    job.show(f"{warmup.fact.value} ({warmup.fact.where}): warmup", ticks)
    if ticks >= total:
        job.remark("LR704", f"the warmup takes {shown(ticks)} batches and the run has {total}: the full rate is never "
                   "trained at", f"t_warmup: {max(1, total // 20)}ba", warmup.fact.line)  # fmt: skip
    low = float(job.number("scheduler.alpha_f", 0.0).value)
    if same := same_as_transformers(name, ticks, end, total, low):
        return Made(*same, float(lr.value), int(total), steps)
    job.assume("the schedule is computed in closed form: equal but for rounding")
    after = root_of(job, times, whole, batch, steps, ticks, end) if name == NAMES[3] else factor(name, ticks, end, low)
    expression = f"t/{ticks!r} if t<{ticks!r} else {after}" if ticks else after
    return Made("lambda", {"expr": expression}, float(lr.value), int(total), steps)


DEFAULTS = {
    "max_duration": "1ep", "scheduler.t_warmup": "0ba", "scheduler.t_max": "1dur", "scheduler.t_scale": "1ba",
    "scheduler.t_cooldown": "0ba",
}  # fmt: skip
"""Lengths where none are given."""


def same_as_transformers(
    name: str, warmup: float, end: float, total: int, low: float
) -> tuple[str, dict[str, Any]] | None:
    """The schedule of transformers that has the same rates to the bit: a warmup of whole batches, to the run's end."""
    whole = {"num_warmup_steps": warmup, "num_training_steps": total}
    if warmup != int(warmup) or warmup >= total:
        return None
    if name == "constant_with_warmup":
        return "hf-constant-with-warmup", whole
    if name != "cosine_with_warmup" or end != total:
        return None
    return ("hf-cosine-with-min-lr", {**whole, "min_lr_rate": low}) if low else ("hf-cosine", whole)


def factor(name: str, warmup: float, end: float, floor: float) -> str:
    """Composer's multiplier of the rate after the warmup, as an expression of the batch t."""
    if name == "constant_with_warmup":
        return "1"
    progress = f"min(1.0,(t-{warmup!r})/{end - warmup!r})" if end > warmup else "0.0"
    if name == "cosine_with_warmup":
        return f"{floor!r}+(1-{floor!r})*(1+cos(pi*{progress}))/2"
    return f"1+{progress}*({floor!r}-1)"


def root_of(
    job: Job, times: Mapping[str, Any], whole: Time, batch: Fact, steps: int | None, warmup: float, end: float
) -> str:
    """One over the square root of the time after the warmup, then a line down."""
    units = {key: times[key][1] for key in ("scheduler.t_warmup", "scheduler.t_scale", "scheduler.t_cooldown")}
    for key, unit in units.items():
        if job.node(key) and unit != times["max_duration"][1]:
            job.fails("LR716", f"{key} ({unit}) must match max_duration unit ({times['max_duration'][1]})", "",
                      job.line_of(key))  # fmt: skip
    if job.node("scheduler.t_scale") is None or job.node("scheduler.t_cooldown") is None:
        job.refuse("scheduler", "inv_sqrt_with_warmup needs t_scale and t_cooldown")
    lengths = (converted(job, times[f"scheduler.{key}"], whole, steps) for key in ("t_scale", "t_cooldown"))
    scale, cooldown = (in_batches(job, length, batch) for length in lengths)
    low, lowest = (float(job.number(f"scheduler.alpha_f_{key}", 0.0).value) for key in ("decay", "cooldown"))
    down = max(end - cooldown, warmup)

    def at(time: str) -> str:
        return f"({low!r}+(1.0-{low!r})/(({time}+{scale - warmup!r})/{scale!r})**0.5)"

    then = f"{at(repr(down))}+min(1.0,(t-{down!r})/{cooldown!r})*({lowest!r}-{at(repr(down))})" if cooldown else at(
        repr(down)
    )  # fmt: skip
    return f"({at('t')} if t<{down!r} else {then})"


def converted(job: Job, time: tuple[float, str, Fact], whole: Time | None, steps: int | None) -> Time:
    """A length without epochs and shares of the run, which Composer makes batches of, or what max_duration has."""
    number, unit, fact = time
    if unit == "dur":
        if whole is None:
            job.refuse("max_duration", "expected a length that is no share of itself")
        return Time(int(number * whole.value), whole.unit, fact)
    if unit == "ep":
        if steps is None:
            job.need(("--examples", f"{fact.value} is in epochs: how many examples there are"))
        return Time(int(number * steps), "ba", fact)
    return Time(int(number), unit, fact)


def in_batches(job: Job, time: Time, batch: Fact) -> float:
    """A length in batches: a fraction where it is counted in samples or tokens."""
    if time.unit == "ba":
        return time.value
    if batch.value is None:
        job.need(("--batch-size", f"{time.fact.value} is counted in batches of all processes"))
    each = batch.value
    if time.unit == "tok":
        length = job.whole("max_seq_len", None, at_least=1)
        if length.value is None:
            job.refuse("max_seq_len", f"{time.fact.value} needs the tokens of an example")
        each *= length.value
    exact: float = time.value / each if time.value % each else time.value // each
    return exact


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
