"""`lrsched SPEC`: a schedule that is written as Python or as a file, shown as its command line would be."""

from lrcli import spec
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.commands import file
from lrcli.cli.output import Output
from lrcli.cli.showing import show
from lrcli.configs import recognised
from lrcli.configs.reading import Reading
from lrcli.engine import DOCUMENT, Selection
from lrcli.run import Run
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Declared, declaration, param


@declaration
class Shown(Declared):
    """What is shown."""

    spec: str = param("the schedule: pasted Python, or a file that a trainer reads", positional=True, kind=SPEC)
    print_spec: bool = param("print the command line that it amounts to, and nothing else", default=False)


def run(given: Instances) -> int:
    """Show the schedule in the run, or its command line."""
    if recognised(given[Shown].spec):
        return file.run(given[Shown].spec, {**given, file.Printed: file.Printed(print_spec=given[Shown].print_spec)})
    written = spec.parse(given[Shown].spec, reading=given[Reading])
    if given[Shown].print_spec:
        given[Output].show_text(f"{written.in_run(given[Run]).text}\n")
        return 0
    return show(written, given)


COMMAND = Command(
    name="show",
    summary=TOOLS["show"],
    details="The word show may be left out. Python is read, not run.",
    examples=(
        "lrsched 'CosineAnnealingLR(optimizer, T_max=50, eta_min=1e-5)'",
        "lrsched 'OneCycleLR(opt, 0.1, epochs=epochs, steps_per_epoch=100)' --set epochs=3",
    ),
    panel=TOOLS_PANEL,
    sections={"Schedule": Shown, "Reading": Reading, "Run": Run, "Rows": Selection, "Output": Output},
    run=run,
    document=DOCUMENT,
)
