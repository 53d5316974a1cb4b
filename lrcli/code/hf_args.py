"""Transformers' TrainingArguments, as Python and as the YAML that scripts with HfArgumentParser read."""

import dataclasses
from typing import Any

from lrcli.code import refusal
from lrcli.code.layout import Group, Node, call, comment, laid_out, literal
from lrcli.code.loop import import_lines
from lrcli.code.transformers import counterpart
from lrcli.engine import spec_of
from lrcli.run import Run
from lrcli.schedules import huggingface as hf
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import STEP
from lrcli.schedules.huggingface_constant import Constant as PlainConstant
from lrcli.schedules.huggingface_min_lr import CosineWarmupWithMinLr, CosineWithMinLr, WarmupStableDecay
from lrcli.schedules.plateau import Plateau
from lrcli.schedules.role import LENGTH, LENGTH_OF_CALL, WARMUP

TYPES: dict[type[Schedule], str] = {
    hf.Linear: "linear",
    hf.Cosine: "cosine",
    hf.CosineWithRestarts: "cosine_with_restarts",
    hf.Polynomial: "polynomial",
    hf.ConstantWithWarmup: "constant_with_warmup",
    hf.InverseSqrt: "inverse_sqrt",
    CosineWithMinLr: "cosine_with_min_lr",
    CosineWarmupWithMinLr: "cosine_warmup_with_min_lr",
    WarmupStableDecay: "warmup_stable_decay",
    PlainConstant: "constant",
    Plateau: "reduce_lr_on_plateau",
}
"""lr_scheduler_type of each class."""


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for what the Trainer's arguments cannot say."""
    given = arguments(schedule, run) | ({"fp16": True} if amp else {})
    named: dict[str, Node] = {name: _source(value) for name, value in given.items()}
    yaml = [f"#   {line}" for name, value in given.items() for line in _yaml(name, value)]
    lines = [
        *comment(f"lrsched: {spec_of(schedule, run)}"),
        *import_lines(["from transformers import TrainingArguments"]),
        "",
        *laid_out(call("TrainingArguments", **named), 0, "arguments = "),
        "",
        "# The same for a script that reads YAML with HfArgumentParser:",
        *yaml,
    ]
    return "\n".join(lines) + "\n"


def arguments(schedule: Schedule, run: Run) -> dict[str, Any]:
    """The arguments by name. Raises InputError for what they cannot say."""
    if len(run.lrs) > 1:
        raise refusal("hf-args", "parameter groups are made in Python, not by arguments")
    own = schedule if isinstance(schedule, Plateau) else counterpart(schedule, run)
    if own is None:
        raise refusal("hf-args", "lr_scheduler_type has no such schedule")
    run, schedule, kind = dataclasses.replace(run, warmup=0), own, TYPES[type(own)]
    if run.interval != STEP and not isinstance(schedule, Plateau):
        raise refusal("hf-args", "the Trainer steps the scheduler after every optimizer step")
    given: dict[str, Any] = {"output_dir": "output", "learning_rate": run.lrs[0], "lr_scheduler_type": kind}
    given |= _length(schedule, run)
    warmup = schedule.value(WARMUP)
    if warmup is not None:
        if warmup < 1 and warmup != 0:
            raise refusal("hf-args", f"warmup_steps cannot be {warmup}")
        given["warmup_steps"] = warmup
    extra = {
        declared.name: value
        for declared, value in schedule.items()
        if declared.role not in (WARMUP, LENGTH, LENGTH_OF_CALL) and value != declared.default
    }
    if extra:
        given["lr_scheduler_kwargs"] = extra
    if isinstance(schedule, Plateau):
        given |= {"eval_strategy": "epoch", "metric_for_best_model": "eval_loss"}
    if run.accumulate > 1:
        given["gradient_accumulation_steps"] = run.accumulate
    return given


def _length(schedule: Schedule, run: Run) -> dict[str, Any]:
    """How long the Trainer runs: in steps, which are what the schedule is over with."""
    if isinstance(schedule, Plateau):
        return {"num_train_epochs": run.total or 100}
    steps, own = run.length(schedule), schedule.value(LENGTH)
    if own is not None and own != steps:
        raise refusal(
            "hf-args", f"the Trainer's schedule is as long as its run, here {steps} steps, and this one {own}"
        )
    return {"max_steps": steps}


def _source(value: Any) -> Node:
    if isinstance(value, dict):
        return Group("{", [(f'"{name}": ', literal(item)) for name, item in value.items()], "}")
    return literal(value)


def _yaml(name: str, value: Any) -> list[str]:
    """An argument as YAML. A float needs its point: YAML reads 1e-05 as a text."""
    if isinstance(value, dict):
        return [f"{name}:", *(f"  {line}" for key, item in value.items() for line in _yaml(key, item))]
    if isinstance(value, bool):
        return [f"{name}: {str(value).lower()}"]
    shown = repr(value) if isinstance(value, float) else str(value)
    if isinstance(value, float) and "e" in shown and "." not in shown:
        shown = shown.replace("e", ".0e")
    return [f"{name}: {shown}"]
