"""The same curve with other numbers: what only the order of operations, and so the last bits, tell apart."""

import dataclasses
from collections.abc import Iterator
from itertools import product
from typing import Any

from lrcli.fit.estimates import SAMPLES
from lrcli.fit.landmarks import roughness
from lrcli.fit.numbers import typed
from lrcli.fit.spans import GROWTHS, SPANS
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import Param

AS_TYPED = 1e-5
"""Relative: how far what follows from a rounded log may be from what somebody typed."""

MOST_DIGITS = 3
"""Of a number of which only the quotient with another is seen."""


def said_otherwise(schedule: Schedule, lr: float) -> Iterator[Schedule]:
    """The schedules with the same curve: a lowest rate as a share of `lr`, a growth in another number of ticks, a
    factor of other samples, no share at the start where it has that one by itself."""
    for start, _ in schedule.all_given(role.START_SHARE):
        if start.default is None:
            by_itself = dataclasses.replace(schedule, **{start.name: None})
            yield by_itself
            yield from said_otherwise(by_itself, lr)
    for floor, rate in schedule.all_given(role.FLOOR, role.FLOOR_OF_OPTIMIZER):
        for share in schedule.fields(role.FLOOR_SHARE):
            if schedule.value(role.FLOOR_SHARE) is None and lr:
                share_of_lr = float(f"{rate / lr:.12g}")
                yield dataclasses.replace(schedule, **{floor.name: None, share.name: share_of_lr})
    for scale, number in schedule.all_given(role.SCALE):
        for (power, exponent), (each, samples) in product(
            schedule.all_given(role.POWER), schedule.all_given(role.SAMPLES_PER_TICK)
        ):
            for other in SAMPLES if power.required else ():
                scaled = typed(number * (samples / other) ** exponent, AS_TYPED)[0]
                if roughness(scaled) <= MOST_DIGITS:
                    yield dataclasses.replace(schedule, **{scale.name: scaled, each.name: each.take(other)})
    for growth, number in schedule.all_given(role.GROWTH):
        for span, ticks in schedule.all_given(role.TIMESCALE):
            if number and ticks:
                pairs = [(_taken(span, one * ticks / number), one) for one in GROWTHS]
                pairs += [(one, float(f"{number * one / ticks:.9g}")) for one in SPANS]
                for other, grown in pairs:
                    if other and max(roughness(other), roughness(grown)) <= MOST_DIGITS:
                        yield dataclasses.replace(schedule, **{span.name: other, growth.name: grown})


def _taken(span: Param, ticks: float) -> Any:
    """A number of ticks as the field takes it; nothing where it takes whole ones and they are not."""
    ticks = float(f"{ticks:.9g}")
    if span.annotation is float:
        return ticks
    return int(ticks) if ticks.is_integer() else 0
