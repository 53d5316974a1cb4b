"""`lrsched compare SPEC...`: several schedules in one picture, one table, one file."""

from lrcli import spec
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.output import Output
from lrcli.cli.remarks import say_all
from lrcli.compare import DOCUMENT, compared
from lrcli.configs.reading import Reading
from lrcli.engine import Selection
from lrcli.rows import Rows
from lrcli.run import Run
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Declared, declaration, param

SHOWN = ("spec", "peak", "final", "rows", "area", "half_life")
"""What of a summary a person sees, the most telling first; JSON has the rest too."""


@declaration
class Compared(Declared):
    """What is compared."""

    specs: tuple[str, ...] = param('schedules, each quoted: "cosine --t-max 50"', positional=True, kind=SPEC)


def run(given: Instances) -> int:
    """Show the schedules side by side, and for a person the figures that tell them apart."""
    output = given[Output]
    plans = [spec.written(text, given[Reading]).in_run(given[Run]) for text in given[Compared].specs]
    say_all(text for plan in plans for text in plan.taken)
    rows = compared(plans, given[Run], given[Selection], drawn=output.draws)
    output.show(rows, summary_rows(rows))
    return 0


def summary_rows(rows: Rows) -> Rows:
    """The summaries of a comparison as rows of their own."""
    summaries = rows.document["summary"]
    return Rows(
        columns=SHOWN,
        blocks=[tuple([summary[name] for summary in summaries] for name in SHOWN)],
        length=len(summaries),
        title="summary",
        selected=True,
    )


COMMAND = Command(
    name="compare",
    summary=TOOLS["compare"],
    details="Options of the run hold for every schedule that does not say otherwise in its own spec. "
    "Runs of different length are aligned by row. In the summary, area is the sum of the rates and "
    "half_life the rows from the peak to half of it.",
    examples=(
        'lrsched compare "cosine --t-max 50" "step --step-size 10" --epochs 50',
        'lrsched compare "cosine --t-max 50" "cosine-restarts --t-0 10" -f csv',
    ),
    panel=TOOLS_PANEL,
    sections={"Schedules": Compared, "Reading": Reading, "Run": Run, "Rows": Selection, "Output": Output},
    run=run,
    document=DOCUMENT,
)
