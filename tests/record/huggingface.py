"""Transformers 5.23: `pip install transformers==5.23.0`."""

from typing import Any

from tests.live.holds import HOLDS

NAMES = HOLDS["test_huggingface"]
SOURCE = "transformers 5.23.0"


def construct(schedule: Any, optimizer: Any) -> Any:
    """What get_scheduler returns."""
    from tests.live.test_huggingface import construct

    return construct(schedule, optimizer)
