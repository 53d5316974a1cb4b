"""fastai 2.8: fit_one_cycle, whose place in the run is float32 and whose rates are float64."""

import math
from collections.abc import Iterator

from lrcli.schedules import role
from lrcli.schedules.base import Absolute, scheduler
from lrcli.schedules.family import FASTAI
from lrcli.schedules.param import param
from lrcli.schedules.single import f32


@scheduler("fastai-one-cycle", family=FASTAI, source="fastai.callback.schedule.fit_one_cycle")
class OneCycle(Absolute):
    """Up from lr_max / div along half a cosine, and down along another to lr_max / div_final.

    Formula:
        x_t = base_lr / div + (1 + cos(pi * (1 - q))) * (base_lr - base_lr / div) / 2    up to pct_start
        x_t = base_lr + (1 + cos(pi * (1 - q))) * (base_lr / div_final - base_lr) / 2    then
        q is the share of the part that is over, in float32; base_lr is lr_max

    Surprises:
        - It is not torch's OneCycleLR: div_final divides lr_max, not the first rate, and pct_start is 0.25.
        - The last batch is one short of the end: lr_max / div_final is never trained at.
        - The place in the run is added up batch by batch in each epoch.
        - The momentum goes the other way, by default from 0.95 to 0.85 and back; it is not shown here.

    Resume:
        fit_one_cycle with start_epoch skips the epochs before it; the curve is that of the n_epoch given.
    """

    n_epoch: int = param("epochs of the run", at_least=1, example="10", role=role.EPOCHS)
    n_iter: int = param(
        "batches, which are ticks, in an epoch", default=1, at_least=1, example="10", role=role.PER_EPOCH
    )
    div: float = param("lr_max over the first rate", default=25.0, above=0, role=role.START_DIVISOR)
    div_final: float = param("lr_max over the rate at the end", default=1e5, above=0, role=role.FLOOR_DIVISOR)
    pct_start: float = param("share of the run that goes up", default=0.25, above=0, below=1, role=role.PEAK_AT)

    def at(self, t: int, base_lr: float) -> float:
        epoch, batch = divmod(t, self.n_iter)
        place = epoch / self.n_epoch
        for _ in range(batch):
            place += 1.0 / (self.n_iter * self.n_epoch)
        return self.rate(place, base_lr)

    def rate(self, place: float, base_lr: float) -> float:
        """The rate where that share of the run is over."""
        peak_at = f32(self.pct_start)
        end_at = f32(peak_at + f32(1 - self.pct_start))
        if f32(place) >= peak_at:
            share = f32(f32(f32(place) - peak_at) / f32(end_at - peak_at))
            start, end = base_lr, base_lr / self.div_final
        else:
            share, start, end = f32(f32(place) / peak_at), base_lr / self.div, base_lr
        return start + (1 + math.cos(math.pi * (1 - share))) * (end - start) / 2

    def advance(self, t: int, lr: float, base_lr: float) -> Iterator[float]:
        yield self.at(t, base_lr)
        step, place = 1.0 / (self.n_iter * self.n_epoch), 0.0
        first, t = True, t + 1
        while True:
            epoch, batch = divmod(t, self.n_iter)
            if first or not batch:
                place, first = epoch / self.n_epoch, False
                for _ in range(batch):
                    place += step
            else:
                place += step
            yield self.rate(place, base_lr)
            t += 1

    @property
    def horizon(self) -> int | None:
        return self.n_epoch * self.n_iter

    @property
    def ends(self) -> bool:
        return True

    @property
    def rises_until(self) -> float:
        return self.pct_start * self.n_epoch * self.n_iter
