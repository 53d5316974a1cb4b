"""transformers' TrainingArguments, and those who read the same keys: TRL and LLaMA-Factory.

Source: transformers 5.23 Trainer.set_initial_training_values, TrainingArguments.get_warmup_steps,
optimization.get_scheduler, and the same of 4.50 to 5.18; trl trainer/*_config.py, GRPOTrainer; LLaMA-Factory
train/trainer_utils.py
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from lrcli.configs.facts import FLAG, NUMBER, WHOLE, Fact, Job, shown, taken
from lrcli.configs.trainer import JSON, WORDS, YAML, Made, Trainer
from lrcli.configs.trainers import deepspeed
from lrcli.configs.tree import Node
from lrcli.errors import InputError
from lrcli.run import share_of
from lrcli.schedules import named
from lrcli.schedules.counting import divided, rounded
from lrcli.schedules.kind import Share

SCHEDULERS = {
    "linear": "hf-linear",
    "cosine": "hf-cosine",
    "cosine_with_restarts": "hf-cosine-with-restarts",
    "polynomial": "hf-polynomial",
    "constant": "hf-constant-with-warmup",
    "constant_with_warmup": "hf-constant-with-warmup",
    "inverse_sqrt": "hf-inverse-sqrt",
    "cosine_with_min_lr": "hf-cosine-with-min-lr",
    "cosine_warmup_with_min_lr": "hf-cosine-warmup-with-min-lr",
    "warmup_stable_decay": "hf-warmup-stable-decay",
}
"""SchedulerType, by the scheduler that lrsched has for it."""

SINCE = {"cosine_warmup_with_min_lr": (4, 53), "greedy": (5, 1)}
"""The versions in which types came."""

NO_KEYWORDS = ("constant", "constant_with_warmup")
"""Types to whose functions get_scheduler does not hand lr_scheduler_kwargs."""

BY_METRIC = ("reduce_lr_on_plateau", "greedy")

CEILED = (4, 52)
"""From here on what is left of an epoch makes an optimizer step; before, it made none."""

RATIO_WINS, RATIO_GONE = (5,), (5, 15)
"""From here on warmup_ratio overrules warmup_steps, which may be a share itself; from there on it is unknown."""

LAST_WITH_RATIO = (5, 14)

RECOGNISED = ("per_device_train_batch_size", "num_train_epochs", "lr_scheduler_type")


class Dialect(NamedTuple):
    """What differs among those who read these keys."""

    who: str = "TrainingArguments"
    lr: float = 5e-5
    """The rate where the file has none."""
    generates: bool = False
    """Whether the examples are prompts, each repeated for several generations."""
    factory: bool = False
    """Whether it is LLaMA-Factory, which has a say about data and about warmup_stable_decay."""
    text_numbers_fail: str = ""


def scope_of(root: Node) -> str:
    """Where the keys are: at the top, or in the one mapping that has them."""
    if root.has_any(*RECOGNISED):
        return ""
    inside = [key for key in root.keys if "." not in key and root.value[key].has_any(*RECOGNISED[:2])]
    return f"{inside[0]}." if len(inside) == 1 else ""


def marks(root: Node) -> bool:
    """Whether the keys are TrainingArguments'."""
    return (root.get(scope_of(root)[:-1]) or root).has_any(*RECOGNISED) and not root.has_any(
        "micro_batch_size", "stage"
    )


def marks_factory(root: Node) -> bool:
    """Whether they are LLaMA-Factory's."""
    return root.has_any("stage", "finetuning_type", "cutoff_len", "template") and root.has_any(
        *RECOGNISED, "learning_rate", "finetuning_type"
    ) and not root.has_any("micro_batch_size")  # fmt: skip


def any_of(*keys: str) -> Callable[[Node], bool]:
    """Whether TrainingArguments' keys are there, and one of `keys`."""
    others = ("stage", "finetuning_type", "base_model")
    return lambda root: root.has_any(*RECOGNISED, "learning_rate") and root.has_any(*keys) and not root.has_any(*others)


