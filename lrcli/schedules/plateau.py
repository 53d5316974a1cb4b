"""torch.optim.lr_scheduler.ReduceLROnPlateau 2.13, and what all schedules have that look at a metric."""

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, NamedTuple

from lrcli.errors import InputError
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import PerGroup, resolved
from lrcli.schedules.param import Param, param
from lrcli.schedules.pytorch import torch_scheduler

Rates = tuple[float, ...]
"""The rate of each parameter group."""


class MetricDriven(Schedule):
    """Base: a ReduceLROnPlateau judges a metric, and the rate follows."""

    follows_metric = True
    step_call = "scheduler.step(metric)"
    step_by_step = ""
    own_names: ClassVar[Mapping[str, str]] = {}
    """What it calls the parameters of ReduceLROnPlateau that have another name here."""

    @property
    def judged_by(self) -> "Plateau":
        """The ReduceLROnPlateau that judges."""
        raise NotImplementedError

    def warming_up(self, lrs: Rates) -> Iterator[Rates]:
        """The rates of the groups in each epoch of its own warmup, and then those that it ends at."""
        return iter((lrs,))

    @classmethod
    def own_field(cls, name: str) -> Param | None:
        """The field that gives ReduceLROnPlateau its parameter `name`; None where there is none."""
        return cls.params().get(cls.own_names.get(name, name))

    @classmethod
    def own_option(cls, name: str) -> str:
        """The option that gives ReduceLROnPlateau its parameter `name`; the bare name where there is none."""
        declared = cls.own_field(name)
        return declared.option if declared else name

    def stream(self, lr: float) -> Iterator[float]:
        name = self.reference.name
        raise InputError(f"{name} follows a metric and has no rates of its own: lrsched {name} METRICS replays a log")


@torch_scheduler("plateau", "ReduceLROnPlateau")
class Plateau(MetricDriven):
    """Multiply the rate by factor when a metric has stopped improving; replayed from a log.

    Formula:
        an epoch is bad unless metric < best * (1 - threshold)  (min, rel; see --mode and --threshold-mode)
        more than patience bad epochs in a row: rate = max(rate * factor, min_lr), if that is more than eps lower

    Surprises:
        - The mode is min unless --mode is given: with an accuracy the rate is cut every patience + 1 epochs.
        - The cut comes after patience + 1 bad epochs: the first lower rate is used at index patience + 2 at the
          earliest.
        - With a negative metric and threshold-mode rel the limit lies on the wrong side of best: equal, or worse by
          less than the threshold, counts as better. A metric that stands still never cuts the rate.
        - NaN counts as a bad epoch.
        - eps 1e-8 blocks small cuts: from 1e-3 with factor 0.1 the rate never goes below 1e-8, whatever min_lr says.
          A blocked cut still starts the cooldown.

    Resume:
        Restore it with load_state_dict: best and the counters are in it.
    """

    refuses_composition = (
        "{symbol} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified when "
        "calling `step`, but got one at index {index} in the given schedulers sequence."
    )

    mode: str = param(
        "whether lower or higher is better",
        default="min",
        choices=("min", "max"),
        error="mode {} is unknown!",
        role=role.JUDGEMENT,
    )
    factor: float = param(
        "factor of each cut", default=0.1, below=1, error="Factor should be < 1.0.", role=role.DROP_FACTOR
    )
    patience: int = param("bad epochs in a row that are tolerated", default=10, role=role.JUDGEMENT)
    threshold: float = param("improvement that is too small to count", default=1e-4, role=role.JUDGEMENT)
    threshold_mode: str = param(
        "threshold as a share of best, or as it is",
        default="rel",
        choices=("rel", "abs"),
        error="threshold mode {} is unknown!",
        role=role.JUDGEMENT,
    )
    cooldown: int = param("epochs after a cut that are not judged", default=0, role=role.JUDGEMENT)
    min_lr: PerGroup = param(
        "lowest rate allowed",
        default=0.0,
        length_error="expected {groups} min_lrs, got {given}",
        role=role.FLOOR,
    )
    eps: float = param("smallest cut that is made", default=1e-8, role=role.JUDGEMENT)

    @property
    def judged_by(self) -> "Plateau":
        return self

    def limit(self, best: float) -> float:
        """The value that a metric must pass to count as better than `best`."""
        if self.threshold_mode == "rel":
            return best * (1.0 - self.threshold) if self.mode == "min" else best * (self.threshold + 1.0)
        return best - self.threshold if self.mode == "min" else best + self.threshold


class Judgement(NamedTuple):
    """What a block of metrics did, a value for each metric. Rates are a tuple: one for each parameter group."""

    rates: list[Rates]
    """Used in the epoch."""
    next_rates: list[Rates]
    """What the call of `scheduler.step(metric)` left."""
    best: list[float]
    bad_epochs: list[int]
    cooldown: list[int]
    event: list[str]


def joined(earlier: Judgement, later: Judgement) -> Judgement:
    """The judgements of two blocks, one after the other, as one."""
    return Judgement(
        earlier.rates + later.rates,
        earlier.next_rates + later.next_rates,
        earlier.best + later.best,
        earlier.bad_epochs + later.bad_epochs,
        earlier.cooldown + later.cooldown,
        earlier.event + later.event,
    )


