"""How the frameworks' constructors are called: the order of their arguments, and Python's own words for a wrong call.

A constructor takes the optimizer, the declared fields in their order, and last_epoch. Where a framework has another
order, or more arguments, it is written here; a test holds all of them to the live classes.
"""

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lrcli.pasted.literals import SourceError
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import HUGGING_FACE, PYTORCH, TIMM

FAMILIES = (PYTORCH, HUGGING_FACE, TIMM)
"""Whose schedulers are read from Python: they are made of an optimizer."""

OPTIMIZER, LAST_EPOCH = "optimizer", "last_epoch"

_CYCLES = "t_initial lr_min? cycle_mul? cycle_decay? cycle_limit? warmup_t? warmup_lr_init? warmup_prefix? t_in_epochs?"
_DROPS = "decay_t decay_rate? warmup_t? warmup_lr_init? warmup_prefix? t_in_epochs?"
_NOISE = "noise_range_t? noise_pct? noise_std? noise_seed?"
_TRAINING = "optimizer num_warmup_steps num_training_steps"

OTHERS = {
    "LambdaLR": "optimizer lr_lambda last_epoch?",
    "MultiplicativeLR": "optimizer lr_lambda last_epoch?",
    "ChainedScheduler": "schedulers optimizer?",
    "SequentialLR": "optimizer schedulers milestones last_epoch?",
    "CyclicLR": "optimizer base_lr max_lr step_size_up? step_size_down? mode? gamma? scale_fn? scale_mode? "
    "cycle_momentum? base_momentum? max_momentum? last_epoch?",
    "OneCycleLR": "optimizer max_lr total_steps? epochs? steps_per_epoch? pct_start? anneal_strategy? cycle_momentum? "
    "base_momentum? max_momentum? div_factor? final_div_factor? three_phase? last_epoch?",
    "ReduceLROnPlateau": "optimizer mode? factor? patience? threshold? threshold_mode? cooldown? min_lr? eps?",
    "get_polynomial_decay_schedule_with_warmup": f"{_TRAINING} lr_end? power? last_epoch?",
    "get_constant_schedule_with_warmup": "optimizer num_warmup_steps last_epoch?",
    "get_inverse_sqrt_schedule": "optimizer num_warmup_steps timescale? last_epoch?",
    "get_cosine_with_min_lr_schedule_with_warmup": f"{_TRAINING} num_cycles? last_epoch? min_lr? min_lr_rate?",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": f"{_TRAINING} num_cycles? last_epoch? min_lr? min_lr_rate? "
    "warmup_lr_rate?",
    "CosineLRScheduler": f"optimizer {_CYCLES} {_NOISE} k_decay? initialize?",
    "PolyLRScheduler": "optimizer t_initial power? lr_min? cycle_mul? cycle_decay? cycle_limit? warmup_t? "
    f"warmup_lr_init? warmup_prefix? t_in_epochs? {_NOISE} k_decay? initialize?",
    "TanhLRScheduler": "optimizer t_initial lb? ub? lr_min? cycle_mul? cycle_decay? cycle_limit? warmup_t? "
    f"warmup_lr_init? warmup_prefix? t_in_epochs? {_NOISE} initialize?",
    "WSDLRScheduler": "optimizer t_initial decay_t lr_min? stable_fn? stable_timescale? stable_power? decay_fn? "
    f"decay_power? decay_ratio? warmup_t? warmup_lr_init? t_in_epochs? {_NOISE} initialize?",
    "PlateauLRScheduler": "optimizer decay_rate? patience_t? threshold? cooldown_t? warmup_t? warmup_lr_init? lr_min? "
    "mode? noise_range_t? noise_type? noise_pct? noise_std? noise_seed? initialize?",
    "StepLRScheduler": f"optimizer {_DROPS} {_NOISE} initialize?",
    "MultiStepLRScheduler": f"optimizer {_DROPS} {_NOISE} initialize?",
    # Functions that make one of several.
    "get_constant_schedule": "optimizer last_epoch?",
    "get_scheduler": "name optimizer num_warmup_steps? num_training_steps? scheduler_specific_kwargs?",
    "create_scheduler_v2": "optimizer sched? num_epochs? decay_epochs? decay_milestones? cooldown_epochs? "
    "patience_epochs? decay_rate? min_lr? warmup_lr? warmup_epochs? warmup_prefix? noise? noise_pct? noise_std? "
    "noise_seed? cycle_mul? cycle_decay? cycle_limit? k_decay? decay_fn? stable_timescale? plateau_mode? "
    "step_on_epochs? updates_per_epoch?",
}
"""Arguments in order; a question mark stands after those that may be left out."""

DIFFUSERS = "name optimizer step_rules? num_warmup_steps? num_training_steps? num_cycles? power? last_epoch?"
"""get_scheduler of diffusers, which shares its name with that of transformers."""

GONE = {"verbose": "gone since torch 2.7", "warmup_ratio": "warmup is counted in steps"}
"""Arguments that frameworks took once, and what became of them."""


def signature(symbol: str, cls: type[Schedule] | None = None) -> tuple[str, ...]:
    """The arguments of a constructor in order, with a question mark after those that may be left out."""
    if symbol in OTHERS:
        return tuple(OTHERS[symbol].split())
    assert cls is not None
    fields = (name if declared.required else f"{name}?" for name, declared in cls.params().items())
    return (OPTIMIZER, *fields, f"{LAST_EPOCH}?")


class Absent:
    """The default of an argument that was left out."""


@lru_cache
def _stub(symbol: str, arguments: tuple[str, ...]) -> Callable[..., dict[str, Any]]:
    """A function that takes exactly these arguments, so that Python itself says what is wrong with a call."""
    is_class = not symbol[0].islower()
    texts = ["self"] * is_class + [argument.replace("?", "=Absent") for argument in arguments]
    namespace: dict[str, Any] = {"Absent": Absent}
    exec(f"def call({', '.join(texts)}): return locals()", namespace)
    stub: Callable[..., dict[str, Any]] = namespace["call"]
    stub.__qualname__ = f"{symbol}.__init__" if is_class else symbol
    return stub


def bound(
    node: ast.Call, symbol: str, arguments: tuple[str, ...], args: list[Any], keywords: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of a call by the names of its arguments, without those that were left out.

    Raises SourceError with the framework's TypeError.
    """
    is_class = not symbol[0].islower()
    try:
        values = _stub(symbol, arguments)(*([None] * is_class), *args, **keywords)
    except TypeError as error:
        refused = next((name for name in keywords if f"'{name}'" in str(error)), "")
        hint = f" ({GONE[refused]})" if refused in GONE else ""
        place = next((keyword for keyword in node.keywords if keyword.arg == refused and refused), node)
        raise SourceError(place, f"TypeError: {error}{hint}") from None
    values.pop("self", None)
    return {name: value for name, value in values.items() if value is not Absent}
