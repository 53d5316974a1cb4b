"""fastai 2.8: fit_one_cycle and fit_flat_cos, whose place in the run is float32 and whose rates are float64."""

import math
from collections.abc import Iterator
from itertools import count

from lrcli.schedules import role
from lrcli.schedules.base import Absolute, scheduler
from lrcli.schedules.family import FASTAI
from lrcli.schedules.param import ParamError, declaration, param
from lrcli.schedules.single import f32
from lrcli.schedules.ticker import Group, Ticker


def combined_cos(place: float, peak_at: float, start: float, middle: float, end: float) -> float:
    """Half a cosine from `start` to `middle`, and from the share `peak_at` of the run on another to `end`."""
    first = f32(peak_at)
    whole = f32(first + f32(1 - peak_at))
    if f32(place) >= first:
        share = f32(f32(f32(place) - first) / f32(whole - first))
        return middle + (1 + math.cos(math.pi * (1 - share))) * (end - middle) / 2
    share = f32(f32(place) / first)
    return start + (1 + math.cos(math.pi * (1 - share))) * (middle - start) / 2


@declaration
class Batches(Absolute):
    """Base: a curve over the share of the run that is over, which fastai adds up batch by batch in each epoch."""

    n_epoch: int = param("epochs of the run", at_least=1, example="10", role=role.EPOCHS)
    n_iter: int = param(
        "batches, which are ticks, in an epoch", default=1, at_least=1, example="10", role=role.PER_EPOCH
    )

    def rate(self, place: float, base_lr: float) -> float:
        """The rate where that share of the run is over."""
        raise NotImplementedError

    def place(self, t: int) -> float:
        """The share of the run that is over at tick `t`."""
        epoch, batch = divmod(t, self.n_iter)
        place = epoch / self.n_epoch
        for _ in range(batch):
            place += 1.0 / (self.n_iter * self.n_epoch)
        return place

    def places(self, t: int) -> Iterator[float]:
        """The share that is over at tick `t` and from then on; it does not end."""
        step, place = 1.0 / (self.n_iter * self.n_epoch), self.place(t)
        for tick in count(t + 1):
            yield place
            epoch, batch = divmod(tick, self.n_iter)
            place = place + step if batch else epoch / self.n_epoch

    def at(self, t: int, base_lr: float) -> float:
        return self.rate(self.place(t), base_lr)

    def advance(self, t: int, lr: float, base_lr: float) -> Iterator[float]:
        yield self.at(t, base_lr)
        for place in self.places(t + 1):
            yield self.rate(place, base_lr)

    @property
    def horizon(self) -> int | None:
        return self.n_epoch * self.n_iter


class OneCycleTicker(Ticker):
    """Sets the momentum with the rate."""

    schedule: "OneCycle"

    def _set_momentum(self) -> None:
        self.group["momentum"] = self.schedule.momentum(self.schedule.place(max(0, self.last_epoch)))

    def initial_step(self) -> None:
        super().initial_step()
        self._set_momentum()

    def step(self) -> None:
        super().step()
        self._set_momentum()

    def restart(self) -> None:
        super().restart()
        self._set_momentum()


@scheduler("fastai-one-cycle", family=FASTAI, source="fastai.callback.schedule.fit_one_cycle")
class OneCycle(Batches):
    """Up from lr_max / div along half a cosine, and down along another to lr_max / div_final.

    Formula:
        x_t = base_lr / div + (1 + cos(pi * (1 - q))) * (base_lr - base_lr / div) / 2    up to pct_start
        x_t = base_lr + (1 + cos(pi * (1 - q))) * (base_lr / div_final - base_lr) / 2    then
        q is the share of the part that is over, in float32; base_lr is lr_max
        the momentum goes along the same cosines between the three values of moms

    Surprises:
        - It is not torch's OneCycleLR: div_final divides lr_max, not the first rate, and pct_start is 0.25.
        - The last batch is one short of the end: lr_max / div_final is never trained at.
        - The place in the run is added up batch by batch in each epoch, so that its last bits depend on n_iter.
        - The momentum (Adam's first beta) moves too: down to 0.85 at the highest rate, and back to 0.95.

    Resume:
        fit_one_cycle with start_epoch skips the epochs before it; the curve is that of the n_epoch given.
    """

    div: float = param("lr_max over the first rate", default=25.0, above=0, role=role.START_DIVISOR)
    div_final: float = param("lr_max over the rate at the end", default=1e5, above=0, role=role.FLOOR_DIVISOR)
    pct_start: float = param("share of the run that goes up", default=0.25, above=0, below=1, role=role.PEAK_AT)
    moms: tuple[float, ...] = param(
        "momentum at the start, at the highest rate and at the end", default=(0.95, 0.85, 0.95), role=role.MOMENTUM
    )

    def validate(self) -> None:
        if len(self.moms) != 3:
            raise ParamError("--moms", f"expected three values, found {len(self.moms)}")

    def rate(self, place: float, base_lr: float) -> float:
        return combined_cos(place, self.pct_start, base_lr / self.div, base_lr, base_lr / self.div_final)

    def momentum(self, place: float) -> float:
        """The momentum where that share of the run is over."""
        return combined_cos(place, self.pct_start, *self.moms)

    @property
    def cycles_momentum(self) -> bool:
        return True

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return OneCycleTicker(self, group, last_epoch)

    def stream_with_momentum(self, lr: float) -> Iterator[tuple[float, float]]:
        return ((self.rate(place, lr), self.momentum(place)) for place in self.places(0))

    @property
    def rises_until(self) -> float:
        return self.pct_start * self.n_epoch * self.n_iter


@scheduler("fastai-flat-cos", family=FASTAI, source="fastai.callback.schedule.fit_flat_cos")
class FlatCos(Batches):
    """Constant for most of the run, then down along half a cosine.

    Formula:
        x_t = base_lr                                                                     up to pct_start
        x_t = base_lr + (1 + cos(pi * (1 - q))) * (base_lr / div_final - base_lr) / 2    then
        q is the share of the second part that is over, in float32

    Surprises:
        - The last batch is one short of the end: base_lr / div_final is never trained at.
        - start_epoch is taken and not passed on: the run begins at its first epoch.

    Resume:
        The curve is that of the n_epoch given, from its start: fit_flat_cos passes no start_epoch on.
    """

    div_final: float = param("base rate over the rate at the end", default=1e5, above=0, role=role.FLOOR_DIVISOR)
    pct_start: float = param("share of the run that is flat", default=0.75, above=0, below=1, role=role.FLAT_UNTIL)

    def rate(self, place: float, base_lr: float) -> float:
        return combined_cos(place, self.pct_start, base_lr, base_lr, base_lr / self.div_final)
