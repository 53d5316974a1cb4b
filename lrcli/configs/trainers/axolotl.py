"""axolotl's YAML.

Source: axolotl core/builders/base.py (_configure_warmup_and_logging), core/trainers/mixins/scheduler.py,
utils/trainer.py (calculate_total_num_steps), utils/schemas
"""

import math
from typing import Any

from lrcli.configs.facts import NUMBER, Fact, Job, shown
from lrcli.configs.hf.schedule import BY_METRIC, SCHEDULERS, keywords_of, values_of
from lrcli.configs.hf.warmup import Ratio, too_long
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.trainers import deepspeed
from lrcli.configs.tree import Node
from lrcli.errors import InputError
from lrcli.run import share_of
from lrcli.schedules.counting import divided
from lrcli.schedules.kind import Share

PACKED = ("sample_packing", "pretrain_multipack_attn")
STREAMED = ("pretraining_dataset", "streaming")
GENERATES = ("grpo", "ebft")
"""Values of `rl` with which axolotl leaves the number of steps to TRL, which repeats every prompt."""

UNASKED_SHARE, UNASKED_MOST = 0.03, 100
"""The warmup where none is asked for."""


QUADRATIC, CONSTANT, REX = "quadratic warmup", "cosine to a constant", "rex"
EXPRESSIONS = {
    QUADRATIC: "(t/max(1,{W}))**2 if t<{W} else max(0.0,0.5*(1.0+cos(pi*0.5*2.0*((t-{W})/{D}))))",
    CONSTANT: "t/max(1,{W}) if t<{W} else max(0,(1-{min_lr_ratio!r})*0.5*(1.0+cos(pi*0.5*2.0*"
    "((min(t,floor({N}*{constant_lr_ratio!r}))-{W})/max(1,floor({N}*{constant_lr_ratio!r})-{W})))))+{min_lr_ratio!r}",
    # It is stepped once when it is made: the first step has 1.
    REX: "(t+1)/max(1,{W}) if t+1<={W} else {min_lr_ratio!r} if t+1>={N} else {min_lr_ratio!r}+(1.0-{min_lr_ratio!r})*"
    "((({N}-t-1)/{D})/(0.1+0.9*(({N}-t-1)/{D})))",
}
"""axolotl's own schedules as factors of the tick; W is the warmup, N the run, D what is left of it."""


def marks(root: Node) -> bool:
    """Whether the keys are axolotl's."""
    return root.has_any("base_model", "base_model_config") and root.has_any(
        "micro_batch_size", "num_epochs", "lr_scheduler", "sequence_len"
    )


def read(job: Job) -> Made:
    """What axolotl makes of the file."""
    if job.node("learning_rate") is None and not job.option("lr"):
        job.fails("LR716", "learning_rate: Field required", "learning_rate: 2e-5")
    lr = job.number("learning_rate", None, "lr")
    kind = str(job.get("lr_scheduler", "cosine").value)
    keywords = job.mapping("lr_scheduler_kwargs")
    quadratic = job.flag("lr_quadratic_warmup")
    floor, constant = job.number("cosine_min_lr_ratio", None), job.number("cosine_constant_lr_ratio", None)
    warmup = warmup_of(job)
    batch = job.whole("micro_batch_size", 1, "batch_size", at_least=1)
    whole = job.whole("batch_size", None)
    accumulate = job.whole("gradient_accumulation_steps", None, "accumulate")
    if accumulate.value is None:
        many = whole.value // batch.value if whole.value else 1
        accumulate = Fact(
            max(1, many), f"batch_size {whole.value} / micro_batch_size" if whole.value else "the default"
        )
    max_steps = job.whole("max_steps", None, "steps", "ticks")
    epochs = job.number("num_epochs", 1.0, "epochs")
    if job.option("epochs") and not job.option("steps", "ticks"):
        max_steps = Fact(None)
    if job.node("jagged_restart_steps"):
        job.refuse("jagged_restart_steps", "restarts of the warmup around another schedule are not computed by lrsched")
    if (parts := job.node("lr_groups")) and parts.value:
        job.assume(
            f"{job.at('lr_groups')}: those parameters have rates of their own; the rate shown is learning_rate's"
        )
    for key in ("embedding_lr", "embedding_lr_scale", "loraplus_lr_ratio", "loraplus_lr_embedding"):
        if job.node(key):
            job.assume(f"{job.at(key)}: those parameters have another rate; the rate shown is learning_rate's")
    for key in ("jagged_restart_warmup_steps", "jagged_restart_anneal_steps", "relora_warmup_steps"):
        job.get(key)
    world = job.option("num_processes") or Fact(None)
    ds = deepspeed.joined(job)
    if ds:
        values = deepspeed.Values(batch.value, accumulate.value, world.value, float(lr.value))
        deepspeed.compare_batches(ds, values)
        if deepspeed.has_scheduler(ds):
            deepspeed.note_replaced(job, ds, kind)
    job.refuse_unknown()
    name, fields = chosen(job, kind, keywords, quadratic, floor, constant)
    generates = str(job.get("rl", "").value) in GENERATES
    total, steps = length_of(job, batch, accumulate, epochs, max_steps, world.value or 1, generates)
    ticks = warmup_ticks(job, warmup, total, counted=not generates)
    too_long(job, warmup, ticks, total, kind)
    if ds and deepspeed.has_scheduler(ds):
        name, fields = deepspeed.replaced(job, ds, total, ticks, float(lr.value))
        return Made(name, fields, float(lr.value), total, steps)
    if name in EXPRESSIONS:
        expression = EXPRESSIONS[name].format(W=ticks, N=total, D=max(1, total - ticks), **fields)
        return Made("lambda", {"expr": expression}, float(lr.value), total, steps)
    if kind == "one_cycle":
        fields = {"max_lr": float(lr.value), "total_steps": total, "pct_start": ticks / total, **fields}
    else:
        fields = values_of(kind, fields, ticks, total)
    return Made(name, fields, float(lr.value), total, steps)


