"""Transformers: the functions behind get_scheduler, called as they are."""

from lrcli.code import refusal
from lrcli.code.layout import call, laid_out, literal
from lrcli.code.loop import Parts, source
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import HUGGING_FACE
from lrcli.schedules.huggingface_constant import Constant as PlainConstant
from lrcli.schedules.plateau import Plateau
from lrcli.schedules.pytorch import Constant
from lrcli.schedules.role import LENGTH_OF_CALL


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for a schedule that Transformers does not have."""
    return source(schedule, run, parts(schedule, run), amp)


def parts(schedule: Schedule, run: Run) -> Parts:
    """What Transformers' functions put into a loop."""
    if run.warmup:
        raise refusal(schedule, "transformers", "its schedules warm up by themselves, with --num-warmup-steps")
    given = {
        declared.name: literal(value)
        for declared, value in schedule.items()
        if (declared.required or value != declared.default)
        and declared.role is not LENGTH_OF_CALL
        and not isinstance(schedule, PlainConstant)
    }
    step = "scheduler.step()"
    module, _, symbol = schedule.reference.source.rpartition(".")
    if isinstance(schedule, Plateau):
        module, symbol, step = "transformers", "get_reduce_on_plateau_schedule", "scheduler.step(val_loss)"
    elif isinstance(schedule, Constant) and schedule.factor == 1:
        module, symbol, given = "transformers", "get_constant_schedule", {}
    elif schedule.reference.family is not HUGGING_FACE:
        raise refusal(schedule, "transformers", "get_scheduler has no such schedule")
    made = call(symbol, "optimizer", **given)
    return Parts([f"from {module} import {symbol}"], laid_out(made, 0, "scheduler = "), [step], optimizer="AdamW")
