"""What the columns of a log are, told by their names: positions, rates, metrics, and what is neither.

A name is compared by its words, in small letters: "train/learning_rate", "Learning rate" and "learningRate" hold the
same two. What Weights & Biases puts before a name ("run-1 - lr") does not count. All tables of names are here.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

STEPS = (
    "num updates", "global step", "global steps", "optimizer step", "optimizer steps", "opt step", "update step",
    "current steps", "current step", "updates", "step", "steps", "n step", "step num", "num steps",
    "iteration", "iterations", "iter", "iters", "iter num", "n iter", "it", "update", "batch", "batch idx", "tick",
    "micro step", "consumed samples", "nupdates", "up",
)  # fmt: skip
"""Names of the optimizer step: those that can mean nothing else come first, those that may count batches last."""

LOGGED = "_step"
"""Weights & Biases' count of calls of log(): the last resort."""

EPOCHS = (
    "epoch",
    "epochs",
    "epoch num",
    "epoch idx",
    "epoch id",
    "current epoch",
    "cur epoch",
    "n epoch",
    "ep",
    "轮次",
    "轮数",
    "epoche",
)

TOTALS = {
    "max_steps": ("total steps", "max steps", "total iters", "max iters", "num training steps", "total updates"),
    "num_train_epochs": ("total epochs", "num epochs", "max epochs", "num train epochs"),
}
"""Names of the length of the run, by the fact that they say."""

BEFORE_AN_AXIS = {"train", "training", "trainer", "progress", "charts", "global", "time", "record", "extra", "payload"}
"""Words that may stand before the name of an axis: "trainer/global_step"."""

ENVELOPE = ("__MIN", "__MAX")
"""What Weights & Biases puts beside each column."""

remembered = lru_cache(maxsize=4096)
"""What was found of a name; printed logs ask it of every line."""


def either(text: str) -> frozenset[str]:
    """The words of a table."""
    return frozenset(text.split())


_RATE = re.compile(r"lrs?\d*|lrate\d*|learningrates?|学习率|學習率|学習率|lernrate")
_CODE = re.compile(r"""=['"]|\w\(""")
"""What is not in a name: "type='CosineAnnealingLR'", which is of a configuration that was printed."""

_NO_RATE = either(
    "loss acc accuracy time ratio scale mult multiplier factor decay drop size step steps warmup find finder iter "
    "iters epoch epochs policy schedule scheduler"
)
_WRITTEN = either("config configs configuration cfg args")
"""Words of what a record holds of the configuration, beside what was logged."""

_WHEN = either("step iter iteration batch epoch")
"""When a rate was logged, as frameworks say in its name: Lightning's "lr_step" and "lr_epoch", which is the mean of an
epoch, Keras' "epoch_learning_rate", W&B's "batch/learning_rate". In a sentence they say where it stands."""

_SAME_RATE = either(
    "train training trainer opt optim optimizer current cur last event hparam hparams param params charts scalar "
    "scalars stats log logs metric metrics the value"
)
"""Words beside which a rate is still the rate that the run had."""

_LESSER_RATE = either(
    "min max base initial init final start end vs samples tokens bias norm mean target enc encoder dec decoder "
    "disc discriminator gen generator backbone head"
)
_GROUP = either("pg group groups param params")

HELD_OUT = ("val", "valid", "validation", "eval", "evaluation", "dev", "heldout", "test")
"""Words of data that the run does not train on: what a plateau is told to watch, the likeliest first."""

_FILLERS = either("total avg average mean epoch end lm value set running the")
"""Words that do not make another loss of a loss."""

_HIGHER_IS_BETTER = either(
    "acc accuracy auc auroc f1 map iou miou dice bleu rouge psnr ssim precision recall top1 top5 r2 score reward"
)
_SCORES = _HIGHER_IS_BETTER | either("loss mae mse rmse nll ppl perplexity wer cer error")

_NO_METRIC = either(
    "hp time times runtime timestamp elapsed remaining eta second seconds sec ms wall duration dur speed throughput "
    "wps ups wpb bsz tps tgs dt tok toks data token tokens sample samples seen norm gnorm grad gradnorm memory mem gpu "
    "flos flops "
    "mfu tflops momentum mom beta beta1 beta2 betas wd percentage percent progress scale skipped batches size "
    "timesteps count num version clip seed rank relative"
)


class Rate(NamedTuple):
    """A column that holds a rate. Of two, the one that sorts first is likelier the one that is meant."""

    distance: int
    """0 for "lr", more for a name that says more."""
    stem: str
    """The name without the number of its parameter group."""
    group: int
    column: str


@remembered
def words(name: str) -> tuple[str, ...]:
    """The words of a column's name, in small letters."""
    own = name.rpartition(" - ")[2]
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", own)
    return tuple(re.findall(r"[^\W\d_]+\d*|\d+", parted.lower()))


def is_envelope(name: str) -> bool:
    """Whether the column is one that Weights & Biases puts beside another."""
    return name.endswith(ENVELOPE)


@remembered
def as_axis(name: str) -> str:
    """The name as the tables of axes have it."""
    if name.strip().lower() == LOGGED:
        return LOGGED
    found = list(words(name))
    while (
        len(found) > 1 and found[0] in BEFORE_AN_AXIS and found != ["global", "step"] and found != ["global", "steps"]
    ):
        found = found[1:]
    return " ".join(found)


