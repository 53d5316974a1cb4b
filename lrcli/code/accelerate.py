"""Accelerate: the loop with an Accelerator, whose scheduler is stepped once for each optimizer step.

By itself Accelerate steps a prepared scheduler once for each process. `step_scheduler_with_optimizer=False` leaves it
as it is written, however many processes there are.
"""

from lrcli.code import torch, transformers
from lrcli.code.layout import call, laid_out
from lrcli.code.loop import refuse_rest, source
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import HUGGING_FACE


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The source. Raises InputError for what neither torch nor Transformers can express."""
    refuse_rest(schedule, run, "accelerate")
    own = schedule.reference.family is HUGGING_FACE and not run.warmup
    parts = (transformers if own else torch).parts(schedule, run)
    options = {"gradient_accumulation_steps": str(run.accumulate)} if run.accumulate > 1 else {}
    options |= {"mixed_precision": '"fp16"'} if amp else {}
    options["step_scheduler_with_optimizer"] = "False"
    parts = parts._replace(
        imports=[*parts.imports, "from accelerate import Accelerator"],
        before=[
            *parts.before,
            *laid_out(call("Accelerator", **options), 0, "accelerator = "),
            "model, optimizer, loader, scheduler = accelerator.prepare(",
            "    model, optimizer, loader, scheduler",
            ")",
        ],
        accelerated=True,
        scaled=amp,
    )
    return source(schedule, run, parts, amp)
