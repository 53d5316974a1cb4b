"""deepspeed.runtime.lr_schedules, from its file: the package builds and imports much that the schedules do not need."""

import importlib.util
import logging
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lrcli.schedules.base import Schedule


@cache
def deepspeed_schedules() -> ModuleType:
    """The module. Skips the tests where there is no DeepSpeed."""
    pytest.importorskip("torch", reason="torch is not installed")
    found = importlib.util.find_spec("deepspeed")
    if found is None or found.origin is None:
        pytest.skip("DeepSpeed is not installed", allow_module_level=True)
    utils = ModuleType("deepspeed.utils")
    utils.logger = logging.getLogger("deepspeed")  # type: ignore[attr-defined]
    utils.logger.setLevel(logging.CRITICAL)
    place = Path(found.origin).parent / "runtime" / "lr_schedules.py"
    spec = importlib.util.spec_from_file_location("deepspeed.runtime.lr_schedules", place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    before = {name: sys.modules.get(name) for name in ("deepspeed", "deepspeed.utils")}
    sys.modules.update({"deepspeed": ModuleType("deepspeed"), "deepspeed.utils": utils})
    try:
        spec.loader.exec_module(module)
    finally:
        for name, was in before.items():
            if was is None:
                del sys.modules[name]
            else:
                sys.modules[name] = was
    return module


def optimizer_of(lrs: tuple[float, ...]) -> Any:
    """Adam: DeepSpeed cycles the first of its betas."""
    import torch

    return torch.optim.Adam([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs], lr=lrs[0])


def construct(schedule: Schedule, optimizer: Any, **more: Any) -> Any:
    """The live object for `schedule`, made with `more` arguments."""
    arguments = {
        declared.name: list(value) if isinstance(value, tuple) else value for declared, value in schedule.items()
    }
    return getattr(deepspeed_schedules(), schedule.reference.symbol)(optimizer, **arguments, **more)
