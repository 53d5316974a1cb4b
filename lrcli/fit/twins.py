"""The same log under another convention: read a tick later, what is counted from the start is a tick longer.

A warmup of 99 ticks that starts at a hundredth is one of 100 that starts at 0, read a tick later: which of them was
typed is what plainer numbers say, not the order in which the log is read.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

from lrcli.errors import InputError
from lrcli.fit.landmarks import roughness
from lrcli.fit.numbers import typed
from lrcli.run import A_THIRD, Run
from lrcli.schedules import every, role
from lrcli.schedules.base import Schedule
from lrcli.schedules.role import Role
from lrcli.schedules.warmups import TORCH

LATER = (role.WARMUP, role.HOLD)
"""What is a tick longer where all begins a tick earlier: the first of these that lasts."""

NEAR = 1e-8
"""Relative, to the share that somebody typed."""

MOST_CHOICES = 20
"""Combinations of shapes of one scheduler."""


def twins(schedule: Schedule, run: Run, later: int) -> Iterator[tuple[Schedule, Run]]:
    """What may have, so many ticks `later`, the rates of a schedule in its run: schedules in theirs."""
    if not later:
        return
    other = _twin_of_warmup(run, later) if run.warmup else None
    if other is not None:
        yield schedule, other
    sequence = _twin_of_sequence(schedule, later)
    if sequence is not None:
        yield sequence, run
    if not run.warmup:
        yield from ((one, run) for one in _of_one_piece(schedule, run.lrs[0], later))


def _of_one_piece(schedule: Schedule, lr: float, later: int) -> Iterator[Schedule]:
    """The schedules that may have, so many ticks `later`, the rates of this one."""
    numbers: dict[Role, Any] = {
        declared.role: value for declared, value in schedule.items() if declared.role and isinstance(value, int | float)
    }
    first = next((meaning for meaning in LATER if numbers.get(meaning)), None)
    if first is None or numbers[first] + later <= 0:
        return
    if numbers.get(role.START) is not None and first is role.WARMUP:
        start = numbers[role.START] - (lr - numbers[role.START]) / numbers[first] * later
        if start < -NEAR * lr:
            return
        numbers[role.START] = typed(max(start, 0.0), NEAR)[0]
    numbers[first] += later
    floor, share = numbers.get(role.FLOOR, numbers.get(role.FLOOR_OF_OPTIMIZER)), numbers.get(role.FLOOR_SHARE)
    if share is not None:
        floor = float(f"{share * lr:.12g}")
    elif floor is not None:
        numbers[role.FLOOR_SHARE] = float(f"{floor / lr:.12g}") if lr else 0.0
    if floor is not None:
        numbers |= {role.FLOOR: floor, role.FLOOR_OF_OPTIMIZER: floor}
    numbers.pop(role.START_SHARE, None)
    length = numbers.pop(role.LENGTH, None)
    lengths = [{}] if length is None else [{role.LENGTH: length + later}, {role.LENGTH: length}]
    for cls, more in itertools.product(every().values(), lengths):
        known = numbers | more
        if not cls.fields(first) or any(one.required and one.role not in known for one in cls.params().values()):
            continue
        shapes = {one.name: dict.fromkeys((one.default, *one.choices)) for one in cls.fields(role.SHAPE)}
        values = {one.name: known[one.role] for one in cls.params().values() if one.role in known}
        floors = cls.fields(role.FLOOR, role.FLOOR_OF_OPTIMIZER)
        if floors and cls.fields(role.FLOOR_SHARE):
            values.pop(floors[0].name, None)  # One of the two says it.
        for combination in itertools.islice(itertools.product(*shapes.values()), MOST_CHOICES):
            try:
                yield cls(**values, **dict(zip(shapes, combination, strict=True)))
            except (InputError, ArithmeticError, ValueError, TypeError):
                continue


def _twin_of_sequence(schedule: Schedule, later: int) -> Schedule | None:
    """The sequence with the same line up first, of which a log shows each rate `later` ticks later; None of others."""
    parts, turns = schedule.value(role.PARTS), schedule.value(role.TAKES_OVER_AT)
    if not parts or not turns:
        return None
    first = parts[0]
    up = {one.role: one.name for one in first.fields(role.LENGTH, role.START_SHARE)}
    given = {declared.role: value for declared, value in first.items() if value != declared.default}
    if {*up} != {role.LENGTH, role.START_SHARE} or not {*given} <= {*up} or first.value(role.LENGTH) != turns[0]:
        return None
    run = _twin_of_warmup(Run(warmup=turns[0], warmup_start_factor=first.value(role.START_SHARE)), later)
    if run is None:
        return None
    line = dataclasses.replace(first, **{up[role.LENGTH]: run.warmup, up[role.START_SHARE]: run.warmup_start_factor})
    [of_parts], [of_turns] = schedule.fields(role.PARTS), schedule.fields(role.TAKES_OVER_AT)
    moved = tuple(turn + later for turn in turns)
    return dataclasses.replace(schedule, **{of_parts.name: (line, *parts[1:]), of_turns.name: moved})


def _twin_of_warmup(run: Run, later: int) -> Run | None:
    """The run with the same line up, of which a log shows each rate `later` ticks later, with no stranger numbers."""
    warmup = run.warmup + later
    start = typed(1 - (1 - run.warmup_start_factor) * warmup / run.warmup, NEAR)[0]
    if run.warmup_style != TORCH or warmup < 1 or not 0 < start <= 1:
        return None
    if _digits(warmup, start) > _digits(run.warmup, run.warmup_start_factor) + 1:
        return None
    return dataclasses.replace(run, warmup=warmup, warmup_start_factor=start)


def _digits(warmup: int, start: float) -> int:
    """What a person has to type of a line up, a share that is the default excepted."""
    return roughness(warmup) + (0 if start == A_THIRD else roughness(start))
