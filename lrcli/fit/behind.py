"""A scheduler that stands behind something else, with all that is unknown sought at once: a line up, or other parts."""

import dataclasses
from collections.abc import Sequence

from lrcli.fit.forms import BASE
from lrcli.fit.guess import Guess
from lrcli.fit.relaxed import Relaxed

WARMUP, START = "ticks of the warmup", "share at its start"
"""What is sought of a straight line up before a schedule."""

SHIFT = "ticks before it begins"
"""What is sought of a part."""


class Warmed(Relaxed):
    """The same behind a straight line up, torch's LinearLR: the last two numbers are its length and its first share."""

    def at(self, numbers: Sequence[float], rows: Sequence[int]) -> list[float]:
        *own, warmup, share = numbers
        before = [row for row in rows if self.solver.ticks[row] < warmup]
        found = self.solver.at(own, None, rows[len(before) :], warmup)
        base = own[self.names.index(BASE)] if BASE in self.names else self.solver.base
        return [base * (share + (1 - share) * self.solver.ticks[row] / warmup) for row in before] + found

    def made(self, numbers: Sequence[float]) -> Guess:
        *own, warmup, share = numbers
        guess = self.solver.made(own, None)
        return dataclasses.replace(guess, warmup=int(warmup), start_factor=share)


class Shifted(Relaxed):
    """The same behind another part: the last number is the tick at which it begins."""

    def at(self, numbers: Sequence[float], rows: Sequence[int]) -> list[float]:
        *own, shift = numbers
        return self.solver.at(own, None, rows, shift)

    def made(self, numbers: Sequence[float]) -> Guess:
        *own, shift = numbers
        return dataclasses.replace(self.solver.made(own, None), after=int(shift))
