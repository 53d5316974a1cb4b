"""Trainers: who reads a configuration file, by which keys it is known, and what it makes of it.

A trainer is a `Trainer` in a module of `lrcli.configs.trainers`; there is no second list.
"""

import importlib
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lrcli.configs.facts import Job
from lrcli.configs.trainers import MODULES
from lrcli.configs.tree import COMMANDS, Node
from lrcli.errors import InputError
from lrcli.schedules.family import STEP
from lrcli.text import quoted

YAML, JSON, PYTHON, WORDS = "yaml", "json", "python", "words"
"""How files are written: WORDS are the options of a command line, in a shell script or alone."""


DEEPEST_KEYS = 20
"""Levels at which keys that tell a trainer are looked for."""


class Made(NamedTuple):
    """What a trainer makes of a file: the schedule, and the run that it is part of."""

    schedule: str
    """The scheduler's name."""
    values: Mapping[str, Any]
    """Its fields."""
    lr: float | tuple[float, ...]
    steps: int | None = None
    """Optimizer steps of the run, where they are counted."""
    steps_per_epoch: int | None = None
    epochs: int | None = None
    """Epochs of the run, where `interval` is the epoch."""
    interval: str = STEP


class Trainer(NamedTuple):
    """A program that trains as a file says."""

    name: str
    """As --trainer has it."""
    title: str
    """The package whose version counts."""
    version: str
    """The version that is assumed, and that the reader is held to."""
    marks: Callable[[Node], bool]
    """Whether the keys of a file are this trainer's."""
    read: Callable[[Job], Made]
    """What it makes of a file. Raises InputError for what it refuses."""
    written: tuple[str, ...] = (YAML, JSON)
    """How its files are written."""
    older: str = ""
    """A version that counts otherwise, to be named beside the one that is assumed."""
    refines: tuple[str, ...] = ()
    """The trainers of which this one is a dialect: where it fits, they do not."""


def every(keys: Container[str] | None = None) -> dict[str, Trainer]:
    """All trainers by name, or those that a file with these keys may belong to."""
    found: dict[str, Trainer] = {}
    for module, own in MODULES.items():
        if keys is None or any(key in keys for key in own):
            declared: Sequence[Trainer] = importlib.import_module(f"lrcli.configs.trainers.{module}").TRAINERS
            found.update({trainer.name: trainer for trainer in declared})
    return found


def keys_of(node: Node, depth: int = 0) -> Iterator[str]:
    """The keys of a file, of its inner mappings too."""
    if isinstance(node.value, dict) and depth < DEEPEST_KEYS:
        for key, child in node.value.items():
            yield key
            yield from keys_of(child, depth + 1)


def named(text: str) -> tuple[Trainer, str]:
    """The trainer and the version that `--trainer NAME[==VERSION]` names, the version empty where none is given."""
    name, _, version = text.partition("==")
    found = every()
    if name.strip().lower() not in found:
        raise InputError(f"--trainer: expected one of {', '.join(sorted(found))}, found {quoted(name)}")
    if version and not version.strip()[:1].isdigit():
        raise InputError(f"--trainer: expected a version, as in {name}==4.50, found {quoted(version)}")
    return found[name.strip().lower()], version.strip()


_SWIFT = re.compile(r"(?m)(?:^|\s|/)(?:swift|megatron)\s+(?:sft|pt|rlhf|rollout|sample)\b|swift/cli/", re.ASCII)


def is_swift(root: Node) -> bool:
    """Whether ms-swift reads the file: it takes many of the keys of others, with defaults of its own."""
    commands = root.get(COMMANDS)
    if commands is not None:
        return bool(_SWIFT.search(commands.value))
    return root.has_any("tuner_type", "train_type") and root.has_any("model", "load", "mcore_model")


def recognised(path: str, root: Node, written: str) -> Trainer:
    """The trainer whose keys the file has. Raises InputError where none or several fit."""
    if root.has("log_history"):
        raise InputError(
            f"{path}: it is the state of a run, with its log, and no configuration: lrsched audit, fit and verify read "
            "it"
        )
    if is_swift(root):
        raise InputError(
            f"{path}: it is ms-swift's, which takes the keys of transformers and Megatron-LM with defaults of its own "
            "(cosine, and rates and batches that depend on the tuner): lrsched does not read it; --trainer NAME reads "
            "it as another's"
        )
    keys = frozenset(keys_of(root))
    may = every(keys)
    fitting = [trainer for trainer in may.values() if written in trainer.written and trainer.marks(root)]
    refined = {name for trainer in fitting for name in trainer.refines}
    fitting = [trainer for trainer in fitting if trainer.name not in refined]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        choice = " or ".join(f"--trainer {trainer.name}" for trainer in fitting)
        raise InputError(f"{path}: its keys are those of several trainers: give {choice}")
    what = "no keys of a trainer that lrsched reads were found in it"
    if "_target_" in keys:
        what = "no scheduler of torch or transformers is made by a _target_ in it"
    raise InputError(f"{path}: {what}; --trainer NAME says whose it is: {', '.join(sorted(every()))}")
