"""Schedules that are a factor of the base rate, and the phases that some of them have."""

from collections.abc import Iterator
from itertools import count

from lrcli.schedules.base import Absolute


class Factor(Absolute):
    """A schedule that is a factor of the base rate, as torch's LambdaLR computes it. A subclass gives `factor`."""

    def factor(self, t: int) -> float:
        """What the base rate is multiplied by at tick `t`."""
        raise NotImplementedError

    def at(self, t: int, base_lr: float) -> float:
        return base_lr * self.factor(t)

    def advance(self, t: int, lr: float, base_lr: float) -> Iterator[float]:
        factor = self.factor
        return (base_lr * factor(tick) for tick in count(t))


def phases(**lengths: int) -> Iterator[tuple[int, str]]:
    """The marks of phases that follow each other, given by name and length in ticks; empty ones have none."""
    start = 0
    for name, length in lengths.items():
        if length > 0:
            yield start, name
            start += length
