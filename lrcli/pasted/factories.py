"""Constructors that are more than their arguments: OneCycleLR, and the functions that make one scheduler of several."""

import ast
import dataclasses
from typing import Any

from lrcli.pasted.literals import SourceError, UnknownNamesError
from lrcli.pasted.makers import Call, Made, constructed, made, maker, symbols
from lrcli.pasted.signatures import OPTIMIZER, signature
from lrcli.schedules import MODULES, every, named
from lrcli.schedules.expression import Expression
from lrcli.schedules.family import STEP
from lrcli.text import quoted


@maker("OneCycleLR")
def one_cycle(call: Call) -> Made:
    """OneCycleLR, whose length is total_steps or the product of epochs and steps_per_epoch."""
    counts = call.values(["total_steps", "epochs", "steps_per_epoch"])
    given = {name: count for name, count in counts.items() if count is not None}
    if "total_steps" not in given and not {"epochs", "steps_per_epoch"} <= set(given):
        raise SourceError(call.node, "ValueError: You must define either total_steps OR (epochs AND steps_per_epoch)")
    for name in ("total_steps",) if "total_steps" in given else ("epochs", "steps_per_epoch"):
        if not isinstance(given[name], int) or isinstance(given[name], bool) or given[name] <= 0:
            raise call.refuse(name, f"ValueError: Expected positive integer {name}, but got {given[name]}")
    cls = symbols()["OneCycleLR"]
    if "total_steps" in given:
        return constructed(call, cls, {"total_steps": given["total_steps"]})
    epochs, steps = given["epochs"], given["steps_per_epoch"]
    found = constructed(call, cls, {"total_steps": epochs * steps})
    return found._replace(
        run={**found.run, "epochs": epochs, "steps_per_epoch": steps, "interval": STEP},
        places={**found.places, "total_steps": call.arguments["epochs"]},
    )


@maker("get_constant_schedule")
def constant(call: Call) -> Made:
    """transformers' constant schedule: a LambdaLR with a factor of 1, unless the family declares one."""
    cls = _transformers("constant")
    return constructed(call, cls) if cls else constructed(call, symbols()["LambdaLR"], {"expr": Expression("1")})


def _transformers(name: str) -> Any:
    """The class of the schedule that transformers' get_scheduler knows by that name; None where there is none."""
    return named(MODULES["huggingface"] + name.replace("_", "-"))


DIFFUSERS_PASSES = {"cosine_with_restarts": "num_cycles", "polynomial": "power"}
"""The argument that diffusers' get_scheduler passes on."""


@maker("get_scheduler")
def get_scheduler(call: Call) -> Made:
    """get_scheduler of transformers, and of diffusers."""
    name = call.value("name")
    if not isinstance(name, str):
        raise call.refuse("name", f"expected the name of a scheduler, found {quoted(str(name))}")
    if name == "constant":
        return constant(call)
    cls = symbols()["ReduceLROnPlateau"] if name == "reduce_lr_on_plateau" else _transformers(name)
    if cls is None:
        prefix = MODULES["huggingface"]
        known = ", ".join(own.removeprefix(prefix) for own in every() if own.startswith(prefix))
        raise call.refuse("name", f"ValueError: {quoted(name)} is not a valid SchedulerType; lrsched has {known}")
    accepted = signature(cls.reference.symbol, cls)
    for needed in ("num_warmup_steps", "num_training_steps"):
        if needed in accepted and _is_none(call.arguments.get(needed)):
            raise SourceError(call.node, f"ValueError: {name} requires `{needed}`, please provide that argument.")
    passed = (OPTIMIZER, "num_warmup_steps", "num_training_steps", DIFFUSERS_PASSES.get(name))
    keywords: list[ast.keyword] = [
        ast.keyword(own, call.arguments[own])
        for own in passed
        if own in call.arguments and {own, f"{own}?"} & set(accepted) and not _is_none(call.arguments[own])
    ]
    specific = call.arguments.get("scheduler_specific_kwargs")
    if specific is not None and not _is_none(specific):
        keywords.append(ast.keyword(None, specific))
    inner = ast.copy_location(ast.Call(ast.Name(cls.reference.symbol, ast.Load()), [], keywords), call.node)
    found = made(inner, call.scope, call.source)._replace(node=call.node)
    if "num_training_steps" in cls.params() and not {"num_training_steps", "num_training_steps?"} & set(accepted):
        try:
            steps = call.value("num_training_steps")
        except UnknownNamesError:
            steps = None  # It is there for the call's sake: the rates do not depend on it.
        found = found._replace(schedule=dataclasses.replace(found.schedule, num_training_steps=steps))
    return found._replace(places={**call.arguments, **found.places})


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


