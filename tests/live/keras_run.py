"""keras.optimizers.schedules on the torch backend."""

import os
from types import ModuleType
from typing import Any

import pytest

from lrcli.schedules.base import Schedule


def keras_schedules() -> ModuleType:
    """The module. Skips the tests where there is no Keras, or no torch for it."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    pytest.importorskip("torch", reason="torch is not installed")
    schedules: ModuleType = pytest.importorskip("keras.optimizers.schedules", reason="Keras is not installed")
    return schedules


class Called:
    """Keras' functions of the step, one for each parameter group, as an object that sets the rates."""

    def __init__(self, schedule: Schedule, optimizer: Any) -> None:
        cls = getattr(keras_schedules(), schedule.reference.symbol)
        values = {
            declared.name: list(value) if isinstance(value, tuple) else value for declared, value in schedule.items()
        }
        takes_rate = schedule.reference.symbol != "PiecewiseConstantDecay"
        self.groups = optimizer.param_groups
        self.functions = [cls(*[group["lr"]][: int(takes_rate)], **values) for group in self.groups]
        self.tick = -1
        self.step()

    def step(self) -> None:
        """The next value of optimizer.iterations."""
        self.step_to(self.tick + 1)

    def step_to(self, tick: int) -> None:
        """This value of optimizer.iterations."""
        self.tick = tick
        for group, function in zip(self.groups, self.functions, strict=True):
            group["lr"] = float(function(self.tick))


def construct(schedule: Schedule, optimizer: Any) -> Called:
    """The live object for `schedule`."""
    return Called(schedule, optimizer)
