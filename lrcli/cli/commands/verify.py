"""`lrsched verify LOG SPEC`: did a finished run follow the schedule?"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from lrcli import spec
from lrcli.cli import INTERRUPTED, say
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.log_source import chosen_metric, chosen_rates, opened_log, over_metrics
from lrcli.cli.output import Output
from lrcli.cli.remarks import say_all
from lrcli.configs.reading import Reading
from lrcli.errors import InputError
from lrcli.logs import Log
from lrcli.logs.log import listed
from lrcli.logs.names import metrics as metrics_of
from lrcli.plan import Planned
from lrcli.record import Record
from lrcli.rows import Rows
from lrcli.run import Run
from lrcli.schedules import named
from lrcli.schedules.kind import PATH, SPEC
from lrcli.schedules.param import Declared, declaration, param, shell_word
from lrcli.schedules.plateau import MetricDriven
from lrcli.text import folded, plural, significant
from lrcli.verify import Verdict, verify
from lrcli.verify.following import Following
from lrcli.verify.metric import verify_metric
from lrcli.verify.replayed import Evaluated
from lrcli.verify.verdict import COLUMNS, DOCUMENT, PANELS, ROW, TICK

MOST_METRICS = 12
"""Other columns of a log that are tried as the metric."""

PRECISION = 9
"""Significant digits of a difference: more than float32 has."""


@declaration
class Verified(Declared):
    """The log, the schedule that it should follow, and how closely."""

    log: str = param("the log of the run; - is standard input", positional=True, kind=PATH)
    schedule: str = param('the schedule that was meant: "cosine --t-max 50 --lr 0.1"', positional=True, kind=SPEC)
    column: tuple[str, ...] = param(
        "the log's column of the rate, or of each parameter group's; default: the obvious ones",
        default=(),
        repeated=True,
    )
    metric: str | None = param("the log's column of the metric, for plateau; default: the obvious one", default=None)
    rtol: float | None = param(
        "relative difference that still counts as equal; default: 1e-6, or what the printed digits allow",
        default=None,
        at_least=0,
    )
    follow: bool = param("go on reading as the log grows, up to the first row that does not follow", default=False)

    @property
    def columns(self) -> list[str]:
        """The columns that were named, also several in one word."""
        return [name.strip() for names in self.column for name in names.split(",")]


def run(given: Instances) -> int:
    """Say whether the log follows the schedule; 1 if not."""
    asked, output = _with_its_metric(given[Verified]), given[Output]
    meant = _meant(asked, given[Reading], given[Run])
    say_all(meant.taken)
    log = opened_log(asked.log, "LOG", follow=asked.follow)
    columns = chosen_rates(log, asked.columns, "--column", len(meant.run.lrs))
    if asked.follow:
        return _follow(meant, log, columns, asked.rtol, output)
    if isinstance(meant.schedule, MetricDriven):
        verdicts = [judged(meant.schedule, meant.run, log, column, asked) for column in columns[:1]]
    else:
        records = [Record.of_series(series, log.facts) for series in log.series(*columns)]
        groups = range(len(columns)) if len(meant.run.lrs) > 1 else [0] * len(columns)
        verdicts = [
            verify(meant.schedule, meant.run, record, asked.rtol, group)
            for record, group in zip(records, groups, strict=True)
        ]
    return _told(dict(zip(columns, verdicts, strict=False)), meant, output)


def _with_its_metric(asked: Verified) -> Verified:
    """What was asked, where the spec names the metric, as the command line of `plateau` does."""
    words = asked.schedule.replace("--metric=", "--metric ").split()
    cls = named(words[0]) if "--metric" in words[:-1] else None
    if cls is None or not issubclass(cls, MetricDriven):
        return asked
    place = words.index("--metric")
    spec_alone = " ".join(words[:place] + words[place + 2 :])
    return dataclasses.replace(asked, schedule=spec_alone, metric=asked.metric or words[place + 1])


def _told(verdicts: dict[str, Verdict], meant: Planned, output: Output) -> int:
    """Show the verdict on each column; the rows are those of the first that does not follow."""
    parted = [verdict for verdict in verdicts.values() if not verdict.follows]
    shown = (parted or list(verdicts.values()))[0]
    remark = told_of(verdicts)
    if output.takes_text:
        output.show_text(remark)
    elif output.chosen_format() == "json":
        several = [{"column": name, **verdict.as_document()} for name, verdict in verdicts.items()]
        output.show_document(shown.as_document() | ({"columns": several} if len(several) > 1 else {}))
    else:
        if output.to_terminal:
            remark = folded(remark, output.style().width, indent=0)
        output.show(shown.rows(meant.text), remark=remark)
    return int(bool(parted))


def told_of(verdicts: dict[str, Verdict]) -> str:
    """The verdicts in words, each with its column where there are several."""
    if len(verdicts) == 1:
        return "".join(map(sentences, verdicts.values()))
    return "".join(f"{listed([name])}:\n{sentences(verdict)}" for name, verdict in verdicts.items())


def _follow(meant: Planned, log: Log, columns: list[str], rtol: float | None, output: Output) -> int:
    """Hold the log to the schedule as it grows."""
    if isinstance(meant.schedule, MetricDriven) or len(columns) > 1:
        raise InputError("--follow: expected one column of rates, and a schedule that does not wait for a metric")
    following = Following(meant.schedule, meant.run, rtol)
    rows = Rows(
        columns=(TICK, *COLUMNS),
        blocks=following.blocks(Record.of_series(series, log.facts) for series in log.growing(columns[0])),
        length=None,
        title=meant.text,
        panels=PANELS,
    )
    if output.can_watch:
        output.watch(rows, following.events, following.coming)
    elif output.chosen_format() == "json":
        for _ in rows.blocks:
            pass
    else:
        output.show(rows)
    seen = following.verdict
    if seen is None:
        return INTERRUPTED if log.interrupted else 0
    verdict = verify(meant.schedule, meant.run, seen.record, rtol)
    if output.chosen_format() == "json":
        output.show_document(verdict.as_document())
    else:
        say(sentences(verdict), indent=0)
    return 1 if not verdict.follows else INTERRUPTED if log.interrupted else 0


def _meant(asked: Verified, reading: Reading, run: Run) -> Planned:
    """The schedule in its run. Raises InputError, with the right order where log and schedule were exchanged."""
    try:
        return spec.written(asked.schedule, reading).in_run(run)
    except InputError as error:
        if Path(asked.schedule).exists() and named(asked.log.split()[0] if asked.log.split() else ""):
            raise InputError(
                f"the log comes first: lrsched verify {shell_word(asked.schedule)} {shell_word(asked.log)}"
            ) from None
        raise error


def judged(plateau: MetricDriven, run: Run, log: Log, column: str, asked: Verified) -> Verdict:
    """The rates of the log beside those that a plateau makes of the log's own metric, epoch by epoch."""
    metric = chosen_metric(log, asked.metric, "--metric")
    rates, metrics = log.series(column, metric)
    evaluated = Evaluated.of_series(rates, metrics, log.facts)

    def others() -> dict[str, Sequence[float]]:
        return {} if asked.log == "-" else other_metrics(asked.log, log, column, metric, len(evaluated.metrics))

    return verify_metric(plateau, run, evaluated, metric, others, asked.rtol)


