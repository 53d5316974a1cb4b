"""Megatron-LM: megatron/core/optimizer_param_scheduler.py of github.com/NVIDIA/Megatron-LM at d98e8a6, in
LRSCHED_SOURCES/megatron.py. Lengths are made from the arguments as get_optimizer_param_scheduler of
megatron/training/training.py does it.
"""

from functools import cache
from typing import Any

from lrcli.schedules.megatron import STYLES, WSD_STYLES
from tests.record import source

NAMES = ("megatron",)
SOURCE = "Megatron-LM d98e8a6"
IN_ITERATIONS = {"lr_decay_samples": None, "lr_warmup_samples": 0, "lr_wsd_decay_samples": None}
WSD = [{"lr_decay_style": "WSD", "lr_wsd_decay_style": style} for style in WSD_STYLES]
VARIANTS = {
    "megatron": [
        {**style, **lengths}
        for style in [*({"lr_decay_style": style} for style in STYLES if style != "WSD"), *WSD]
        for lengths in ({"lr_warmup_fraction": None}, {"lr_warmup_fraction": None, **IN_ITERATIONS}, IN_ITERATIONS)
    ]
}


@cache
def module() -> Any:
    """The file as a module; it logs."""
    stub = {"log_single_rank": lambda *_, **__: None}
    return source("megatron.py", "megatron.core.optimizer_param_scheduler", megatron__core__utils=stub)


class Iterations:
    """Megatron's object, stepped by an iteration."""

    def __init__(self, live: Any, samples: int) -> None:
        self.live, self.samples = live, samples

    def step(self) -> None:
        self.live.step(increment=self.samples)


def construct(schedule: Any, optimizer: Any) -> Any:
    """Megatron's object; each parameter group has a max_lr of its own."""
    size = schedule.global_batch_size
    for group in optimizer.param_groups:
        group["max_lr"] = group["lr"]
    decay, wsd = schedule.lr_decay_samples, schedule.lr_wsd_decay_samples
    warmup: float = schedule.lr_warmup_samples
    if schedule.lr_decay_iters is not None:
        decay, warmup = schedule.lr_decay_iters * size, schedule.lr_warmup_iters * size
    if schedule.lr_wsd_decay_iters is not None:
        wsd = schedule.lr_wsd_decay_iters * size
    if schedule.lr_warmup_fraction is not None:
        warmup = schedule.lr_warmup_fraction * decay
    live = module().OptimizerParamScheduler(
        optimizer,
        init_lr=schedule.lr_warmup_init,
        max_lr=optimizer.param_groups[0]["max_lr"],
        min_lr=schedule.min_lr,
        lr_warmup_steps=warmup,
        lr_decay_steps=decay,
        lr_decay_style=schedule.lr_decay_style,
        start_wd=0.0,
        end_wd=0.0,
        wd_incr_steps=decay,
        wd_incr_style="constant",
        wsd_decay_steps=wsd,
        lr_wsd_decay_style=schedule.lr_wsd_decay_style,
    )
    return Iterations(live, size)
