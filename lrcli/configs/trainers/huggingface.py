"""transformers' TrainingArguments, and those who read the same keys: TRL and LLaMA-Factory.

Source: transformers 5.23 Trainer.set_initial_training_values, TrainingArguments.get_warmup_steps,
optimization.get_scheduler, and the same of 4.50 to 5.18; trl trainer/*_config.py, GRPOTrainer; LLaMA-Factory
train/trainer_utils.py
"""

import math
import re
from collections.abc import Callable
from functools import partial

from lrcli.configs.facts import FLAG, Fact, Job, shown
from lrcli.configs.hf.dialect import (
    DPO_KEYS,
    EITHER,
    GRPO_KEYS,
    KTO_KEYS,
    REWARD_KEYS,
    SFT_KEYS,
    Dialect,
    marks,
    marks_factory,
    never,
    scope_of,
    with_any,
)
from lrcli.configs.hf.schedule import BY_METRIC, keywords_of, schedule_of
from lrcli.configs.hf.steps import steps_of
from lrcli.configs.hf.warmup import too_long, warmup_of, warmup_ticks
from lrcli.configs.trainer import JSON, PYTHON, WORDS, YAML, Made, Trainer
from lrcli.configs.tree import Node

ENUMERATED = "SchedulerType."
"""What stands before a type where a program wrote the enumeration down."""

OWN_LOOPS = ("num_warmup_steps", "max_train_steps", "checkpointing_steps", "use_slow_tokenizer", "deepspeed_config")
"""Options that TrainingArguments does not have, and programs with a training loop of their own do."""

_RATE_OF_A_GROUP = re.compile(r"(?!(?:min|max|base|end|final|init|initial|start|peak|warmup)_)\w+_(?:lr|learning_rate)")


def read(dialect: Dialect, job: Job) -> Made:
    """What the Trainer makes of the file."""
    job.scope = scope_of(job.root)
    job.text_numbers_fail = "" if job.of_words else dialect.text_numbers_fail
    if own := next((key for key in OWN_LOOPS if job.root.get(job.scope + key)), ""):
        job.refuse(own, "TrainingArguments has no such key: it is that of a program with a training loop of its own "
                   "(as run_*_no_trainer.py), which may count its steps and its warmup otherwise")  # fmt: skip
    lr = rate_of(job, dialect)
    kind = str(job.get("lr_scheduler_type", "linear").value)
    if kind.startswith(ENUMERATED):
        kind = kind.removeprefix(ENUMERATED).lower()
    keywords = keywords_of(job, kind, job.version)
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
    ds, world = None, job.option("num_processes") or Fact(None)
    if job.reading.deepspeed or job.node("deepspeed"):
        from lrcli.configs.trainers import deepspeed

        ds = deepspeed.joined(job)
    if ds:
        values = deepspeed.Values(batch.value, accumulate.value, world.value, float(lr.value))
        deepspeed.compare_batches(ds, values)
        if world.value is None and (follows := deepspeed.processes(ds, batch.value, accumulate.value)):
            world = Fact(follows, f"train_batch_size, line {ds.line_of('train_batch_size')} of {ds.path}")
        if deepspeed.has_scheduler(ds):
            deepspeed.note_replaced(job, ds, kind)
    data_keys(job, dialect)
    job.refuse_unknown(harmless=lambda key: of_a_group(job, key))
    if kind in BY_METRIC and not (ds and deepspeed.has_scheduler(ds)):
        job.refuse(
            "lr_scheduler_type",
            f"{kind} follows the metric of the evaluations, which no file knows: lrsched plateau LOG replays it"
            if kind == BY_METRIC[0]
            else f"{kind} follows the losses of the run, which no file knows",
        )
    steps = None
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
    name, fields = schedule_of(job, kind, keywords, ticks, total, dialect.factory)
    if ds and deepspeed.has_scheduler(ds):
        name, fields = deepspeed.replaced(job, ds, total, ticks, float(lr.value))
    if any(remark.code == "LR707" for remark in job.remarks):
        wrong = next(remark for remark in job.remarks if remark.code == "LR707")
        job.remarks.remove(wrong)
        job.fails(*wrong[:5])
    too_long(job, warmup, ticks, total, kind)
    return Made(name, fields, float(lr.value), total, steps)


