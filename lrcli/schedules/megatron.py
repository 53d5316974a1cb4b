"""Megatron-LM's OptimizerParamScheduler, by the arguments of its training script.

Megatron counts everything in samples: a tick is an iteration of global_batch_size samples.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Self

from lrcli.schedules import role
from lrcli.schedules.base import Absolute, scheduler
from lrcli.schedules.family import CHECKPOINT, MEGATRON, REFUSED
from lrcli.schedules.param import ParamError, param
from lrcli.schedules.ticker import Group, State, Ticker

NAMES = {
    "max_lr": "learning rate",
    "min_lr": "minimum learning rate",
    "lr_warmup_steps": "warmup iterations",
    "lr_decay_steps": "total number of iterations",
    "lr_decay_style": "learning rate decay style",
}
"""What is compared when a checkpoint is loaded, in order, and what the AssertionError calls it. Lengths in samples."""


class MegatronTicker(Ticker):
    """OptimizerParamScheduler: it counts samples, and a checkpoint must agree with it, or be told who gives way."""

    schedule: "Megatron"

    def __init__(self, schedule: "Megatron", group: Group, last_epoch: int = -1) -> None:
        self.ahead = 0
        """Samples that the checkpoint counted beyond this run's batches."""
        super().__init__(schedule, group, last_epoch)

    def step(self) -> None:
        self.last_epoch += 1
        samples = self.ahead + self.last_epoch * self.schedule.global_batch_size
        self.group["lr"] = self.schedule.at_samples(samples, self.base_lr)

    def state(self) -> State:
        own = self.schedule
        return {
            "max_lr": self.base_lr,
            "min_lr": own.min_lr,
            "lr_warmup_steps": own.warmup_samples,
            "lr_decay_steps": own.decay_samples,
            "lr_decay_style": own.lr_decay_style,
            "num_steps": self.ahead + self.last_epoch * own.global_batch_size,
            "last_epoch": self.last_epoch,
        }

    def load(self, state: State, differing: str = REFUSED) -> None:
        ours = self.state()
        for key, name in NAMES.items():
            if differing == REFUSED and ours[key] != state[key]:
                raise AssertionError(
                    f"OptimizerParamScheduler: class input value {ours[key]} and checkpoint"
                    f"value {state[key]} for {name} do not match"
                )
        if differing == CHECKPOINT:
            self.base_lr = state["max_lr"]
            self.schedule = self.schedule.with_saved(state)
        self.last_epoch = state["last_epoch"]
        self.ahead = state["num_steps"] - self.last_epoch * self.schedule.global_batch_size
        # Unlike torch's, it sets the rate at once.
        self.group["lr"] = self.schedule.at_samples(state["num_steps"], self.base_lr)

    @property
    def follows_its_tick(self) -> bool:
        return self.ahead == 0


STYLES = ("constant", "linear", "cosine", "inverse-square-root", "WSD")
WSD_STYLES = ("exponential", "linear", "cosine", "minus_sqrt")


