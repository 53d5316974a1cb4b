"""A plateau replayed over the metric of a log, whose digits may hide whether a value was better than the best one."""

import copy
import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lrcli.errors import InputError
from lrcli.logs.series import FULL_DIGITS, Series, Shown
from lrcli.logs.table import Facts
from lrcli.record import Reading, Record, Tolerance
from lrcli.replay import Replay
from lrcli.schedules.family import EPOCH
from lrcli.schedules.plateau import Judgement, KerasJudge, MetricDriven, Plateau, TorchJudge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Metrics = Sequence[float]

USED, NEXT = "the rate that was used", "the rate that step() left"
CONVENTIONS = (USED, NEXT)
"""What a log shows beside the metric of an epoch, the likelier first."""

AT_ONCE = 48
"""Epochs that are judged before their rates are looked at."""

BEGUN = 150
"""What it costs to begin a replay, in epochs that are judged."""

PER_STATE = 60
"""What it costs to judge one epoch by itself, in epochs that are judged together."""

LEAST_DIGITS, MANY = 3, 10
"""Digits, or decimals, and different values, from which on a metric may be taken for rounded."""

HALVINGS = 30
"""Of the values that a metric may have had, to find where it begins to be better."""

Judge = TorchJudge | KerasJudge


class Evaluated(NamedTuple):
    """The epochs of a log that have a rate and a metric."""

    record: Record
    """The first rate of each."""
    reading: Reading
    metrics: Metrics
    """The last value of each."""
    shown: Shown
    """How the log writes the metric."""

    @classmethod
    def of_series(cls, rates: Series, metrics: Series, facts: Facts) -> "Evaluated":
        """Both columns side by side. Raises InputError where no epoch has both."""
        by_epoch = rates.epochs is not None and metrics.epochs is not None
        first = dict(reversed([*zip(_places(rates, by_epoch), range(len(rates)), strict=True)]))
        last = dict(zip(_places(metrics, by_epoch), metrics.values.tolist(), strict=True))
        epochs = sorted(epoch for epoch in first if epoch in last)
        if not epochs:
            raise InputError(f"the log has no epoch with both {rates.column} and {metrics.column}")
        rows = [first[epoch] for epoch in epochs]
        record = Record.of_series(rates, facts)
        record = dataclasses.replace(
            record, values=record.values[rows], steps=None, epochs=None, lines=[record.lines[row] for row in rows]
        )
        return cls(
            record, _reading(epochs if by_epoch else [], len(rows)), [last[epoch] for epoch in epochs], metrics.shown
        )


