"""fastai: fastai/callback/schedule.py of the wheel 2.8.12 (`pip download --no-deps`), in LRSCHED_SOURCES/fastai.

fastai imports much: the functions that combine the curves are run as they stand, and the place in the run is added up
as TrainEvalCallback of fastai/callback/core.py does it.
"""

import ast
import functools
import math
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.record import Stepped

NAMES = ("fastai-one-cycle", "fastai-flat-cos")
SOURCE = "fastai 2.8.12"
LENGTHS = ((1, 100), (3, 37), (30, 4), (130, 1))
VARIANTS = {name: [{"n_epoch": epochs, "n_iter": n} for epochs, n in LENGTHS] for name in NAMES}


def store_attr(names: str) -> None:
    """fastcore's: the arguments of the caller become its attributes."""
    caller = sys._getframe(1).f_locals
    for name in names.split(","):
        setattr(caller["self"], name, caller[name])


@cache
def functions() -> dict[str, Any]:
    """combined_cos and what it needs."""
    import torch

    wanted = ("_Annealer", "sched_cos", "SchedCos", "combine_scheds", "combined_cos")
    tree = ast.parse((Path(os.environ["LRSCHED_SOURCES"]) / "fastai/fastai/callback/schedule.py").read_text())
    tree.body = [node for node in tree.body if getattr(node, "name", "") in wanted]
    names: dict[str, Any] = {"math": math, "torch": torch, "tensor": torch.tensor, "L": list}
    names |= {"store_attr": store_attr, "functools": functools}
    exec(compile(tree, "schedule.py", "exec"), names)
    return names


def construct(schedule: Any, optimizer: Any) -> Any:
    """The schedules of fit_one_cycle and fit_flat_cos, asked batch by batch."""
    import numpy as np

    place = {"tick": -1, "pct": 0.0}

    def rate(tick: int, base_lr: float) -> float:
        epoch, batch = divmod(tick, schedule.n_iter)
        if tick != place["tick"]:
            moved = place["pct"] + 1.0 / (schedule.n_iter * schedule.n_epoch)
            place.update(tick=tick, pct=moved if batch else epoch / schedule.n_epoch)
        peak, combined_cos = np.array([base_lr]), functions()["combined_cos"]
        if schedule.reference.name == "fastai-flat-cos":
            curve = combined_cos(schedule.pct_start, peak, peak, peak / schedule.div_final)
        else:
            curve = combined_cos(schedule.pct_start, peak / schedule.div, peak, peak / schedule.div_final)
            momentum = float(combined_cos(schedule.pct_start, *schedule.moms)(place["pct"]))
            for group in optimizer.param_groups:
                group["momentum"] = momentum
        return float(curve(place["pct"])[0])

    return Stepped(optimizer, rate)
