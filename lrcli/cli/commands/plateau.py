"""`lrsched plateau METRICS`: when ReduceLROnPlateau would have cut the rate, replayed from a log."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from lrcli import spec
from lrcli.cli import INTERRUPTED, NAME, say
from lrcli.cli.command import Command, Instances
from lrcli.cli.log_source import chosen_metric, opened_log, remark_on_gaps
from lrcli.cli.output import Output, watched
from lrcli.cli.showing import findings_for_a_person
from lrcli.documentation import sections_of, summary_of
from lrcli.engine import Selection
from lrcli.errors import InputError
from lrcli.logs import Log, per_epoch
from lrcli.replay import Metrics, Replay, Result, Told, document_of, replay, what_if
from lrcli.rows import Block, Rows
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import PATH
from lrcli.schedules.param import Declared, declaration, param
from lrcli.schedules.plateau import MetricDriven

MOST_COMBINATIONS = 1000

LINES_OF_FINDINGS = 7
"""Below the picture, with the result; what is found is not known until the log has been read."""


@declaration
class ChosenLog(Declared):
    """The log."""

    metrics: str | None = param(
        "the log, or the folder of the run: CSV, JSON, text, event files; - is standard input",
        default=None,
        positional=True,
        kind=PATH,
    )
    metric: str | None = param("its column; default: the obvious one", default=None)
    follow: bool = param("go on reading as the log grows", default=False)


def command(cls: type[Schedule]) -> Command:
    """The command of one of the schedules that look at a metric."""
    assert issubclass(cls, MetricDriven)
    name, (patience, factor) = cls.reference.name, map(cls.own_option, ("patience", "factor"))
    return Command(
        name=name,
        summary=summary_of(cls),
        details="\n".join(["Formula:", *(f"  {line}" for line in sections_of(cls).get("Formula", ()))])
        + "\n\nSeveral values for an option of the schedule, with commas, give a row per combination: "
        "what each would have done.",
        examples=(
            f"lrsched {name} metrics.csv {patience} 3",
            f"lrsched {name} metrics.csv --metric val_acc --mode max --explain",
            f"lrsched {name} trainer_state.json {patience} 3,5,10 {factor} 0.1,0.5",
        ),
        panel=cls.reference.family.name,
        sections={"Log": ChosenLog, "Schedule": cls, "Run": Replay, "Rows": Selection, "Output": Output},
        run=partial(run, cls),
        document=document_of(cls),
        build={cls: combinations},
    )


def combinations(cls: type[Schedule], values: Mapping[str, Any]) -> list[Schedule]:
    """A schedule for each combination of the values; a list for an option that takes one per group is one value."""
    choices = {
        name: text.split(",") if isinstance(text, str) and not cls.params()[name].is_per_group else [text]
        for name, text in values.items()
    }
    count = 1
    for choice in choices.values():
        count *= len(choice)
    if count > MOST_COMBINATIONS:
        raise InputError(f"expected at most {MOST_COMBINATIONS} combinations of values, found {count}")
    return [
        spec.gathered(cls, dict(zip(choices, combination, strict=True))).schedule
        for combination in itertools.product(*choices.values())
    ]


def run(cls: type[MetricDriven], given: Instances) -> int:
    """Replay the log, or compare what several plateaus would have done with it."""
    source, replayed, selection, output = given[ChosenLog], given[Replay], given[Selection], given[Output]
    log = opened_log(source.metrics, "METRICS", follow=source.follow)
    column = chosen_metric(log, source.metric, "--metric")
    plateaus: list[MetricDriven] = given[cls]
    metrics = metrics_of(log, column)
    if not (source.follow or output.scrolls):
        metrics = watched(metrics)
    if len(plateaus) > 1:
        output.show(what_if(plateaus, replayed, metrics, varied(plateaus)))
    else:
        words = [plateaus[0].spec, *replayed.words()]
        title = f"{' '.join(words)} on {column}"
        if output.draws:
            rows = drawn_whole(replay(plateaus[0], replayed, metrics, Selection(), title), selection)
        else:
            rows = replay(plateaus[0], replayed, metrics, selection, title)
        result = Result(plateaus[0])
        if selection.is_all or output.draws:
            rows.blocks = result.watching(rows.blocks, rows.columns)
        observed = summed_up(rows, column) if output.to_terminal and selection.is_all else None
        if source.follow and output.can_watch:
            told = Told(plateaus[0], rows.columns)
            output.watch(rows, told.events, told.coming)
        else:
            output.show(rows, reserve=LINES_OF_FINDINGS if observed else 0)
        if result.rates:
            say(f"{NAME}: {result.sentence}\n")
        if observed:
            say(
                findings_for_a_person(
                    output,
                    lambda checks: checks.plateau_findings(plateaus[0], replayed.lrs, observed, replayed.framework),
                )
            )
    remark_on_gaps(log, column)
    return INTERRUPTED if log.interrupted else 0


def drawn_whole(rows: Rows, selection: Selection) -> Rows:
    """The rows for a curve, which is drawn whole, and for a table, which has the selected ones."""
    if not selection.is_all:
        rows.blocks, rows.chosen, rows.selected = _selectable(rows.blocks, selection), selection.within, True
    return rows


def _selectable(blocks: Iterable[Block], selection: Selection) -> Iterator[Block]:
    """The blocks as they are. Raises ParamError where the rows selected are not there."""
    count = 0
    for block in blocks:
        count += len(block[0])
        yield block
    selection.rows(count)


def summed_up(rows: Rows, column: str) -> Any:
    """What the checks need to know of the rows, summed up as they go by."""
    from lrcli.checks import Observed

    observed = Observed(column)
    rows.blocks = map(tuple, observed.watching(rows.blocks, rows.columns))
    return observed


def metrics_of(log: Log, column: str) -> Iterable[Metrics]:
    """The metric of each epoch, a block at a time."""
    return ((block.epochs, block.values) for block in per_epoch(log, column))


def varied(plateaus: Iterable[MetricDriven]) -> list[str]:
    """The parameters in which the plateaus differ."""
    first, *others = plateaus
    return [name for name in first.params() if any(getattr(other, name) != getattr(first, name) for other in others)]
