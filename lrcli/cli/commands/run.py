"""`lrsched NAME`: run one scheduler and show its rates."""

from functools import partial

from lrcli.cli.command import Command, Instances
from lrcli.cli.output import Output
from lrcli.cli.showing import show
from lrcli.documentation import sections_of, summary_of
from lrcli.engine import DOCUMENT, SCHEDULE, Selection
from lrcli.run import Run
from lrcli.schedules.base import Schedule

FURTHER = ("--log-y", "-f csv > lr.csv")
WIDEST_EXAMPLE = 78


def command(cls: type[Schedule]) -> Command:
    """The command of the scheduler `cls`."""
    shown = f"lrsched {cls.example()}"
    further = FURTHER if cls.refuses_composition else (f"--warmup 5 {FURTHER[0]}", *FURTHER[1:])
    return Command(
        name=cls.reference.name,
        summary=summary_of(cls),
        details="\n".join(["Formula:", *(f"  {line}" for line in sections_of(cls).get("Formula", ()))])
        + f"\n\nlrsched explain {cls.reference.name} says what surprises people.",
        examples=(shown, *(f"{shown} {more}" for more in further if len(f"{shown} {more}") < WIDEST_EXAMPLE)),
        panel=cls.reference.family.name,
        sections={"Schedule": cls, "Run": Run, "Rows": Selection, "Output": Output},
        run=partial(run, cls),
        document={**DOCUMENT, "schedule": {**SCHEDULE, "name": (cls.reference.name,), "params": cls}},
    )


def run(cls: type[Schedule], given: Instances) -> int:
    """Show the schedule in the run."""
    return show(given[cls], given)
