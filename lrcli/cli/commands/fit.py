"""`lrsched fit LOG`: which scheduler and hyperparameters give this log?"""

from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.log_source import chosen_rate, opened_log, over_metrics, record_of, remark
from lrcli.cli.output import Output
from lrcli.errors import InputError
from lrcli.fit import Candidate, fitted
from lrcli.fit.found import NEARLY, POSSIBLE
from lrcli.logs import Log
from lrcli.logs.log import listed
from lrcli.logs.names import is_better_higher, metrics, obvious_metrics
from lrcli.record import Record
from lrcli.rows import Rows
from lrcli.schedules.kind import PATH
from lrcli.schedules.param import Declared, declaration, param
from lrcli.text import folded
from lrcli.verify.plateaus import Told, beside, may_be_cut, plateaus
from lrcli.verify.skips import but_for_skips

MOST, MOST_METRICS = 5, 6
"""Candidates that are shown, and columns that are tried as the metric of a plateau."""

STOPPED = "the search stopped at its bound: there may be more that it did not try"


@declaration
class Fitted(Declared):
    """What is explained by a schedule."""

    log: str = param("the log of the run; - is standard input", positional=True, kind=PATH)
    column: str | None = param("the log's column of the rate; default: the obvious one", default=None)


def run(given: Instances) -> int:
    """Show the schedules that give the log, the exact and simple ones first; 1 if there is none."""
    asked = given[Fitted]
    log = opened_log(asked.log, "LOG")
    column = chosen_rate(log, asked.column, "--column")
    record = record_of(log, column)
    every, is_cut_short = fitted(record)
    metric, told = _plateaus(asked, log, record, column)
    found = beside(every, told)[:MOST]
    if any(one.candidate in found for one in told):
        remark(f"--metric {listed([metric])} is taken from {log.name}")
    waited = None if any(one.exactness != NEARLY for one in found) else but_for_skips(record)
    if waited:
        found = [waited.candidate, *found][:MOST]
    if not found:
        stopped = f"; {STOPPED}" if is_cut_short else ""
        raise InputError(f"no schedule that lrsched can guess gives the {column} of {log.name}{stopped}")
    columns = tuple(zip(*found, strict=True))
    rows = Rows(Candidate._fields, [columns], len(found), "candidates", selected=True)
    output = given[Output]
    undecided = f"{waited.words}\n" if waited else remark_on(found)
    if not waited and is_cut_short and found[0].exactness in (NEARLY, POSSIBLE):
        undecided += f"{STOPPED[0].upper()}{STOPPED[1:]}.\n"
    output.show(rows, remark=folded(undecided, output.style().width, indent=0) if output.to_terminal else undecided)
    return 0


def _plateaus(asked: Fitted, log: Log, record: Record, column: str) -> tuple[str, list[Told]]:
    """A metric of the log, the obvious one first, and the plateaus over it; none where the log cannot be read again."""
    if asked.log == "-" or not may_be_cut(record):
        return "", []
    obvious = obvious_metrics(log.columns)
    likely = list(dict.fromkeys([*obvious, *metrics(log.columns)]))[:MOST_METRICS]
    for metric, evaluated in over_metrics(asked.log, column, likely):
        found = plateaus(evaluated, is_better_higher(metric))
        if found:
            return metric, found if obvious == [metric] else [one.over(metric) for one in found]
    return "", []


def remark_on(found: list[Candidate]) -> str:
    """What is not decided, in words."""
    if found[0].exactness == NEARLY:
        return "No schedule that lrsched knows gives the log; these come near.\n"
    if found[0].exactness == POSSIBLE and len(found) == 1:
        return (
            "It gives every rate of the log, but others may do so too: what comes after the last row, or between the "
            "rows, the log does not show.\n"
        )
    if found[0].exactness == POSSIBLE:
        return "The log does not decide between these: they give the rates that it shows, and others elsewhere.\n"
    return ""


COMMAND = Command(
    name="fit",
    summary=TOOLS["fit"],
    details="Exact candidates come first, the simplest before others; those that are only near where none is exact. "
    "A schedule is exact where the log leaves no other choice, and possible where it does. A plateau is replayed over "
    "the metrics of the log.",
    examples=("lrsched fit metrics.csv", "lrsched fit trainer_state.json -f json"),
    panel=TOOLS_PANEL,
    sections={"Log": Fitted, "Output": Output},
    run=run,
    document={"rows": [Candidate]},
)