def warmup_of(job: Job) -> Fact:
    """The warmup as it is given: ticks, a share, or None where it is axolotl's own."""
    steps, ratio = job.get("warmup_steps", None, NUMBER), job.number("warmup_ratio", None)
    if overruled := job.option("warmup"):
        return overruled
    if steps.value is not None and ratio.value is not None:
        job.fails(
            "LR703", f"{job.at('warmup_steps')} and {job.at('warmup_ratio')}: warmup_steps and warmup_ratio are "
            "mutually exclusive", "give one of them", ratio.line,
        )  # fmt: skip
    if steps.value is not None and steps.value != int(steps.value):
        job.fails(
            "LR716",
            f"warmup_steps {shown(steps.value)}: Input should be a valid integer, got a number with a fractional part",
            f"warmup_ratio: {shown(steps.value)}",
            steps.line,
        )
    return ratio._replace(value=Ratio(ratio.value)) if steps.value is None and ratio.line else steps


def warmup_ticks(job: Job, warmup: Fact, total: int, counted: bool) -> int:
    """The ticks of the warmup: rounded down where it is a share, and never 1.

    `counted`: axolotl knows the steps of the run; where it does not, it leaves the share to the Trainer.
    """
    value = warmup.value
    if not counted and (value is None or isinstance(value, Ratio)):
        share = warmup if value is not None else Fact(UNASKED_SHARE, "axolotl's own")
        ticks = math.ceil(float(share.value) * total)
        job.show(f"{share.of('of the run')} x {total} steps, rounded up by the Trainer: warmup", ticks)
        return ticks
    if isinstance(value, Share):
        ticks = share_of(value, total)
        job.show(f"{value} of {total} steps, rounded up: warmup", ticks)
    elif isinstance(value, Ratio):
        ticks = max(int(value * total), 0)
        job.show(f"{warmup.of('of the run')} x {total} steps, rounded down: warmup", ticks)
        if value and not ticks:
            job.remark("LR715", f"{warmup.of('of the run')} is less than a step: there is no warmup", "", warmup.line)
    elif value is None:
        ticks = min(int(UNASKED_SHARE * total), UNASKED_MOST)
        job.show(f"no warmup asked for: {UNASKED_SHARE} x {total} steps, rounded down, at most {UNASKED_MOST}", ticks)
        if ticks:
            job.remark("LR717", f"no warmup is asked for, and {ticks} steps of it are made", "warmup_steps: 0")
    else:
        ticks = int(value)
        job.show(warmup.of("steps of warmup"), ticks)
    if ticks == 1:
        ticks = 2
        job.show("a warmup of 1 step is made 2", ticks)
    return ticks


