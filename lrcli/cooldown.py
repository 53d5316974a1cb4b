"""When to begin the decay of a run at a constant rate, and from which checkpoint."""

from itertools import islice
from typing import NamedTuple

from lrcli.engine import rates, refuse_to_walk
from lrcli.errors import InputError
from lrcli.plan import Planned
from lrcli.run import share_of
from lrcli.schedules import role
from lrcli.schedules.kind import Share

TORCH = {
    "linear": "1 - {p}",
    "cosine": "(1 + cos(pi * {p})) / 2",
    "1-sqrt": "1 - sqrt{p}",
    "exp": "2 * 0.5**{p} - 1",
}
"""The shapes of a decay as a factor of its progress p."""

MEGATRON = {"linear": "linear", "cosine": "cosine", "1-sqrt": "minus_sqrt", "exp": "exponential"}
"""What Megatron-LM calls them."""

TRANSFORMERS = {"linear": "linear", "cosine": "cosine", "1-sqrt": "1-sqrt"}
"""What Transformers calls them; it has no exponential one."""

SHAPES = tuple(TORCH)


NEVER_MOVES = "hf-constant"
"""A scheduler that leaves the rate alone."""


class Cooldown(NamedTuple):
    """A decay at the end of a run. Lengths are in ticks."""

    warmup: int
    start: int
    """The first tick of the decay."""
    end: int
    """The ticks of the whole run."""
    shape: str
    checkpoint: int
    """The last checkpoint before the decay."""
    rate: float
    """What is trained at until then."""
    floor: float = 0.0
    """Where the decay ends, as a share of the rate."""

    @property
    def length(self) -> int:
        """Ticks of the decay."""
        return self.end - self.start

    @property
    def repeated(self) -> int:
        """Ticks at the full rate from the checkpoint to the decay."""
        return self.start - self.checkpoint

    @property
    def specs(self) -> dict[str, str]:
        """The whole run as specs of each framework that has the shape."""
        floor = f" --min-lr-ratio {self.floor:g}" if self.floor else ""
        stable = self.start - self.warmup
        found = {
            "wsd": f"wsd --warmup-steps {self.warmup} --stable-steps {stable} --decay-steps {self.length} "
            f"--decay-type {self.shape}{floor}",
            "Megatron-LM": f"megatron --lr-decay-style WSD --lr-decay-iters {self.end} "
            f"--lr-wsd-decay-style {MEGATRON[self.shape]} --lr-wsd-decay-iters {self.length}"
            + (f" --lr-warmup-iters {self.warmup}" if self.warmup else "")
            + (f" --min-lr {self.floor * self.rate!r}" if self.floor else ""),
        }
        if self.shape in TRANSFORMERS:
            found["Transformers"] = (
                f"hf-warmup-stable-decay --num-warmup-steps {self.warmup} --num-training-steps {self.end} "
                f"--num-decay-steps {self.length} --decay-type {TRANSFORMERS[self.shape]}{floor}"
            )
        return {framework: f"{words} --lr {self.rate!r}" for framework, words in found.items()}

    @property
    def torch_spec(self) -> str:
        """The rest of the run, from the checkpoint on, as a new scheduler of torch."""
        progress = f"((t - {self.repeated}) / {self.length})" if self.repeated else f"(t / {self.length})"
        factor = TORCH[self.shape].format(p=progress)
        if self.floor:
            factor = f"{self.floor:g} + {1 - self.floor:g} * ({factor})"
        factor = f"1.0 if t < {self.repeated} else {factor}" if self.repeated else factor
        return f'lambda --expr "{factor}" --lr {self.rate!r} -n {self.end - self.checkpoint}'


def cooldown(plan: Planned, decay: int | Share, shape: str, save_every: int, floor: float = 0.0) -> Cooldown:
    """The decay that is over at the end of the run. Raises InputError where the rate is not constant until then."""
    end = plan.run.total
    if end is None:
        raise InputError("missing the length of the run: --end, or --ticks, --steps, --tokens, or --epochs")
    length = share_of(decay, end) if isinstance(decay, Share) else decay
    composed, lrs = plan.run.warmed_up(plan.schedule), plan.run.lrs
    warmup = plan.run.warmup or plan.schedule.value(role.WARMUP) or 0
    start = end - length
    if start < warmup:
        raise InputError(f"--decay: {length} of {end} ticks leave {start} before the decay, fewer than the warmup's")
    refuse_to_walk(start, start * composed.cost)
    constant = list(islice(rates(composed, lrs), warmup, start + 1))
    other = next((tick for tick, rate in enumerate(constant, warmup) if rate != constant[0]), None)
    if other is not None:
        found = f"{plan.schedule.spec} has {constant[0]:g} at tick {warmup} and {constant[other - warmup]:g} at {other}"
        raise InputError(f"expected a rate that is constant from the warmup to the decay, as of {NEVER_MOVES}; {found}")
    return Cooldown(warmup, start, end, shape, start // save_every * save_every, constant[0], floor)
