"""A value per epoch: what a plateau judges."""

import operator
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple, cast

from lrcli.logs.log import Log, are_ints
from lrcli.logs.table import Numbers
from lrcli.rows import BLOCK


class EpochBlock(NamedTuple):
    """Epochs with the last value of each: parallel sequences."""

    epochs: Sequence[float]
    values: Sequence[float]


def per_epoch(log: Log, column: str) -> Iterator[EpochBlock]:
    """The last value of each epoch, in order; a new epoch begins where the number changes.

    A row without an epoch goes by its step; a log with neither has an epoch per row.
    """
    epoch, step = log.epoch, log.step
    held: tuple[list[float], list[float]] = [], []
    count = 0
    for _, values, (keys, steps) in log.rows(column, epoch or step, step):
        epochs, values = held[0] + _labels(keys, steps, count), held[1] + values
        count += len(keys)
        if not values:
            continue
        held = epochs[-1:], values[-1:]
        if not all(map(operator.ne, epochs, islice(epochs, 1, None))):
            before = len(values)
            ends = [place for place, (label, following) in enumerate(pairwise(epochs)) if label != following]
            epochs, values = [epochs[place] for place in [*ends, -1]], [values[place] for place in [*ends, -1]]
            log.superseded += before - len(values)
        for start in range(0, len(values) - 1, BLOCK):
            stop = min(start + BLOCK, len(values) - 1)
            yield EpochBlock(epochs[start:stop], values[start:stop])
    if held[0]:
        yield EpochBlock(*held)


def _labels(keys: Numbers, steps: Numbers, count: int) -> list[float]:
    """The number of each row's epoch: the key, else the step, else which row it is, `count` being that of the first."""
    if are_ints(keys):
        return cast(list[float], keys)
    labels = (
        key if key is not None else step if step is not None else row
        for row, (key, step) in enumerate(zip(keys, steps, strict=True), count)
    )
    return [int(label) if label == label // 1 else label for label in labels]
