"""Single files of other libraries, read from LRSCHED_SOURCES.

pytorch_scheduler/   pip download --no-deps pytorch-scheduler==0.2.2, unpacked
diffusers/           pip download --no-deps diffusers==0.42.1, unpacked
nanogpt.py           train.py of github.com/karpathy/nanoGPT at 3adf61e
"""

import ast
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.record import Stepped, arguments, source

NAMES = ("rex", "piecewise", "nanogpt")
SOURCE = "pytorch-scheduler 0.2.2, diffusers 0.42.1, nanoGPT 3adf61e"


def construct(schedule: Any, optimizer: Any) -> Any:
    """The library's object."""
    return {"rex": rex, "piecewise": piecewise, "nanogpt": nanogpt}[schedule.reference.name](schedule, optimizer)


def rex(schedule: Any, optimizer: Any) -> Any:
    """pytorch_scheduler.RexScheduler."""
    sys.path.insert(0, os.environ["LRSCHED_SOURCES"] + "/pytorch_scheduler")
    from pytorch_scheduler.scheduler.rex import RexScheduler  # type: ignore[import-not-found]

    return RexScheduler(optimizer, **arguments(schedule))


def piecewise(schedule: Any, optimizer: Any) -> Any:
    """diffusers' function, from its file alone."""
    stub = {"logging": SimpleNamespace(get_logger=lambda name: None)}
    module = source("diffusers/diffusers/optimization.py", "diffusers.optimization", diffusers__utils=stub)
    return module.get_piecewise_constant_schedule(optimizer, **arguments(schedule))


def nanogpt(schedule: Any, optimizer: Any) -> Any:
    """get_lr of nanoGPT's train.py: that function alone, with its globals set."""
    tree = ast.parse((Path(os.environ["LRSCHED_SOURCES"]) / "nanogpt.py").read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "get_lr"]
    names = {"math": __import__("math"), **arguments(schedule)}
    exec(compile(tree, "train.py", "exec"), names)

    def rate(tick: int, base_lr: float) -> float:
        names["learning_rate"] = base_lr
        return names["get_lr"](tick)

    return Stepped(optimizer, rate)