def read(dialect: Dialect, job: Job) -> Made:
    """What the Trainer makes of the file."""
    job.scope = scope_of(job.root)
    job.text_numbers_fail = "" if job.of_words else dialect.text_numbers_fail
    lr = job.number("learning_rate", dialect.lr, "lr")
    kind = str(job.get("lr_scheduler_type", "linear").value)
    kind = kind.removeprefix("SchedulerType.").lower()
    keywords = keywords_of(job, kind)
    warmup = warmup_of(job)
    if kind == "constant" and warmup.value and warmup.line:
        job.remark(
            "LR714",
            f"{warmup.of('of warmup')} is never read: lr_scheduler_type constant does not warm up",
            "lr_scheduler_type: constant_with_warmup",
            warmup.line,
        )
    batch = job.whole("per_device_train_batch_size", 8, "batch_size", at_least=1)
    accumulate = job.whole("gradient_accumulation_steps", 1, "accumulate", at_least=1)
    max_steps = job.whole("max_steps", -1, "steps", "ticks")
    epochs = job.number("num_train_epochs", 3.0, "epochs")
    if job.option("epochs") and not job.option("steps", "ticks"):
        max_steps = Fact(-1, "--epochs")
    if job.flag("auto_find_batch_size"):
        job.assume(f"{job.at('auto_find_batch_size')}: that the batch size is not lowered, which changes all lengths")
    ds = deepspeed.joined(job)
    world = job.option("num_processes") or Fact(None)
    if ds:
        values = deepspeed.Values(batch.value, accumulate.value, world.value, float(lr.value))
        deepspeed.compare_batches(ds, values)
        if world.value is None and (follows := deepspeed.processes(ds, batch.value, accumulate.value)):
            world = Fact(follows, f"train_batch_size, line {ds.line_of('train_batch_size')} of {ds.path}")
        if deepspeed.has_scheduler(ds):
            replaces(job, ds, kind)
    data_keys(job, dialect)
    job.refuse_unknown(harmless=lambda key: key.startswith(("loraplus_lr", "apollo_", "galore_", "badam_")))
    if kind in BY_METRIC and not (ds and deepspeed.has_scheduler(ds)):
        job.refuse(
            "lr_scheduler_type",
            f"{kind} follows the metric of the evaluations, which no file knows: lrsched plateau LOG replays it"
            if kind == BY_METRIC[0]
            else f"{kind} follows the losses of the run, which no file knows",
        )
    steps = None
    if lr.where == "the default":
        job.assume(f"learning_rate {shown(lr.value)} is the default of {dialect.who}")
    counted = not (dialect.generates and max_steps.value > 0 and world.value is None)
    if counted and job.option("steps_per_epoch", "examples", "batches_per_epoch"):
        steps = steps_of(job, dialect, batch, accumulate, world)
    if max_steps.value >= 0:
        if max_steps.value == 0:
            job.refuse("max_steps", "a run without a step has no rates; -1 leaves the length to num_train_epochs")
        total = max_steps.value
        job.show(max_steps.of("optimizer steps"), total)
    elif steps is None:
        job.need((
            "--examples", "how many training examples there are in an epoch; or --steps-per-epoch, or --steps"
        ))  # fmt: skip
    else:
        total = math.ceil(epochs.value * steps)
        up = "" if epochs.value * steps == total else ", rounded up"
        job.show(f"{epochs.of('epochs')} x {steps} steps{up}", total)
    if total < 1:
        job.refuse("num_train_epochs", "a run without a step has no rates")
    ticks = warmup_ticks(job, warmup, total)
    name, fields = schedule_of(job, dialect, kind, keywords, ticks, total)
    if ds and deepspeed.has_scheduler(ds):
        name, fields = deepspeed.replaced(job, ds, total, ticks, float(lr.value))
    if any(remark.code == "LR707" for remark in job.remarks):
        wrong = next(remark for remark in job.remarks if remark.code == "LR707")
        job.remarks.remove(wrong)
        job.fails(*wrong[:5])
    too_long(job, warmup, ticks, total, kind)
    return Made(name, fields, float(lr.value), total, steps)