def first_of(table: Sequence[str], columns: Iterable[str]) -> str | None:
    """The column whose name stands first in a table of axes; of equals the first."""
    known = {as_axis(name): name for name in reversed(list(columns))}
    return next((known[name] for name in table if name in known), None)


def step_column(columns: Sequence[str]) -> str | None:
    """The column of the optimizer step."""
    return first_of((*STEPS, LOGGED), columns)


def epoch_column(columns: Sequence[str]) -> str | None:
    """The column of the epoch."""
    return first_of(EPOCHS, columns)


@remembered
def counts_samples(name: str) -> bool:
    """Whether the steps of a curve are samples: DeepSpeed's "Train/Samples/lr", Megatron's "lr vs samples"."""
    found = words(name)
    return found[:2] == ("train", "samples") or found[-2:] == ("vs", "samples")


@remembered
def is_position(name: str) -> bool:
    """Whether the column says where a row stands."""
    return as_axis(name) in (*STEPS, LOGGED, *EPOCHS)


@remembered
def is_axis(name: str) -> bool:
    """Whether the column says where a row stands, or how long the run is."""
    return is_position(name) or as_axis(name) in chain(*TOTALS.values())


@remembered
def as_rate(name: str) -> Rate | None:
    """What the name of a rate says; None for a column that holds no rate."""
    if _CODE.search(name):
        return None
    called = name.rpartition(" - ")[2]
    found = _rate_words(called)
    rest = [word for word in found if not _RATE.fullmatch(word)]
    if len(rest) == len(found) or is_envelope(name) or not _WRITTEN.isdisjoint(rest):
        return None
    when = frozenset() if " " in called else _WHEN.intersection(rest)
    # What stands before a slash says where it is logged, and nothing of what is logged there.
    last = _rate_words(called.rpartition("/")[2])
    beside = {word for word in last if not _RATE.fullmatch(word)}
    beside = beside if len(beside) < len(set(last)) else set(rest)
    if not (_NO_RATE - when).isdisjoint(beside) or not (when.isdisjoint(beside) or beside <= when | _SAME_RATE):
        return None
    numbers = re.findall(r"\d+", " ".join(found))
    others = [
        word for word in (word.rstrip("0123456789") for word in rest) if word and word not in _SAME_RATE | _GROUP | when
    ]
    is_mean = "epoch" in when
    distance = 3 if not _LESSER_RATE.isdisjoint(others) else 2 if others or is_mean else 1 if rest or numbers else 0
    stem = " ".join([name.rpartition(" - ")[0], *sorted(others), *sorted(when)])
    return Rate(distance, stem, int(numbers[-1][:9]) if numbers else 0, name)


def _rate_words(name: str) -> list[str]:
    """The words of a name, those of "learning rate" as one, and Marian's "L.r.", too."""
    return " ".join(words(name.replace("L.r.", "lr"))).replace("learning rate", "learningrate").split()


def rates(columns: Iterable[str]) -> list[Rate]:
    """The columns that hold rates, the likeliest first; the parameter groups of one optimizer in their order."""
    found = [rate for rate in map(as_rate, columns) if rate is not None]
    return sorted(found, key=lambda rate: rate[:3])


MUSGD = tuple(f"lr/pg{group}" for group in range(8))
"""The groups of ultralytics' MuSGD: the first of each two has three times the rate (8.4.190 build_optimizer)."""


def first_group(found: Sequence[Rate]) -> str:
    """The column of the first parameter group that has the base rate."""
    columns = [rate.column for rate in found]
    return columns[tuple(columns) == MUSGD]


def metrics(columns: Iterable[str]) -> list[str]:
    """The columns that a run can be judged by, in their order: no axis, no rate, no time, no norm."""
    return [
        name
        for name in columns
        if name
        and not is_envelope(name)
        and not is_axis(name)
        and as_rate(name) is None
        and not _is_beside(words(name))
    ]


def is_score(name: str) -> bool:
    """Whether the name is that of a loss or another score."""
    return not _SCORES.isdisjoint(words(name))


def is_better_higher(name: str) -> bool:
    """Whether the name is that of an accuracy or the like, not that of a loss."""
    found = words(name)
    return not _HIGHER_IS_BETTER.isdisjoint(found) and "loss" not in found


def _is_beside(found: Sequence[str]) -> bool:
    return any(word in _NO_METRIC for word in found) and (
        not any(word in _SCORES for word in found) or "scale" in found
    )


def held_out(name: str) -> str | None:
    """The word by which a column says that it was measured on other data than that of the training."""
    found = words(name)
    return next((word for word in HELD_OUT if word in found), None)


def obvious_metrics(columns: Iterable[str]) -> list[str]:
    """What is watched where nothing else is said: the loss on held-out data, else its only metric, else the only one.

    More than one name means that it is not obvious.
    """
    there = metrics(columns)
    outside = [name for name in there if held_out(name)]
    losses = [
        name for name in outside if "loss" in words(name) and not set(words(name)) - {"loss", *HELD_OUT} - _FILLERS
    ]
    for choice in (losses, outside):
        if choice:
            likeliest = min((held_out(name) or "" for name in choice), key=HELD_OUT.index)
            best = [name for name in choice if held_out(name) == likeliest]
            shortest = min(len(words(name)) for name in best)
            return [name for name in best if len(words(name)) == shortest] if choice is losses else best
    return there
