"""Schedulers that count batches and know how many an epoch has, behind a log with a row for each epoch.

Such a row shows the rate of the epoch's last batch, so that the length of an epoch decides at which tick it stands.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any

from lrcli.fit.effort import Effort
from lrcli.fit.guess import Guess
from lrcli.fit.numbers import crossings, typed
from lrcli.record import Reading, Record, rates_at
from lrcli.record.axis import ends_of_epochs
from lrcli.record.curve import FAILURES
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.role import CHOICE

LONGEST_EPOCH = 200_000
WARMUPS = (3.0, 0.0, 1.0, 2.0, 4.0, 5.0, 10.0)
SHARES = (0.1, 0.001, 0.0001, 0.2, 0.05, 1.0)
MOST_LENGTHS = 3

FEWEST_ROWS = 20
"""Of a log whose last quarter is behind every warmup."""

LATE_ROWS = 16
"""Of the end of a log, at which a form is held before its length is sought."""

NEAR, SAME = 2e-3, 5e-5
"""Of the highest rate: how near such rows must be, and where the length of an epoch changes nothing in them."""

A_LENGTH, A_TICK = 40, 50
"""What it costs to try one, in rates, and the ticks of it that cost one more: some add up the shares of ticks."""


def guesses_by_epoch(cls: type[Schedule], record: Record, effort: Effort) -> Iterator[tuple[Guess, Reading]]:
    """The guesses at a scheduler that has the batches of an epoch among its fields. Raises SpentError."""
    [per_epoch] = cls.fields(role.PER_EPOCH)
    epochs = cls.fields(role.EPOCHS)
    if not epochs or ends_of_epochs(record, 1) is None:
        return
    last = ends_of_epochs(record, 1)
    assert last is not None
    count = int(last.ticks.max()) + 1
    shares = cls.fields(role.FLOOR_SHARE)
    early = {declared.name for declared in cls.fields(role.WARMUP_EPOCHS, role.GROUP)}
    missed: set[tuple[Any, ...]] = set()
    for values in _forms(cls, record, count):
        for share in (shares[0].default, *SHARES) if shares else (None,):
            further = {} if share is None else {shares[0].name: share}
            late = share, *(value for name, value in values.items() if name not in early)
            if late in missed:
                continue
            solved = Solved(cls, {**values, **further}, per_epoch.name, record, effort)
            if solved.has_the_end():
                yield from solved.guesses()
            elif len(record) >= FEWEST_ROWS:
                missed.add(late)  # Whatever the warmup is.


def _forms(cls: type[Schedule], record: Record, count: int) -> Iterator[dict[str, Any]]:
    choices: dict[str, list[Any]] = {}
    lengths = [round(record.facts.num_train_epochs)] if record.facts.num_train_epochs else []
    usual = [length for length in (count, 50, 100, 150, 200, 300, 500, 1000) if length >= count]
    for declared in cls.params().values():
        meaning = declared.role
        if meaning is role.EPOCHS:
            choices[declared.name] = list(dict.fromkeys([*lengths, *usual]))
        elif meaning is role.WARMUP_EPOCHS:
            choices[declared.name] = list(WARMUPS)
        elif meaning is role.GROUP:
            choices[declared.name] = [None, 0]
        elif declared.choices:
            choices[declared.name] = list(declared.choices)
        elif declared.annotation is bool and meaning and meaning.unit is CHOICE:
            choices[declared.name] = [declared.default, not declared.default]
    for combination in itertools.product(*choices.values()):
        yield dict(zip(choices, combination, strict=True))


class Solved:
    """The length of an epoch, from the first row; the base rate, from the last, that is no part of a warmup."""

    def __init__(
        self, cls: type[Schedule], values: dict[str, Any], per_epoch: str, record: Record, effort: Effort
    ) -> None:
        self.cls, self.values, self.per_epoch, self.record, self.effort = cls, values, per_epoch, record, effort
        self.rates = record.values
        self.anchor = len(record) - 1

    def _made(self, length: int) -> tuple[Guess, Reading] | None:
        self.effort.take(A_LENGTH + length // A_TICK)
        try:
            schedule = self.cls(**self.values, **{self.per_epoch: length})
        except FAILURES:
            return None
        reading = ends_of_epochs(self.record, length)
        if reading is None:
            return None
        one = float(rates_at(schedule, (1.0,), reading.ticks[self.anchor :])[0])
        return (Guess(schedule, float(self.rates[self.anchor]) / one), reading) if one > 0 else None

    def _residual(self, length: int) -> float:
        pair = self._made(length)
        if pair is None:
            return math.nan
        guess, reading = pair
        return float(rates_at(guess.schedule, (guess.lr,), reading.ticks[:1])[0]) - float(self.rates[0])

    def has_the_end(self) -> bool:
        """Whether rows long after the warmup, which do not depend on the length of an epoch, are nearly given."""
        import numpy as np

        rates = self.rates
        if len(rates) < 3 or not rates[self.anchor] > 0:
            return False
        late = slice(3 * len(rates) // 4, None, max(1, len(rates) // (4 * LATE_ROWS)))
        tail = self._tail(100, late)
        off = math.inf if tail is None else float(np.abs(tail - rates[late]).max() / rates.max())
        if tail is None or not SAME < off <= NEAR:
            return off <= SAME
        other = self._tail(150, late)
        return other is not None and bool(np.abs(tail - other).max() > SAME * rates.max())

    def _tail(self, length: int, late: slice) -> Any:
        """The rates of late rows, if an epoch is that long; None where there are none."""
        pair = self._made(length)
        if pair is None:
            return None
        self.effort.take(LATE_ROWS)
        guess, reading = pair
        return rates_at(guess.schedule, (guess.lr,), reading.ticks[late])

    def guesses(self) -> Iterator[tuple[Guess, Reading]]:
        """The schedules that pass through the first row and the last."""
        grid = [1, 2, 3, 4, 6, 8, *(round(10 * 1.5**step) for step in range(20))]
        lengths = list(itertools.islice(crossings(self._residual, sorted({*grid})), 2 * MOST_LENGTHS))
        for length in dict.fromkeys([near + shift for near in lengths for shift in (0, 1, -1)] or [1]):
            pair = self._made(length) if length > 0 else None
            if pair is None:
                continue
            guess, reading = pair
            for lr in typed(guess.lr, 1e-4):
                yield Guess(guess.schedule, lr), reading