def chosen(
    job: Job, kind: str, keywords: dict[str, Any], quadratic: bool, floor: Fact, constant: Fact
) -> tuple[str, dict[str, Any]]:
    """The scheduler, in the order in which axolotl looks for it, and the values that do not depend on the run."""
    if kind == "one_cycle":
        return "onecycle", keywords
    if kind == "rex":
        job.assume("rex is computed in closed form: equal but for rounding")
        return REX, {"min_lr_ratio": float(floor.value or 0.0)}
    if kind == "cosine" and quadratic:
        if floor.value:
            job.remark(
                "LR702", f"{job.at('cosine_min_lr_ratio')} is not used: lr_quadratic_warmup comes first",
                "leave one of them out", floor.line,
            )  # fmt: skip
        return QUADRATIC, {}
    if kind == "cosine" and floor.value and constant.value:
        ratios = {"min_lr_ratio": float(floor.value), "constant_lr_ratio": float(constant.value)}
        return CONSTANT, ratios
    if kind == "cosine" and floor.value:
        return "hf-cosine-with-min-lr", {"min_lr_rate": float(floor.value)}
    for fact, key in ((floor, "cosine_min_lr_ratio"), (constant, "cosine_constant_lr_ratio")):
        if fact.value:
            why = "cosine_min_lr_ratio is not given" if kind == "cosine" else f"lr_scheduler is {kind}"
            job.remark("LR702", f"{job.at(key)} is not used: {why}", "lr_scheduler: cosine", fact.line)
    if kind in BY_METRIC:
        job.refuse("lr_scheduler", f"{kind} follows a metric of the run, which no file knows")
    if kind not in SCHEDULERS:
        job.refuse(
            "lr_scheduler", f"Input should be one of {', '.join((*SCHEDULERS, 'one_cycle', 'rex'))}, "
            f"found '{kind}'"
        )  # fmt: skip
    job.root.value.setdefault("lr_scheduler_kwargs", Node(None))
    return SCHEDULERS[kind], keywords_of(job, kind)


def length_of(
    job: Job, batch: Fact, accumulate: Fact, epochs: Fact, max_steps: Fact, world: int, generates: bool
) -> tuple[int, int | None]:
    """Optimizer steps of the run, and of an epoch where that is known."""
    packed = next((key for key in PACKED if job.node(key) and job.flag(key)), "")
    streamed = next((key for key in STREAMED if (node := job.node(key)) and node.value), "")
    examples = job.option("examples")
    per_epoch = job.option("steps_per_epoch")
    steps = int(per_epoch.value) if per_epoch else None
    if examples and not (packed or streamed or generates):
        batches = divided(divided(examples.value, batch.value), world)
        steps = max(divided(batches, accumulate.value), 1)
        if per_epoch and per_epoch.value != steps:
            raise InputError(f"{per_epoch.where}: is {per_epoch.value}, but the data make {steps}")
    if max_steps.value and max_steps.value > 0:
        job.show(max_steps.of("optimizer steps"), max_steps.value)
        return int(max_steps.value), steps
    if generates:
        job.need(("--steps", f"{job.at('rl')} repeats every prompt, and axolotl leaves the number of steps to TRL"))
    if streamed:
        job.remark(
            "LR713", f"{job.at(streamed)}: the length of the data is not known, and max_steps is needed",
            "max_steps: 1000", job.line_of(streamed),
        )  # fmt: skip
        job.need(("--steps", f"{streamed} has no known length, and the file has no max_steps"))
    if packed:
        job.remark(
            "LR713",
            f"{job.at(packed)} packs examples together: how many steps there are depends on the lengths of their "
            "texts, which axolotl counts and prints (total_num_steps)",
            "", job.line_of(packed),
        )  # fmt: skip
        if per_epoch:
            total = math.ceil(epochs.value * per_epoch.value)
            job.show(f"{epochs.of('epochs')} x {per_epoch.of('steps')}", total)
            return total, steps
        job.need(("--steps", f"{packed} makes the length depend on the texts; the run prints it as total_num_steps"))
    if examples is None and per_epoch is None:
        job.need(("--examples", "how many training examples there are after filtering; or --steps"))
    if examples is None:
        assert per_epoch is not None
        total = math.ceil(epochs.value * per_epoch.value)
        job.show(f"{epochs.of('epochs')} x {per_epoch.of('steps')}", total)
        return total, steps
    if (left := job.node("val_set_size")) and left.value:
        job.assume(f"{job.at('val_set_size')}: --examples are those that are left to train on")
    if not job.option("num_processes"):
        job.assume("1 process assumed: --num-processes says how many")
    each = batch.value * accumulate.value * world
    total = math.ceil(examples.value * epochs.value / each)
    job.show(f"{batch.of('a batch')} x {accumulate.of('accumulated')} x {world} processes: examples in a step", each)
    job.show(f"{examples.value} examples x {epochs.of('epochs')} / {each}, rounded up once", total)
    return total, steps


TRAINERS = (Trainer("axolotl", "axolotl", "0.19", marks, read),)
