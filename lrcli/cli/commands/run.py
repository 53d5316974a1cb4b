"""`lrsched NAME`: run one scheduler and show its rates."""

from functools import partial

from lrcli.cli.command import Command, Instances
from lrcli.cli.output import Output
from lrcli.documentation import sections_of, summary_of
from lrcli.engine import Run, Selection, simulate
from lrcli.schedules.base import Schedule

FURTHER = ("--warmup 5 --log-y", "-f csv > lr.csv")
WIDEST_EXAMPLE = 78


def command(cls: type[Schedule]) -> Command:
    """The command of the scheduler `cls`."""
    shown = f"lrsched {cls.example()}"
    return Command(
        name=cls.reference.name,
        summary=summary_of(cls),
        details="\n".join(["Formula:", *(f"  {line}" for line in sections_of(cls)["Formula"])])
        + f"\n\nlrsched explain {cls.reference.name} says what surprises people.",
        examples=(shown, *(f"{shown} {more}" for more in FURTHER if len(f"{shown} {more}") < WIDEST_EXAMPLE)),
        panel=cls.reference.family,
        sections={"Schedule": cls, "Run": Run, "Rows": Selection, "Output": Output},
        run=partial(run, cls),
    )


def run(cls: type[Schedule], given: Instances) -> int:
    """Show the schedule in the run."""
    rows = simulate(given[cls], given[Run], given[Selection])
    given[Output].show(rows)
    return 0
