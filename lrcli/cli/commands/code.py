"""`lrsched code SPEC`: the training loop to paste, with step() where it belongs."""

from lrcli import spec
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.output import refuse_unless_text
from lrcli.cli.remarks import say_all
from lrcli.cli.writing import opened
from lrcli.code import TARGETS, write
from lrcli.configs.reading import Reading
from lrcli.run import Run
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import Declared, declaration, param


@declaration
class Written(Declared):
    """What is written, and for which framework."""

    spec: str = param('the schedule: "cosine --t-max 50"', positional=True, kind=SPEC)
    to: str | None = param(
        "the framework; default: the one that the schedule comes from", default=None, choices=TARGETS
    )
    amp: bool = param("train in mixed precision: autocast and GradScaler, or the framework's own", default=False)
    output: str = param("file to write, whole or not at all; - is standard output", default="-", short="o")


def run(given: Instances) -> int:
    """Write the source."""
    asked = given[Written]
    schedule, settled, taken = spec.written(asked.spec, given[Reading]).in_run(given[Run])
    say_all(taken)
    source = write(schedule, settled, asked.to, amp=asked.amp)
    refuse_unless_text(asked.output)
    with opened(asked.output) as out:
        out(source)
    return 0


COMMAND = Command(
    name="code",
    summary=TOOLS["code"],
    details="The code runs as it stands; lines with 'your' in them are yours to replace.",
    examples=(
        'lrsched code "cosine --t-max 50"',
        'lrsched code "onecycle --max-lr 0.1 --total-steps 300" --interval step --steps-per-epoch 30',
        'lrsched code "step --step-size 30" --to optax',
    ),
    panel=TOOLS_PANEL,
    sections={"Code": Written, "Reading": Reading, "Run": Run},
    run=run,
)
