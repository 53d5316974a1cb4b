"""keras.optimizers.schedules 3.15, in float32 as Keras computes them on its torch backend.

Sums, products and quotients of float32 are the same bits here: the float64 of two float32 is exact enough to be rounded
once. Powers, cosines and logarithms are those of the backend's own library, one unit in the last place from ours at
times; the schedulers with such a function say so.
"""

import math
from collections.abc import Callable, Iterator
from typing import dataclass_transform

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, Absolute, ScheduleClass, scheduler
from lrcli.schedules.family import KERAS
from lrcli.schedules.param import ParamError, param
from lrcli.schedules.single import f32

POSITIVE = "Argument `{name}` must be > 0. Received: {name}={{}}"


@dataclass_transform(frozen_default=True, field_specifiers=(param,))
def keras_scheduler(name: str, symbol: str, *, ulps: int = 0) -> Callable[[ScheduleClass], ScheduleClass]:
    """Declare the class below to be Keras' class `symbol`."""
    source = f"keras.optimizers.schedules.{symbol}"
    return scheduler(name, family=KERAS, source=source, aliases=(symbol,), ulps=ulps)


def power32(base: float, exponent: float) -> float:
    """`base**exponent` in float32; not a number, or infinite, where the backend's is."""
    try:
        return f32(math.pow(base, exponent))
    except OverflowError:
        return math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan


class Keras(Absolute):
    """Base: what torch's compositions say of them."""

    refuses_composition = (
        "{symbol} takes torch's schedulers, but got one of Keras' at index {index}: it is a function of the step that "
        "the optimizer calls"
    )


@keras_scheduler("keras-exponential-decay", "ExponentialDecay", ulps=2)
class ExponentialDecay(Keras):
    """Multiply the rate by decay_rate in every decay_steps ticks, smoothly or in steps.

    Formula:
        x_t = base_lr * decay_rate^(t / decay_steps)
        x_t = base_lr * decay_rate^floor(t / decay_steps)    with --staircase

    Surprises:
        - decay_rate is the factor of decay_steps ticks, not of one, unlike torch's gamma.
        - It has no end and no lowest rate.
        - All is float32: 0.1 is 0.10000000149011612.

    Resume:
        The rate depends on optimizer.iterations alone, which comes back with the optimizer's state.
    """

    decay_steps: int = param(
        "ticks in which the rate is multiplied by decay_rate",
        at_least=1,
        error=POSITIVE.format(name="decay_steps"),
        example="20",
        role=role.DROP_EVERY,
    )
    decay_rate: float = param("factor of every decay_steps ticks", example="0.5", role=role.DROP_FACTOR)
    staircase: bool = param("change the rate every decay_steps ticks only", default=False, role=role.VARIANT)

    def at(self, t: int, base_lr: float) -> float:
        periods = f32(f32(t) / f32(self.decay_steps))
        return f32(f32(base_lr) * power32(f32(self.decay_rate), math.floor(periods) if self.staircase else periods))

    @property
    def drops_in_steps(self) -> bool:
        return self.staircase

    @property
    def horizon(self) -> int | None:
        return max(DEFAULT_HORIZON, 5 * self.decay_steps)


