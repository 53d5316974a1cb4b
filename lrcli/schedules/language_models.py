"""Schedules with a warmup that language and speech models are trained with, by their published formulas."""

import math
from collections.abc import Iterator

from lrcli.schedules import role
from lrcli.schedules.base import DEFAULT_HORIZON, Absolute, scheduler
from lrcli.schedules.factor import Factor, phases
from lrcli.schedules.family import MORE, VECTORS
from lrcli.schedules.param import param


@scheduler("wsd", family=MORE, source="Warmup-Stable-Decay (MiniCPM, 2024; shapes of Megatron-LM)")
class Wsd(Factor):
    """Up to the base rate, constant for most of the run, then down: the end need not be known at the start.

    Formula:
        x_t = base_lr * t / warmup_steps        in the warmup
        x_t = base_lr                           in the stable phase
        x_t = base_lr * (r + (1 - r) * f(p))    in the decay, p from 0 to 1
        x_t = base_lr * r                       from then on; r is min_lr_ratio
        linear: f = 1 - p; cosine: (1 + cos(pi * p)) / 2; 1-sqrt: 1 - sqrt(p)
        exp: 2 * 0.5^p - 1
        Phases of MiniCPM, arXiv 2404.06395; shapes of Megatron-LM, where they are
        called linear, cosine, minus_sqrt and exponential

    Surprises:
        - The first step of a warmup trains at rate 0.
        - hf-warmup-stable-decay differs: its warmup starts at min_lr_ratio, and its decay is a cosine by default.
        - exp is not MiniCPM's plain 0.5^p: it is stretched to end at min_lr_ratio, as Megatron-LM does it.

    Resume:
        The rate depends on the tick alone. To train on, keep a checkpoint from before the decay.
    """

    warmup_steps: int = param("ticks of the warmup", at_least=0, example="10", role=role.WARMUP)
    stable_steps: int = param("ticks of the constant phase", at_least=0, example="70", role=role.HOLD)
    decay_steps: int = param("ticks of the decay", at_least=0, example="20", role=role.DECAY)
    decay_type: str = param(
        "shape of the decay", default="linear", choices=("linear", "cosine", "1-sqrt", "exp"), role=role.SHAPE
    )
    min_lr_ratio: float = param("lowest rate as a share of the base rate", default=0.0, role=role.FLOOR_SHARE)

    def factor(self, t: int) -> float:
        if t < self.warmup_steps:
            return t / self.warmup_steps
        into_decay = t - self.warmup_steps - self.stable_steps
        if into_decay < 0:
            return 1.0
        if into_decay >= self.decay_steps:
            return self.min_lr_ratio
        return self._shape(into_decay / self.decay_steps) * (1.0 - self.min_lr_ratio) + self.min_lr_ratio

    def _shape(self, progress: float) -> float:
        if self.decay_type == "linear":
            return 1.0 - progress
        if self.decay_type == "cosine":
            return 0.5 * (1.0 + math.cos(math.pi * progress))
        return 1.0 - math.sqrt(progress) if self.decay_type == "1-sqrt" else 2.0 * 0.5**progress - 1.0

    @property
    def horizon(self) -> int | None:
        return self.warmup_steps + self.stable_steps + self.decay_steps

    def marks(self) -> Iterator[tuple[int, str]]:
        return phases(warmup=self.warmup_steps, stable=self.stable_steps, decay=self.decay_steps)


@scheduler("noam", family=MORE, source="Attention Is All You Need (Vaswani and others, 2017)", aliases=("NoamLR",))
class Noam(Absolute):
    """Up in a straight line, then down with the inverse square root of the step: the first transformers' schedule.

    Formula:
        x_t = factor * d_model^-0.5 * min(s^-0.5, s * warmup_steps^-1.5),  s = t + 1
        The highest rate is factor / sqrt(d_model * warmup_steps), at s = warmup_steps
        arXiv 1706.03762, section 5.3

    Surprises:
        - The optimizer's own rate is ignored: --lr changes nothing, --factor does.
        - The paper counts steps from 1, so tick 0 is step 1. AllenNLP's NoamLR and the Annotated Transformer count
          from 0 and use step 1 twice: they are one tick late.
        - More warmup_steps also lower the highest rate.

    Resume:
        The rate depends on the tick alone.
    """

    d_model: int = param("width of the model", at_least=1, example="512", role=role.WIDTH)
    warmup_steps: int = param("ticks of the warmup", at_least=1, example="4000", role=role.WARMUP)
    factor: float = param("factor of the whole curve", default=1.0, role=role.SCALE)

    def at(self, t: int, base_lr: float) -> float:
        step = t + 1
        return float(self.factor * (self.d_model**-0.5 * min(step**-0.5, step * self.warmup_steps**-1.5)))

    @property
    def horizon(self) -> int | None:
        return max(DEFAULT_HORIZON, 5 * self.warmup_steps)


