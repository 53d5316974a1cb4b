"""timm.scheduler, also where `import timm` fails: that wants torchvision, the schedulers do not."""

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest

from lrcli.schedules.base import Schedule


def timm_scheduler_module() -> ModuleType:
    """The module `timm.scheduler`, imported without the rest of timm. Skips the tests where there is no timm."""
    pytest.importorskip("torch", reason="torch is not installed")
    found = importlib.util.find_spec("timm")
    if found is None:
        pytest.skip("timm is not installed", allow_module_level=True)
    # The package is put in place without running it: what is imported from it finds its own files.
    sys.modules.setdefault("timm", importlib.util.module_from_spec(found))
    return importlib.import_module("timm.scheduler")


def construct(schedule: Schedule, optimizer: Any, **more: Any) -> Any:
    """The live object for `schedule`, made with `more` arguments."""
    arguments = {
        declared.name: list(value) if isinstance(value, tuple) else value for declared, value in schedule.items()
    }
    return getattr(timm_scheduler_module(), schedule.reference.symbol)(optimizer, t_in_epochs=True, **arguments, **more)
