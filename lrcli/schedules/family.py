"""Families: what all schedulers of one framework have in common, declared once.

A family says how its framework counts, what its checkpoints hold, in which float it computes, who writes it as code and
what holds it to its source. Nothing else in lrsched compares a framework's name.
"""

from collections.abc import Callable
from typing import NamedTuple

from lrcli.schedules.counting import (
    Derivation,
    Feed,
    batches_alone,
    carried_steps,
    timm_steps,
    torch_steps,
    transformers_steps,
    whole_batches,
)

EPOCH, STEP = INTERVALS = ("epoch", "step")
"""After what `scheduler.step()` is called: every epoch, or every optimizer step."""

FLOAT64, FLOAT32 = "float64", "float32"


class Checkpoint(NamedTuple):
    """What `load_state_dict` brings back, and what therefore stays as the new code has it."""

    hyperparameters: bool
    """Lengths, factors and floors come from the checkpoint."""
    base_rates: bool
    """The rates that the curve starts from come from the checkpoint."""
    functions: bool = True
    """Functions come back too; torch saves objects, not functions, so LambdaLR keeps the new code's."""
    must_agree: bool = False
    """Hyperparameters that differ are refused when the checkpoint is loaded."""


REFUSED, NEW, CHECKPOINT = DIFFERING = ("refused", "new", "checkpoint")
"""Whose hyperparameters count where a checkpoint must agree and does not."""

EVERYTHING = Checkpoint(hyperparameters=True, base_rates=True)
"""torch and timm: the scheduler's whole `__dict__` but the optimizer."""

POSITION_AND_BASE_RATES = Checkpoint(hyperparameters=False, base_rates=True, functions=False)
"""torch's LambdaLR, and with it Transformers: the function, which holds the lengths, is the new code's."""

POSITION = Checkpoint(hyperparameters=False, base_rates=False, functions=False)
"""DeepSpeed, Composer, nanoGPT: the tick alone."""

AGREEMENT = Checkpoint(hyperparameters=False, base_rates=False, must_agree=True)
"""Megatron-LM: the tick; a difference is an AssertionError unless a flag says whose values count."""

LIVE, VECTORS, FORMULA = "live", "vectors", "formula"
"""What holds a scheduler to its source: the framework itself in tests/live, vectors that were recorded from it in
tests/vectors, or, where no framework is named, values of the published formula."""


TARGETS = ("torch", "transformers", "timm", "optax", "keras", "lightning", "accelerate", "hf-args", "deepspeed")
"""What `lrsched code --to` takes."""


def targets(own: str = "torch") -> tuple[str, ...]:
    """All targets, a framework's own first: it is the one that is written unless another is asked for."""
    return (own, *(target for target in TARGETS if target != own))


class Family(NamedTuple):
    """The schedulers of one framework."""

    name: str
    """As the panel of the help has it."""
    version: str
    """The framework and version that its schedulers are held to; empty where each names its own."""
    interval: str
    """How its users count: EPOCH or STEP."""
    steps: Callable[[Feed], Derivation]
    """How it gets from examples to optimizer steps."""
    checkpoint: Checkpoint
    evidence: str
    """LIVE, VECTORS or FORMULA; a scheduler may say otherwise."""
    code: tuple[str, ...]
    """The targets of `lrsched code` that may write it; the first is its own framework's."""
    precision: str = FLOAT64
    composes: bool = True
    """Whether torch's SequentialLR and ChainedScheduler take it as a child."""
    moved_by: str = ""
    """What a tick is and what moves the rate, in sentences, where no training loop calls `scheduler.step()`."""
    logged_in: str = ""
    """The kind of log (see `lrcli.logs.table.Facts`) of a trainer that offers these schedulers."""


FAMILIES: dict[str, Family] = {}
"""Every family by name, in the order of the help."""


def family(declared: Family) -> Family:
    """Register a family."""
    FAMILIES[declared.name] = declared
    return declared


PYTORCH = family(
    Family(
        name="PyTorch",
        version="torch 2.13",
        interval=EPOCH,
        steps=torch_steps,
        checkpoint=EVERYTHING,
        evidence=LIVE,
        code=targets("torch"),
    )
)
HUGGING_FACE = family(
    Family(
        name="Hugging Face",
        version="transformers 5.23",
        interval=STEP,
        steps=transformers_steps,
        checkpoint=POSITION_AND_BASE_RATES,
        evidence=LIVE,
        code=targets("transformers"),
        logged_in="trainer_state",
    )
)
TIMM = family(
    Family(
        name="timm",
        version="timm 1.0.31",
        interval=EPOCH,
        steps=timm_steps,
        checkpoint=EVERYTHING,
        evidence=LIVE,
        code=targets("timm"),
        composes=False,
    )
)
DEEPSPEED = family(
    Family(
        name="DeepSpeed",
        version="DeepSpeed 0.19.8",
        moved_by="A tick is an optimizer step. DeepSpeed's engine calls lr_scheduler.step() itself, in engine.step().",
        interval=STEP,
        steps=carried_steps,
        checkpoint=POSITION,
        evidence=LIVE,
        code=targets("deepspeed"),
        composes=False,
        logged_in="trainer_state",
    )
)
MEGATRON = family(
    Family(
        name="Megatron-LM",
        version="Megatron-LM d98e8a6 (August 2026)",
        moved_by="A tick is an iteration. Megatron-LM calls opt_param_scheduler.step(increment), with the samples of "
        "the iteration, after optimizer.step().",
        interval=STEP,
        steps=whole_batches,
        checkpoint=AGREEMENT,
        evidence=VECTORS,
        code=targets(),
    )
)
ULTRALYTICS = family(
    Family(
        name="ultralytics",
        version="ultralytics 8.4.190",
        moved_by="A tick is a batch. The trainer sets the rate itself: before every batch in the warmup, and by "
        "scheduler.step() once an epoch.",
        interval=STEP,
        steps=batches_alone,
        checkpoint=EVERYTHING,
        evidence=VECTORS,
        code=targets(),
        composes=False,
    )
)
KERAS = family(
    Family(
        name="Keras",
        version="Keras 3.15",
        moved_by="A tick is a batch. The optimizer asks the schedule for the rate at optimizer.iterations in every "
        "optimizer.apply(gradients): nothing else is called.",
        interval=STEP,
        steps=batches_alone,
        checkpoint=POSITION,
        evidence=LIVE,
        code=targets("keras"),
        precision=FLOAT32,
        composes=False,
    )
)
FAIRSEQ = family(
    Family(
        name="fairseq",
        version="fairseq 0.12",
        moved_by="A tick is an update. The trainer calls lr_scheduler.step_update(num_updates) after every "
        "optimizer.step().",
        interval=STEP,
        steps=torch_steps,
        checkpoint=POSITION,
        evidence=VECTORS,
        code=targets(),
    )
)
FASTAI = family(
    Family(
        name="fastai",
        version="fastai 2.8",
        moved_by="A tick is a batch. The fit method adds the ParamScheduler callback, which sets the rate before every "
        "batch: nothing else is called.",
        interval=STEP,
        steps=batches_alone,
        checkpoint=POSITION,
        evidence=VECTORS,
        code=targets(),
    )
)
MORE = family(
    Family(
        name="More",
        version="",
        interval=STEP,
        steps=torch_steps,
        checkpoint=POSITION,
        evidence=FORMULA,
        code=targets(),
    )
)
