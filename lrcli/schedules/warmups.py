"""Warmups before any schedule, as people write them: the same number of ticks in six ways."""

import math

from lrcli.schedules import role
from lrcli.schedules.base import Absolute, Schedule, scheduler
from lrcli.schedules.compose import Sequential
from lrcli.schedules.family import EPOCH, MORE
from lrcli.schedules.param import param
from lrcli.schedules.pytorch import Linear

TORCH = "torch"
RAMPS = ("from-zero", "plus-one", "linspace", "quadratic", "log")
STYLES = (TORCH, *RAMPS)
"""What `--warmup-style` takes."""


@scheduler("ramp", family=MORE, source="the warmup of a training script, before another schedule")
class Ramp(Absolute):
    """From start_factor times the base rate up to it, in one of the ways that training scripts have.

    Formula:
        x_t = base_lr * (s + (1 - s) * f(t))    up to tick W
        x_t = base_lr                           from then on; s is start_factor, W is total_iters
        from-zero: f = t / W                    GPT-NeoX, Megatron-LM, Transformers
        plus-one: f = (t + 1) / W               open_clip, llm.c, nanochat
        linspace: f = t / (W - 1)               DINO, DINOv2, SwAV, ConvNeXt: numpy's linspace, bit for bit
        quadratic: f = (t / W)^2                YOLOX
        log: f = ln(t + 1) / ln(W)              the shape of DeepSpeed's warmup

    Surprises:
        - from-zero and quadratic train the first tick at rate 0 unless start_factor is given; so do linspace and log.
        - linspace, plus-one and log reach the base rate one tick early: the next schedule's first tick repeats it.
        - With linspace and log a warmup of one tick is at the start of the ramp.
        - It is a factor of the rate that the optimizer was made with, whatever the next schedule does with that.

    Resume:
        The rate depends on the tick alone.
    """

    stepped = EPOCH

    style: str = param("how the rate rises", default="from-zero", choices=RAMPS, role=role.SHAPE)
    total_iters: int = param("ticks of the warmup", default=5, at_least=1, example="50", role=role.WARMUP)
    start_factor: float = param(
        "share of the base rate at the start", default=0.0, at_least=0, at_most=1, role=role.START_SHARE
    )

    def at(self, t: int, base_lr: float) -> float:
        if t >= self.total_iters:
            return base_lr
        start, total = self.start_factor * base_lr, self.total_iters
        height = base_lr - start
        if self.style == "linspace":
            return base_lr if 0 < t == total - 1 else t * (height / max(1, total - 1)) + start
        if self.style == "quadratic":
            return height * math.pow(t / total, 2) + start
        if self.style == "log":
            return height * (math.log(t + 1) / math.log(max(2, total))) + start
        return height * (t + 1 if self.style == "plus-one" else t) / total + start

    @property
    def horizon(self) -> int | None:
        return self.total_iters

    @property
    def is_warmup(self) -> bool:
        return True


def warmed_up(schedule: Schedule, warmup: int, style: str = TORCH, start_factor: float | None = None) -> Schedule:
    """`schedule` after `warmup` ticks of a warmup in one of STYLES; it begins with its own tick 0 then.

    `start_factor` is the share of the rate at the start; unless it is given, a third with torch's LinearLR, else 0.
    """
    if not warmup:
        return schedule
    if style == TORCH:
        ramp: Schedule = Linear(start_factor=1 / 3 if start_factor is None else start_factor, total_iters=warmup)
    else:
        ramp = Ramp(style=style, total_iters=warmup, start_factor=start_factor or 0.0)
    return Sequential(schedulers=(ramp, schedule), milestones=(warmup,))
