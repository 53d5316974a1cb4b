"""Schedules that count steps behind a log that has a row for each epoch and does not say how many steps that is."""

import dataclasses
import math
from typing import Any

from lrcli.record import Reading, Record, different
from lrcli.record.axis import steps_of_epochs
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule

FINE = 100
"""Parts of an epoch in which lengths are sought."""

FEWEST = 8
"""Different rates from which something is seen of a schedule that moves between them."""


def readings_after(record: Record) -> list[Reading]:
    """Each epoch as one step, and its row as what was left after it."""
    return steps_of_epochs(record, 1)[-1:]


def readings_in_parts(record: Record) -> list[Reading]:
    """Each epoch as so many steps: the first of it, and the one after it; none where few rates differ.

    At the last step of an epoch it would matter how many there are.
    """
    return steps_of_epochs(record, FINE)[::2] if len(different(record.values)) >= FEWEST else []


def in_fewest_steps(schedule: Schedule, run: Run, reading: Reading) -> tuple[Schedule, Run, Reading]:
    """The same in as few steps an epoch as leave all its ticks whole."""
    lengths = {declared.name: value for declared, value in schedule.items() if _counts_ticks(declared.role, value)}
    shared = math.gcd(reading.length, run.warmup, *(step for value in lengths.values() for step in _steps(value)))
    fewer: dict[str, Any] = {
        name: tuple(step // shared for step in value) if isinstance(value, tuple) else type(value)(value // shared)
        for name, value in lengths.items()
    }
    fewest = reading._replace(ticks=reading.ticks // shared, length=reading.length // shared)
    return dataclasses.replace(schedule, **fewer), dataclasses.replace(run, warmup=run.warmup // shared), fewest


def _counts_ticks(meaning: role.Role | None, value: Any) -> bool:
    return meaning is not None and meaning.unit is role.TICKS and value is not None


def _steps(value: Any) -> list[int]:
    return [int(step) for step in (value if isinstance(value, tuple) else (value,))]
