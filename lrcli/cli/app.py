"""The Typer application: built from the commands' declarations, one command at a time; it knows nothing of its own."""

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from lrcli.cli import NAME, complain
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, find, names
from lrcli.cli.writing import opened, refuse_to_overwrite
from lrcli.documentation import summary_of
from lrcli.errors import InputError
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import PATH
from lrcli.schedules.param import Declared, Param
from lrcli.text import wrapped
from lrcli.version import VERSION

HELP_WORDS = ("-h", "--help")
VERSION_WORDS = ("-V", "--version")
OPTIONS = {VERSION_WORDS: "Show the version.", HELP_WORDS: "Show this message and exit."}
"""The options of the whole program, which stand before a command."""

SUMMARY = "See, check and verify learning-rate schedules, with the bits of the framework."

EXAMPLES = (
    "lrsched cosine --t-max 50",
    'lrsched compare "cosine --t-max 50" "step --step-size 10"',
    'lrsched check "cosine --t-max 50" --epochs 90',
    'lrsched verify metrics.csv "cosine --t-max 50 --lr 0.1"',
)

UsageError: Any = typer.BadParameter.__base__
"""What typer raises for every wrong command line; typer exports only the subclass."""


class Leaf(TyperCommand):
    """One command. Its words are read as a spec's are, and by the same reader; Typer declares no options of its own."""

    def __init__(self, command: Command) -> None:
        super().__init__(
            command.name, callback=partial(run_command, command), add_help_option=False, rich_markup_mode=None
        )
        self.command = command

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if wants_help(args):
            typer.echo(ctx.get_help())
            ctx.exit()
        from lrcli import spec

        try:
            ctx.params = spec.read_words(args, self.command.params())
        except InputError as error:
            raise UsageError(str(error), ctx) from None
        return []

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        positional = (declared for declared in self.command.params().values() if declared.positional)
        return ["[OPTIONS]", *(f"[{declared.metavar}]" for declared in positional)]

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        write_introduction(formatter, self.command.summary, self.command.examples)
        formatter.write_paragraph()
        for line in self.command.details.splitlines():
            indent = line[: len(line) - len(line.lstrip())]
            further = indent + "    " if indent else ""
            parts = wrapped(line, formatter.width, further=further) or [""]
            formatter.write("".join(f"{part}\n" for part in parts))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        for panel, section in self.command.sections.items():
            write_section(formatter, panel, (help_record(declared) for declared in section.params().values()))


class Group(TyperGroup):
    """The whole program. It makes a command when it is asked for, and only then."""

    def __init__(self) -> None:
        super().__init__(name=NAME, add_help_option=False, rich_markup_mode=None)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args[0] in VERSION_WORDS:
            typer.echo(f"{NAME} {VERSION}")
            ctx.exit()
        if args[0] in HELP_WORDS:
            typer.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        return names()

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        command = find(cmd_name)
        return command and Leaf(command)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, *words = args
        if name.startswith("-"):
            return super().resolve_command(ctx, args)
        command = find(name)
        if command is None:
            from lrcli import spec

            if spec.is_written_otherwise(name):
                command, words = find("show"), args
            else:
                command = find(spec.find(name, also=tuple(TOOLS)).reference.name)
        assert command is not None
        return command.name, Leaf(command), words

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        write_introduction(formatter, SUMMARY, EXAMPLES)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_section(formatter, "Options", ((", ".join(words), meaning) for words, meaning in OPTIONS.items()))
        write_section(formatter, TOOLS_PANEL, TOOLS.items())
        for family, members in groupby(every().values(), key=lambda cls: cls.reference.family.name):
            write_section(formatter, family, ((cls.reference.name, summary_of(cls)) for cls in members))


def wants_help(args: list[str]) -> bool:
    """Whether the words ask for help."""
    return any(word in args for word in HELP_WORDS)


def run_command(command: Command, **words: Any) -> int:
    """Run a command with the words that were given to it, by field name; returns the exit status."""
    for name, declared in command.params().items():
        if declared.kind is PATH and (declared.positional or words.get(name)):
            refuse_to_overwrite(words.get(name), words.get("output", "-"))
    return command.run({section: instance(command, section, words) for section in command.sections.values()})


def instance(command: Command, section: type[Declared], words: dict[str, Any]) -> Any:
    """The instance of a section of `command`, from what the command line gave."""
    own = {name: words[name] for name in section.params() if name in words}
    if section in command.build:
        return command.build[section](section, own)
    if issubclass(section, Schedule):
        from lrcli import spec

        return spec.gathered(section, own)
    return section.from_text(own)


def write_introduction(formatter: Any, summary: str, examples: Iterable[str]) -> None:
    """What a command does, and command lines to start from."""
    formatter.write_paragraph()
    formatter.write_text(summary)
    with formatter.section("Examples"):
        for line in examples:
            formatter.write("".join(f"{part}\n" for part in wrapped(line, formatter.width, "  ", "    ")))


def write_section(formatter: Any, heading: str, records: Iterable[tuple[str, str]]) -> None:
    """A heading with a list of words and what they mean."""
    rows = list(records)
    if rows:
        with formatter.section(heading):
            formatter.write_dl(rows)


def help_record(declared: Param) -> tuple[str, str]:
    """The words of a parameter as help shows them, and its help."""
    words = ", ".join([*([f"-{declared.short}"] if declared.short else []), declared.option])
    notes = [declared.bounds, "required" if declared.required else default_note(declared)]
    notes = [note for note in notes if note]
    shown = declared.metavar if declared.positional else f"{words} {declared.metavar}".rstrip()
    return shown, declared.help + (f" [{'; '.join(notes)}]" if notes else "")


def default_note(declared: Param) -> str:
    """The default as help shows it; nothing where there is none, or a flag is off."""
    if declared.is_flag:
        return f"default; {declared.negation} switches it off" if declared.default else ""
    return f"default: {declared.format(declared.default)}" if declared.default not in (None, ()) else ""


HELP = "help"
"""`lrsched help cosine` is `lrsched cosine --help`."""


def short_help(words: list[str]) -> str:
    """The page of one screen that is asked for: by no words at all, or by -h; empty where it is not."""
    if words and words != [HELP] and words[-1] != "-h":
        return ""
    from lrcli.cli.front import front_page, short_page
    from lrcli.cli.output import terminal_size

    if words in ([], [HELP], ["-h"]):
        return front_page(SUMMARY, terminal_size())
    command = find(words[0]) if len(words) == 2 else None
    return short_page(command, terminal_size()) if command else ""


def run(words: list[str]) -> int:
    """Run a command line; returns its exit status."""
    try:
        if page := short_help(words):
            with opened("-") as write:
                write(page)
            return 0
        words = [*words[1:], "--help"] if words[0] == HELP else words
        # Not by its `main`: that reads an environment variable for completion, and ends the process at a closed pipe.
        with Group().make_context(NAME, list(words)) as context:
            return int(context.command.invoke(context) or 0)
    except typer.Exit as finished:
        return finished.exit_code
    except UsageError as error:
        where = error.ctx.command_path if error.ctx else NAME
        return complain(f"{error.format_message()}\nTry '{where} --help'.", where)
    except InputError as error:
        return complain(str(error))
