"""The command line as data: commands, options and help, from which parser, completions and man page derive."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lrcli.configs import recognised
from lrcli.schedules import every, named
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import Declared, Param

Instances = dict[type[Declared], Any]

TOOLS = {
    "show": "A schedule that is pasted as Python, or written in a trainer's configuration file.",
    "list": "Every scheduler with the shape of its curve and what it is exact to.",
    "explain": "What a scheduler does, what surprises people, and where step() goes.",
    "compare": "Several schedules in one picture, one table, one file.",
    "check": "Find mistakes in a schedule before running it.",
    "verify": "Did a finished run follow the schedule? If not, where it parts and why.",
    "fit": "Which scheduler and hyperparameters give this log?",
    "audit": "What did this run do, and is it what its configuration says?",
    "resume": "What the rate really does when a run is taken up again from a checkpoint.",
    "cooldown": "When a run at a constant rate must begin to decay, and from which checkpoint.",
    "code": "The training loop to paste, with step() where it belongs.",
    "schema": "The JSON Schema of what a command writes with --format json.",
    "completion": "The script that completes commands, options and specs at a TAB.",
}
"""The commands beside the schedulers with what each is for; each is a module of its name in `lrcli.cli.commands`."""

TOOLS_PANEL = "Commands"


class Command(NamedTuple):
    """One command: `sections` are its options by panel, `run` gets an instance of each and returns the exit status."""

    name: str
    summary: str
    details: str
    examples: tuple[str, ...]
    panel: str
    sections: Mapping[str, type[Declared]]
    run: Callable[[Instances], int]
    build: Mapping[type[Declared], Callable[[Any, Mapping[str, Any]], Any]] = {}
    """How a section's instance is made from its texts, where the usual way does not do."""
    document: Any = None
    """The shape (see `lrcli.schema`) of what `--format json` writes; None where there is no JSON."""
    row: Any = None
    """The shape of a line of `--format jsonl`, where it is not that of the document's rows."""

    def params(self) -> dict[str, Param]:
        """All parameters by field name; no two sections share one."""
        return {name: declared for section in self.sections.values() for name, declared in section.params().items()}


def find(name: str) -> Command | None:
    """The command called `name`, or that of a file with this name, importing only what it needs."""
    if name in TOOLS:
        module = importlib.import_module(f"lrcli.cli.commands.{name}")
        command: Command = module.COMMAND
        return command
    if recognised(name):
        of_file: Command = importlib.import_module("lrcli.cli.commands.file").command(name)
        return of_file
    schedule = named(name)
    return scheduler_command(schedule) if schedule else None


def names() -> list[str]:
    """All commands in the order of the help: the tools, then the schedulers by family."""
    return [*TOOLS, *every()]


def scheduler_command(cls: type[Schedule]) -> Command:
    """The command that runs the scheduler `cls`."""
    module = importlib.import_module(f"lrcli.cli.commands.{'plateau' if cls.follows_metric else 'run'}")
    command: Command = module.command(cls)
    return command
