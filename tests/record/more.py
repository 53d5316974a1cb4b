"""Single files of other libraries, read from LRSCHED_SOURCES.

pytorch_scheduler/   pip download --no-deps pytorch-scheduler==0.2.2, unpacked
diffusers/           pip download --no-deps diffusers==0.42.1, unpacked
nanogpt.py           train.py of github.com/karpathy/nanoGPT at 3adf61e
dolomite.py          lm_engine/optimization/scheduler.py of github.com/IBM/dolomite-engine at d0ee186
pytorch_ignite/      pip download --no-deps pytorch-ignite==0.5.5, unpacked
"""

import ast
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.record import Stepped, arguments, source

NAMES = ("rex", "piecewise", "nanogpt", "power", "points")
SOURCE = "pytorch-scheduler 0.2.2, diffusers 0.42.1, nanoGPT 3adf61e, dolomite-engine d0ee186, pytorch-ignite 0.5.5"
VARIANTS = {"power": [{"a": 4.6, "b": -0.51, "c": 4096.0}, {"b": -0.51}, {}]}


def construct(schedule: Any, optimizer: Any) -> Any:
    """The library's object."""
    made = {"rex": rex, "piecewise": piecewise, "nanogpt": nanogpt, "power": power, "points": points}
    return made[schedule.reference.name](schedule, optimizer)


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


def power(schedule: Any, optimizer: Any) -> Any:
    """PowerScheduler of dolomite-engine, from its file alone: the functions and classes that it needs."""
    wanted = ("_linear", "_power", "_LRScheduler", "PowerScheduler")
    tree = ast.parse((Path(os.environ["LRSCHED_SOURCES"]) / "dolomite.py").read_text())
    tree.body = [node for node in tree.body if getattr(node, "name", "") in wanted]
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LambdaLR

    names: dict[str, Any] = {"LambdaLR": LambdaLR, "Optimizer": Optimizer}
    exec(compile(tree, "scheduler.py", "exec"), names)
    more = {"num_constant_steps": 0, "num_decay_steps": None, "lr_decay_factor": 0.1}
    return names["PowerScheduler"](optimizer, **{**arguments(schedule), "num_training_steps": 1000}, **more)


def points(schedule: Any, optimizer: Any) -> Any:
    """ignite's PiecewiseLinear, which is called before every iteration."""
    sys.path.insert(0, os.environ["LRSCHED_SOURCES"] + "/pytorch_ignite")
    from ignite.handlers.param_scheduler import PiecewiseLinear  # type: ignore[import-not-found]

    pairs = list(zip((0, *schedule.milestones), schedule.values, strict=True))
    return Called(PiecewiseLinear(optimizer, "lr", milestones_values=pairs))


class Called:
    """An ignite handler, which sets the rates of its event when it is called."""

    def __init__(self, handler: Any) -> None:
        self.handler = handler
        self.step()

    def step(self) -> None:
        """The next event."""
        self.handler(None)
