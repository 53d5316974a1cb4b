"""transformers.get_scheduler 5.23: all are torch's LambdaLR, the base rate times a factor of the tick."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Self, dataclass_transform

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, ScheduleClass, scheduler
from lrcli.schedules.factor import Factor
from lrcli.schedules.family import HUGGING_FACE
from lrcli.schedules.param import ParamError, declaration, param


@dataclass_transform(frozen_default=True, field_specifiers=(param,))
def transformers_scheduler(name: str, symbol: str, *aliases: str) -> Callable[[ScheduleClass], ScheduleClass]:
    """Declare the class below to be what transformers' function `symbol` returns.

    The scheduler type is an alias where it is not torch's name for another schedule, as `cosine` is. So is the class
    that pytorch-transformers had for it.
    """
    source = f"transformers.optimization.{symbol}"
    return scheduler(name, family=HUGGING_FACE, source=source, aliases=aliases)


class Warmup(Factor):
    """Base: from 0 to the base rate in W ticks, then `after_warmup`."""

    num_warmup_steps: int

    def factor(self, t: int) -> float:
        if t < self.num_warmup_steps:
            return t / max(1, self.num_warmup_steps)
        return self.after_warmup(t)

    def after_warmup(self, t: int) -> float:
        """The factor at tick `t`, W or later."""
        raise NotImplementedError


@declaration
class Decay(Warmup):
    """Base: a warmup, and a decay that is over at tick N."""

    num_warmup_steps: int = param("ticks of the warmup", example="10", role=role.WARMUP)
    num_training_steps: int = param("ticks of the whole run, the warmup included", example="100", role=role.LENGTH)

    def progress(self, t: int) -> float:
        """How far tick `t` is from the end of the warmup to the end of the run."""
        return (t - self.num_warmup_steps) / max(1, self.num_training_steps - self.num_warmup_steps)

    @property
    def horizon(self) -> int | None:
        return self.num_training_steps


@transformers_scheduler("hf-linear", "get_linear_schedule_with_warmup", "WarmupLinearSchedule")
class Linear(Decay):
    """Up from 0 in a straight line, and down to 0 in another: the Trainer's default.

    Formula:
        x_t = base_lr * t / W                            for t < W
        x_t = base_lr * max(0, (N - t) / (N - W))        from then on
        W is num_warmup_steps, N is num_training_steps

    Surprises:
        - The first step of a warmup trains at rate 0.
        - num_training_steps counts optimizer steps and includes the warmup: given in batches while gradients are
          accumulated, the rate comes down only part of the way.
        - accelerate steps it once per process: on 4 GPUs it is at 0 after a quarter of the run.
        - The last step used, N - 1, is still above 0; from N on the rate is 0.

    Resume:
        load_state_dict restores the tick and the base rates; the lengths are those of the new run.
    """

    def after_warmup(self, t: int) -> float:
        left = (self.num_training_steps - t) / max(1, self.num_training_steps - self.num_warmup_steps)
        return max(0.0, left)


@transformers_scheduler("hf-cosine", "get_cosine_schedule_with_warmup", "WarmupCosineSchedule")
class Cosine(Decay):
    """Up from 0 in a straight line, and down to 0 along half a cosine.

    Formula:
        x_t = base_lr * t / W                                           for t < W
        x_t = base_lr * max(0, (1 + cos(2 * pi * num_cycles * p)) / 2)  from then on
        p = (t - W) / (N - W), W is num_warmup_steps, N is num_training_steps

    Surprises:
        - It does not stop at N: the rate climbs again in a run that is longer than num_training_steps.
        - num_cycles counts whole waves: 1 comes back to the full rate at the end, and there is no restart.
        - There is no lowest rate: min_lr is a TypeError here, and an option of hf-cosine-with-min-lr.
        - The first step of a warmup trains at rate 0.

    Resume:
        load_state_dict restores the tick and the base rates; the lengths are those of the new run.
    """

    num_cycles: float = param(
        "waves of the cosine; half a wave goes from the highest rate to 0", default=0.5, role=role.WAVES
    )

    def after_warmup(self, t: int) -> float:
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * self.num_cycles * 2.0 * self.progress(t))))


@transformers_scheduler(
    "hf-cosine-with-restarts",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    "cosine_with_restarts",
    "WarmupCosineWithHardRestartsSchedule",
)
class CosineWithRestarts(Decay):
    """Up from 0 in a straight line, then num_cycles half cosines of equal length from the base rate to 0.

    Formula:
        x_t = base_lr * t / W                                              for t < W
        x_t = base_lr * max(0, (1 + cos(pi * (num_cycles * p mod 1))) / 2) up to N
        x_t = 0                                                            then
        p = (t - W) / (N - W), W is num_warmup_steps, N is num_training_steps

    Surprises:
        - With the default num_cycles 1 nothing restarts.
        - The cycles divide what is left after the warmup: they are as long as (N - W) / num_cycles, not a number of
          ticks that one chooses, as T_0 is.
        - The first step of a warmup trains at rate 0.

    Resume:
        load_state_dict restores the tick and the base rates; the lengths are those of the new run.
    """

    meant_to_restart = True

    num_cycles: int = param("half cosines after the warmup", default=1, example="3", role=role.CYCLES)

    def after_warmup(self, t: int) -> float:
        progress = self.progress(t)
        if progress >= 1.0:
            return 0.0
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * ((self.num_cycles * progress) % 1.0))))

    def restarts(self) -> Iterator[float]:
        start, length = self.num_warmup_steps, self.num_training_steps - self.num_warmup_steps
        if start < 0 or self.num_cycles > length:
            return
        for cycle in range(1, self.num_cycles):
            # The first tick at or past the restart: -(-x // y) is x / y rounded up.
            yield start - (-length * cycle // self.num_cycles)

    def marks(self) -> Iterator[tuple[int, str]]:
        return ((int(start), "") for start in self.restarts())


@transformers_scheduler("hf-polynomial", "get_polynomial_decay_schedule_with_warmup")
class Polynomial(Decay):
    """Up from 0 in a straight line, and down to lr_end as a power of the ticks that are left.

    Formula:
        x_t = base_lr * t / W                                           for t < W
        x_t = base_lr / lr * ((lr - lr_end) * (1 - p)^power + lr_end)   up to N
        x_t = base_lr / lr * lr_end                                     from then on
        p = (t - W) / (N - W), W is num_warmup_steps, N is num_training_steps
        lr is the rate that the optimizer was made with: all groups have its curve

    Surprises:
        - It ends at lr_end, 1e-7 unless --lr-end is given, not at 0, and stays there after N.
        - lr_end must be below the optimizer's rate; a group with a rate of its own ends at lr_end * base_lr / lr.
        - W equal to N raises ZeroDivisionError at tick N.
        - The first step of a warmup trains at rate 0.

    Resume:
        load_state_dict restores the tick and the base rates; the lengths are those of the new run.
    """

    lr_end: float = param("rate at the end", default=1e-7, role=role.FLOOR_OF_OPTIMIZER)
    power: float = param("1 is a straight line; more falls faster at first", default=1.0, role=role.POWER)
    lr_init: float = math.nan
    """optimizer.defaults["lr"], once `bind` has seen the rates."""

    def bind(self, group: int, lrs: Sequence[float]) -> Self:
        if not lrs[0] > self.lr_end:
            raise ParamError("--lr-end", f"lr_end ({self.lr_end}) must be smaller than initial lr ({lrs[0]})")
        return self.with_unchecked(lr_init=lrs[0])

    def after_warmup(self, t: int) -> float:
        if t > self.num_training_steps:
            return self.lr_end / self.lr_init
        decay_steps = self.num_training_steps - self.num_warmup_steps
        remaining: float = (1 - (t - self.num_warmup_steps) / decay_steps) ** self.power
        return ((self.lr_init - self.lr_end) * remaining + self.lr_end) / self.lr_init


@transformers_scheduler(
    "hf-constant-with-warmup", "get_constant_schedule_with_warmup", "constant_with_warmup", "WarmupConstantSchedule"
)
class ConstantWithWarmup(Warmup):
    """Up from 0 to the base rate in a straight line, and constant from then on.

    Formula:
        x_t = base_lr * min(1, t / W),  W is num_warmup_steps

    Surprises:
        - The plain `constant` of transformers takes num_warmup_steps and does not warm up.
        - The first step of a warmup trains at rate 0.

    Resume:
        load_state_dict restores the tick and the base rates; the length is that of the new run.
    """

    num_warmup_steps: int = param("ticks of the warmup", example="20", role=role.WARMUP)
    num_training_steps: int | None = param(
        "ticks of the whole run; of no effect on the rates", default=None, role=role.LENGTH_OF_CALL
    )

    def after_warmup(self, t: int) -> float:
        return 1.0

    @property
    def horizon(self) -> int | None:
        return self.num_training_steps or max(DEFAULT_HORIZON, 2 * self.num_warmup_steps)


@transformers_scheduler("hf-inverse-sqrt", "get_inverse_sqrt_schedule", "inverse_sqrt")
class InverseSqrt(Warmup):
    """Up from 0 to the base rate in a straight line, then down with the inverse square root of the tick.

    Formula:
        x_t = base_lr * t / W                                    for t < W
        x_t = base_lr / sqrt((t - W + timescale) / timescale)    from then on
        W is num_warmup_steps

    Surprises:
        - It has no end, and falls ever more slowly: with the default timescale half of the base rate is left at tick
          4 * W.
        - timescale is num_warmup_steps unless it is given: without a warmup it is 10000.
        - The first step of a warmup trains at rate 0.

    Resume:
        load_state_dict restores the tick and the base rates; the lengths are those of the new run.
    """

    num_warmup_steps: int = param("ticks of the warmup", example="10", role=role.WARMUP)
    num_training_steps: int | None = param(
        "ticks of the whole run; of no effect on the rates", default=None, role=role.LENGTH_OF_CALL
    )
    timescale: int | None = param(
        "ticks in which the decay sets in; default: num_warmup_steps or 10000", default=None, role=role.TIMESCALE
    )

    def after_warmup(self, t: int) -> float:
        timescale = self.num_warmup_steps or 10_000 if self.timescale is None else self.timescale
        shift = timescale - self.num_warmup_steps
        return 1.0 / math.sqrt((t + shift) / timescale)

    @property
    def horizon(self) -> int | None:
        return self.num_training_steps or max(DEFAULT_HORIZON, 5 * self.num_warmup_steps)