class TorchJudge:
    """torch's ReduceLROnPlateau at work; it carries its state from block to block."""

    def __init__(self, plateau: Plateau, lrs: Rates) -> None:
        self.plateau = plateau
        self.rates = lrs
        self.floors = tuple(resolved(plateau.bind(group, lrs).min_lr) for group in range(len(lrs)))
        self.best = self.nothing_yet = math.inf if plateau.mode == "min" else -math.inf
        self.bad_epochs = 0
        self.cooldown = 0

    @property
    def counts(self) -> tuple[Rates, int, int]:
        """Its state beside the best value: rates, bad epochs, cooldown."""
        return self.rates, self.bad_epochs, self.cooldown

    def judge(self, metrics: Iterable[float]) -> Judgement:
        """What `metrics` do, in order."""
        plateau, falling = self.plateau, self.plateau.mode == "min"
        patience, rest = plateau.patience, plateau.cooldown
        rates, best, bad_epochs, cooldown = self.rates, self.best, self.bad_epochs, self.cooldown
        limit, lower = plateau.limit(best), self._cut(rates)
        next_rates: list[Rates] = []
        bests: list[float] = []
        counts: list[int] = []
        rests: list[int] = []
        events: list[str] = []
        for metric in metrics:
            if metric < limit if falling else metric > limit:
                best, limit, bad_epochs, event = metric, plateau.limit(metric), 0, "improved"
            else:
                bad_epochs += 1
                event = ""
            if cooldown > 0:
                cooldown -= 1
                bad_epochs, event = 0, event or "cooldown"
            if bad_epochs > patience:
                event = "blocked" if lower == rates else "reduced"
                rates, cooldown, bad_epochs = lower, rest, 0
                lower = self._cut(rates) if event == "reduced" else lower
            next_rates.append(rates)
            bests.append(best)
            counts.append(bad_epochs)
            rests.append(cooldown)
            events.append(event)
        used = [self.rates, *next_rates][:-1]
        self.rates, self.best, self.bad_epochs, self.cooldown = rates, best, bad_epochs, cooldown
        return Judgement(used, next_rates, bests, counts, rests, events)

    def _cut(self, rates: Rates) -> Rates:
        factor, eps = self.plateau.factor, self.plateau.eps
        lowered = (max(rate * factor, floor) for rate, floor in zip(rates, self.floors, strict=True))
        return tuple(lower if rate - lower > eps else rate for rate, lower in zip(rates, lowered, strict=True))


class KerasJudge:
    """keras.callbacks.ReduceLROnPlateau 3.15 at work: its threshold is absolute, and it is an epoch earlier.

    Keras holds the rate in float32, and compares metrics in float32. `best` is NaN before the first metric.
    """

    nothing_yet = math.nan

    def __init__(self, plateau: Plateau, lrs: Rates) -> None:
        self.plateau = plateau
        self.rates = tuple(map(float32, lrs))
        self.floors = tuple(resolved(plateau.bind(group, lrs).min_lr) for group in range(len(lrs)))
        self.best: float | None = None
        self.wait = 0
        self.cooldown = 0

    @property
    def counts(self) -> tuple[Rates, int, int]:
        """Its state beside the best value: rates, bad epochs, cooldown."""
        return self.rates, self.wait, self.cooldown

    def judge(self, metrics: Iterable[float]) -> Judgement:
        """What `metrics` do, in order."""
        judged = Judgement([], [], [], [], [], [])
        for metric in metrics:
            judged.rates.append(self.rates)
            resting = self.cooldown > 0
            if resting:
                self.cooldown -= 1
                self.wait = 0
            event = ""
            if self._is_better(metric):
                self.best, self.wait, event = metric, 0, "improved"
            elif self.cooldown > 0:
                event = "cooldown"
            else:
                self.wait += 1
                if self.wait >= self.plateau.patience:
                    event = self._cut()
            judged.next_rates.append(self.rates)
            judged.best.append(self.best if self.best is not None else self.nothing_yet)
            judged.bad_epochs.append(self.wait)
            judged.cooldown.append(self.cooldown)
            judged.event.append(event)
        return judged

    def _is_better(self, metric: float) -> bool:
        if self.best is None:
            return True
        min_delta = abs(self.plateau.threshold)
        if self.plateau.mode == "min":
            return float32(metric + min_delta) < float32(self.best)
        return float32(metric - min_delta) > float32(self.best)

    def _cut(self) -> str:
        if not any(rate > float32(floor) for rate, floor in zip(self.rates, self.floors, strict=True)):
            return "blocked"
        self.rates = tuple(
            float32(max(rate * self.plateau.factor, floor)) if rate > float32(floor) else rate
            for rate, floor in zip(self.rates, self.floors, strict=True)
        )
        self.cooldown, self.wait = self.plateau.cooldown, 0
        return "reduced"


def float32(value: float) -> float:
    """`value` rounded to float32."""
    return array("f", (value,))[0]
