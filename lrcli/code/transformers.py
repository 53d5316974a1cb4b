"""Transformers: the functions behind get_scheduler, called as they are."""

from lrcli.code import refusal
from lrcli.code.loop import literal, with_loop
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import HUGGING_FACE


def write(schedule: Schedule, run: Run) -> str:
    """The source. Raises InputError for a schedule that Transformers does not have."""
    if schedule.reference.family is not HUGGING_FACE:
        raise refusal(schedule, "transformers", "get_scheduler has no such schedule")
    if run.warmup:
        raise refusal(schedule, "transformers", "its schedules warm up by themselves, with --num-warmup-steps")
    module, _, symbol = schedule.reference.source.rpartition(".")
    arguments = [
        f"{declared.name}={literal(value)}"
        for declared, value in schedule.items()
        if (declared.required or value != declared.default)
        and not (declared.name == "num_training_steps" and symbol in WITHOUT_LENGTH)
    ]
    return with_loop(schedule, run, f"from {module} import {symbol}", symbol, arguments, [], ["scheduler.step()"])


WITHOUT_LENGTH = ("get_constant_schedule_with_warmup", "get_inverse_sqrt_schedule")
"""Functions that get_scheduler does not tell the length of the run."""
