"""torch 2.13: `pip install torch==2.13.0`."""

from typing import Any

from tests.live.holds import HOLDS

NAMES = HOLDS["test_torch"]
SOURCE = "torch 2.13.0"


def optimizer_of(lrs: tuple[float, ...]) -> Any:
    """SGD with momentum, which some schedulers cycle."""
    from tests.live import torch_run

    return torch_run.optimizer_of(lrs, momentum=0.9)


def construct(schedule: Any, optimizer: Any) -> Any:
    """torch's object."""
    from tests.live.torch_run import torch_scheduler

    return torch_scheduler(schedule, optimizer)
