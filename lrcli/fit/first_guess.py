"""Where the search for a number begins, by its role: near what the log shows of it."""

import math
from typing import Any

from lrcli.fit.forms import BASE, Form
from lrcli.fit.landmarks import Landmarks
from lrcli.fit.numbers import typed
from lrcli.record.curve import few_rates_at
from lrcli.run import BaseRates
from lrcli.schedules import role

DEFAULT_RATE = BaseRates().lrs[0]
"""The rate of the optimizer where it changes nothing."""

DEFAULT_POWER = -0.5
"""Of a decay that has no other."""

DEFAULT_DIVISOR = 1e4
"""Of a floor, which others have too."""

UNLIMITED = 1e9


def unused_rate(marks: Landmarks) -> float:
    """The optimizer's rate where a field is in its place: at most a limit, and seen if it is one."""
    if marks.held_until > marks.peak:
        return typed(marks.highest, 4 * marks.tolerance.strict)[0]
    return max(DEFAULT_RATE, 10.0 ** math.ceil(math.log10(marks.highest))) if marks.highest > 0 else DEFAULT_RATE


def first_guess(name: str, form: Form, marks: Landmarks, base: float, fixed: dict[str, Any]) -> float:
    """Where the search for a field of a form, or BASE, begins; `base` is the optimizer's rate."""
    lowest, highest = float(marks.values[marks.bottom]), marks.highest
    low = marks.values[marks.bottom : marks.bottom + 2]
    below = lowest if len(low) > 1 and low[0] == low[1] else 0.9 * lowest  # It stays there.
    first = float(marks.values[int(marks.starts_late)])
    if name == BASE:
        return base if form.scale == BASE else first
    declared = form.cls.params()[name]
    meaning, default = declared.role, declared.default
    if meaning is role.PEAK:
        return highest
    if meaning in (role.FLOOR, role.FLOOR_OF_OPTIMIZER, role.TARGET):
        return below
    if meaning is role.FLOOR_SHARE:
        return below / highest if highest else 0.0
    if meaning is role.START:
        return first
    if meaning is role.START_SHARE:
        return first / highest if highest else 0.0
    if meaning is role.DROP_FACTOR:
        every = [form.fixed[one.name] for one in form.cls.fields(role.DROP_EVERY) if form.fixed.get(one.name)]
        return _factor(marks) ** (every[0] if every and not marks.moves_in_steps else 1)
    if meaning is role.FLOOR_DIVISOR:
        # From above it is found in one step.
        return max(highest / lowest if lowest else 0.0, float(default) if default else DEFAULT_DIVISOR)
    if meaning is role.SCALE and declared.required:
        return _scale(name, form, marks, fixed)
    if meaning is role.POWER and declared.required:
        return DEFAULT_POWER
    if meaning is role.TIMESCALE:
        return max(1.0, float(marks.ticks[marks.middle] - marks.ticks[marks.held_until]) / 3)  # Of a square root.
    return float(default) if isinstance(default, int | float) else 1.0


def _scale(name: str, form: Form, marks: Landmarks, fixed: dict[str, Any]) -> float:
    """The factor with which the curve is at the lowest rate, whatever else is found."""
    row = marks.bottom
    powers = {one.name: DEFAULT_POWER for one in form.cls.fields(role.POWER) if one.required}
    schedule = object.__new__(form.cls)
    sought = {one.name: 1 for one in form.cls.fields(role.WARMUP) if one.name in form.numbers}
    schedule.__dict__.update({**fixed, **powers, **sought, name: 1.0})
    [rate] = few_rates_at(schedule, UNLIMITED, [int(marks.ticks[row])])
    return float(marks.values[row]) / rate if 0 < rate < math.inf else 1.0


def _factor(marks: Landmarks) -> float:
    """The factor of a drop, or of a tick where the rate always falls."""
    falls = [row for row in marks.steps if row > marks.peak]
    if marks.moves_in_steps and falls and marks.values[falls[-1] - 1]:
        # The first may be the end of a warmup in place of several.
        return float(marks.values[falls[-1]] / marks.values[falls[-1] - 1])
    row = marks.bottom
    ticks = int(marks.ticks[row] - marks.ticks[marks.peak])
    if ticks > 0 and marks.values[row] > 0 and marks.highest > 0:
        return float((marks.values[row] / marks.highest) ** (1 / ticks))
    return 0.5