def keywords_of(job: Job, kind: str) -> dict[str, Any]:
    """lr_scheduler_kwargs, held to what the function of this type takes."""
    if kind not in SCHEDULERS and kind not in BY_METRIC:
        known = ", ".join((*SCHEDULERS, *BY_METRIC))
        job.refuse("lr_scheduler_type", f"'{kind}' is not a valid SchedulerType: expected one of {known}")
    if SINCE.get(kind, ()) > job.version:
        since = ".".join(map(str, SINCE[kind]))
        job.refuse("lr_scheduler_type", f"'{kind}' is not a valid SchedulerType before transformers {since}")
    given = job.mapping("lr_scheduler_kwargs")
    line = job.line_of("lr_scheduler_kwargs")
    if kind in BY_METRIC:
        return {}
    if kind in NO_KEYWORDS:
        if given:
            job.remark("LR702", f"lr_scheduler_kwargs {given} are not read for {kind}", "leave them out", line)
        return {}
    cls = named(SCHEDULERS[kind])
    assert cls is not None
    own = {name: declared for name, declared in cls.params().items() if name not in OF_THE_RUN}
    values = {}
    for name, value in given.items():
        if name not in own:
            function = cls.reference.symbol
            taken_names = ", ".join(own) or "none"
            job.fails(
                "LR706",
                f"{function}() got an unexpected keyword argument '{name}' (lr_scheduler_type {kind} takes "
                f"{taken_names})",
                instead(kind, name),
                line,
            )
        if value is None:
            continue
        if isinstance(value, str) and own[name].annotation not in (str, str | None):
            try:
                value = taken(value, NUMBER)
            except ValueError:
                job.refuse("lr_scheduler_kwargs", f"{name}: expected a number, found '{value}'")
        values[name] = value
    for name, declared in own.items():
        if declared.required and name not in values and kind != "warmup_stable_decay":
            job.fails("LR706", f"{cls.reference.symbol}() missing 1 required argument: '{name}'", "", line)
    return values


OF_THE_RUN = ("num_warmup_steps", "num_training_steps")
"""Arguments that get_scheduler passes itself."""


def instead(kind: str, name: str) -> str:
    """What takes the keyword that was refused."""
    if name in ("min_lr", "min_lr_rate", "eta_min", "min_lr_ratio") and kind == "cosine":
        return "lr_scheduler_type: cosine_with_min_lr"
    if name == "num_cycles" and kind == "linear":
        return "lr_scheduler_type: cosine_with_restarts"
    return ""


def warmup_of(job: Job) -> Fact:
    """The warmup as it is given: ticks, or from 0 to 1 (never 1 itself) a share of the run; `where` says which key."""
    steps, ratio = job.number("warmup_steps", 0), job.number("warmup_ratio", None)
    if overruled := job.option("warmup"):
        return overruled
    version = job.version
    if ratio.value is not None and version >= RATIO_GONE:
        line = ratio.line
        message = (
            f"warmup_ratio is gone from transformers 5.15: {job.trainer} refuses it (TrainingArguments.__init__() got "
            "an unexpected keyword argument 'warmup_ratio')"
        )
        fix = f"warmup_steps: {shown(ratio.value)}"
        if job.version_said:
            job.fails("LR701", message, fix, line)
        job.remark("LR701", message, fix, line)
        job.assume(f"warmup_ratio (line {line}) is read as transformers 5.14 does, the last version that knows it")
        version = LAST_WITH_RATIO
    if ratio.value is not None and version < RATIO_WINS and not 0 <= ratio.value <= 1:
        job.refuse("warmup_ratio", "warmup_ratio must lie in range [0,1]")
    if version < RATIO_WINS and (steps.value != int(steps.value) or steps.value < 0):
        job.fails(
            "LR716",
            f"warmup_steps must be of type int and must be 0 or a positive integer: a share such as "
            f"{shown(steps.value)} is understood from transformers 5.0 on",
            f"warmup_ratio: {shown(steps.value)}",
            steps.line,
        )
    if steps.value < 0:
        job.refuse("warmup_steps", "warmup_steps must be an integer or a float, of at least 0")
    both = bool(steps.value) and ratio.value is not None and (bool(ratio.value) or version >= RATIO_WINS)
    ratio_wins = ratio.value is not None and (version >= RATIO_WINS or not steps.value > 0)
    if both:
        loser, winner = (steps, ratio) if ratio_wins else (ratio, steps)
        job.remark(
            "LR703",
            f"{winner.of('of warmup')} and {loser.of('of warmup')} are both given: "
            f"{job.trainer} takes {'warmup_ratio' if ratio_wins else 'warmup_steps'} and leaves the other",
            "give one of them",
            loser.line,
        )
    if not ratio_wins:
        return steps
    if version < RATIO_WINS:
        return ratio._replace(value=Ratio(ratio.value))
    return ratio


