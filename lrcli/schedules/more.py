"""Schedules of other libraries and papers, by their published formulas."""

import math
from bisect import bisect_right
from collections.abc import Iterator

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, Absolute, scheduler
from lrcli.schedules.factor import Factor
from lrcli.schedules.family import MORE, VECTORS
from lrcli.schedules.kind import KINDS, Kind
from lrcli.schedules.param import param


@scheduler(
    "rex", family=MORE, source="pytorch_scheduler.RexScheduler", version="pytorch-scheduler 0.2", evidence=VECTORS
)
class Rex(Factor):
    """Slowly at first, then ever faster down to 0: for runs with a fixed budget.

    Formula:
        x_t = base_lr * (1 - z) / (1 - z / 2),  z = t / total_steps
        x_t = 0                                 from total_steps on
        arXiv 2107.04197, which writes the divisor as 1/2 + (1 - z) / 2

    Surprises:
        - At half of the run two thirds of the rate are left.
        - pytorch-optimizer's REXScheduler has another start: its first tick is at min_lr, 0 by default.

    Resume:
        The rate depends on the tick alone.
    """

    total_steps: int = param(
        "ticks until the rate is 0",
        at_least=1,
        error="total_steps must be positive, got {}",
        example="100",
        role=role.LENGTH,
    )

    def factor(self, t: int) -> float:
        if t >= self.total_steps:
            return 0.0
        z = t / self.total_steps
        return (1.0 - z) / (1.0 - z / 2.0)

    @property
    def horizon(self) -> int | None:
        return self.total_steps


@scheduler("flat-cos", family=MORE, source="flat, then half a cosine (fastai's fit_flat_cos, in float64)")
class FlatCos(Absolute):
    """Constant for most of the run, then down along half a cosine, as many train with the Ranger optimizer.

    Formula:
        x_t = base_lr                                           for p < pct_start
        x_t = end + (base_lr - end) * (1 + cos(pi * s)) / 2     then
        x_t = end                                               from total_steps on
        p = t / total_steps, s = (p - pct_start) / (1 - pct_start)
        end = base_lr / div_final

    Surprises:
        - The last tick is one short of the end: base_lr / div_final is never trained at.
        - fastai computes the place in the run in float32, and adds it up batch by batch: fastai-flat-cos has its rates.

    Resume:
        The rate depends on the tick alone.
    """

    total_steps: int = param("ticks of the whole run", at_least=1, example="100", role=role.LENGTH)
    div_final: float = param("base rate over the last rate", default=1e5, above=0, role=role.FLOOR_DIVISOR)
    pct_start: float = param("share of the run that is flat", default=0.75, at_least=0, at_most=1, role=role.FLAT_UNTIL)

    def at(self, t: int, base_lr: float) -> float:
        end, place = base_lr / self.div_final, t / self.total_steps
        if place >= 1.0:
            return end
        if place < self.pct_start:
            return base_lr
        share = (place - self.pct_start) / (1.0 - self.pct_start)
        return base_lr + (1.0 + math.cos(math.pi * (1.0 - share))) * (end - base_lr) / 2.0

    @property
    def horizon(self) -> int | None:
        return self.total_steps


@scheduler("inverse-time", family=MORE, source="inverse time decay (Keras' InverseTimeDecay, in float64)")
class InverseTime(Absolute):
    """Divide the rate by a number that grows with time.

    Formula:
        x_t = base_lr / (1 + decay_rate * t / decay_steps)
        x_t = base_lr / (1 + decay_rate * floor(t / decay_steps))    with --staircase

    Surprises:
        - It is half of the base rate after decay_steps / decay_rate ticks, and never 0.
        - Keras computes it in float32: keras-inverse-time-decay has its rates.

    Resume:
        The rate depends on the tick alone.
    """

    decay_steps: float = param(
        "ticks in which decay_rate is added to the divisor",
        above=0,
        error="Argument `decay_steps` must be > 0. Received: decay_steps={}",
        example="10",
        role=role.TIMESCALE,
    )
    decay_rate: float = param("what is added to the divisor", example="0.5", role=role.GROWTH)
    staircase: bool = param("change the rate every decay_steps ticks only", default=False, role=role.VARIANT)

    def at(self, t: int, base_lr: float) -> float:
        periods = t / self.decay_steps
        return base_lr / (1.0 + self.decay_rate * (math.floor(periods) if self.staircase else periods))

    @property
    def horizon(self) -> int | None:
        return max(DEFAULT_HORIZON, 5 * math.ceil(self.decay_steps))


class StepRules:
    """What diffusers takes as step_rules: `VALUE:STEP,...,VALUE`. Raises ValueError with what was expected."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        *rules, last = self.text.split(",")
        try:
            pairs = [rule.split(":") for rule in rules]
            values = {KINDS[int].parse(step.strip()): KINDS[float].parse(value.strip()) for value, step in pairs}
            self.last: float = KINDS[float].parse(last.strip())
        except ValueError:
            raise ValueError("rules VALUE:STEP with commas between them and a VALUE at the end") from None
        self.steps: list[int] = sorted(values)
        self.values: list[float] = [values[step] for step in self.steps] + [self.last]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StepRules) and (other.steps, other.values) == (self.steps, self.values)

    def __hash__(self) -> int:
        return hash((*self.steps, *self.values))

    def __iter__(self) -> Iterator[int]:
        """The ticks at which the value changes, in order."""
        return iter(self.steps)

    def __str__(self) -> str:
        return self.text

    def moved(self, place: int, ticks: int) -> "StepRules":
        """With one of the steps so many ticks later."""
        steps = [step + ticks * (at == place) for at, step in enumerate(self.steps)]
        rules = [f"{value!r}:{step}" for value, step in zip(self.values, steps, strict=False)]
        return StepRules(",".join([*rules, repr(self.last)]))


STEP_RULES = Kind("VALUE:STEP,...,VALUE", StepRules)


@scheduler(
    "piecewise",
    family=MORE,
    source="diffusers.optimization.get_piecewise_constant_schedule",
    version="diffusers 0.42",
    evidence=VECTORS,
    aliases=("piecewise_constant",),
)
class Piecewise(Factor):
    """A factor of the base rate for each stretch of the run.

    Formula:
        x_t = base_lr * (the value of the first step above t, or else the last value)

    Surprises:
        - The steps are counted from the start of the run: "1:10,0.1:20,0.01" gives 0.1 to ticks 10 to 19, not to the
          next 20 ticks, as the documentation of diffusers has it.
        - The values are shares of the base rate, each on its own: they are not multiplied together.
        - Keras's PiecewiseConstantDecay changes one tick later, and optax's multiplies its scales.

    Resume:
        The rate depends on the tick alone.
    """

    step_rules: StepRules = param(
        'as in "1:10,0.1:20,0.005": 1 before tick 10, 0.1 before tick 20, then 0.005',
        kind=STEP_RULES,
        example="1:10,0.1:20,0.01:30,0.005",
        role=role.DROPS_AT,
    )

    def factor(self, t: int) -> float:
        return self.step_rules.values[bisect_right(self.step_rules.steps, t)]

    @property
    def horizon(self) -> int | None:
        last = max(self.step_rules.steps, default=0)
        return None if last < DEFAULT_HORIZON else last + max(1, last // 5)

    def marks(self) -> Iterator[tuple[int, str]]:
        return ((step, "") for step in self.step_rules.steps if step > 0)
