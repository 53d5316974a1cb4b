"""fairseq, the files of fairseq/optim/lr_scheduler of github.com/facebookresearch/fairseq, in LRSCHED_SOURCES/fairseq.

All are from the tag v0.12.3 but tri_stage_lr_scheduler_0_10.py, which is tri_stage_lr_scheduler.py of v0.10.2. The base
class is fairseq's own; what it needs for registration and configuration are stubs.
"""

from functools import cache
from types import SimpleNamespace
from typing import Any

from tests.record import Stepped, arguments, source

NAMES = ("tri-stage", "fairseq-polynomial", "fairseq-triangular")
SOURCE = "fairseq 0.12.3; tri-stage: fairseq 0.10.2"


class FairseqOptimizer:
    """What the classes ask of an optimizer."""

    def set_lr(self, lr: float) -> None:
        self.lr = lr

    def get_lr(self) -> float:
        return self.lr


@cache
def module(name: str) -> Any:
    """A file of fairseq as a module."""
    stubs = {
        "omegaconf": {"II": lambda name: name},
        "fairseq__dataclass": {"FairseqDataclass": object},
        "fairseq__dataclass__utils": {"gen_parser_from_dataclass": None},
        "fairseq__optim": {"FairseqOptimizer": FairseqOptimizer},
    }
    base = source("fairseq/fairseq_lr_scheduler.py", "fairseq.optim.lr_scheduler.base", **stubs)
    bases = {key: getattr(base, key) for key in ("FairseqLRScheduler", "LegacyFairseqLRScheduler")}
    stubs["fairseq__optim__lr_scheduler"] = {**bases, "register_lr_scheduler": lambda *_, **__: lambda cls: cls}
    return source(f"fairseq/{name}.py", f"fairseq.optim.lr_scheduler.{name}", **stubs)


def construct(schedule: Any, optimizer: Any) -> Any:
    """fairseq's class, asked for the rate of each update in order, as its trainer does."""
    where = {
        "tri-stage": ("tri_stage_lr_scheduler_0_10", "TriStageLRSchedule"),
        "fairseq-polynomial": ("polynomial_decay_schedule", "PolynomialDecayLRSchedule"),
        "fairseq-triangular": ("triangular_lr_scheduler", "TriangularLRSchedule"),
    }
    name, symbol = where[schedule.reference.name]
    live: dict[float, Any] = {}

    def rate(tick: int, base_lr: float) -> float:
        if base_lr not in live:
            config = SimpleNamespace(lr=[base_lr], **arguments(schedule))
            live[base_lr] = getattr(module(name), symbol)(config, FairseqOptimizer())
        return live[base_lr].step_update(tick)

    return Stepped(optimizer, rate)
