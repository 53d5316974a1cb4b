"""DeepSpeed: the block of ds_config.json that makes the schedule, and the optimizer beside it."""

import json

from lrcli.code import refusal
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import DEEPSPEED, STEP


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The JSON. Raises InputError for a schedule that DeepSpeed does not have."""
    if schedule.reference.family is not DEEPSPEED:
        raise refusal(schedule, "deepspeed", "deepspeed.runtime.lr_schedules has no such class")
    if run.warmup:
        raise refusal(schedule, "deepspeed", "its schedules warm up by themselves, with --warmup-num-steps")
    if run.interval != STEP:
        raise refusal(schedule, "deepspeed", "its engine steps the scheduler after every optimizer step")
    if len(run.lrs) > 1:
        raise refusal(schedule, "deepspeed", "parameter groups are made in Python, not in the configuration")
    params = {
        declared.name: list(value) if isinstance(value, tuple) else value
        for declared, value in schedule.items()
        if declared.required or value != declared.default
    }
    block: dict[str, object] = {
        "optimizer": {"type": "AdamW", "params": {"lr": run.lrs[0]}},
        "scheduler": {"type": schedule.reference.symbol, "params": params},
        "gradient_accumulation_steps": run.accumulate,
    }
    if amp:
        block["fp16"] = {"enabled": True}
    return json.dumps(block, indent=2) + "\n"