class Ratio(float):
    """A share of the run, also where it is 1: what warmup_ratio was before transformers 5."""


def warmup_ticks(job: Job, warmup: Fact, total: int) -> int:
    """The ticks of the warmup."""
    value = warmup.value
    if isinstance(value, Share):
        ticks = share_of(value, total)
    elif isinstance(value, Ratio) or value < 1:
        ticks = math.ceil(total * value)
    else:
        ticks = int(value)
        if value != ticks:
            job.remark(
                "LR715", f"{warmup.of('warmup steps')} are taken as {ticks}", f"warmup_steps: {ticks}", warmup.line
            )
    if value and (isinstance(value, Share | Ratio) or value < 1):
        job.show(f"{warmup.of('of the run')} x {total} steps, rounded up: warmup", ticks)
    elif value:
        job.show(warmup.of("steps of warmup"), ticks)
    if value == 1 and not isinstance(value, Ratio) and "ratio" in warmup.where:
        job.remark("LR715", "warmup_ratio 1 is one step, not the whole run", "", warmup.line)
    return ticks


def too_long(job: Job, warmup: Fact, ticks: int, total: int, kind: str) -> None:
    """Note a warmup that takes the whole run."""
    if ticks >= total and kind != "constant":
        job.remark(
            "LR704",
            f"the warmup takes {ticks} steps and the run has {total}: the full rate is never trained at",
            f"{warmup.where.partition(',')[0].strip()} {max(1, total // 20)}"
            if warmup.where.startswith("--")
            else f"warmup_steps: {max(1, total // 20)}",
            warmup.line,
        )


def replaces(job: Job, ds: Job, kind: str) -> None:
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


def data_keys(job: Job, dialect: Dialect) -> None:
    """Say what of the data changes how many examples there are."""
    packing = [key for key in ("packing", "neat_packing") if job.node(key) and job.flag(key)]
    for key in packing:
        job.remark(
            "LR713",
            f"{key} puts several examples into one: their number depends on their lengths. --examples is the number "
            "after packing",
            line=job.line_of(key),
        )
    if (
        job.node("streaming")
        and job.flag("streaming")
        and not (job.node("max_steps") and job.whole("max_steps").value > 0)
    ):
        job.remark(
            "LR713", "streaming: an epoch has no known length, and max_steps is needed", "max_steps: 1000",
            job.line_of("streaming"),
        )  # fmt: skip
    if dialect.factory:
        if str(job.get("stage", "sft").value) == "ppo":
            job.refuse("stage", "ppo has a training loop of its own, whose steps lrsched does not count")
        if job.node("val_size") and not job.node("eval_dataset"):
            job.assume(f"{job.at('val_size')}: --examples are those that are left to train on")
        for key in ("use_galore", "use_apollo", "use_badam"):
            job.get(key, False, FLAG)


