"""timm.scheduler 1.0.31: PlateauLRScheduler, torch's ReduceLROnPlateau after a warmup."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from lrcli.schedules import role
from lrcli.schedules.family import POSITION
from lrcli.schedules.param import param
from lrcli.schedules.plateau import MetricDriven, Plateau, Rates
from lrcli.schedules.timm import Warmup, timm_scheduler


@timm_scheduler("timm-plateau", "PlateauLRScheduler")
class TimmPlateau(MetricDriven):
    """Multiply the rate by decay_rate when a metric has stopped improving, after a warmup; replayed from a log.

    Formula:
        x_t = warmup_lr_init + t * (base_lr - warmup_lr_init) / warmup_t    up to tick warmup_t
        then torch's ReduceLROnPlateau with factor decay_rate, patience patience_t, cooldown cooldown_t, min_lr lr_min

    Surprises:
        - The mode is max unless --mode is given; that of torch's ReduceLROnPlateau is min.
        - The metrics of the first warmup_t epochs are not looked at.
        - threshold_mode is rel and eps is 1e-8: neither can be given. A negative metric that stands still never cuts
          the rate.
        - After the warmup, a step without a metric changes nothing.
        - timm says that it will be removed in a future release.

    Resume:
        Its state dict has best and last_epoch alone: the bad epochs and the cooldown are counted from 0 again. timm's
        train.py does not save it at all. The rate comes back with the optimizer's state.
    """

    step_call = "scheduler.step(epoch + 1, metric)"
    checkpoint = POSITION
    refuses_composition = Warmup.refuses_composition
    own_names: ClassVar[Mapping[str, str]] = {
        "factor": "decay_rate",
        "patience": "patience_t",
        "cooldown": "cooldown_t",
        "min_lr": "lr_min",
    }

    decay_rate: float = param(
        "factor of each cut", default=0.1, below=1, error="Factor should be < 1.0.", role=role.DROP_FACTOR
    )
    patience_t: int = param("bad epochs in a row that are tolerated", default=10, role=role.JUDGEMENT)
    threshold: float = param("improvement that is too small to count", default=1e-4, role=role.JUDGEMENT)
    cooldown_t: int = param("epochs after a cut that are not judged", default=0, role=role.JUDGEMENT)
    warmup_t: int = param("epochs of the warmup", default=0, role=role.WARMUP)
    warmup_lr_init: float = param("rate at the start of the warmup", default=0.0, role=role.START)
    lr_min: float = param("lowest rate allowed", default=0.0, role=role.FLOOR)
    mode: str = param(
        "whether lower or higher is better",
        default="max",
        choices=("min", "max"),
        error="mode {} is unknown!",
        role=role.JUDGEMENT,
    )

    @property
    def judged_by(self) -> Plateau:
        return Plateau(
            mode=self.mode,
            factor=self.decay_rate,
            patience=self.patience_t,
            threshold=self.threshold,
            cooldown=self.cooldown_t,
            min_lr=self.lr_min,
        )

    def warming_up(self, lrs: Rates) -> Iterator[Rates]:
        if not self.warmup_t:
            yield lrs
            return
        start = self.warmup_lr_init
        steps = [(lr - start) / self.warmup_t for lr in lrs]
        yield (start,) * len(lrs)
        for tick in range(1, self.warmup_t + 1):
            yield tuple(start + tick * step for step in steps)
