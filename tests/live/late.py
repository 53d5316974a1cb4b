"""Frameworks that are imported when a test first uses them: whoever only collects the tests needs none of them."""

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


class Late:
    """A module that `load` returns, as soon as something public of it is asked for: pytest asks for `__test__`."""

    def __init__(self, load: Callable[[], ModuleType]) -> None:
        self._load = load

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._load(), name)


def late(name: str, load: Callable[[], ModuleType] | None = None) -> Any:
    """The module of that name, or what `load` returns; where its framework is not installed, who asks is skipped."""
    framework = name.partition(".")[0]
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed", allow_module_level=True)
    return Late(load or (lambda: importlib.import_module(name)))