@keras_scheduler("keras-piecewise-constant-decay", "PiecewiseConstantDecay")
class PiecewiseConstantDecay(Keras):
    """A rate for each stretch of the run.

    Formula:
        x_t = values[i] for the first boundary i with t <= boundaries[i], or else the last value

    Surprises:
        - A boundary belongs to the stretch before it: the rate changes one tick after it, and one tick later than
          diffusers' or optax's.
        - The optimizer's own rate is ignored: the values are rates, not factors.

    Resume:
        The rate depends on optimizer.iterations alone, which comes back with the optimizer's state.
    """

    drops_in_any_order = False

    boundaries: tuple[int, ...] = param("last ticks of the stretches but the last", example="30,60", role=role.DROPS_AT)
    values: tuple[float, ...] = param("rates, one more than boundaries", example="0.1,0.01,0.001", role=role.RATES_AT)

    def validate(self) -> None:
        if len(self.values) != len(self.boundaries) + 1:
            raise ParamError(
                "--values",
                "The length of boundaries should be 1 less than the length of values. Received: boundaries of length "
                f"{len(self.boundaries)}, and values of length {len(self.values)}.",
            )

    def at(self, t: int, base_lr: float) -> float:
        bounds, values = self.boundaries, [f32(value) for value in self.values]
        rate = f32((t <= bounds[0]) * values[0]) + 0.0
        rate = f32(rate + (t > bounds[-1]) * values[-1])
        for place in range(1, len(bounds)):
            rate = f32(rate + (bounds[place - 1] < t <= bounds[place]) * values[place])
        return rate

    @property
    def drop_offset(self) -> int:
        return 1

    @property
    def horizon(self) -> int | None:
        last = max(self.boundaries)
        return None if last < DEFAULT_HORIZON else last + max(1, last // 5)

    def marks(self) -> Iterator[tuple[int, str]]:
        return ((tick + 1, "") for tick in sorted(set(self.boundaries)) if tick >= 0)


@keras_scheduler("keras-polynomial-decay", "PolynomialDecay", ulps=2)
class PolynomialDecay(Keras):
    """From the base rate to end_learning_rate as a power of the ticks that are left, once or again and again.

    Formula:
        x_t = (base_lr - end) * (1 - t / decay_steps)^power + end    up to decay_steps
        x_t = end                                                    from then on
        with --cycle decay_steps is stretched to its first multiple at or after t

    Surprises:
        - It ends at end_learning_rate, 0.0001 unless told otherwise, not at 0.
        - With --cycle the rate jumps up after every decay_steps, to less each time: it does not start from the top.
        - All is float32: 0.1 is 0.10000000149011612.

    Resume:
        The rate depends on optimizer.iterations alone, which comes back with the optimizer's state.
    """

    decay_steps: int = param(
        "ticks until end_learning_rate is reached",
        at_least=1,
        error=POSITIVE.format(name="decay_steps"),
        example="100",
        role=role.LENGTH,
    )
    end_learning_rate: float = param("lowest rate", default=0.0001, role=role.FLOOR)
    power: float = param("1 is a straight line; more falls faster at first", default=1.0, role=role.POWER)
    cycle: bool = param("go on from a higher rate after decay_steps", default=False, role=role.VARIANT)

    def at(self, t: int, base_lr: float) -> float:
        step, steps, end = f32(t), f32(self.decay_steps), f32(self.end_learning_rate)
        if self.cycle:
            steps = f32(steps * (math.ceil(f32(step / steps)) if t else 1.0))
        else:
            step = min(step, steps)
        left = power32(f32(1 - f32(step / steps)), f32(self.power))
        return f32(f32(f32(f32(base_lr) - end) * left) + end)

    @property
    def horizon(self) -> int | None:
        return self.decay_steps * (3 if self.cycle else 1)

    @property
    def ends(self) -> bool:
        return not self.cycle


@keras_scheduler("keras-inverse-time-decay", "InverseTimeDecay")
class InverseTimeDecay(Keras):
    """Divide the rate by a number that grows with time.

    Formula:
        x_t = base_lr / (1 + decay_rate * t / decay_steps)
        x_t = base_lr / (1 + decay_rate * floor(t / decay_steps))    with --staircase

    Surprises:
        - It is half of the base rate after decay_steps / decay_rate ticks, and never 0.
        - All is float32: 0.1 is 0.10000000149011612. inverse-time is the same formula in float64.

    Resume:
        The rate depends on optimizer.iterations alone, which comes back with the optimizer's state.
    """

    decay_steps: int = param(
        "ticks in which decay_rate is added to the divisor",
        at_least=1,
        error=POSITIVE.format(name="decay_steps"),
        example="10",
        role=role.TIMESCALE,
    )
    decay_rate: float = param("what is added to the divisor", example="0.5", role=role.GROWTH)
    staircase: bool = param("change the rate every decay_steps ticks only", default=False, role=role.VARIANT)

    def at(self, t: int, base_lr: float) -> float:
        periods = f32(f32(t) / f32(self.decay_steps))
        grown = f32(f32(self.decay_rate) * (math.floor(periods) if self.staircase else periods))
        return f32(f32(base_lr) / f32(1 + grown))

    @property
    def horizon(self) -> int | None:
        return max(DEFAULT_HORIZON, 5 * self.decay_steps)


@keras_scheduler("keras-cosine-decay", "CosineDecay", ulps=4)
class CosineDecay(Keras):
    """Half a cosine from the base rate to alpha times it, with a warmup where warmup_target is given.

    Formula:
        x_t = base_lr * (alpha + (1 - alpha) * (1 + cos(pi * t / decay_steps)) / 2)    up to decay_steps
        x_t = base_lr * alpha                                                          from then on
        with a warmup_target: base_lr + (target - base_lr) * t / warmup_steps first, then the cosine from the target

    Surprises:
        - decay_steps does not include warmup_steps: the run is as long as both.
        - With a warmup the base rate is where the warmup starts, 0 as a rule, and warmup_target is the highest rate.
        - warmup_steps without warmup_target does nothing.
        - The lowest rate is alpha times the highest, not a rate.

    Resume:
        The rate depends on optimizer.iterations alone, which comes back with the optimizer's state.
    """

    decay_steps: int = param(
        "ticks of the cosine",
        at_least=1,
        error=POSITIVE.format(name="decay_steps"),
        example="100",
        role=role.LENGTH,
    )
    alpha: float = param("lowest rate as a share of the highest", default=0.0, role=role.FLOOR_SHARE)
    warmup_target: float | None = param("rate after the warmup; default: no warmup", default=None, role=role.PEAK)
    warmup_steps: int = param("ticks of the warmup", default=0, at_least=0, role=role.WARMUP)

    def at(self, t: int, base_lr: float) -> float:
        step, steps, start = f32(t), f32(self.decay_steps), f32(base_lr)
        if self.warmup_target is not None:
            warmup, target = f32(self.warmup_steps), f32(self.warmup_target)
            step = min(step, f32(steps + warmup))
            if step < warmup:
                return f32(f32(f32(target - start) * f32(step / warmup)) + start)
            step, start = f32(step - warmup), target
        wave = f32(math.cos(f32(f32(math.pi) * f32(min(step, steps) / steps))))
        height = f32(f32(1 - self.alpha) * f32(0.5 * f32(1.0 + wave)))
        return f32(start * f32(height + f32(self.alpha)))

    @property
    def horizon(self) -> int | None:
        return self.decay_steps + (self.warmup_steps if self.warmup_target is not None else 0)


@keras_scheduler("keras-cosine-decay-restarts", "CosineDecayRestarts", ulps=4)
class CosineDecayRestarts(Keras):
    """Half a cosine that starts again: first_decay_steps ticks, then t_mul times as many, and so on.

    Formula:
        x_t = base_lr * (alpha + (1 - alpha) * m_mul^i * (1 + cos(pi * p)) / 2)
        i counts the restarts, p is the share of cycle i that is over

    Surprises:
        - t_mul is 2 unless it is given: every cycle is twice as long as the one before.
        - m_mul lowers the height of the cycles, not the lowest rate.
        - The number of the cycle comes from a logarithm in float32: at a restart it may be one tick late, and which
          tick that is depends on the backend's logarithm.

    Resume:
        The rate depends on optimizer.iterations alone, which comes back with the optimizer's state.
    """

    meant_to_restart = True

    first_decay_steps: int = param(
        "ticks of the first cycle",
        at_least=1,
        error=POSITIVE.format(name="first_decay_steps"),
        example="15",
        role=role.CYCLE,
    )
    t_mul: float = param("factor from each cycle's length to the next", default=2.0, at_least=1, role=role.CYCLE_GROWTH)
    m_mul: float = param("factor from each cycle's height to the next", default=1.0, role=role.CYCLE_DECAY)
    alpha: float = param("lowest rate as a share of the base rate", default=0.0, role=role.FLOOR_SHARE)

    def at(self, t: int, base_lr: float) -> float:
        done, longer, alpha = f32(f32(t) / f32(self.first_decay_steps)), f32(self.t_mul), f32(self.alpha)
        if longer == 1.0:
            restarts = math.floor(done)
            done = f32(done - restarts)
        else:
            inner = f32(1.0 - f32(done * f32(1.0 - longer)))
            restarts = math.floor(f32(f32(math.log(inner)) / f32(math.log(longer))))
            cycle = power32(longer, restarts)
            done = f32(f32(done - f32(f32(1.0 - cycle) / f32(1.0 - longer))) / cycle)
        wave = f32(math.cos(f32(f32(math.pi) * done)))
        height = f32(f32(0.5 * power32(f32(self.m_mul), restarts)) * f32(1.0 + wave))
        return f32(f32(base_lr) * f32(f32(f32(1 - alpha) * height) + alpha))

    def restarts(self) -> Iterator[float]:
        start, cycle = float(self.first_decay_steps), float(self.first_decay_steps)
        while cycle < 1e15:
            yield start
            cycle *= self.t_mul
            start += cycle

    @property
    def horizon(self) -> int | None:
        return next((math.ceil(start) for start in self.restarts() if start >= DEFAULT_HORIZON), None)

    def marks(self) -> Iterator[tuple[int, str]]:
        return ((math.ceil(start), "") for start in self.restarts())
