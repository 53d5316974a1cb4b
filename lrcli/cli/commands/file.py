"""`lrsched train.yaml`: the run that a trainer's configuration file starts."""

from functools import partial

from lrcli import configs
from lrcli.cli import say
from lrcli.cli.command import TOOLS_PANEL, Command, Instances
from lrcli.cli.output import Output
from lrcli.cli.remarks import say_lines
from lrcli.cli.showing import findings_for_a_person, tell
from lrcli.configs.file_spec import FileSpec
from lrcli.configs.reading import Reading
from lrcli.engine import DOCUMENT, Selection, simulate
from lrcli.run import Run
from lrcli.schedules.param import Declared, declaration, param


@declaration
class Printed(Declared):
    """What is shown in the place of the rates."""

    print_spec: bool = param("print the spec that the file amounts to, and nothing else", default=False)


def command(path: str) -> Command:
    """The command of the file at `path`."""
    return Command(
        name=path,
        summary="The run that this file starts, as its trainer counts it.",
        details="Options of the run overrule the file. What it does not say and cannot be computed is asked for by "
        "name; no data set or folder that it names is opened, and nothing is run.",
        examples=(f"lrsched {path} --examples 52002 --num-processes 8", f"lrsched check {path} --examples 52002"),
        panel=TOOLS_PANEL,
        sections={"Reading": Reading, "Spec": Printed, "Run": Run, "Rows": Selection, "Output": Output},
        run=partial(run, path),
        document=DOCUMENT,
    )


def run(path: str, given: Instances) -> int:
    """Show the schedule of the file in the run."""
    output = given[Output]
    written = configs.load(path, {}, given[Reading])
    outcome = written.outcome(given[Run])
    if outcome.planned is None:
        if outcome.missing:
            say_lines(outcome.lines)
            tell_findings(written, given[Run])
        # It says what is missing, or why the trainer refuses the file.
        written.in_run(given[Run])
        return 2
    schedule, settled, taken = outcome.planned
    if given[Printed].print_spec:
        output.show_text(f"{outcome.planned.text}\n")
        return 0
    rows = simulate(schedule, settled, given[Selection], drawn=output.draws)
    above = tell(output, taken, settled)
    remarks = findings_for_a_person(output, lambda checks: checks.findings_of(written, given[Run]))
    output.show(rows, reserve=above + remarks.count("\n"))
    say(remarks)
    return 0


def tell_findings(written: FileSpec, run: Run) -> None:
    """The findings that need nothing that is missing."""
    from lrcli.checks import findings_of
    from lrcli.cli.reports import lines_of

    say(lines_of(findings_of(written, run)), indent=6)