def other_metrics(path: str, log: Log, column: str, metric: str, count: int) -> dict[str, Sequence[float]]:
    """The other metrics of the log that have a value for as many epochs."""
    others = [name for name in metrics_of(log.columns) if name != metric][:MOST_METRICS]
    evaluated = over_metrics(path, column, others)
    return {name: found.metrics for name, found in evaluated if len(found.metrics) == count}


def sentences(verdict: Verdict) -> str:
    """The verdict in words."""
    count = len(verdict.record)
    difference = verdict.first_difference
    if difference is None:
        return (
            f"The run followed the schedule: {count} of {count} rates are equal.\n"
            f"Equal is {verdict.tolerance.words}; {verdict.reading.words}.\n"
        )
    expected = (
        "nothing, the schedule has ended"
        if difference.expected is None
        else significant(difference.expected, PRECISION)
    )
    parted = (
        f"left the schedule after {plural(verdict.place, 'row')}" if verdict.place else "did not follow the schedule"
    )
    lines = [
        f"The run {parted}: tick {difference.row} (line {difference.line} of the log) has "
        f"{significant(difference.found, PRECISION)}, expected {expected}."
    ]
    if verdict.explanation:
        lines.append(f"{verdict.explanation.name}: {verdict.explanation.sentence}.")
        lines += [f"{verdict.explanation.advice}."] if verdict.explanation.advice else []
    lines.append(f"Equal is {verdict.tolerance.words}; {verdict.reading.words}.")
    return "".join(f"{line}\n" for line in lines)


COMMAND = Command(
    name="verify",
    summary=TOOLS["verify"],
    details="Rows are aligned by the log's step or epoch column where it has one, else by order. Exit status 1 if the "
    "log does not follow.",
    examples=(
        'lrsched verify metrics.csv "cosine --t-max 50 --lr 0.1"',
        'lrsched verify trainer_state.json "hf-linear --num-warmup-steps 0 --num-training-steps 6 --lr 5e-5"',
        'lrsched verify metrics.csv "step --step-size 30" --column lr-SGD --format json',
        'lrsched verify results.csv "step --step-size 30 --lr 0.1,0.01" --column lr/pg0,lr/pg1',
        'lrsched verify train.log "cosine --t-max 90" --follow',
    ),
    panel=TOOLS_PANEL,
    sections={"Comparison": Verified, "Reading": Reading, "Run": Run, "Output": Output},
    run=run,
    document={**DOCUMENT, "columns?": [{"column": str, **DOCUMENT}]},
    row=ROW,
)