def steps_of(job: Job, dialect: Dialect, batch: Fact, accumulate: Fact, world: Fact) -> int:
    """Optimizer steps in an epoch, with the lines of how they are found."""
    if said := job.option("steps_per_epoch"):
        return int(said.value)
    down = job.flag("dataloader_drop_last", False, "drop_last")
    count = world.value or 1
    if found := job.option("batches_per_epoch"):
        batches = found.value
        job.show(found.of("batches in an epoch"), batches)
    else:
        examples = job.option("examples")
        assert examples is not None
        batches = batches_of(job, dialect, examples, batch, accumulate, world, down)
    floored = job.version < CEILED
    steps = max(divided(batches, accumulate.value, down=floored), 1)
    if accumulate.value > 1 or batches < accumulate.value:
        job.show(f"{batches} batches / {accumulate.of('accumulated')}, rounded {rounded(floored)}", steps)
    if floored and batches > accumulate.value and batches % accumulate.value:
        job.remark(
            "LR715",
            f"the last {batches % accumulate.value} of {batches} batches of every epoch make no optimizer step before "
            f"transformers 4.52: {steps} steps an epoch, not {steps + 1}",
            line=accumulate.line,
            severity="note",
        )
    if count == 1 and world.value is None:
        job.assume("1 process assumed: --num-processes says how many")
    return steps


def batches_of(
    job: Job, dialect: Dialect, examples: Fact, batch: Fact, accumulate: Fact, world: Fact, down: bool
) -> int:
    """Batches that one process sees in an epoch."""
    count, number = world.value or 1, examples.value
    size = batch.value
    text = batch.of("a batch")
    if dialect.factory and (cap := job.node("max_samples")):
        sets = len([name for name in str(job.get("dataset", "").value).split(",") if name.strip()]) or 1
        most = int(taken(cap.value, WHOLE)) * sets
        if most < number:
            many = f" x {sets} data sets" if sets > 1 else ""
            job.show(f"{number} examples, at most {cap.value}{many} (max_samples, line {cap.line})", most)
            number = most
    if dialect.generates:
        number, size, text = generated(job, number, batch, accumulate, count)
    whole = divided(number, size, down)
    job.show(f"{number} examples / {text}, rounded {rounded(down)}", whole)
    split = bool(job.mapping("accelerator_config").get("split_batches"))
    batches = whole if split else divided(whole, count, down)
    if count > 1 and not split:
        job.show(f"{whole} batches / {world.of('processes')}, rounded {rounded(down)}", batches)
    for key in ("sp_size", "sequence_parallel_size"):
        if (node := job.node(key)) and str(node.value) not in ("1", "0"):
            job.refuse(key, "sequence parallelism shares examples in a way that lrsched does not count")
    if batches < 1:
        raise InputError(f"{examples.where}: expected at least one batch of {size} for each of {count} processes")
    return batches


