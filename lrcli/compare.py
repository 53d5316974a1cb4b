"""Several schedules side by side, and the figures that tell them apart."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, count, islice, repeat
from typing import NamedTuple

from lrcli.engine import AXES, SCHEDULE, Selection, at_rows, describe, filled, numbered, rates, refuse_to_walk
from lrcli.errors import InputError
from lrcli.plan import Planned
from lrcli.rows import BLOCK, Block, Panel, Rows, parts
from lrcli.run import Run
from lrcli.schedules.base import Schedule, parameters
from lrcli.schedules.family import EPOCH, STEP

MOST_CURVES = 1000

SUMMED = 2
"""What a tick costs the summary; see `Schedule.cost`."""


@dataclass(frozen=True)
class Summary:
    """What a curve amounts to. Rates as they are, places as rows."""

    spec: str
    rows: int
    peak: float
    peak_row: int
    final: float
    area: float
    """Sum of the rates over the run: how far the optimizer can go."""
    half_life: int | None
    """Rows from the peak until the rate is half of it or less; None if it never is."""


DOCUMENT = {
    "schedules": [SCHEDULE],
    "run": Run,
    "summary": [Summary],
    "rows": [{**AXES, "tick?": int, "*": float}],
}
"""The shape (see `lrcli.schema`) of what JSON shows of a comparison; curves have the names of the summary."""


@dataclass(frozen=True)
class Curve:
    """One schedule in its run, for one parameter group."""

    name: str
    schedule: Schedule
    run: Run
    group: int
    rows_per_tick: int = 1
    """More than 1 where rows are optimizer steps and the schedule is stepped once an epoch."""

    @property
    def length(self) -> int:
        """Rows of the run."""
        return self.run.length(self.composed) * self.rows_per_tick

    @property
    def composed(self) -> Schedule:
        """The schedule with the run's warmup."""
        return self.run.warmed_up(self.schedule)

    def values(self) -> Iterator[float]:
        """The rates, one after another."""
        ticks = self.run.length(self.composed)
        source = rates(self.composed, self.run.lrs, self.group)
        blocks = (
            filled(source, range(start, min(start + BLOCK, ticks)), self.composed) for start in range(0, ticks, BLOCK)
        )
        values = chain.from_iterable(blocks)
        return values if self.rows_per_tick == 1 else (rate for rate in values for _ in range(self.rows_per_tick))


class Axes(NamedTuple):
    """What the rows of a comparison stand for."""

    names: tuple[str, ...]
    steps_per_epoch: int | None
    interval: str | None


def axes_of(plans: Sequence[Planned]) -> Axes:
    """The axes that the schedules share: optimizer steps where one of them is stepped so, else epochs.

    Where the length of an epoch is not known, schedules that are stepped otherwise are compared call by call.
    """
    intervals = {plan.run.interval for plan in plans}
    lengths = {plan.run.steps_per_epoch for plan in plans}
    if len(intervals) == 1:
        interval = next(iter(intervals))
        if interval == EPOCH:
            return Axes((EPOCH,), None, interval)
        known = next(iter(lengths)) if len(lengths) == 1 else None
        return Axes((STEP, EPOCH) if known else (STEP,), known, interval)
    if len(lengths) == 1 and None not in lengths:
        return Axes((STEP, EPOCH), next(iter(lengths)), STEP)
    return Axes(("tick",), None, None)


def curves(plans: Sequence[Planned], run: Run) -> list[Curve]:
    """A curve for each schedule and parameter group."""
    found: list[Curve] = []
    axes = axes_of(plans)
    for plan in plans:
        own = plan.run
        alone = run.settled(plan.schedule.counts_in, plan.schedule.reference.family)
        text = plan.schedule.spec if own == alone else plan.text
        rows_per_tick = (axes.steps_per_epoch or 1) if axes.interval == STEP and own.interval == EPOCH else 1
        for group, column in enumerate(numbered("lr", own.lrs)):
            name = text if len(own.lrs) == 1 else f"{text} {column}"
            found.append(Curve(_unlike(name, found), plan.schedule, own, group, rows_per_tick))
    return found


def _unlike(name: str, others: Sequence[Curve]) -> str:
    """`name`, numbered if another curve has it already: columns are keys in JSON."""
    taken = {curve.name for curve in others}
    return next(
        candidate for number in count(1) if (candidate := name if number == 1 else f"{name} ({number})") not in taken
    )


def compared(plans: Sequence[Planned], run: Run, selection: Selection, *, drawn: bool = False) -> Rows:
    """One row per tick and one column per schedule; past the end of a shorter run its cells are empty.

    Where curves are `drawn`, the blocks hold every row, as in `simulate`. Raises InputError, also while they are read.
    """
    axes = axes_of(plans)
    found = curves(plans, run)
    names = tuple(curve.name for curve in found)
    length = max(curve.length for curve in found)
    if len(found) > MOST_CURVES:
        raise InputError(f"expected at most {MOST_CURVES} curves, found {len(found)}")
    # Each is walked for its summary, and again for its column.
    refuse_to_walk(length, sum(curve.length * (curve.composed.cost + SUMMED) for curve in found))
    shown, chosen = selection.rows(length), None
    if drawn and not selection.is_all:
        shown, chosen = range(length), selection.within
    return Rows(
        columns=(*axes.names, *names),
        blocks=_blocks(found, axes, shown),
        length=len(shown),
        title=f"{len(found)} schedules",
        panels=(Panel(names),),
        document={
            "schedules": [describe(plan.schedule, plan.run) for plan in plans],
            "run": parameters(dataclasses.replace(run, interval=axes.interval)),
            "summary": [asdict(summary) for summary in summaries(found)],
        },
        selected=not selection.is_all,
        chosen=chosen,
    )


def _blocks(found: Sequence[Curve], axes: Axes, shown: range | list[int]) -> Iterator[Block]:
    sources = [at_rows(chain(curve.values(), repeat(None)), shown) for curve in found]
    for rows in parts(shown, len(found)):
        epochs = ([row // axes.steps_per_epoch for row in rows],) if axes.steps_per_epoch else ()
        yield (rows, *epochs, *(list(islice(source, len(rows))) for source in sources))


def summaries(found: Sequence[Curve]) -> list[Summary]:
    """The summary of each curve; each is walked once."""
    return [_summary(curve) for curve in found]


def _summary(curve: Curve) -> Summary:
    peak, peak_row, half_row, area, value = -1.0, 0, None, 0.0, 0.0
    for row, value in enumerate(curve.values()):
        area += value
        if value > peak:
            peak, peak_row, half_row = value, row, None
        elif half_row is None and value <= peak / 2:
            half_row = row
    return Summary(
        curve.name, curve.length, peak, peak_row, value, area, None if half_row is None else half_row - peak_row
    )
