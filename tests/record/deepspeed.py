"""DeepSpeed 0.19.8: `pip install --no-deps --no-build-isolation deepspeed==0.19.8`, beside torch."""

from typing import Any

from tests.live.holds import HOLDS

NAMES = HOLDS["test_deepspeed"]
SOURCE = "deepspeed 0.19.8"


def optimizer_of(lrs: tuple[float, ...]) -> Any:
    """An optimizer with betas."""
    from tests.live import deepspeed_run

    return deepspeed_run.optimizer_of(lrs)


def construct(schedule: Any, optimizer: Any) -> Any:
    """The class of deepspeed.runtime.lr_schedules."""
    from tests.live import deepspeed_run

    return deepspeed_run.construct(schedule, optimizer)
