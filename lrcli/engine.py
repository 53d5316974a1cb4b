"""A schedule and a run become rows: which rate is used while each tick is trained."""

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise, takewhile
from typing import Any, TypeGuard, TypeVar

from lrcli.errors import InputError
from lrcli.rows import Block, Mark, Panel, Rows, parts
from lrcli.run import Run
from lrcli.schedules.base import Absolute, Schedule, parameters
from lrcli.schedules.kind import ROWS
from lrcli.schedules.param import Declared, ParamError, declaration, param

MOST_WORK = 10**8
"""Tenths of a microsecond that nobody is made to wait for what is not shown: ten seconds. See `Schedule.cost`."""

SHOWN_AS_IT_COMES = 4
"""How much more work may go into rows that are shown: whoever waits sees them go by."""

MOST_MARKS = 64
"""More milestones than this would hide the curve."""

MOST_SOUGHT = 1_000_000
"""Marks that are passed on the way to the first row shown."""


SCHEDULE = {"name": str, "params": {"*": Any}, "spec": str}
"""The shape (see `lrcli.schema`) of `describe`."""

RUN = {"**": Run, "ticks": int, "derivation": [{"text": str, "value": float}]}
"""The shape of `run_document`."""

AXES = {"step?": int, "epoch?": int}

DOCUMENT = {"schedule": SCHEDULE, "run": RUN, "rows": [{**AXES, "lr_N": float, "momentum_N": float}]}
"""The shape of what JSON shows of `simulate`."""


@declaration
class Stretch(Declared):
    """Which consecutive rows are shown. It never changes a value."""

    start: int = param("first row shown", default=0, at_least=0)
    stop: int | None = param("row before which to stop", default=None, at_least=1)
    every: int = param("show every K-th row, from the first shown", default=1, at_least=1)