def rate_of(job: Job, dialect: Dialect) -> Fact:
    """learning_rate, or the default of whoever reads the file."""
    lr = job.number("learning_rate", dialect.lr, "lr")
    if lr.where != "the default":
        return lr
    either = next((key for key in EITHER if job.node(key)), "")
    if either and dialect.who == Dialect().who and not job.reading.trainer and not dialect.factory:
        job.need(("--lr", f"there is no learning_rate, and {job.at(either)} leaves open who reads the file: --trainer "
                  f"hf ({Dialect().lr:g}), or --trainer trl-sft (2e-05)"))  # fmt: skip
    job.assume(f"learning_rate {shown(lr.value)} is the default of {dialect.who}")
    return lr


def of_a_group(job: Job, key: str) -> bool:
    """Whether a key is no business of the rate that is shown; says so where it is the rate of other parameters."""
    if key.startswith(("loraplus_lr", "apollo_", "galore_", "badam_")):
        return True
    if not _RATE_OF_A_GROUP.fullmatch(key):
        return False
    if job.node(key):
        job.assume(f"{job.at(key)}: those parameters have a rate of their own; the rate shown is learning_rate's")
    return True


def data_keys(job: Job, dialect: Dialect) -> None:
    """Say what of the data changes how many examples there are."""
    packing = [key for key in ("packing", "neat_packing") if job.node(key) and job.flag(key)]
    if dialect.factory and str(job.get("stage", "sft").value) == "pt" and not job.node("packing"):
        job.remark("LR713", "stage: pt packs its texts unless packing is false: their number depends on their lengths. "
                   "--examples is the number after packing", "packing: false", job.line_of("stage"))  # fmt: skip
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
        if not (job.node("do_train") and job.flag("do_train")) and job.root.has_any("do_predict", "do_eval"):
            job.refuse("do_train", "without it LLaMA-Factory evaluates or predicts, and trains nothing")
        if str(job.get("stage", "sft").value) == "ppo":
            job.refuse("stage", "ppo has a training loop of its own, whose steps lrsched does not count")
        if job.node("val_size") and not job.node("eval_dataset"):
            job.assume(f"{job.at('val_size')}: --examples are those that are left to train on")
        for key in ("use_galore", "use_apollo", "use_badam"):
            job.get(key, False, FLAG)


PARSER = "HfArgumentParser leaves it text, and the optimizer fails on it"


def trainer(name: str, dialect: Dialect, marks: Callable[[Node], bool], version: str = "5.23") -> Trainer:
    """One of those who read these keys."""
    refines = () if name == "hf" else ("hf",)
    written = (YAML, JSON, PYTHON, WORDS)
    return Trainer(name, "transformers", version, marks, partial(read, dialect), written, "4.50", refines)


TRAINERS = (
    trainer("hf", Dialect(text_numbers_fail=PARSER), marks),
    trainer(
        "trl-sft",
        Dialect("TRL's SFTConfig", lr=2e-5),
        with_any(*SFT_KEYS, but=(*GRPO_KEYS, *KTO_KEYS, *DPO_KEYS, *REWARD_KEYS)),
    ),
    trainer("trl-dpo", Dialect("TRL's DPOConfig", lr=1e-6), with_any(*DPO_KEYS, but=(*GRPO_KEYS, *KTO_KEYS))),
    trainer("trl-kto", Dialect("TRL's KTOConfig", lr=1e-6), with_any(*KTO_KEYS)),
    trainer("trl-grpo", Dialect("TRL's GRPOConfig", lr=1e-6, generates=True), with_any(*GRPO_KEYS)),
    trainer("trl-rloo", Dialect("TRL's RLOOConfig", lr=1e-6, generates=True), never),
    trainer("trl-reward", Dialect("TRL's RewardConfig", lr=1e-4), with_any(*REWARD_KEYS)),
    trainer("llamafactory", Dialect(factory=True), marks_factory, version="5.8"),
)
