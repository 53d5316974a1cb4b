"""Runs for generated code: with epochs and without, with what is accumulated, groups and warmups."""

import dataclasses
import os
import random
from typing import Any

from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.warmups import STYLES, TORCH

SEED = os.environ.get("LRSCHED_SEED", "1")
DRAWS = int(os.environ.get("LRSCHED_DRAWS", "1"))
"""Random schedules of each class, each in a random run, beside its example."""

RUNS = [
    Run(lr=0.3, ticks=12),
    Run(lr=0.3, ticks=11, steps_per_epoch=3, interval="step"),
    Run(lr=(0.3, 0.1), ticks=8),
    Run(lr=0.3, epochs=3, batches_per_epoch=7, accumulate=3, interval="step"),
]


def drawn_run(random: random.Random) -> Run:
    """A run with a bit of everything that can be said of one."""
    warmup, style = random.choice([0, 0, 1, 4]), random.choice(STYLES)
    share = random.choice([1 / 3, 0.1] if style == TORCH else [1 / 3, 0.0, 0.1])
    said: dict[str, Any] = {"warmup": warmup, "warmup_style": style, "warmup_start_factor": share} if warmup else {}
    return dataclasses.replace(random.choice(RUNS), interval=random.choice([None, "epoch", "step"]), **said)


def settled(schedule: Schedule, run: Run) -> Run:
    """The run as the schedule's framework counts it."""
    return run.settled(schedule.counts_in, schedule.reference.family)


TRUE_REASONS = (
    "told the tick",
    "moves the momentum too",
    "no short form",
    "batches left at the end",
    "gradients are accumulated",
)
"""What refusals of the targets with torch's loop say."""
