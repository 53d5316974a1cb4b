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
        if (declared.required or value != declared.default) and declared.name not in NOT_TAKEN.get(symbol, ())
    ]
    return with_loop(schedule, run, f"from {module} import {symbol}", symbol, arguments, [], ["scheduler.step()"])


NOT_TAKEN = {
    "get_constant_schedule_with_warmup": ("num_training_steps",),
    "get_inverse_sqrt_schedule": ("num_training_steps",),
    "get_constant_schedule": ("num_warmup_steps", "num_training_steps"),
}
"""What get_scheduler takes and does not hand to the function."""
