"""Keras 3.15 on the torch backend: `pip install keras==3.15.1 torch==2.13.0`."""

from typing import Any

from tests.live.holds import HOLDS

NAMES = HOLDS["test_keras"]
SOURCE = "keras 3.15.1, torch backend"


def construct(schedule: Any, optimizer: Any) -> Any:
    """The class of keras.optimizers.schedules."""
    from tests.live.keras_run import construct

    return construct(schedule, optimizer)
