"""The command line as completion and the manual need it: which words may stand where, and what they mean."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from lrcli.cli.command import find, names
from lrcli.cli.commands.schema import described
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import FAMILIES
from lrcli.schedules.kind import PATH, SPEC, Kind
from lrcli.schedules.param import Declared, Param
from lrcli.spec import spellings


class ValueSource(StrEnum):
    """Where the words for a value come from, if not from a list of choices."""

    ANY = ""
    """Nothing is known of them."""
    FILE = "file"
    COLUMN = "column"
    """The header of the file that is named on the same command line."""
    SPEC = "spec"
    """A scheduler with its options and those of the run, in one word."""
    PART = "part"
    """A spec within a schedule: without options of the run, of a scheduler that may be part of another."""


SOURCES: dict[Kind | str | None, ValueSource] = {
    PATH: ValueSource.FILE,
    SPEC: ValueSource.SPEC,
    "--output": ValueSource.FILE,
    "--metric": ValueSource.COLUMN,
    "--column": ValueSource.COLUMN,
}
"""Where the values of a parameter come from: by their kind, or where that is just text, by the parameter's word."""

CHOICES: dict[str, Callable[[], tuple[str, ...]]] = {
    "--ignore": lambda: rule_codes(),
    "--select": lambda: rule_codes(),
    "NAME": lambda: (*sorted(every()), *rule_codes()),
    "COMMAND": lambda: tuple(described()),
    "FAMILY": lambda: tuple(family.lower().replace(" ", "") for family in FAMILIES),
}
"""Words that a parameter takes, and that are not declared as its choices: by the parameter's word."""


class Value(NamedTuple):
    """What is written for an option, or for an argument."""

    metavar: str
    choices: tuple[str, ...] = ()
    source: ValueSource = ValueSource.ANY

    @property
    def encoded(self) -> str:
        """The choices with | between them, or the source in angle brackets; nothing where nothing is known."""
        return "|".join(self.choices) or (f"<{self.source}>" if self.source else "")


class Option(NamedTuple):
    """An option: all its words mean the same. A flag takes no value."""

    words: tuple[str, ...]
    help: str
    value: Value | None = None


class Argument(NamedTuple):
    """A word that is no option, or all that are left."""

    name: str
    help: str
    value: Value
    is_many: bool = False


class Section(NamedTuple):
    """What belongs together; commands share sections."""

    options: tuple[Option, ...]
    arguments: tuple[Argument, ...] = ()

    def encoded(self) -> Iterator[tuple[str, str]]:
        """Each word with its help: `--flag`, `--option=VALUES`, `=VALUES` for an argument, `=VALUES...` for many.

        VALUES is `Value.encoded`; the engines of bash, fish and PowerShell read this.
        """
        for argument in self.arguments:
            yield f"={argument.value.encoded}{'...' * argument.is_many}", argument.help
        for option in self.options:
            for word in option.words:
                yield word if option.value is None else f"{word}={option.value.encoded}", option.help


class Node(NamedTuple):
    """One command: what it does, and the names of its sections."""

    summary: str
    panel: str
    sections: tuple[str, ...]


class Tree(NamedTuple):
    """The whole command line."""

    commands: dict[str, Node]
    sections: dict[str, Section]
    schedulers: tuple[str, ...]
    """The commands that a spec may begin with; the section of the same name has the options of its own."""
    parts: tuple[str, ...]
    """The schedulers that may be part of another."""


PROGRAM, HELP = "Program", "Help"
"""The sections that no command declares: the program's own, and that of every command."""

_HELP = Option(("--help", "-h"), "show help")
_VERSION = Option(("--version",), "show the version")


def tree() -> Tree:
    """The command line as it is declared."""
    sections = {PROGRAM: Section((_HELP, _VERSION)), HELP: Section((_HELP,))}
    commands = {}
    # Sorted: the order in which schedulers are declared depends on what was imported first.
    for command in filter(None, map(find, sorted(names()))):
        keys = []
        for declared in command.sections.values():
            key, section = _key(declared), _section(declared)
            if sections.get(key, section) != section:
                key = f"{command.name}-{key}"
            sections[key] = section
            keys.append(key)
        commands[command.name] = Node(command.summary, command.panel, (*keys, HELP))
    schedulers = tuple(sorted(every()))
    parts = tuple(name for name in schedulers if not every()[name].refuses_composition)
    return Tree(commands, sections, schedulers, parts)


def _key(declared: type[Declared]) -> str:
    return declared.reference.name if issubclass(declared, Schedule) else declared.__name__


def _section(declared: type[Declared]) -> Section:
    params = declared.params().values()
    options = tuple(option for param in params if not param.positional for option in _options(param))
    return Section(options, tuple(_argument(declared, param) for param in params if param.positional))


def _options(param: Param) -> Iterator[Option]:
    if param.is_flag:
        on, off = spellings(param)
        flags = Option((on,), param.help), Option((off,), f"switches {on} off")
        # The one that changes something comes first.
        yield from reversed(flags) if param.default else flags
    else:
        yield Option(spellings(param), param.help, _value(param))


def _argument(declared: type[Declared], param: Param) -> Argument:
    value = _value(param)
    if value.source is ValueSource.SPEC and issubclass(declared, Schedule):
        value = value._replace(source=ValueSource.PART)
    return Argument(param.option, param.help, value, param.is_many)


def _value(param: Param) -> Value:
    choices = param.choices or CHOICES.get(param.option, tuple)()
    source = SOURCES.get(param.kind) or SOURCES.get(param.option, ValueSource.ANY)
    return Value(param.metavar, choices, ValueSource.ANY if choices else source)


def rule_codes() -> tuple[str, ...]:
    """The codes of all rules."""
    from lrcli import scripts  # noqa: F401  its rules are declared as it is imported
    from lrcli.checks import RULES

    return tuple(sorted(RULES))
