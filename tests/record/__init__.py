"""Record vectors: what a live framework computes for random hyperparameters, kept in tests/vectors.

The vectors hold lrsched to frameworks that are not installed where the tests run. A module of this package stands for a
source. It says

    NAMES         which schedulers it records
    SOURCE        the framework and version, or the repository and commit, that the vectors are from
    construct     how to make the framework's object for a schedule, on an optimizer

and, where random draws would miss some, VARIANTS: fields to set in turn, by scheduler. Its docstring says where the
source is had. `python -m tests.record NAME...` writes tests/vectors/NAME.json anew; `--compare N` compares N draws
instead. Where a source is a file, it is read from the folder that LRSCHED_SOURCES names; it is no part of this project.
"""

import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

VECTORS = Path(__file__).parent.parent / "vectors"


def recorders() -> dict[str, str]:
    """The module of this package that records each scheduler. Importing them imports no framework."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name != "__main__":
            for name in importlib.import_module(f"{__name__}.{module.name}").NAMES:
                found[name] = module.name
    return found


def source(path: str, name: str, **stubs: Any) -> ModuleType:
    """The file `path` below LRSCHED_SOURCES as the module `name`, with stubs for what it imports and does not need.

    A stub is given as `package__module={"name": value}`; the packages around it and around `name` are stubs too.
    """
    for dotted, names in {name.rpartition(".")[0].replace(".", "__"): {}, **stubs}.items():
        parts = dotted.split("__")
        for length in range(1, len(parts) + 1):
            package = ".".join(parts[:length])
            if package and package not in sys.modules:
                sys.modules[package] = ModuleType(package)
                sys.modules[package].__path__ = []
        for key, value in names.items():
            setattr(sys.modules[".".join(parts)], key, value)
    spec = importlib.util.spec_from_file_location(name, Path(os.environ.get("LRSCHED_SOURCES", ".")) / path)
    assert spec and spec.loader, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Stepped:
    """A function from tick and base rate to a rate, as an object that sets the rates of an optimizer."""

    def __init__(self, optimizer: Any, rate: Callable[[int, float], float]) -> None:
        self.groups, self.rate, self.tick = optimizer.param_groups, rate, -1
        for group in self.groups:
            group.setdefault("initial_lr", group["lr"])
        self.step()

    def step(self) -> None:
        """Set the rates of the next tick."""
        self.tick += 1
        for group in self.groups:
            group["lr"] = self.rate(self.tick, group["initial_lr"])


def arguments(schedule: Any) -> dict[str, Any]:
    """The fields of a schedule by name, as the framework's call takes them."""
    return {
        declared.name: list(value) if isinstance(value, tuple) else str(value) if declared.kind else value
        for declared, value in schedule.items()
    }
