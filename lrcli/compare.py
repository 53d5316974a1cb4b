"""Several schedules side by side, and the figures that tell them apart."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, count, islice, repeat

from lrcli.engine import Run, Selection, at_rows, describe, filled, numbered, rates, refuse_to_walk
from lrcli.errors import InputError
from lrcli.rows import BLOCK, Block, Panel, Rows, parts
from lrcli.schedules.base import Schedule, parameters
from lrcli.spec import Spec

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


@dataclass(frozen=True)
class Curve:
    """One schedule in its run, for one parameter group."""

    name: str
    schedule: Schedule
    run: Run
    group: int

    @property
    def length(self) -> int:
        """Rows of the run."""
        return self.run.ticks(self.composed)

    @property
    def composed(self) -> Schedule:
        """The schedule with the run's warmup."""
        return self.run.warmed_up(self.schedule)

    def blocks(self) -> Iterator[list[float]]:
        """The rates, a block at a time."""
        source = rates(self.composed, self.run.lrs, self.group)
        for start in range(0, self.length, BLOCK):
            yield filled(source, range(start, min(start + BLOCK, self.length)), self.composed)

    def values(self) -> Iterator[float]:
        """The rates, one after another."""
        return chain.from_iterable(self.blocks())


def curves(specs: Sequence[Spec], run: Run) -> list[Curve]:
    """A curve for each spec and parameter group. Raises InputError where they cannot share an axis."""
    found: list[Curve] = []
    for spec in specs:
        own = spec.in_run(run)
        if own.axes != run.axes or own.steps_per_epoch != run.steps_per_epoch:
            raise InputError(
                f"in the spec {spec.text(run)!r}: schedules are compared row by row; give --interval and "
                "--steps-per-epoch once, after the specs"
            )
        text = spec.schedule.spec if own == run else spec.text(run)
        for group, column in enumerate(numbered("lr", own.lrs)):
            name = text if len(own.lrs) == 1 else f"{text} {column}"
            found.append(Curve(_unlike(name, found), spec.schedule, own, group))
    return found


def _unlike(name: str, others: Sequence[Curve]) -> str:
    """`name`, numbered if another curve has it already: columns are keys in JSON."""
    taken = {curve.name for curve in others}
    return next(
        candidate for number in count(1) if (candidate := name if number == 1 else f"{name} ({number})") not in taken
    )


def compared(specs: Sequence[Spec], run: Run, selection: Selection) -> Rows:
    """One row per tick and one column per schedule; past the end of a shorter run its cells are empty.

    Raises InputError, also while the rows are read.
    """
    found = curves(specs, run)
    names = tuple(curve.name for curve in found)
    length = max(curve.length for curve in found)
    if len(found) > MOST_CURVES:
        raise InputError(f"expected at most {MOST_CURVES} curves, found {len(found)}")
    # Each is walked for its summary, and again for its column.
    refuse_to_walk(length, sum(curve.length * (curve.composed.cost + SUMMED) for curve in found))
    shown = selection.rows(length)
    return Rows(
        columns=(*run.axes, *names),
        blocks=_blocks(found, run, shown),
        length=len(shown),
        title=f"{len(found)} schedules",
        panels=(Panel(names),),
        document={
            "schedules": [describe(spec.schedule, spec.in_run(run)) for spec in specs],
            "run": parameters(run),
            "summary": [asdict(summary) for summary in summaries(found)],
        },
        selected=not selection.is_all,
    )


def _blocks(found: Sequence[Curve], run: Run, shown: range | list[int]) -> Iterator[Block]:
    sources = [at_rows(chain(curve.values(), repeat(None)), shown) for curve in found]
    for ticks in parts(shown, len(found)):
        axes = (ticks,) if run.interval == "epoch" else (ticks, [tick // run.steps_per_epoch for tick in ticks])
        yield (*axes, *(list(islice(source, len(ticks))) for source in sources))


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
