"""OLMo's YAML.

Source: OLMo olmo/config.py, olmo/optim.py (Scheduler), olmo/train.py (scheduler_current, max_steps)
"""

import math

from lrcli.configs.facts import Fact, Job
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node
from lrcli.schedules.counting import divided

NAMES = ("cosine_with_warmup", "linear_with_warmup")


def marks(root: Node) -> bool:
    """Whether the keys are OLMo's."""
    return (
        root.has_any("scheduler.t_warmup")
        and root.has_any("optimizer.learning_rate")
        and root.has_any("max_duration", "stop_at", "global_train_batch_size")
    )


def read(job: Job) -> Made:
    """What OLMo makes of the file."""
    name = str(job.get("scheduler.name", "cosine_with_warmup").value)
    lr = job.number("optimizer.learning_rate", 1e-4, "lr")
    if name not in NAMES:
        job.refuse("scheduler.name", f"{name} is not computed by lrsched: expected one of {', '.join(NAMES)}")
    in_tokens = str(job.get("scheduler.units", "steps").value) == "tokens"
    batch = job.whole("global_train_batch_size", 512, at_least=1)
    length = job.whole("model.max_sequence_length", 1024, at_least=1)
    each = batch.value * length.value
    warmup, longest = job.number("scheduler.t_warmup", 100), job.number("scheduler.t_max", None)
    floor, start = job.number("scheduler.alpha_f", 0.1), job.number("scheduler.warmup_min_lr", None)
    for key in ("scheduler.grad_clip_warmup_steps", "scheduler.grad_clip_warmup_factor", "max_duration", "stop_at"):
        job.node(key)
    job.refuse_unknown(harmless=lambda key: key in ("reset_optimizer_state",))
    job.assume("the schedule is computed in closed form: equal but for rounding")
    total = length_of(job, each)
    unit = each if in_tokens else 1
    rate = float(lr.value)
    first = float(start.value) / rate if start.value is not None else 0.1
    if start.value is None:
        job.assume("without warmup_min_lr the warmup starts at 10 % of the rate")
    ticks = float(warmup.value) / unit
    end = float(longest.value) / unit if longest.value is not None else float(total)
    job.show(f"{warmup.of('tokens' if in_tokens else 'steps')}: warmup in steps", ticks)
    if ticks >= total:
        job.remark("LR704", f"the warmup takes {ticks:g} steps and the run has {total}: the full rate is never trained "
                   "at", f"t_warmup: {max(1, total // 20) * unit}", warmup.line)  # fmt: skip
    # The step is counted before it is done: the first is 1.
    s = "(t+1)"
    progress = f"min(1,({s}-{ticks:g})/{end - ticks:g})"
    low = float(floor.value)
    after = f"{low!r}+(1-{low!r})*(1+cos(pi*{progress}))/2" if name == NAMES[0] else f"1-(1-{low!r})*{progress}"
    expression = f"{first!r}+(1-{first!r})*{s}/{ticks:g} if {s}<{ticks:g} else {after}" if ticks else after
    return Made("lambda", {"expr": expression}, rate, total)


def length_of(job: Job, each: int) -> int:
    """Steps of the run: max_duration is in steps, in tokens (2e12T) or in epochs (1ep)."""
    if said := job.option("steps", "ticks"):
        return int(said.value)
    fact = job.get("max_duration", 10_000)
    text = str(fact.value).strip()
    try:
        if text.endswith("T"):
            total = divided(int(float(text[:-1])), each)
            job.show(f"{text} ({fact.where}) / {each} tokens a step, rounded up", total)
        elif text.endswith("ep"):
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
    except ValueError:
        job.refuse("max_duration", f"expected steps, tokens as in 2e12T, or epochs as in 1ep, found '{text}'")
    return total


TRAINERS = (Trainer("olmo", "OLMo", "", marks, read, written=("yaml",)),)
