"""How a schedule is shown: its rows, and to a person what was taken, how the length was found, and what is wrong."""

import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lrcli.cli import NAME, say
from lrcli.cli.command import Instances
from lrcli.cli.output import FOR_A_PERSON, Output, is_terminal
from lrcli.cli.remarks import as_lines, derivation_of, say_all
from lrcli.engine import Selection, simulate
from lrcli.run import Run
from lrcli.text import folded

if TYPE_CHECKING:
    from lrcli import spec


def show(written: "spec.Spec | spec.Pasted", given: Instances) -> int:
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
    from lrcli.cli.reports import lines_of

    return folded(lines_of(find(checks)), output.style().width, indent=6)
