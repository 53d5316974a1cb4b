"""`lrsched verify LOG SPEC`: did a finished run follow the schedule?"""

import dataclasses
from pathlib import Path

from lrcli import spec
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.log_source import chosen_metric, chosen_rate, opened_log
from lrcli.cli.output import Output, folded
from lrcli.cli.remarks import say_all
from lrcli.errors import InputError
from lrcli.logs import Log, Series
from lrcli.plan import Planned
from lrcli.reading import Reading
from lrcli.record import Record
from lrcli.replay import Replay
from lrcli.run import Run
from lrcli.schedules import named
from lrcli.schedules.kind import PATH, SPEC
from lrcli.schedules.param import Declared, declaration, param, shell_word
from lrcli.schedules.plateau import MetricDriven
from lrcli.text import significant
from lrcli.verify import Verdict, of_rates, verify
from lrcli.verify.verdict import DOCUMENT, ROW

PRECISION = 9
"""Significant digits of a difference: more than float32 has."""


@declaration
class Verified(Declared):
    """What is held against what."""

    log: str = param("the log of the run; - is standard input", positional=True, kind=PATH)
    schedule: str = param('the schedule that was meant: "cosine --t-max 50 --lr 0.1"', positional=True, kind=SPEC)
    column: str | None = param("the log's column of the rate; default: the obvious one", default=None)
    metric: str | None = param("the log's column of the metric, for plateau; default: the obvious one", default=None)
    rtol: float | None = param(
        "relative difference that still counts as equal; default: 1e-6, or what the printed digits allow",
        default=None,
        at_least=0,
    )


def run(given: Instances) -> int:
    """Say whether the log follows the schedule; 1 if not."""
    asked, output = given[Verified], given[Output]
    meant = _meant(asked, given[Reading], given[Run])
    say_all(meant.taken)
    log = opened_log(asked.log, "LOG")
    column = chosen_rate(log, asked.column, "--column")
    if isinstance(meant.schedule, MetricDriven):
        verdict = judged(meant.schedule, meant.run, log, column, asked)
    else:
        verdict = verify(meant.schedule, meant.run, record_of(log, column), asked.rtol)
    if output.takes_text:
        output.show_text(sentences(verdict))
    elif output.chosen_format() == "json":
        output.show_document(verdict.as_document())
    else:
        remark = sentences(verdict)
        if output.to_terminal:
            remark = folded(remark, output.style().width, indent=0)
        output.show(verdict.rows(meant.text, "row"), remark=remark)
    return 0 if verdict.follows else 1


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
    by_epoch = rates.epochs is not None and metrics.epochs is not None
    first = dict(reversed([*zip(_places(rates, by_epoch), range(len(rates)), strict=True)]))
    last = dict(zip(_places(metrics, by_epoch), metrics.values.tolist(), strict=True))
    epochs = [epoch for epoch in first if epoch in last]
    epochs.sort()
    if not epochs:
        raise InputError(f"{log.name} has no epoch with both {column} and {metric}")
    replayed = Replay(lr=run.lr, warmup=run.warmup, warmup_start_factor=run.warmup_start_factor)
    found = replayed.judge(plateau).judge([last[epoch] for epoch in epochs])
    rows = [first[epoch] for epoch in epochs]
    record = Record.of_series(rates, log.facts)
    shown = dataclasses.replace(
        record, values=record.values[rows], steps=None, epochs=None, lines=[record.lines[row] for row in rows]
    )
    return of_rates(shown, [used[0] for used in found.rates], asked.rtol)


def _places(series: Series, by_epoch: bool) -> list[float]:
    """What rows of the rate and of the metric have in common: the epoch, or else the line."""
    if by_epoch and series.epochs is not None:
        return [float(epoch) // 1 for epoch in series.epochs.tolist()]
    return [float(series.lines[row]) for row in range(len(series))]


def record_of(log: Log, column: str) -> Record:
    """The rates of the log, each with where it stands."""
    [series] = log.series(column)
    return Record.of_series(series, log.facts)


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
    lines = [
        f"The run did not follow the schedule: row {difference.row} (line {difference.line} of the log) has "
        f"{significant(difference.found, PRECISION)}, expected {expected}."
    ]
    if verdict.explanation:
        lines.append(f"{verdict.explanation.name}: {verdict.explanation.sentence}.")
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
    ),
    panel=TOOLS_PANEL,
    sections={"Comparison": Verified, "Reading": Reading, "Run": Run, "Output": Output},
    run=run,
    document=DOCUMENT,
    row=ROW,
)
