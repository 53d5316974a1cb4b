"""timm 1.0.31: `pip install --no-deps timm==1.0.31`."""

from typing import Any

from tests.live.holds import HOLDS

NAMES = HOLDS["test_timm"]
SOURCE = "timm 1.0.31"
TOLD_EPOCH = True


def construct(schedule: Any, optimizer: Any) -> Any:
    """The class of timm.scheduler."""
    from tests.live.timm_run import construct

    return construct(schedule, optimizer)
