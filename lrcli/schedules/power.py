"""IBM's power scheduler (arXiv 2408.13359), as dolomite-engine has it."""

from collections.abc import Sequence
from typing import Self

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, scheduler
from lrcli.schedules.factor import Factor
from lrcli.schedules.family import MORE, POSITION_AND_BASE_RATES, VECTORS
from lrcli.schedules.param import ParamError, param


@scheduler(
    "power",
    family=MORE,
    source="lm_engine.optimization.scheduler.PowerScheduler",
    version="dolomite-engine d0ee186 (June 2025)",
    evidence=VECTORS,
    aliases=("PowerLR", "power-scheduler"),
)
class Power(Factor):
    """Up in a straight line, then down as a power of the tokens seen, below a highest rate.

    Formula:
        x_t = min(base_lr, a * (c * W)^b) * t / W    up to tick W
        x_t = min(base_lr, a * (c * t)^b)            from then on
        W is num_warmup_steps; arXiv 2408.13359

    Surprises:
        - It has no end, and no decay to 0: the paper anneals in a second run.
        - base_lr is only a bound: where the power lies below it at tick W, --lr changes nothing.
        - a is the paper's a times the sequences in a batch; b is negative, about -0.51; c is the tokens of a step.
        - Every group gets the share of the first group's rate.
        - The first step of the warmup trains at rate 0, and the warmup cannot be left out: 0 has no negative power.

    Resume:
        It is a LambdaLR: the tick and the base rates come back, a, b, c and the warmup are those of the new run.
    """

    checkpoint = POSITION_AND_BASE_RATES
    refuses_composition = (
        "{symbol} reads the optimizer's rate when it is made, which other schedulers have changed by then (index "
        "{index}); it warms up by itself, with --num-warmup-steps."
    )

    num_warmup_steps: int = param("ticks of the warmup", at_least=1, example="10", role=role.WARMUP)
    a: float = param("factor of the power; the rate where c * t is 1", above=0, example="1", role=role.SCALE)
    b: float = param("exponent of the power", example="-0.51", role=role.POWER)
    c: float = param("tokens of a tick", default=1.0, above=0, example="10", role=role.SAMPLES_PER_TICK)
    num_training_steps: int | None = param(
        "ticks of the whole run; of no effect on the rates", default=None, role=role.LENGTH_OF_CALL
    )

    def bind(self, group: int, lrs: Sequence[float]) -> Self:
        """The schedule with `a` over the first group's rate, as its factor needs it."""
        if not lrs[0]:
            raise ParamError("--lr", "a is divided by the rate of the first group, which is 0")
        return self.with_unchecked(a=self.a / lrs[0])

    def factor(self, t: int) -> float:
        if t > self.num_warmup_steps:
            return float(min(1, self.a * (t * self.c) ** self.b))
        highest = min(1, self.a * (self.num_warmup_steps * self.c) ** self.b)
        return float(highest / self.num_warmup_steps * t + 0)

    @property
    def horizon(self) -> int | None:
        return self.num_training_steps or max(DEFAULT_HORIZON, 5 * self.num_warmup_steps)