def generated(job: Job, prompts: int, batch: Fact, accumulate: Fact, count: int) -> tuple[int, int, str]:
    """What GRPO's sampler makes of the prompts: how many examples, how many of them in a batch, and that in words."""
    generations = job.whole("num_generations", 8, at_least=1)
    iterations = job.whole("num_iterations", 1, at_least=1)
    per_generation = job.whole("steps_per_generation", None)
    whole = job.whole("generation_batch_size", None)
    if whole.value is not None and per_generation.value is not None:
        job.refuse(
            "generation_batch_size",
            "'generation_batch_size' and 'steps_per_generation' can not be both configured at the same time",
        )
    if whole.value is None:
        if per_generation.value is None:
            per_generation = accumulate._replace(where=accumulate.where)
        size = batch.value * count * per_generation.value
    else:
        size = whole.value
        if size % (batch.value * count):
            job.refuse(
                "generation_batch_size",
                f"generation_batch_size ({size}) must be divisible by the global batch size ({batch.value * count}).",
            )
        per_generation = Fact(size // (batch.value * count), "generation_batch_size")
    if size % generations.value and not job.option("num_processes"):
        job.need(("--num-processes", f"{size} completions of one process are no multiple of {generations.value}"))
    if size % generations.value:
        job.refuse(
            "num_generations",
            f"generation_batch_size ({size}) must be divisible by num_generations ({generations.value}).",
        )
    unique = size // generations.value
    job.show(
        f"{batch.of('completions')} x {count} processes x {per_generation.of('steps')} / "
        f"{generations.of('generations')}: prompts at once",
        unique,
    )
    repeated = prompts // unique * unique * generations.value * iterations.value * per_generation.value
    times = f" x {iterations.value} iterations" if iterations.value != 1 else ""
    job.show(
        f"{prompts} prompts, whole {unique}s of them x {generations.value} generations{times} x "
        f"{per_generation.value} steps: completions",
        repeated,
    )
    return repeated, batch.value * per_generation.value, f"({batch.value} x {per_generation.value}) a batch"


def schedule_of(
    job: Job, dialect: Dialect, kind: str, keywords: dict[str, Any], ticks: int, total: int
) -> tuple[str, dict[str, Any]]:
    """The scheduler's name and its values, as get_scheduler makes it."""
    if kind in BY_METRIC:
        return SCHEDULERS["constant"], {"num_warmup_steps": 0}
    values = {"num_warmup_steps": 0 if kind == "constant" else ticks, "num_training_steps": total, **keywords}
    if kind == "warmup_stable_decay":
        if dialect.factory:
            left = total - ticks
            stable = values.setdefault("num_stable_steps", left // 3)
            values.setdefault("num_decay_steps", left - stable)
            job.show(f"a third of the {left} steps after the warmup is stable, the others decay", stable)
        elif "num_decay_steps" not in values:
            job.fails(
                "LR706",
                "get_wsd_schedule() missing 1 required positional argument: 'num_decay_steps'",
                f'lr_scheduler_kwargs: {{"num_decay_steps": {max(1, total // 10)}}}',
                job.line_of("lr_scheduler_type"),
            )
    return SCHEDULERS[kind], values


PARSER = "HfArgumentParser leaves it text, and the optimizer fails on it"
HF = Dialect(text_numbers_fail=PARSER)
GRPO_KEYS = (
    "num_generations",
    "reward_funcs",
    "max_completion_length",
    "generation_batch_size",
    "steps_per_generation",
)
KTO_KEYS = ("desirable_weight", "undesirable_weight")
DPO_KEYS = ("dpo_loss_type", "max_prompt_length", "reference_free", "precompute_ref_log_probs", "rpo_alpha", "beta")
REWARD_KEYS = ("center_rewards_coefficient",)
SFT_KEYS = (
    "dataset_text_field", "max_seq_length", "packing", "assistant_only_loss", "completion_only_loss", "eos_token",
)  # fmt: skip


def marks_dpo(root: Node) -> bool:
    """Whether they are those of TRL's DPO, and of no other of its trainers."""
    return any_of(*DPO_KEYS)(root) and not root.has_any(*GRPO_KEYS, *KTO_KEYS)


def marks_sft(root: Node) -> bool:
    """Whether they are those of TRL's SFT."""
    return any_of(*SFT_KEYS)(root) and not root.has_any(*GRPO_KEYS, *KTO_KEYS, *DPO_KEYS, *REWARD_KEYS)


def never(root: Node) -> bool:
    """For a dialect that has to be named: its keys are those of another."""
    return False


def trainer(name: str, dialect: Dialect, marks: Callable[[Node], bool], version: str = "5.23") -> Trainer:
    """One of those who read these keys."""
    refines = () if name == "hf" else ("hf",)
    written = (YAML, JSON, WORDS)
    return Trainer(name, "transformers", version, marks, partial(read, dialect), written, "4.50", refines)


TRAINERS = (
    trainer("hf", HF, marks),
    trainer("trl-sft", Dialect("TRL's SFTConfig", lr=2e-5), marks_sft),
    trainer("trl-dpo", Dialect("TRL's DPOConfig", lr=1e-6), marks_dpo),
    trainer("trl-kto", Dialect("TRL's KTOConfig", lr=1e-6), any_of(*KTO_KEYS)),
    trainer("trl-grpo", Dialect("TRL's GRPOConfig", lr=1e-6, generates=True), any_of(*GRPO_KEYS)),
    trainer("trl-rloo", Dialect("TRL's RLOOConfig", lr=1e-6, generates=True), never),
    trainer("trl-reward", Dialect("TRL's RewardConfig", lr=1e-4), any_of(*REWARD_KEYS)),
    trainer("llamafactory", Dialect(factory=True), marks_factory, version="5.8"),
)
