"""transformers.get_scheduler 5.23: the type that changes nothing."""

from lrcli.schedules import role
from lrcli.schedules.factor import Factor
from lrcli.schedules.huggingface import transformers_scheduler
from lrcli.schedules.param import param


@transformers_scheduler("hf-constant", "get_constant_schedule")
class Constant(Factor):
    """The base rate throughout: there is no warmup, whatever num_warmup_steps says.

    Formula:
        x_t = base_lr

    Surprises:
        - num_warmup_steps is taken and ignored: hf-constant-with-warmup is the one that warms up.
        - Its name in transformers is constant, torch's ConstantLR is another schedule.

    Resume:
        load_state_dict restores the tick and the base rates.
    """

    num_warmup_steps: int | None = param("taken and ignored", default=None, role=role.WARMUP)
    num_training_steps: int | None = param(
        "ticks of the whole run; of no effect on the rates", default=None, role=role.LENGTH_OF_CALL
    )

    def factor(self, t: int) -> float:
        return 1

    @property
    def horizon(self) -> int | None:
        return self.num_training_steps
