"""OLMo's YAML.

Source: OLMo olmo/config.py, olmo/optim.py (Scheduler), olmo/train.py (scheduler_current, max_steps)
"""

import math

from lrcli.configs.facts import Fact, Job
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules.counting import divided

COSINE, ROOT = "{low}+(1-{low})*(1+cos(pi*{p}))/2", "({W}/max({W},{s}))**0.5"
CURVES = {
    "cosine_with_warmup": COSINE,
    "linear_with_warmup": "1-(1-{low})*{p}",
    "cosine_linear_envelope": "{low}+(1-{p})*((1-{low})*(1+cos(pi*{p}))/2)",
    "inverse_sqrt_with_warmup": ROOT,
    "max_scheduler": f"max({COSINE},{ROOT})",
    "constant_with_warmup": "1",
    "constant": "1",
}
"""What comes after the warmup, as a factor of step s: p is the part of the way that is done, W the warmup."""


def marks(root: Node) -> bool:
    """Whether the keys are OLMo's."""
    return (
        root.has_any("scheduler.t_warmup", "scheduler.name")
        and root.has_any("optimizer.learning_rate")
        and root.has_any("max_duration", "stop_at", "global_train_batch_size")
    )


def read(job: Job) -> Made:
    """What OLMo makes of the file."""
    name = str(job.get("scheduler.name", "cosine_with_warmup").value)
    lr = job.number("optimizer.learning_rate", 1e-4, "lr")
    if name not in CURVES:
        job.refuse("scheduler.name", f"{name} is not one of OLMo's: expected one of {', '.join(CURVES)}")
    in_tokens = str(job.get("scheduler.units", "steps").value) == "tokens"
    batch = job.whole("global_train_batch_size", 512, at_least=1)
    length = job.whole("model.max_sequence_length", 1024, at_least=1)
    each = batch.value * length.value
    warmup, longest = job.number("scheduler.t_warmup", 100), job.number("scheduler.t_max", None)
    floor, start = job.number("scheduler.alpha_f", 0.1), job.number("scheduler.warmup_min_lr", None)
    for key in ("scheduler.grad_clip_warmup_steps", "scheduler.grad_clip_warmup_factor", "max_duration", "stop_at"):
        job.node(key)
    if job.node("load_path") and not (job.node("reset_trainer_state") and job.flag("reset_trainer_state")):
        job.assume(f"{job.at('load_path')}: the run goes on from a checkpoint; the rates are shown from its first step")
    job.refuse_unknown(harmless=lambda key: key in ("reset_optimizer_state",))
    total, exact = length_of(job, each)
    rate = float(lr.value)
    if name == "constant":
        return Made("hf-constant", {"num_training_steps": total}, rate, total)
    job.assume("the schedule is computed in closed form: equal but for rounding")
    unit = each if in_tokens else 1
    first = float(start.value) / rate if start.value is not None and rate else 0.1
    if start.value is None and warmup.value:
        job.assume("without warmup_min_lr the warmup starts at 10 % of the rate")
    ticks = float(warmup.value) / unit
    end = float(longest.value) / unit if longest.value is not None else exact if in_tokens else float(total)
    job.show(f"{warmup.of('tokens' if in_tokens else 'steps')}: warmup in steps", ticks)
    if ticks >= total:
        job.remark("LR704", f"the warmup takes {ticks:g} steps and the run has {total}: the full rate is never trained "
                   "at", f"t_warmup: {max(1, total // 20) * unit}", warmup.line)  # fmt: skip
    # The step is counted before it is done: the first is 1.
    s, low = "(t+1)", repr(float(floor.value))
    progress = f"min(1,({s}-{ticks!r})/{end - ticks!r})" if end > ticks else "1"
    after = CURVES[name].format(low=low, p=progress, W=repr(ticks), s=s)
    expression = f"{first!r}+(1-{first!r})*{s}/{ticks!r} if {s}<{ticks!r} else {after}" if ticks else after
    return Made("lambda", {"expr": expression}, rate, total)


def length_of(job: Job, each: int) -> tuple[int, float]:
    """Steps of the run, and what they are before rounding: max_duration is in steps, tokens (2e12T) or epochs (1ep)."""
    if said := job.option("steps", "ticks"):
        return int(said.value), float(said.value)
    fact = job.get("max_duration", 10_000)
    text = str(fact.value).strip()
    try:
        if text.endswith("T"):
            total = divided(int(float(text[:-1])), each)
            job.show(f"{text} ({fact.where}) / {each} tokens a step, rounded up", total)
            return total, int(float(text[:-1])) / each
        if text.endswith("ep"):
            steps = job.option("steps_per_epoch", "batches_per_epoch")
            examples = job.option("examples")
            if steps is None and examples is None:
                job.need(("--examples", "the length is in epochs: how many sequences there are"))
            per_epoch = steps or Fact(examples.value // job.whole("global_train_batch_size", 512).value)  # type: ignore[union-attr]
            total = math.ceil(float(text[:-2])) * int(per_epoch.value)
            job.show(f"{text} ({fact.where}) x {per_epoch.value} steps", total)
        else:
            total = int(float(text))
            job.show(fact.of("steps"), total)
    except (ValueError, OverflowError):
        job.refuse("max_duration", f"expected steps, tokens as in 2e12T, or epochs as in 1ep, found '{text}'")
    return total, float(total)


TRAINERS = (Trainer("olmo", "OLMo", "", marks, read, written=("yaml",)),)
