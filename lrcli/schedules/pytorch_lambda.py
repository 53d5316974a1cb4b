"""torch.optim.lr_scheduler 2.13: the schedulers that are given a function of the tick."""

from lrcli.schedules import role
from lrcli.schedules.base import Absolute, Schedule
from lrcli.schedules.expression import EXPRESSION, Expression
from lrcli.schedules.family import POSITION_AND_BASE_RATES
from lrcli.schedules.param import param
from lrcli.schedules.pytorch import torch_scheduler


@torch_scheduler("lambda", "LambdaLR")
class Lambda(Absolute):
    """The base rate times an expression of the tick.

    Formula:
        x_t = base_lr * expr(t)

    Surprises:
        - The expression is a factor of the base rate, not a rate.
        - As a child of `chained` it overwrites what the schedulers before it did.

    Resume:
        Constructed with last_epoch=k it sets the right rate for tick k+1 itself. Lambdas are not saved in state_dict.
    """

    checkpoint = POSITION_AND_BASE_RATES

    expr: Expression = param(
        'factor at tick t, as in "0.95**t"', kind=EXPRESSION, example='"0.95**t"', role=role.EXPRESSION
    )

    def at(self, t: int, base_lr: float) -> float:
        return base_lr * self.expr(t, base_lr)


@torch_scheduler("multiplicative", "MultiplicativeLR")
class Multiplicative(Schedule):
    """Multiply the rate by an expression of the tick, every tick.

    Formula:
        x_t = x_(t-1) * expr(t),  x_0 = base_lr

    Surprises:
        - expr(0) is used at a milestone of `sequential` only, where it multiplies the previous child's rate.
        - It is a factor of the last rate: "0.95**t" falls far faster here than under lambda.

    Resume:
        Constructed with last_epoch=k it leaves the rate alone and goes on multiplying: the optimizer must hold exactly
        the rate of tick k+1.
    """

    goes_on = True
    checkpoint = POSITION_AND_BASE_RATES

    expr: Expression = param('factor of tick t, as in "0.95"', kind=EXPRESSION, example="0.95", role=role.EXPRESSION)

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        return lr * self.expr(t, base_lr)

    def restart(self, lr: float, base_lr: float) -> float:
        return lr * self.expr(0, base_lr)
