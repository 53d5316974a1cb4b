"""transformers.get_scheduler 5.23: the schedules that take a lowest rate."""

import math
from collections.abc import Iterator, Sequence
from typing import Self

from lrcli.schedules import role
from lrcli.schedules.factor import Factor, phases
from lrcli.schedules.huggingface import Decay, transformers_scheduler
from lrcli.schedules.param import ParamError, declaration, param

SHAPES = ("linear", "cosine", "1-sqrt")


@declaration
class MinLr(Decay):
    """Base: the waves of a cosine above a lowest rate, given as a rate or as a share of the optimizer's."""

    num_cycles: float = param(
        "waves of the cosine; half a wave goes from the highest rate to the lowest", default=0.5, role=role.WAVES
    )
    min_lr: float | None = param("lowest rate", default=None, role=role.FLOOR_OF_OPTIMIZER)
    min_lr_rate: float | None = param(
        "lowest rate as a share of the base rate; give this or min_lr",
        default=None,
        example="0.1",
        role=role.FLOOR_SHARE,
    )

    def validate(self) -> None:
        if self.min_lr is not None and self.min_lr_rate is not None:
            raise ParamError("--min-lr-rate", "Only one of min_lr or min_lr_rate should be set")
        if self.min_lr is None and self.min_lr_rate is None:
            raise ParamError(
                "--min-lr-rate", "One of min_lr or min_lr_rate should be set through the `lr_scheduler_kwargs`"
            )

    def bind(self, group: int, lrs: Sequence[float]) -> Self:
        if self.min_lr is None:
            return self
        if not lrs[0]:
            raise ParamError("--min-lr", "min_lr is divided by the optimizer's rate, which is 0; give --min-lr-rate")
        return self.with_unchecked(min_lr=None, min_lr_rate=self.min_lr / lrs[0])

    def wave(self, progress: float) -> float:
        """The factor when `progress` of the decay is done."""
        lowest = self.min_lr_rate or 0.0
        factor = 0.5 * (1.0 + math.cos(math.pi * self.num_cycles * 2.0 * progress))
        return max(0, factor * (1 - lowest) + lowest)


@transformers_scheduler("hf-cosine-with-min-lr", "get_cosine_with_min_lr_schedule_with_warmup", "cosine_with_min_lr")
class CosineWithMinLr(MinLr):
    """Up from 0 in a straight line, and down to a lowest rate along half a cosine.

    Formula:
        x_t = base_lr * t / W                                           for t < W
        x_t = base_lr * (r + (1 - r) * (1 + cos(2 * pi * num_cycles * p)) / 2)  then
        p = (t - W) / (N - W), W is num_warmup_steps, N is num_training_steps
        r is min_lr_rate, or min_lr over the rate that the optimizer was made with

    Surprises:
        - It does not stop at N: the rate climbs again in a run that is longer than num_training_steps.
        - The warmup starts at 0, below the lowest rate.
        - min_lr is a share of the optimizer's rate: a group with a rate of its own ends at min_lr * base_lr / lr.
        - The last step used, N - 1, is still above the lowest rate.

    Resume:
        load_state_dict restores the tick and the base rates; the lengths are those of the new run.
    """

    def after_warmup(self, t: int) -> float:
        return self.wave(self.progress(t))


@transformers_scheduler(
    "hf-cosine-warmup-with-min-lr",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "cosine_warmup_with_min_lr",
)
class CosineWarmupWithMinLr(MinLr):
    """Up from a first rate above 0, and down to a lowest rate along half a cosine, which the last step reaches.

    Formula:
        x_t = base_lr * (t + 1) / W                                     for t < W
        x_t = base_lr * (w + (1 - w) * t / (W - 1))     with a warmup_lr_rate of w
        x_t = base_lr * (r + (1 - r) * (1 + cos(2 * pi * num_cycles * p)) / 2)  then
        p = (t - W + 1) / (N - W), W is num_warmup_steps, N is num_training_steps
        r is min_lr_rate, or min_lr over the rate that the optimizer was made with

    Surprises:
        - It does not stop at N: the lowest rate is reached at tick N - 1, and the rate climbs again from N on.
        - The highest rate is that of tick W - 1, the last of the warmup; without a warmup it is never reached.
        - min_lr is a share of the optimizer's rate: a group with a rate of its own ends at min_lr * base_lr / lr.

    Resume:
        load_state_dict restores the tick and the base rates; the lengths are those of the new run.
    """

    warmup_lr_rate: float | None = param(
        "share of the base rate at the first tick; default: 1 / W", default=None, role=role.START_SHARE
    )

    def factor(self, t: int) -> float:
        if t >= self.num_warmup_steps:
            return self.wave((t - self.num_warmup_steps + 1) / max(1, self.num_training_steps - self.num_warmup_steps))
        if self.warmup_lr_rate is None:
            return (t + 1) / max(1, self.num_warmup_steps)
        return self.warmup_lr_rate + (1.0 - self.warmup_lr_rate) * t / max(1, self.num_warmup_steps - 1)