@scheduler("nanogpt", family=MORE, source="nanoGPT.get_lr", version="nanoGPT 3adf61e (November 2025)", evidence=VECTORS)
class NanoGpt(Absolute):
    """Up in a straight line, down to min_lr along half a cosine, and constant from then on.

    Formula:
        x_t = base_lr * (t + 1) / (warmup_iters + 1)                in the warmup
        x_t = min_lr + (base_lr - min_lr) * (1 + cos(pi * p)) / 2   then
        x_t = min_lr                                                after the decay
        p = (t - warmup_iters) / (lr_decay_iters - warmup_iters)

    Surprises:
        - min_lr is a rate, not a share: keep it at about a tenth of --lr. nanoGPT's own learning rate is 6e-4; above
          a lower --lr the rate rises to it.
        - lr_decay_iters includes the warmup. Where it equals warmup_iters, the tick of that number divides by zero.
        - Until 9 December 2024 the warmup was t / warmup_iters, from 0.

    Resume:
        The rate depends on the tick alone: nanoGPT continues from iter_num in the checkpoint.
    """

    warmup_iters: int = param("ticks of the warmup", default=2000, example="10", role=role.WARMUP)
    lr_decay_iters: int = param("tick at which min_lr is reached", default=600_000, example="100", role=role.LENGTH)
    min_lr: float = param("lowest rate", default=6e-5, role=role.FLOOR)

    def at(self, t: int, base_lr: float) -> float:
        if t < self.warmup_iters:
            return base_lr * (t + 1) / (self.warmup_iters + 1)
        if t > self.lr_decay_iters:
            return self.min_lr
        progress = (t - self.warmup_iters) / (self.lr_decay_iters - self.warmup_iters)
        return self.min_lr + 0.5 * (1.0 + math.cos(math.pi * progress)) * (base_lr - self.min_lr)

    @property
    def horizon(self) -> int | None:
        return self.lr_decay_iters


@scheduler(
    "tri-stage",
    family=MORE,
    source="fairseq.optim.lr_scheduler.tri_stage_lr_scheduler.TriStageLRSchedule",
    version="fairseq 0.10",
    evidence=VECTORS,
)
class TriStage(Absolute):
    """Up in a straight line, constant, then down exponentially: for speech (SpecAugment, wav2vec).

    Formula:
        x_t = base_lr * (s + (1 - s) * t / warmup_steps)    in the warmup
        x_t = base_lr                                       in the hold phase
        x_t = base_lr * f^p                                 in the decay, p from 0 to 1
        x_t = base_lr * f                                   from then on
        s = init_lr_scale, f = final_lr_scale; arXiv 1904.08779

    Surprises:
        - final_lr_scale cannot be 0: the decay is exponential.
        - The defaults are those of fairseq 0.10. In later versions the lengths are 0 unless they, or a phase_ratio of
          max_update, are given.

    Resume:
        The rate depends on the tick alone.
    """

    warmup_steps: int = param("ticks of the warmup", default=4000, at_least=0, example="10", role=role.WARMUP)
    hold_steps: int = param("ticks of the constant phase", default=20_000, at_least=0, example="40", role=role.HOLD)
    decay_steps: int = param("ticks of the decay", default=60_000, at_least=1, example="50", role=role.DECAY)
    init_lr_scale: float = param("share of the base rate at the first tick", default=0.01, role=role.START_SHARE)
    final_lr_scale: float = param("share of the base rate at the end", default=0.01, above=0, role=role.FLOOR_SHARE)

    def at(self, t: int, base_lr: float) -> float:
        if t < self.warmup_steps:
            first = self.init_lr_scale * base_lr
            return first + (base_lr - first) / self.warmup_steps * t
        into_decay = t - self.warmup_steps - self.hold_steps
        if into_decay < 0:
            return base_lr
        if into_decay > self.decay_steps:
            return self.final_lr_scale * base_lr
        return base_lr * math.exp(math.log(self.final_lr_scale) / self.decay_steps * into_decay)

    @property
    def horizon(self) -> int | None:
        return self.warmup_steps + self.hold_steps + self.decay_steps

    def marks(self) -> Iterator[tuple[int, str]]:
        return phases(warmup=self.warmup_steps, hold=self.hold_steps, decay=self.decay_steps)
