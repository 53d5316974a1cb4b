"""`lrsched NAME`: run one scheduler and show its rates."""

import sys
from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import Any

from lrcli import spec
from lrcli.cli import NAME, say
from lrcli.cli.command import Command, Instances
from lrcli.cli.output import FOR_A_PERSON, Output, is_terminal
from lrcli.cli.remarks import as_lines, derivation_of, say_all
from lrcli.documentation import sections_of, summary_of
from lrcli.engine import DOCUMENT, SCHEDULE, Selection, simulate
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.text import folded

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


def show(written: spec.Spec | spec.Pasted, given: Instances) -> int:
    """Show a schedule as it was written in the run of a command line."""
    output = given[Output]
    schedule, settled, taken = written.in_run(given[Run])
    rows = simulate(schedule, settled, given[Selection], drawn=output.draws)
    above = tell(output, taken, settled)
    remarks = findings_for_a_person(output, lambda checks: checks.findings(schedule, settled))
    output.show(rows, reserve=above + remarks.count("\n"))
    say(remarks)
    return 0


def tell(output: Output, taken: Iterable[str], settled: Run) -> int:
    """Say what was taken, and to a person how the length was found: how many lines of the terminal that takes."""
    if not is_for_a_person(output):
        say_all(taken)
        return 0
    text = folded(as_lines([*taken, *derivation_of(settled)]), output.style().width, indent=len(f"{NAME}: "))
    say(text)
    return text.count("\n")


def is_for_a_person(output: Output) -> bool:
    """Whether somebody looks at standard error beside a picture."""
    return output.to_terminal and is_terminal(sys.stderr) and output.chosen_format() in FOR_A_PERSON


def findings_for_a_person(output: Output, find: Callable[[ModuleType], list[Any]]) -> str:
    """What the checks find, where someone looks at standard error beside a picture; nothing elsewhere."""
    if not is_for_a_person(output):
        return ""
    from lrcli import checks
    from lrcli.cli.commands.check import lines_of

    return folded(lines_of(find(checks)), output.style().width, indent=6)