TIMM_SYMBOLS = {
    "cosine": "CosineLRScheduler",
    "tanh": "TanhLRScheduler",
    "poly": "PolyLRScheduler",
    "step": "StepLRScheduler",
    "multistep": "MultiStepLRScheduler",
    "plateau": "PlateauLRScheduler",
}
TIMM_FIELDS = {
    "t_initial": "num_epochs",
    "lr_min": "min_lr",
    "decay_t": "decay_epochs",
    "power": "decay_rate",
    "warmup_t": "warmup_epochs",
    "warmup_lr_init": "warmup_lr",
    "patience_t": "patience_epochs",
    "mode": "plateau_mode",
}
"""The arguments of create_scheduler_v2 that have another name than the field that they give."""

TIMM_DEFAULTS: dict[str, Any] = {
    "sched": "cosine",
    "num_epochs": 300,
    "decay_epochs": None,
    "decay_milestones": (90, 180, 270),
    "cooldown_epochs": 0,
    "patience_epochs": 10,
    "decay_rate": 0.1,
    "min_lr": 0.0,
    "warmup_lr": 1e-5,
    "warmup_epochs": 0,
    "warmup_prefix": False,
    "cycle_mul": 1.0,
    "cycle_decay": 0.1,
    "cycle_limit": 1,
    "k_decay": 1.0,
    "plateau_mode": "max",
    "step_on_epochs": True,
    "updates_per_epoch": 0,
}
"""The factory's defaults, which are not those of the classes; a test holds them to its signature."""

TIMM_DECAY_EPOCHS = 90


@maker("create_scheduler_v2")
def create_scheduler(call: Call) -> Made:
    """timm's create_scheduler_v2: defaults of its own, and lengths in epochs or in updates."""
    given = {**TIMM_DEFAULTS, **call.values(list(TIMM_DEFAULTS))}
    symbol = TIMM_SYMBOLS.get(given["sched"])
    if symbol is None:
        known = ", ".join(TIMM_SYMBOLS)
        raise call.refuse("sched", f"{quoted(str(given['sched']))} is not read; lrsched reads {known}")
    if given["decay_epochs"] is None:
        given["decay_epochs"] = TIMM_DECAY_EPOCHS
    per_epoch = 1 if given["step_on_epochs"] else given["updates_per_epoch"]
    if not per_epoch > 0:
        reason = "AssertionError: updates_per_epoch must be set to number of dataloader batches"
        raise call.refuse("updates_per_epoch", reason)
    cls = symbols()[symbol]
    if cls.follows_metric and not given["step_on_epochs"]:
        raise call.refuse("step_on_epochs", "AssertionError: Plateau LR only supports step per epoch.")
    theirs = {**{name: name for name in TIMM_DEFAULTS}, **TIMM_FIELDS}
    if given["sched"] == "multistep":
        theirs["decay_t"] = "decay_milestones"
    values, places = {}, dict(call.arguments)
    for name, declared in cls.params().items():
        if name not in theirs:
            continue
        value = given[theirs[name]]
        if declared.role is not None and declared.role.scales_with_run:
            value = [item * per_epoch for item in value] if isinstance(value, list | tuple) else value * per_epoch
        values[name] = value
        if theirs[name] in places:
            places[name] = places[theirs[name]]
    found = constructed(call._replace(arguments={}), cls, values)
    extra = given["cooldown_epochs"] if "t_initial" in values else 0
    ticks = found.schedule.horizon if "t_initial" in values else None
    if ticks is None:
        ticks = given["num_epochs"] * per_epoch + (values["warmup_t"] if given["warmup_prefix"] else 0)
    run: dict[str, Any] = {"epochs": extra + ticks // per_epoch}
    if not given["step_on_epochs"]:
        run |= {"steps_per_epoch": per_epoch, "interval": STEP}
    return found._replace(run=run, places=places)