@scheduler("megatron", family=MEGATRON, source="megatron.core.optimizer_param_scheduler.OptimizerParamScheduler")
class Megatron(Absolute):
    """Up from lr_warmup_init in a straight line, and down to min_lr in one of five styles.

    Formula:
        x_t = init + (base_lr - init) * s / W                   up to W, s = t * global_batch_size
        x_t = min_lr + (base_lr - min_lr) * f(p)                up to D, p = (s - W) / (D - W)
        x_t = min_lr                                            from then on
        linear: f = 1 - p; cosine: (1 + cos(pi * p)) / 2; constant: base_lr, without an end
        inverse-square-root: base_lr * sqrt(W / s), min_lr at least
        WSD: f = 1 until the last wsd samples before D, then with q their share that is over:
            exponential 2 * 0.5^q - 1, linear 1 - q, cosine, minus_sqrt 1 - sqrt(q)
        W, D and wsd are the lengths in samples: iterations times global_batch_size

    Surprises:
        - The first iteration trains at lr_warmup_init, 0 unless it is given.
        - lr_decay_iters includes the warmup; a run that is longer stays at min_lr. Left out, Megatron takes
          train_iters.
        - The default style is linear, and min_lr is 0: a rate, not a share.
        - lr_warmup_fraction is a share of the decay length, not of the run.
        - WSD's own default is the exponential decay; its decay is counted back from the end of lr_decay_iters.
        - With inverse-square-root and no warmup the first iteration trains at base_lr, and the second at base_lr /
          sqrt(global_batch_size).
        - With a batch size that is ramped up an iteration is not always global_batch_size samples.

    Resume:
        The checkpoint has the samples so far. Rates, lengths or a style that differ from it are an AssertionError:
        --override-opt_param-scheduler takes the new ones, --use-checkpoint-opt_param-scheduler the old.
    """

    lr_decay_style: str = param("shape of the decay", default="linear", choices=STYLES, role=role.SHAPE)
    lr_decay_iters: int | None = param(
        "ticks until min_lr is reached, the warmup included", default=None, at_least=1, example="100", role=role.LENGTH
    )
    lr_decay_samples: int | None = param("the same in samples", default=None, at_least=1, role=role.LENGTH_IN_SAMPLES)
    lr_warmup_iters: int = param("ticks of the warmup", default=0, at_least=0, example="10", role=role.WARMUP)
    lr_warmup_samples: int = param("the same in samples", default=0, at_least=0, role=role.LENGTH_IN_SAMPLES)
    lr_warmup_fraction: float | None = param(
        "the warmup as a share of the decay length", default=None, at_least=0, below=1, role=role.WARMUP_SHARE
    )
    lr_warmup_init: float = param("rate at the start of the warmup", default=0.0, role=role.START)
    min_lr: float = param("lowest rate", default=0.0, at_least=0, role=role.FLOOR)
    lr_wsd_decay_style: str = param("shape of WSD's decay", default="exponential", choices=WSD_STYLES, role=role.SHAPE)
    lr_wsd_decay_iters: int | None = param("ticks of WSD's decay", default=None, at_least=1, role=role.DECAY)
    lr_wsd_decay_samples: int | None = param(
        "the same in samples", default=None, at_least=1, role=role.LENGTH_IN_SAMPLES
    )
    global_batch_size: int = param(
        "samples of an iteration: Megatron counts in them", default=1, at_least=1, role=role.SAMPLES_PER_TICK
    )

    def validate(self) -> None:
        iters = (self.lr_decay_iters, self.lr_wsd_decay_iters, self.lr_warmup_iters or None)
        samples = (self.lr_decay_samples, self.lr_wsd_decay_samples, self.lr_warmup_samples or None)
        if any(iters) and any(samples):
            raise ParamError("--lr-decay-iters", "give all lengths in iterations, or all in samples")
        if self.lr_warmup_fraction is not None and (self.lr_warmup_iters or self.lr_warmup_samples):
            raise ParamError("--lr-warmup-fraction", "give the warmup as a fraction or as a length, not both")
        if self.lr_decay_iters is None and self.lr_decay_samples is None:
            raise ParamError("--lr-decay-iters", "expected a length, in iterations or as --lr-decay-samples")
        if self.lr_decay_style == "WSD" and self._wsd is None:
            raise ParamError("--lr-wsd-decay-iters", "WSD needs the length of its decay")
        if self.warmup_samples >= self.decay_samples:
            found = f"found {self.warmup_samples:g} samples of {self.decay_samples}"
            raise ParamError("--lr-warmup-iters", f"expected a warmup that is shorter than the decay length, {found}")

    def bind(self, group: int, lrs: Sequence[float]) -> Self:
        if lrs[0] < self.min_lr:
            raise ParamError("--min-lr", f"expected at most the rate, which is {lrs[0]:g}, found {self.min_lr:g}")
        if lrs[0] < self.lr_warmup_init:
            found = f"found {self.lr_warmup_init:g}"
            raise ParamError("--lr-warmup-init", f"expected at most the rate, which is {lrs[0]:g}, {found}")
        return super().bind(group, lrs)

    @cached_property
    def decay_samples(self) -> int:
        """The decay length, the warmup included, in samples."""
        return self.lr_decay_samples or (self.lr_decay_iters or 0) * self.global_batch_size

    @cached_property
    def warmup_samples(self) -> float:
        """The warmup in samples; a fraction of the decay length may not be whole."""
        if self.lr_warmup_fraction is not None:
            return self.lr_warmup_fraction * self.decay_samples
        return self.lr_warmup_samples or self.lr_warmup_iters * self.global_batch_size

    @property
    def own_warmup(self) -> int:
        return math.ceil(self.warmup_samples / self.global_batch_size)

    @cached_property
    def _wsd(self) -> int | None:
        if self.lr_wsd_decay_iters is not None:
            return self.lr_wsd_decay_iters * self.global_batch_size
        return self.lr_wsd_decay_samples

    def at(self, t: int, base_lr: float) -> float:
        return self.at_samples(t * self.global_batch_size, base_lr)

    def at_samples(self, samples: int, base_lr: float) -> float:
        """The rate after so many samples."""
        warmup, decay = self.warmup_samples, self.decay_samples
        if warmup > 0 and samples <= warmup:
            return self.lr_warmup_init + (base_lr - self.lr_warmup_init) * samples / warmup
        if self.lr_decay_style == "constant":
            return base_lr
        if samples > decay:
            return self.min_lr
        if self.lr_decay_style == "inverse-square-root":
            return max(self.min_lr, base_lr * float(max(warmup, 1) ** 0.5) / float(max(samples, 1) ** 0.5))
        return self.min_lr + self._height(samples, (samples - warmup) / (decay - warmup)) * (base_lr - self.min_lr)

    def _height(self, samples: int, progress: float) -> float:
        """How much of the way down is left."""
        wsd = self._wsd if self.lr_decay_style == "WSD" else None
        style = self.lr_decay_style if wsd is None else self.lr_wsd_decay_style
        if wsd is not None:
            if samples <= self.decay_samples - wsd:
                return 1.0
            progress = (samples - self.decay_samples + wsd) / wsd
        if style == "cosine":
            return 0.5 * (math.cos(math.pi * progress) + 1.0)
        if style == "exponential":
            return 2.0 * math.pow(0.5, progress) - 1.0
        return 1.0 - (math.sqrt(progress) if style == "minus_sqrt" else progress)

    def with_saved(self, state: State) -> Self:
        """This schedule with what the checkpoint has; the decay of WSD and the rate at the start are not in it."""
        warmup, decay = state["lr_warmup_steps"], state["lr_decay_steps"]
        whole = warmup == int(warmup)
        return dataclasses.replace(
            self,
            lr_decay_style=state["lr_decay_style"],
            min_lr=state["min_lr"],
            lr_decay_iters=None,
            lr_decay_samples=decay,
            lr_warmup_iters=0,
            lr_warmup_samples=int(warmup) if whole else 0,
            lr_warmup_fraction=None if whole else warmup / decay,
            lr_wsd_decay_iters=None,
            lr_wsd_decay_samples=self._wsd,
        )

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return MegatronTicker(self, group, last_epoch)

    @property
    def horizon(self) -> int | None:
        return -(-self.decay_samples // self.global_batch_size)

    def marks(self) -> Iterator[tuple[int, str]]:
        if self.warmup_samples > 0:
            yield 0, "warmup"
            yield (
                -(-int(self.warmup_samples) // self.global_batch_size),
                "stable" if self.lr_decay_style == "WSD" else "decay",
            )
        if self.lr_decay_style == "WSD" and self._wsd is not None:
            yield max(0, -(-(self.decay_samples - self._wsd) // self.global_batch_size)), "decay"
