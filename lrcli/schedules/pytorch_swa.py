"""torch.optim.swa_utils.SWALR 2.13."""

import math
from collections.abc import Mapping
from typing import ClassVar

from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import PerGroup, resolved
from lrcli.schedules.param import param
from lrcli.schedules.pytorch import torch_scheduler
from lrcli.schedules.ticker import Group, Ticker


class SwaTicker(Ticker):
    """SWALR counts its own steps, whatever last_epoch says, and reads swa_lr from the group."""

    schedule: "Swa"

    def __init__(self, schedule: "Swa", group: Group, last_epoch: int = -1) -> None:
        group["swa_lr"] = resolved(schedule.swa_lr)
        super().__init__(schedule, group, last_epoch)

    def _set(self) -> None:
        self.group["lr"] = self.schedule.annealed(self.step_count - 1, self.group["lr"], self.group["swa_lr"])

    def initial_step(self) -> None:
        self.step_count = 1
        self.last_epoch += 1
        self._set()

    def step(self) -> None:
        self.step_count += 1
        self.last_epoch += 1
        self._set()

    def restart(self) -> None:
        self.last_epoch = 0
        self._set()


def _linear_share(share: float) -> float:
    return share


def _cosine_share(share: float) -> float:
    return (1 - math.cos(math.pi * share)) / 2


@torch_scheduler("swa", "SWALR", module="torch.optim.swa_utils")
class Swa(Schedule):
    """From whatever the rate is to swa_lr in anneal_epochs ticks, then constant: for stochastic weight averaging.

    Formula:
        x_t = swa_lr * a(t) + start * (1 - a(t))
        a goes from 0 to 1 in anneal_epochs ticks, straight or along half a cosine

    Surprises:
        - It anneals from the rate that is in force when its first step runs, so it can be made at the start and
          stepped only later.
        - anneal_epochs 0 sets swa_lr at construction.
        - It counts its own calls of step(), not last_epoch.

    Resume:
        Constructed with last_epoch=k it begins its anneal again. Restore it with load_state_dict.
    """

    goes_on: ClassVar[bool] = True
    saved_as: ClassVar[Mapping[str, str]] = {"swa_lr": "", "anneal_strategy": "_anneal_strategy"}

    swa_lr: PerGroup = param("rate that is annealed to", example="0.01", role=role.TARGET)
    anneal_epochs: int = param(
        "ticks of the anneal",
        default=10,
        at_least=0,
        error="anneal_epochs must be equal or greater than 0, got {}",
        role=role.LENGTH,
    )
    anneal_strategy: str = param(
        "shape of the anneal",
        default="cos",
        choices=("cos", "linear"),
        error="anneal_strategy must be one of 'cos' or 'linear', instead got {}",
        role=role.SHAPE,
    )

    def annealed(self, step: int, lr: float, swa_lr: float) -> float:
        """The rate after `step` calls of step(), from the rate in force."""
        if step > self.anneal_epochs + 1:
            return swa_lr
        share = _cosine_share if self.anneal_strategy == "cos" else _linear_share
        if self.anneal_epochs == 0:
            step = max(1, step)
        length = max(1, self.anneal_epochs)
        before = share(max(0, min(1, (step - 1) / length)))
        start = swa_lr if before == 1 else (lr - before * swa_lr) / (1 - before)
        now = share(max(0, min(1, step / length)))
        return swa_lr * now + start * (1 - now)

    def tick(self, t: int, lr: float, base_lr: float) -> float:
        return self.annealed(t, lr, resolved(self.swa_lr))

    def first(self, lr: float, base_lr: float) -> float:
        return self.tick(0, lr, base_lr)

    def closed_form(self, t: int, base_lr: float) -> float:
        share = _cosine_share if self.anneal_strategy == "cos" else _linear_share
        now = share(min(1, t / max(1, self.anneal_epochs)))
        return resolved(self.swa_lr) * now + base_lr * (1 - now)

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return SwaTicker(self, group, last_epoch)

    @property
    def horizon(self) -> int | None:
        return self.anneal_epochs

    @property
    def ends(self) -> bool:
        return False
