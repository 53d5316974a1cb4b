"""lr_scheduler_type and lr_scheduler_kwargs: which scheduler they are, with which values.

Source: transformers 5.23 optimization.get_scheduler; LLaMA-Factory train/trainer_utils.py
"""

from typing import Any

from lrcli.configs.facts import NUMBER, Job, Version, taken
from lrcli.schedules import named

SCHEDULERS = {
    "linear": "hf-linear",
    "cosine": "hf-cosine",
    "cosine_with_restarts": "hf-cosine-with-restarts",
    "polynomial": "hf-polynomial",
    "constant": "hf-constant",
    "constant_with_warmup": "hf-constant-with-warmup",
    "inverse_sqrt": "hf-inverse-sqrt",
    "cosine_with_min_lr": "hf-cosine-with-min-lr",
    "cosine_warmup_with_min_lr": "hf-cosine-warmup-with-min-lr",
    "warmup_stable_decay": "hf-warmup-stable-decay",
}
"""SchedulerType, by the scheduler that lrsched has for it."""

SINCE = {"cosine_warmup_with_min_lr": (4, 53), "greedy": (5, 1)}
"""The versions in which types came."""

NO_KEYWORDS = ("constant", "constant_with_warmup")
"""Types to whose functions get_scheduler does not hand lr_scheduler_kwargs."""

BY_METRIC = ("reduce_lr_on_plateau", "greedy")


def keywords_of(job: Job, kind: str, version: Version | None = None) -> dict[str, Any]:
    """lr_scheduler_kwargs, held to what the function of this type takes; `version` is that of transformers."""
    if kind not in SCHEDULERS and kind not in BY_METRIC:
        known = ", ".join((*SCHEDULERS, *BY_METRIC))
        job.refuse("lr_scheduler_type", f"'{kind}' is not a valid SchedulerType: expected one of {known}")
    if version is not None and SINCE.get(kind, ()) > version:
        since = ".".join(map(str, SINCE[kind]))
        job.refuse("lr_scheduler_type", f"'{kind}' is not a valid SchedulerType before transformers {since}")
    given = job.mapping("lr_scheduler_kwargs")
    line = job.line_of("lr_scheduler_kwargs")
    if kind in BY_METRIC:
        return {}
    if kind in NO_KEYWORDS:
        if given:
            job.remark("LR702", f"lr_scheduler_kwargs {given} are not read for {kind}", "leave them out", line)
        return {}
    cls = named(SCHEDULERS[kind])
    assert cls is not None
    own = {name: declared for name, declared in cls.params().items() if name not in OF_THE_RUN}
    values = {}
    for name, value in given.items():
        if name not in own:
            function = cls.reference.symbol
            taken_names = ", ".join(own) or "none"
            job.fails(
                "LR706",
                f"{function}() got an unexpected keyword argument '{name}' (lr_scheduler_type {kind} takes "
                f"{taken_names})",
                instead(kind, name),
                line,
            )
        if value is None:
            continue
        if isinstance(value, str) and own[name].annotation not in (str, str | None):
            try:
                value = taken(value, NUMBER)
            except ValueError:
                job.refuse("lr_scheduler_kwargs", f"{name}: expected a number, found '{value}'")
        values[name] = value
    for name, declared in own.items():
        if declared.required and name not in values and kind != "warmup_stable_decay":
            job.fails("LR706", f"{cls.reference.symbol}() missing 1 required argument: '{name}'", "", line)
    return values


OF_THE_RUN = ("num_warmup_steps", "num_training_steps")
"""Arguments that get_scheduler passes itself."""


def instead(kind: str, name: str) -> str:
    """What takes the keyword that was refused."""
    if name in ("min_lr", "min_lr_rate", "eta_min", "min_lr_ratio") and kind == "cosine":
        return "lr_scheduler_type: cosine_with_min_lr"
    if name == "num_cycles" and kind == "linear":
        return "lr_scheduler_type: cosine_with_restarts"
    return ""


def values_of(kind: str, keywords: dict[str, Any], ticks: int, total: int) -> dict[str, Any]:
    """The values of the scheduler, as get_scheduler hands them to its function."""
    if kind == "constant":
        return {"num_training_steps": total}
    return {"num_warmup_steps": ticks, "num_training_steps": total, **keywords}


def schedule_of(
    job: Job, kind: str, keywords: dict[str, Any], ticks: int, total: int, factory: bool
) -> tuple[str, dict[str, Any]]:
    """The scheduler's name and its values, as get_scheduler makes it; LLaMA-Factory fills in what is missing."""
    if kind in BY_METRIC:
        return SCHEDULERS["constant"], {}
    values = values_of(kind, keywords, ticks, total)
    if kind == "warmup_stable_decay":
        if factory:
            left = total - ticks
            stable = values.setdefault("num_stable_steps", left // 3)
            values.setdefault("num_decay_steps", left - stable)
            job.show(f"a third of the {left} steps after the warmup is stable, the others decay", stable)
        elif "num_decay_steps" not in values:
            job.fails(
                "LR706",
                "get_wsd_schedule() missing 1 required positional argument: 'num_decay_steps'",
                f'lr_scheduler_kwargs: {{"num_decay_steps": {max(1, total // 10)}}}',
                job.line_of("lr_scheduler_type"),
            )
    return SCHEDULERS[kind], values
