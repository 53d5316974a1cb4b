"""timm.scheduler 1.0.31: WSDLRScheduler, whose warmup always comes before the curve."""

import math
from collections.abc import Iterator

from lrcli.schedules import role
from lrcli.schedules.base import Absolute
from lrcli.schedules.factor import phases
from lrcli.schedules.param import ParamError, param
from lrcli.schedules.ticker import Group, Ticker
from lrcli.schedules.timm import TimmTicker, Warmup, timm_scheduler


@timm_scheduler("timm-wsd", "WSDLRScheduler")
class Wsd(Absolute):
    """Up to the base rate, constant or slowly down, then down to lr_min in the last decay_t ticks.

    Formula:
        x_t = warmup_lr_init + t * (base_lr - warmup_lr_init) / warmup_t     up to it
        x_t = max(base_lr * s(u), lr_min)                                    then, u = t - warmup_t
        x_t = lr_min + (that - lr_min) * f(q)                                in the last decay_t of t_initial ticks
        s = 1; rsqrt: (1 + u / stable_timescale)^-0.5; power: the same with stable_power
        linear: f = 1 - q; 1-sqrt: 1 - sqrt(q); cosine: (1 + cos(pi * q)) / 2; power: 1 - q^decay_power
        exp: (r^q - r) / (1 - r), r is decay_ratio

    Surprises:
        - t_initial does not include the warmup: the run is warmup_t ticks longer.
        - rsqrt and power go on falling during the decay.
        - stable_timescale is warmup_t unless it is given; without a warmup it has to be.
        - lr_min is reached one tick after the last.

    Resume:
        It keeps no count of its own: scheduler.step(start_epoch) puts it in place. load_state_dict restores the lengths
        and base rates of the old run too.
    """

    step_call = Warmup.step_call
    step_by_step = Warmup.step_by_step
    refuses_composition = Warmup.refuses_composition

    t_initial: int = param("ticks after the warmup", at_least=1, example="90", role=role.LENGTH)
    decay_t: int = param("ticks of the decay, the last of t_initial", at_least=1, example="20", role=role.DECAY)
    lr_min: float = param("lowest rate", default=0.0, at_least=0, role=role.FLOOR)
    stable_fn: str = param(
        "shape between warmup and decay", default="constant", choices=("constant", "rsqrt", "power"), role=role.SHAPE
    )
    stable_timescale: float | None = param(
        "ticks in which rsqrt and power set in; default: warmup_t", default=None, role=role.TIMESCALE
    )
    stable_power: float = param("exponent of power", default=0.5, above=0, role=role.POWER)
    decay_fn: str = param(
        "shape of the decay",
        default="1-sqrt",
        choices=("linear", "1-sqrt", "cosine", "power", "exp"),
        role=role.SHAPE,
    )
    decay_power: float = param("exponent of a power decay", default=0.5, above=0, role=role.POWER)
    decay_ratio: float = param("steepness of an exp decay", default=0.1, above=0, below=1, role=role.CURVE)
    warmup_t: int = param("ticks of the warmup", default=0, at_least=0, example="10", role=role.WARMUP)
    warmup_lr_init: float = param("rate at the start of the warmup", default=0.0, role=role.START)

    def validate(self) -> None:
        if self.decay_t > self.t_initial:
            reason = f"Invalid decay_t ({self.decay_t}), must be in (0, t_initial] w/ t_initial={self.t_initial}."
            raise ParamError("--decay-t", reason)
        if self.stable_fn != "constant" and self._timescale <= 0:
            raise ParamError(
                "--stable-timescale",
                f"stable_fn={self.stable_fn} requires a positive stable_timescale, it defaults to warmup_t "
                f"({self.warmup_t}), set it explicitly when there is no warmup.",
            )

    def ticker(self, group: Group, last_epoch: int = -1) -> Ticker:
        return TimmTicker(self, group, last_epoch)

    @property
    def _timescale(self) -> float:
        return self.warmup_t if self.stable_timescale is None else self.stable_timescale

    def at(self, t: int, base_lr: float) -> float:
        if t < self.warmup_t:
            return self.warmup_lr_init + t * ((base_lr - self.warmup_lr_init) / self.warmup_t)
        if t == 0:
            return base_lr
        into = t - self.warmup_t
        stable = max(base_lr * self._stable(into), self.lr_min)
        into_decay = into - (self.t_initial - self.decay_t)
        if into_decay <= 0:
            return stable
        return self.lr_min + (stable - self.lr_min) * self._decay(min(into_decay / self.decay_t, 1.0))

    def _stable(self, into: int) -> float:
        if self.stable_fn == "constant":
            return 1.0
        return float((1.0 + into / self._timescale) ** -(0.5 if self.stable_fn == "rsqrt" else self.stable_power))

    def _decay(self, share: float) -> float:
        if self.decay_fn == "linear":
            return 1.0 - share
        if self.decay_fn == "1-sqrt":
            return 1.0 - math.sqrt(share)
        if self.decay_fn == "cosine":
            return 0.5 * (1.0 + math.cos(math.pi * share))
        if self.decay_fn == "power":
            return float(1.0 - share**self.decay_power)
        return float((self.decay_ratio**share - self.decay_ratio) / (1.0 - self.decay_ratio))

    @property
    def horizon(self) -> int | None:
        return self.warmup_t + self.t_initial

    def marks(self) -> Iterator[tuple[int, str]]:
        return phases(warmup=self.warmup_t, stable=self.t_initial - self.decay_t, decay=self.decay_t)
