"""A whole number that a configuration leaves open, as ultralytics does that of the classes, and timm that of the
processes: the log decides it.
"""

import math
from collections.abc import Iterable
from typing import Any

from lrcli.configs.facts import Missing
from lrcli.configs.file_spec import FileSpec, Outcome
from lrcli.errors import InputError
from lrcli.run import Run

MOST_CLASSES = 400
"""Whole numbers that are tried."""

MOST_PROCESSES = 64
NEARLY = 1e-5
"""Relative, of two rates that a rounded log shows alike."""


def open_keys(missing: Iterable[Missing]) -> list[str]:
    """The keys for which a whole number is asked."""
    return [
        each.option.removeprefix("--set ").removesuffix("=N")
        for each in missing
        if each.option.startswith("--set ") and each.option.endswith("=N")
    ]


def opened(config: FileSpec, key: str, said: dict[str, Any], base: float) -> tuple[Outcome, str] | None:
    """What the configuration amounts to with the first number at `key` that gives this base rate, and that number in
    words, empty where the next one gives it, too.
    """
    first: Outcome | None = None
    for number in range(1, MOST_CLASSES):
        config.put(key, str(number))
        try:
            outcome = config.outcome(Run().saying(said))
        except InputError:
            return None
        fits = outcome.planned is not None and outcome.planned.run.lrs[0] == base
        if first is not None:
            # The next number may give the same rate, rounded: then the log does not say which it was.
            return first, "" if fits else f"{key} {number - 1}"
        first = outcome if fits else None
    return None


def on_processes(config: FileSpec, said: dict[str, Any], base: float) -> tuple[Outcome, int] | None:
    """What the configuration amounts to on the number of processes that gives this base rate, and that number; None
    where none does, or a configuration says how many there are.
    """
    rate = 0.0
    for number in range(1, MOST_PROCESSES + 1):
        try:
            outcome = config.outcome(Run().saying({**said, "num_processes": number}))
        except InputError:
            return None
        if outcome.planned is None or outcome.planned.run.lrs[0] == rate:
            return None  # The rate does not depend on it.
        rate = outcome.planned.run.lrs[0]
        if math.isclose(rate, base, rel_tol=NEARLY):
            return outcome, number
    return None