def _places(series: Series, by_epoch: bool) -> list[float]:
    """What rows of the rate and of the metric have in common: the epoch, or else the line."""
    if by_epoch and series.epochs is not None:
        return [float(epoch) // 1 for epoch in series.epochs.tolist()]
    return [float(series.lines[row]) for row in range(len(series))]


def _reading(epochs: Sequence[float], count: int) -> Reading:
    """A tick is an evaluation. Where there is one in every epoch, the epochs of the log say which."""
    import numpy as np

    if epochs and epochs[0] in (0, 1) and epochs[-1] - epochs[0] == count - 1:
        return Reading(np.arange(count), EPOCH, int(epochs[0]))
    return Reading(np.arange(count), "row", 0)


class Held:
    """The rates of a log beside those that a plateau makes of metrics; what it costs is counted in epochs."""

    def __init__(self, log: Evaluated, tolerance: Tolerance, most: int) -> None:
        self.values, self.metrics = log.record.values, log.metrics
        self.tolerance = tolerance
        self.shown = log.shown
        self._is_rounded = _is_rounded(log.metrics, log.shown)
        self.left = most
        self._better: dict[tuple[Any, ...], list[bool | None]] = {}

    def gives(self, plateau: MetricDriven, given: Replay, metrics: Metrics, convention: str, start: int = 0) -> bool:
        """Whether the plateau, begun at the row `start`, gives the rates of all rows from there on."""
        self.left -= BEGUN
        try:
            judge = given.judge(plateau)
        except InputError:
            return False
        for first in range(start, len(self.values), AT_ONCE):
            part = metrics[first : first + AT_ONCE]
            self.left -= len(part)
            if self.left < 0:
                return False
            expected = _rates(judge.judge(part), convention)
            if not self.same(expected, first):
                return self._is_rounded and self.path(plateau, given, metrics, convention, start) is not None
        return True

    def expected(self, plateau: MetricDriven, given: Replay, metrics: Metrics, convention: str) -> "Floats":
        """The rates of all rows: those of the log where some metric that is shown as these gives them."""
        import numpy as np

        strictly = _rates(given.judge(plateau).judge(metrics), convention)
        if self._is_rounded and not self.same(strictly, 0):
            return np.array(self.path(plateau, given, metrics, convention) or strictly)
        return np.array(strictly)

    def after_calls(self, plateau: MetricDriven, given: Replay, metrics: Metrics) -> list[float]:
        """The rate after no call of step(), after the first, and so on."""
        self.left -= BEGUN + len(metrics)
        return _rates(given.judge(plateau).judge([*metrics, math.nan]), USED)

    def path(
        self, plateau: MetricDriven, given: Replay, metrics: Metrics, convention: str, start: int = 0
    ) -> "list[float] | None":
        """The rates that it gives if the metrics were others that are shown as these; None if none give the log."""
        judge = given.judge(plateau)
        warming = metrics[start : start + judge.left]
        found = _rates(judge.judge(warming), convention) if warming else []
        if not self.same(found, start):
            return None
        states: list[tuple[Judge, _Path]] = [(judge.inner, None)]
        for row in range(start + len(warming), len(self.values)):
            self.left -= PER_STATE * len(states)
            if self.left < 0:
                return None
            after: dict[object, list[tuple[Judge, _Path]]] = {}
            for state, before in states:
                for new, judgement in self._judged(state, metrics[row]):
                    [rate] = _rates(judgement, convention)
                    if self.same([rate], row):
                        after.setdefault(new.counts, []).append((new, (rate, before)))
            # Of states that differ in the best value alone, what the others do lies between what these do.
            states = [end(alike, key=_best) for alike in after.values() for end in (min, max)]
            if not states:
                return None
        return [*found, *_unfolded(states[0][1])]

    def _judged(self, state: Judge, metric: float) -> Iterator[tuple[Judge, Judgement]]:
        """What the judge makes of the values that are shown as this one: the least, the greatest, and if one of them
        is better than the best and the other is not, those between which that changes."""
        if not self._is_rounded or not math.isfinite(metric):
            yield _next(state, metric)
            return
        half = self._half(metric)
        low, high = metric - half, metric + half
        below, above = _next(state, low), _next(state, high)
        yield from (below, above)
        is_better = below[0].best != state.best
        if is_better == (above[0].best != state.best):
            return
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            between = _next(state, middle)
            if (between[0].best != state.best) == is_better:
                low, below = middle, between
            else:
                high, above = middle, between
        self.left -= HALVINGS * PER_STATE // 3
        yield from (below, above)

    def _half(self, metric: float) -> float:
        """How far the metric may have been from what the log shows of it."""
        if not self._is_rounded or not math.isfinite(metric):
            return 0.0
        if self.shown.decimals is not None:
            return 0.5 * 10.0**-self.shown.decimals
        return 0.5 * 10.0 ** (math.floor(math.log10(abs(metric))) + 1 - self.shown.digits) if metric else 0.0

    def better(self, plateau: Plateau) -> list[bool | None]:
        """Whether each epoch is better than the best one before, as torch judges; None where its digits hide it."""
        key = plateau.mode, plateau.threshold, plateau.threshold_mode
        if key not in self._better:
            self._better[key] = self._judged_alone(plateau)
        return self._better[key]

    def _judged_alone(self, plateau: Plateau) -> list[bool | None]:
        sign = 1 if plateau.mode == "min" else -1
        least = most = sign * math.inf  # of what the best one was
        found: list[bool | None] = []
        for metric in self.metrics:
            half = self._half(metric)
            limits = sign * plateau.limit(least), sign * plateau.limit(most)
            if sign * metric + half < min(limits):
                least, most = metric - half, metric + half
                found.append(True)
            elif sign * metric - half >= max(limits):
                found.append(False)
            else:
                least, most = min(least, metric - half), max(most, metric + half)
                found.append(None)
        return found

    def same(self, expected: Sequence[float], row: int = 0) -> bool:
        """Whether these are the rates of the log from a row on."""
        import numpy as np

        found = self.values[row : row + len(expected)]
        return bool(self.tolerance.equal(np.array(expected), found).all())


_Path = tuple[float, "_Path"] | None
"""The rates of a row and of those before it, the last first."""


def _is_rounded(metrics: Metrics, shown: Shown) -> bool:
    """Whether the metric had more digits than are shown: it has many values, and they need those that they have."""
    distinct = {metric for metric in metrics if math.isfinite(metric)}
    last = shown.decimals if shown.decimals is not None else shown.digits
    if shown.digits >= FULL_DIGITS or last < LEAST_DIGITS or len(distinct) < MANY:
        return False
    kind = "f" if shown.decimals is not None else "g"
    shorter = [metric for metric in distinct if float(f"{metric:.{last - 1}{kind}}") == metric]
    return len(shorter) * 2 < len(distinct)


def _rates(judged: Judgement, convention: str) -> list[float]:
    """What a log shows, of the first parameter group."""
    return [rates[0] for rates in (judged.rates if convention == USED else judged.next_rates)]


def _next(state: Judge, metric: float) -> tuple[Judge, Judgement]:
    new = copy.copy(state)
    return new, new.judge([metric])


def _best(state: tuple[Judge, _Path]) -> float:
    return state[0].best if state[0].best is not None else state[0].nothing_yet


def _unfolded(path: _Path) -> list[float]:
    rates = []
    while path is not None:
        rates.append(path[0])
        path = path[1]
    return rates[::-1]
