"""DeepSpeed: the block of ds_config.json that makes the schedule, and the optimizer beside it."""

import dataclasses
import json

from lrcli.code import refusal
from lrcli.code.twin import twin
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import DEEPSPEED, STEP


def write(schedule: Schedule, run: Run, amp: bool = False) -> str:
    """The JSON. Raises InputError for a schedule that DeepSpeed does not have."""
    own = twin(run.warmed_up(schedule), dataclasses.replace(run, warmup=0), DEEPSPEED)
    if own is None:
        raise refusal("deepspeed", "its configuration takes the classes of deepspeed.runtime.lr_schedules only")
    if run.interval != STEP:
        raise refusal("deepspeed", "its engine steps the scheduler after every optimizer step")
    if len(run.lrs) > 1:
        raise refusal("deepspeed", "parameter groups are made in Python, not in the configuration")
    params = {
        declared.name: list(value) if isinstance(value, tuple) else value
        for declared, value in own.items()
        if declared.required or value != declared.default
    }
    block: dict[str, object] = {
        "optimizer": {"type": "AdamW", "params": {"lr": run.lrs[0]}},
        "scheduler": {"type": own.reference.symbol, "params": params},
        "train_micro_batch_size_per_gpu": run.batch_size or 1,
        "gradient_accumulation_steps": run.accumulate,
    }
    if amp:
        block["fp16"] = {"enabled": True}
    return json.dumps(block, indent=2) + "\n"
