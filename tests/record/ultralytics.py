"""ultralytics: ultralytics/engine/trainer.py and utils/torch_utils.py of the wheels 8.4.190, 8.3.100 and 8.1.0
(`pip download --no-deps`), unpacked in LRSCHED_SOURCES/ultralytics, ultralytics_8_3 and ultralytics_8_1; and of YOLOv5
train.py and utils/general.py of its tags v6.1 and v6.0, in LRSCHED_SOURCES/yolov5 and yolov5_6_0.

The trainer imports much: the methods and the statement of its loop that set the rates are run as they stand.
"""

import ast
import math
import os
from functools import cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import numpy as np

YOLOV5 = {"yolov5-6.1": "yolov5", "yolov5-6.0": "yolov5_6_0"}
NAMES = ("ultralytics",)
SOURCE = "ultralytics 8.4.190, 8.3.100 and 8.1.0, YOLOv5 v6.1 and v6.0"
VARIANTS = {
    "ultralytics": [
        {"warmup_version": version, "bias_group": group, "cos_lr": cos, "nb": nb}
        for version, group in (("8.4", None), ("8.4", 1), ("8.3", 0), ("8.1", 0), *((version, 2) for version in YOLOV5))
        for cos in (False, True)
        for nb in (3, 40)
    ]
}
FOLDERS = {"8.4": "ultralytics", "8.3": "ultralytics_8_3", "8.1": "ultralytics_8_1"}


@cache
def parts(version: str) -> tuple[dict[str, Any], CodeType]:
    """The functions of a version by name, and the statement that warms up."""
    folder = Path(os.environ["LRSCHED_SOURCES"]) / FOLDERS[version] / "ultralytics"
    trees = [ast.parse((folder / name).read_text()) for name in ("engine/trainer.py", "utils/torch_utils.py")]
    wanted = ("one_cycle", "_setup_scheduler", "_get_warmup_iterations")
    functions = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in wanted
    ]
    loop = next(node for node in ast.walk(trees[0]) if isinstance(node, ast.FunctionDef) and node.name == "_do_train")
    warmup = next(node for node in ast.walk(loop) if isinstance(node, ast.If) and "ni <= nw" in ast.unparse(node.test))
    rule = [node for node in ast.walk(loop) if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "nw"]
    from torch import optim

    names: dict[str, Any] = {"math": math, "np": np, "optim": optim}
    exec(compile(ast.Module(functions, []), "trainer.py", "exec"), names)
    names["rule"] = compile(ast.Module(rule[:1], []), "trainer.py", "exec")
    return names, compile(ast.Module([warmup], []), "trainer.py", "exec")


class Loop:
    """A trainer's loop over epochs and batches, as far as it sets rates."""

    scheduler: Any
    state: dict[str, Any]
    warmup: CodeType
    tick = -1

    def step(self) -> None:
        """The next batch."""
        self.tick += 1
        epoch, i = divmod(self.tick, self.state["nb"])
        if i == 0 and epoch:
            self.scheduler.step()
        self.state |= {"epoch": epoch, "i": i, "ni": self.tick}
        exec(self.warmup, self.state)


class UltralyticsLoop(Loop):
    """That of ultralytics' BaseTrainer."""

    def __init__(self, schedule: Any, optimizer: Any) -> None:
        self.names, self.warmup = parts(schedule.warmup_version)
        arguments = {declared.name: value for declared, value in schedule.items()}
        arguments |= {"warmup_momentum": 0.8, "momentum": 0.9, "nbs": 64}
        if schedule.bias_group is not None and schedule.bias_group < len(optimizer.param_groups):
            optimizer.param_groups[schedule.bias_group]["param_group"] = "bias"
        self.trainer = SimpleNamespace(args=SimpleNamespace(**arguments), epochs=schedule.num_epochs)
        self.trainer.optimizer, self.trainer.batch_size = optimizer, 16
        self.trainer._get_warmup_iterations = lambda nb: self.names["_get_warmup_iterations"](self.trainer, nb)
        self.names["_setup_scheduler"](self.trainer)
        self.scheduler = self.trainer.scheduler
        if schedule.warmup_version == "8.1":
            # As _setup_train leaves it; later versions step before the first epoch too.
            self.scheduler.last_epoch = -1
        self.state = {**self.names, "self": self.trainer, "nb": schedule.nb, "acc0": 4}
        exec(self.names["rule"], self.state)
        self.step()


class Yolov5Loop(Loop):
    """That of YOLOv5's train.py, in which the third group has the biases."""

    def __init__(self, schedule: Any, optimizer: Any) -> None:
        from torch.optim import lr_scheduler

        folder = Path(os.environ["LRSCHED_SOURCES"]) / YOLOV5[schedule.warmup_version]
        source, general = (ast.parse((folder / name).read_text()) for name in ("train.py", "general.py"))
        one_cycle = next(
            node for node in ast.walk(general) if isinstance(node, ast.FunctionDef) and node.name == "one_cycle"
        )
        tests = {ast.unparse(node.test): node for node in ast.walk(source) if isinstance(node, ast.If)}
        rule = next(node for node in ast.walk(source) if isinstance(node, ast.Assign) and "nw = " in ast.unparse(node))
        hyp = {declared.name: value for declared, value in schedule.items()} | {"warmup_momentum": 0.8, "momentum": 0.9}
        self.state = {
            "math": math,
            "np": np,
            "hyp": hyp,
            "opt": SimpleNamespace(cos_lr=schedule.cos_lr, linear_lr=not schedule.cos_lr),
            "nb": schedule.nb,
            "epochs": schedule.num_epochs,
            "optimizer": optimizer,
            "nbs": 64,
            "batch_size": 16,
        }
        for node in (one_cycle, tests.get("opt.cos_lr") or tests["opt.linear_lr"], rule):
            exec(compile(ast.Module([node], []), "train.py", "exec"), self.state)
        self.warmup = compile(ast.Module([tests["ni <= nw"]], []), "train.py", "exec")
        self.scheduler = lr_scheduler.LambdaLR(optimizer, lr_lambda=self.state["lf"])
        self.scheduler.last_epoch = -1
        self.step()


def construct(schedule: Any, optimizer: Any) -> Any:
    """The loop."""
    return (Yolov5Loop if schedule.warmup_version in YOLOV5 else UltralyticsLoop)(schedule, optimizer)