@declaration
class Selection(Stretch):
    """Which rows are shown. It never changes a value."""

    at: tuple[int, ...] | None = param("show these rows only, as in 0,10,99", default=None, at_least=0, kind=ROWS)

    def validate(self) -> None:
        if self.at is not None and (self.start, self.stop, self.every) != (0, None, 1):
            raise ParamError("--at", "expected to be alone, found beside --start, --stop or --every")

    @property
    def is_all(self) -> bool:
        """Whether nothing was selected."""
        return (self.start, self.stop, self.every, self.at) == (0, None, 1, None)

    def rows(self, length: int) -> range | list[int]:
        """The rows shown of a run of `length`, in order. Raises ParamError where there are none."""
        there = f"the run has rows 0 to {length - 1}"
        if self.at is not None and max(self.at) >= length:
            raise ParamError("--at", f"row {max(self.at)} is not in the run: {there}")
        chosen = self.within(range(length))
        if not chosen:
            raise ParamError("--start", f"no rows are left from row {self.start} on: {there}")
        return chosen

    def within(self, there: range) -> range | list[int]:
        """The rows shown of those that are `there`, consecutive ones, in order."""
        if self.at is not None:
            return sorted(row for row in set(self.at) if row in there)
        before = max(there.start - self.start, 0)
        first = self.start + -(-before // self.every) * self.every
        return range(first, there.stop if self.stop is None else min(self.stop, there.stop), self.every)


def rates(schedule: Schedule, lrs: tuple[float, ...], group: int = 0) -> Iterator[float]:
    """The rates of one parameter group from tick 0 on; it does not end."""
    return schedule.bind(group, lrs).stream(lrs[group])


def rates_and_momenta(schedule: Schedule, lrs: tuple[float, ...], group: int = 0) -> Iterator[tuple[float, float]]:
    """The rates and momenta of one parameter group from tick 0 on; it does not end."""
    return schedule.bind(group, lrs).stream_with_momentum(lrs[group])


def simulate(schedule: Schedule, run: Run, selection: Selection, *, drawn: bool = False) -> Rows:
    """The rows of a settled run: `epoch, lr`, or `step, epoch, lr` where step() is called per optimizer step.

    With parameter groups the rates are `lr_0, lr_1, ...`; the momenta come last where the schedule moves them.
    The blocks hold the rows of the selection; where curves are `drawn`, which is done whole (but for the longest runs),
    they hold every row and say which ones a table shows. They can be read once. Raises InputError, also while they are
    read: with the framework's own words where its arithmetic fails.
    """
    composed = run.warmed_up(schedule)
    length = run.length(composed)
    shown, chosen = selection.rows(length), None
    if drawn and not selection.is_all and length * composed.cost * len(run.lrs) <= MOST_WORK:
        shown, chosen = range(length), selection.within
    ticks = len(shown) if _jumps(composed, shown) else shown[-1] + 1
    weighed = ticks - len(shown) + -(-len(shown) // SHOWN_AS_IT_COMES)
    refuse_to_walk(ticks, weighed * composed.cost * len(run.lrs))
    composed.check_until(shown[-1])
    rate_names = numbered("lr", run.lrs)
    momentum_names = numbered("momentum", run.lrs) if composed.cycles_momentum else ()
    return Rows(
        columns=(*run.axes, *rate_names, *momentum_names),
        blocks=_blocks(composed, run, shown),
        length=len(shown),
        title=spec_of(schedule, run),
        panels=(Panel(rate_names), Panel(momentum_names, rate=False))[: 2 if momentum_names else 1],
        marks=marks(composed, shown),
        document={"schedule": describe(schedule, run), "run": run_document(run, length)},
        selected=not selection.is_all,
        chosen=chosen,
    )


def refuse_to_walk(ticks: int, work: int) -> None:
    """Raises ParamError for ticks that are more work than anybody waits for: ticks x groups x the cost of a tick."""
    if work > MOST_WORK:
        most = ticks * MOST_WORK // work
        raise ParamError("--ticks", f"expected at most {most} ticks to compute of this schedule, found {ticks}")


def spec_of(schedule: Schedule, run: Run) -> str:
    """The command line that makes this schedule in this run."""
    usual = dataclasses.replace(run, interval=None) if run.interval == schedule.counts_in else run
    return " ".join([schedule.spec, *usual.words()])


def run_document(run: Run, length: int) -> dict[str, object]:
    """The run as JSON shows it: what was said, what was found, and how."""
    return {
        **parameters(run),
        "ticks": length,
        "derivation": [{"text": line.text, "value": line.value} for line in run.derivation()],
    }


def describe(schedule: Schedule, run: Run) -> dict[str, object]:
    """The schedule as JSON shows it."""
    return {"name": schedule.reference.name, "params": parameters(schedule), "spec": spec_of(schedule, run)}


def numbered(name: str, groups: tuple[float, ...]) -> tuple[str, ...]:
    """The columns of a value that each parameter group has: `lr`, or `lr_0, lr_1, ...`."""
    return (name,) if len(groups) == 1 else tuple(f"{name}_{group}" for group in range(len(groups)))


def marks(schedule: Schedule, shown: range | list[int]) -> tuple[Mark, ...]:
    """The marks of the schedule up to the last row shown; of those before the first, the ones that name a child."""
    sought = islice(schedule.marks(), MOST_SOUGHT)
    within = (Mark(tick, label) for tick, label in sought if label or tick >= shown[0])
    return tuple(islice(takewhile(lambda mark: mark.row <= shown[-1], within), MOST_MARKS))


def _blocks(schedule: Schedule, run: Run, shown: range | list[int]) -> Iterator[Block]:
    groups = range(len(run.lrs))
    if schedule.cycles_momentum:
        pairs = [_pairs_at(schedule, run.lrs, group, shown) for group in groups]
    else:
        sources = [_rates_at(schedule, run.lrs, group, shown) for group in groups]
    for ticks in parts(shown, len(groups)):
        axes = run.axis_values(ticks)
        if schedule.cycles_momentum:
            halves = [tuple(zip(*filled(pair, ticks, schedule), strict=True)) for pair in pairs]
            yield (*axes, *(half[0] for half in halves), *(half[1] for half in halves))
        else:
            yield (*axes, *(filled(source, ticks, schedule) for source in sources))


def _jumps(schedule: Schedule, shown: range | list[int]) -> TypeGuard[Absolute]:
    """Whether the rows shown can be computed without those between them, and there are some between."""
    walks = isinstance(shown, range) and shown.start == 0 and shown.step == 1
    return isinstance(schedule, Absolute) and not walks


def _rates_at(schedule: Schedule, lrs: tuple[float, ...], group: int, shown: range | list[int]) -> Iterator[float]:
    """The rates at the rows shown; an absolute schedule does not walk there."""
    if _jumps(schedule, shown):
        bound = schedule.bind(group, lrs)
        base_lr = bound.base(lrs[group])
        return (bound.at(tick, base_lr) for tick in shown)
    return at_rows(rates(schedule, lrs, group), shown)


def _pairs_at(
    schedule: Schedule, lrs: tuple[float, ...], group: int, shown: range | list[int]
) -> Iterator[tuple[float, float]]:
    """The rates and momenta at the rows shown, likewise."""
    if not _jumps(schedule, shown):
        yield from at_rows(rates_and_momenta(schedule, lrs, group), shown)
        return
    values = {"lr": lrs[group]}
    ticker = schedule.bind(group, lrs).ticker(values)
    for tick in shown:
        ticker.last_epoch = tick - 1
        ticker.step()
        yield values["lr"], values["momentum"]


Value = TypeVar("Value")


def at_rows(values: Iterator[Value], rows: range | list[int]) -> Iterator[Value]:
    """Those of `values` that stand at `rows`."""
    if isinstance(rows, range):
        return islice(values, rows.start, rows.stop, rows.step)
    gaps = (row - before - 1 for before, row in pairwise([-1, *rows]))
    return (next(islice(values, gap, None)) for gap in gaps)


def filled(source: Iterator[Value], ticks: Sequence[int], schedule: Schedule) -> list[Value]:
    """The next `len(ticks)` values of `source`. Raises InputError where the framework's arithmetic fails."""
    values: list[Value] = []
    try:
        values.extend(islice(source, len(ticks)))
    except InputError:
        raise
    except (ArithmeticError, LookupError, ValueError) as error:
        where = f"{schedule.reference.symbol} fails at tick {ticks[len(values)]}"
        raise InputError(f"{where} ({type(error).__name__}: {error}): {schedule.spec}") from None
    return values