@transformers_scheduler("hf-warmup-stable-decay", "get_wsd_schedule", "warmup_stable_decay")
class WarmupStableDecay(Factor):
    """Up to the base rate, constant for most of the run, then down: three phases with a length each.

    Formula:
        x_t = base_lr * (r + (1 - r) * f(p))    in the warmup and in the decay
        x_t = base_lr                           in between
        x_t = base_lr * r                       after the decay
        warmup: f = p, (1 - cos(pi * p)) / 2 or 1 - sqrt(1 - p)
        decay:  f = 1 - p, (1 + cos(2 * pi * num_cycles * p)) / 2 or 1 - sqrt(p)
        p goes from 0 to 1 in each; r is min_lr_ratio

    Surprises:
        - num_decay_steps has no default: through get_scheduler it is one of the scheduler_specific_kwargs.
        - The warmup starts at min_lr_ratio times the base rate, not at 0, and the rate stays there after the decay.
        - A num_training_steps that is given beside num_stable_steps is ignored.
        - Where warmup and decay take more than num_training_steps, the decay starts part-way down.

    Resume:
        load_state_dict restores the tick and the base rates; the lengths are those of the new run.
    """

    num_warmup_steps: int = param("ticks of the warmup", example="10", role=role.WARMUP)
    num_decay_steps: int = param("ticks of the decay", example="20", role=role.DECAY)
    num_training_steps: int | None = param(
        "ticks of the three phases together", default=None, example="100", role=role.LENGTH
    )
    num_stable_steps: int | None = param(
        "ticks of the constant phase; default: what the others leave", default=None, role=role.HOLD
    )
    warmup_type: str = param(
        "shape of the warmup",
        default="linear",
        choices=SHAPES,
        error="Unknown warmup type: {}, expected 'linear', 'cosine' or '1-sqrt'",
        role=role.SHAPE,
    )
    decay_type: str = param(
        "shape of the decay",
        default="cosine",
        choices=SHAPES,
        error="Unknown decay type: {}, expected 'linear', 'cosine' or '1-sqrt'",
        role=role.SHAPE,
    )
    min_lr_ratio: float = param("lowest rate as a share of the base rate", default=0.0, role=role.FLOOR_SHARE)
    num_cycles: float = param("waves of a cosine decay", default=0.5, role=role.WAVES)

    def validate(self) -> None:
        if self.num_training_steps is None and self.num_stable_steps is None:
            raise ParamError("--num-training-steps", "Either num_training_steps or num_stable_steps must be specified.")

    @property
    def stable(self) -> int:
        """Ticks of the constant phase; negative where the others take more than there are."""
        if self.num_stable_steps is not None:
            return self.num_stable_steps
        return (self.num_training_steps or 0) - self.num_warmup_steps - self.num_decay_steps

    def factor(self, t: int) -> float:
        decay_start = self.num_warmup_steps + self.stable
        if t < self.num_warmup_steps:
            shape = self._warmup(t / max(1, self.num_warmup_steps))
        elif t < decay_start:
            return 1.0
        elif t < decay_start + self.num_decay_steps:
            shape = self._decay((t - decay_start) / max(1, self.num_decay_steps))
        else:
            return self.min_lr_ratio
        return max(0.0, shape * (1.0 - self.min_lr_ratio) + self.min_lr_ratio)

    def _warmup(self, progress: float) -> float:
        if self.warmup_type == "linear":
            return progress
        if self.warmup_type == "cosine":
            return 0.5 * (1.0 - math.cos(math.pi * progress))
        return 1.0 - math.sqrt(1.0 - progress)

    def _decay(self, progress: float) -> float:
        if self.decay_type == "linear":
            return 1.0 - progress
        if self.decay_type == "cosine":
            return 0.5 * (1.0 + math.cos(math.pi * self.num_cycles * 2.0 * progress))
        return 1.0 - math.sqrt(progress)

    @property
    def horizon(self) -> int | None:
        return self.num_warmup_steps + self.stable + self.num_decay_steps

    def marks(self) -> Iterator[tuple[int, str]]:
        return phases(warmup=self.num_warmup_steps, stable=self.stable, decay=self.num_decay_steps)
