"""Transformers: the functions behind get_scheduler, called as they are; its Trainer takes any scheduler of torch."""

import dataclasses

from lrcli.code import torch
from lrcli.code.layout import Node, call, literal
from lrcli.code.loop import Parts, source
from lrcli.code.twin import twin
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import HUGGING_FACE
from lrcli.schedules.huggingface_constant import Constant as PlainConstant
from lrcli.schedules.plateau import Plateau
from lrcli.schedules.role import LENGTH_OF_CALL

FOREIGN = (
    "Transformers has no such schedule. A Trainer takes this one with optimizers=(optimizer, scheduler), and steps it "
    "after every optimizer step."
)


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for what neither Transformers nor torch can express."""
    return source(schedule, run, parts(schedule, run), amp)


def counterpart(schedule: Schedule, run: Run) -> Schedule | None:
    """What Transformers has with the same rates, a warmup of the run included; None where it has nothing."""
    return twin(run.warmed_up(schedule), dataclasses.replace(run, warmup=0), HUGGING_FACE)


def parts(schedule: Schedule, run: Run) -> Parts:
    """What Transformers' functions put into a loop."""
    if isinstance(schedule, Plateau):
        given = {
            declared.name: literal(value)
            for declared, value in schedule.items()
            if declared.required or value != declared.default
        }
        return _parts("transformers.get_reduce_on_plateau_schedule", given, "scheduler.step(val_loss)")
    own = counterpart(schedule, run)
    if own is None:
        return torch.parts(schedule, run)._replace(optimizer="AdamW", remark=FOREIGN)
    given = {
        declared.name: literal(value)
        for declared, value in own.items()
        if (declared.required or value != declared.default)
        and declared.role is not LENGTH_OF_CALL
        and not isinstance(own, PlainConstant)
    }
    return _parts(own.reference.source, given, "scheduler.step()")


def _parts(function: str, given: dict[str, Node], step: str) -> Parts:
    symbol = function.rpartition(".")[2]
    made = call(symbol, "optimizer", **given)
    return Parts([f"from transformers import {symbol}"], made, [step], optimizer="AdamW")
