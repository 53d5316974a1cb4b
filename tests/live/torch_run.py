"""The same schedule in live torch: built from the declaration, stepped as a training loop would."""

import importlib
import inspect
import math
import warnings
from typing import Any

from lrcli.schedules.base import Schedule
from lrcli.schedules.expression import Expression
from tests.live.late import late

torch = late("torch")

NAMES = {name: getattr(math, name) for name in ("sqrt", "cos", "sin", "exp", "log", "floor", "ceil", "pi")}

Row = tuple[float, ...]


def optimizer_of(lrs: tuple[float, ...], momentum: float = 0.0) -> Any:
    """SGD with a parameter group for each rate, whose defaults hold the first."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs]
    return torch.optim.SGD(groups, lr=lrs[0], momentum=momentum)


def python_lambda(expression: Expression, base_lr: float = math.nan) -> Any:
    """The same expression as a plain Python lambda."""
    return eval(f"lambda t: {expression.text}", {**NAMES, "base_lr": base_lr})


def torch_scheduler(schedule: Schedule, optimizer: Any, **more: Any) -> Any:
    """The framework's scheduler object for `schedule`, its children built in order; it is given `more` arguments."""
    module, _, symbol = schedule.reference.source.rpartition(".")
    arguments: dict[str, Any] = {}
    for declared, value in schedule.items():
        if isinstance(value, Expression):
            arguments["lr_lambda"] = python_lambda(value)
        elif declared.is_many:
            arguments[declared.name] = [torch_scheduler(child, optimizer) for child in value]
        else:
            arguments[declared.name] = list(value) if isinstance(value, tuple) else value
    make = getattr(importlib.import_module(module), symbol)
    if not isinstance(make, type):  # a function of Transformers, which takes what it reads
        arguments = {name: value for name, value in arguments.items() if name in inspect.signature(make).parameters}
    return make(optimizer=optimizer, **arguments, **more)


def torch_rows(schedule: Schedule, lrs: tuple[float, ...], ticks: int, *, momentum: bool) -> tuple[list[Row], str]:
    """The rates (and momenta) of all groups at each tick, up to where torch raises, and what it raised."""
    rows: list[Row] = []
    optimizer = optimizer_of(lrs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            scheduler = torch_scheduler(schedule, optimizer)
            for tick in range(ticks):
                if tick:
                    scheduler.step()
                rates = tuple(group["lr"] for group in optimizer.param_groups)
                momenta = tuple(group["momentum"] for group in optimizer.param_groups) if momentum else ()
                rows.append(rates + momenta)
        except (ArithmeticError, ValueError, NotImplementedError) as error:
            return rows, f"{type(error).__name__}: {error}"
    return rows, ""
