"""ultralytics' trainer: a warmup by iteration, and a rate that changes at every epoch."""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, Self

from lrcli.schedules import role
from lrcli.schedules.base import Absolute, scheduler
from lrcli.schedules.family import ULTRALYTICS
from lrcli.schedules.param import ParamError, param


class Rule(NamedTuple):
    """What a version does otherwise than others."""

    least: int
    """Iterations that the warmup has at least; 0 where it may be shorter."""
    is_late: bool = False
    """Whether the scheduler is stepped after an epoch, and not before it."""
    is_unguarded: bool = False
    """Whether the warmup has its least length where none is asked for, and the line goes on after the last epoch."""
    reaches_end: bool = False
    """Whether the line is at its end in the last epoch, and not after it."""


RULES = {
    "8.4": Rule(0),
    "8.3": Rule(100),
    "8.1": Rule(100, True),
    "yolov5-6.1": Rule(1000, True, True),
    "yolov5-6.0": Rule(1000, True, True, True),
}
"""The rules by the first version, or the last of YOLOv5, that has them."""


@scheduler("ultralytics", family=ULTRALYTICS, source="ultralytics.engine.trainer.BaseTrainer", aliases=("yolo",))
class Ultralytics(Absolute):
    """Up from 0 by the iteration, then down by the epoch to lrf times the base rate: YOLO's schedule.

    Formula:
        x_t = s + (base_lr * f(e) - s) * t / nw        up to iteration nw
        x_t = base_lr * f(e)                           then, e = floor(t / nb) counts epochs from 0
        f(e) = max(1 - e / E, 0) * (1 - lrf) + lrf     or with --cos-lr
        f(e) = (1 - cos(pi * e / E)) / 2 * (lrf - 1) + 1
        s = 0, or warmup_bias_lr in the group of the biases; E is num_epochs
        nw = round(min(warmup_epochs, E - 1) * nb)     in 8.4
        nw = max(round(warmup_epochs * nb), 100)       in 8.0 to 8.3, and in YOLOv5 from 6.2 on
        nw = max(round(warmup_epochs * nb), 1000)      in YOLOv5 to 6.1, and in YOLOv7
        f(e) = (1 - e / (E - 1)) * (1 - lrf) + lrf     the line of YOLOv5 to 6.0, and of YOLOv7
        e is one less after the epoch of iteration nw  in 8.0, 8.1, YOLOv5 and YOLOv7

    Surprises:
        - A tick is an iteration, a batch, not an optimizer step: the rate does not wait for accumulated gradients.
        - The group of the biases comes down to the rate from warmup_bias_lr, by default ten times as high, while the
          others rise.
        - In 8.0 to 8.3 the warmup has at least 100 iterations, however short the epochs are; 1000 in YOLOv5 to 6.1.
        - In 8.0 and 8.1 the scheduler begins one epoch before the first: after the epoch in which the warmup ends the
          rates are an epoch late.
        - With optimizer=auto, the default, the trainer chooses lr0 itself and sets warmup_bias_lr to 0, whatever the
          configuration says.
        - The lowest rate, lrf times the base rate, belongs to epoch E, which is not trained; the line of YOLOv5 to 6.0
          has it in the last epoch, and its trainer fails where that is the first, too (ZeroDivisionError).

    Resume:
        resume=True takes the arguments of the old run from the checkpoint and goes on at its next epoch.
    """

    refuses_composition = (
        "{symbol} takes torch's schedulers, but index {index} is what ultralytics' trainer does itself"
    )

    num_epochs: int = param("epochs of the run", at_least=1, example="100", role=role.EPOCHS)
    nb: int = param("batches, which are ticks, in an epoch", default=1, at_least=1, example="10", role=role.PER_EPOCH)
    lrf: float = param("lowest rate as a share of the base rate", default=0.01, role=role.FLOOR_SHARE)
    cos_lr: bool = param("come down along half a cosine, not a line", default=False, role=role.SHAPE)
    warmup_epochs: float = param("epochs of the warmup", default=3.0, at_least=0, role=role.WARMUP_EPOCHS)
    warmup_bias_lr: float = param("rate at which the group of the biases starts", default=0.1, role=role.START)
    bias_group: int | None = param(
        "parameter group of the biases, counted from 0; default: none", default=None, at_least=0, role=role.GROUP
    )
    warmup_version: str = param(
        "whose rule for the length of the warmup, and for the epoch after it",
        default="8.4",
        choices=tuple(RULES),
        role=role.VARIANT,
    )
    warms_down: bool = False
    """Whether this is the group of the biases, once `bind` has seen the group."""

    def bind(self, group: int, lrs: Sequence[float]) -> Self:
        if group != self.bias_group:
            return self
        return self.with_unchecked(warms_down=True)

    def validate(self) -> None:
        if self.rule.reaches_end and self.num_epochs == 1 and not self.cos_lr:
            raise ParamError("--num-epochs", "YOLOv5 raises ZeroDivisionError: division by zero")

    @property
    def rule(self) -> Rule:
        """That of the version."""
        return RULES[self.warmup_version]

    @cached_property
    def warmup(self) -> int:
        """Iterations of the warmup; 0 where there is none."""
        if least := self.rule.least:
            is_asked = self.warmup_epochs > 0 or self.rule.is_unguarded
            return max(round(self.warmup_epochs * self.nb), least) if is_asked else 0
        return round(min(self.warmup_epochs, self.num_epochs - 1) * self.nb)

    def share(self, epoch: int) -> float:
        """The share of the base rate in an epoch."""
        if self.cos_lr:
            return max((1 - math.cos(epoch * math.pi / self.num_epochs)) / 2, 0) * (self.lrf - 1) + 1
        left = 1 - epoch / (self.num_epochs - self.rule.reaches_end)
        return (left if self.rule.is_unguarded else max(left, 0)) * (1.0 - self.lrf) + self.lrf

    def at(self, t: int, base_lr: float) -> float:
        epoch, warmup = t // self.nb, self.warmup
        if self.rule.is_late and epoch > warmup // self.nb:
            return base_lr * self.share(epoch - 1)
        rate = base_lr * self.share(epoch)
        if not warmup or t >= warmup:
            return rate
        start = self.warmup_bias_lr if self.warms_down else 0.0
        return (rate - start) / warmup * t + start if t else start

    @property
    def horizon(self) -> int | None:
        return self.num_epochs * self.nb

    @property
    def own_warmup(self) -> int:
        return self.warmup

    def marks(self) -> Iterator[tuple[int, str]]:
        if self.warmup:
            yield 0, "warmup"
            yield self.warmup, "decay"
