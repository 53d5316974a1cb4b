"""`lrsched list`: every scheduler, by family, with the shape of its curve and what it is exact to."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances
from lrcli.cli.output import Output
from lrcli.documentation import summary_of
from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.render import PICTURE
from lrcli.rows import Rows
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import FAMILIES
from lrcli.schedules.param import Declared, declaration, param
from lrcli.spec import parse
from lrcli.text import folded, quoted

THUMBNAIL = 16
BLOCKS = "▁▂▃▄▅▆▇█"
BLOCKS_ASCII = "_.-=+*#@"


class Entry(NamedTuple):
    """What the list says of a scheduler."""

    name: str
    family: str
    curve: str
    exact_to: str
    source: str
    summary: str
    example: str


IN_A_TABLE = ("name", "curve", "exact_to")
"""What a person looks at; the other formats have the rest too."""


def thumbnail(cls: type[Schedule], blocks: str = BLOCKS) -> str:
    """The curve of the scheduler's example in `THUMBNAIL` characters; empty where it has none of its own."""
    if cls.follows_metric:
        return ""
    schedule = parse(cls.example()).schedule
    length = Run().length(schedule)
    source = rates(schedule, Run().lrs)
    values = [next(source) for _ in range(length)]
    chosen = [values[column * (length - 1) // (THUMBNAIL - 1)] for column in range(THUMBNAIL)]
    low, high = min(chosen), max(chosen)
    return "".join(
        blocks[round((value - low) / (high - low) * (len(blocks) - 1)) if high > low else 0] for value in chosen
    )


def entries(blocks: str = BLOCKS, names: Iterable[str] | None = None) -> Iterator[Entry]:
    """The schedulers with these names, or all, in the order of their declaration."""
    for name, cls in every().items():
        if names is not None and name not in names:
            continue
        reference = cls.reference
        yield Entry(
            name,
            reference.family.name,
            thumbnail(cls, blocks),
            reference.exact_to,
            reference.source,
            summary_of(cls),
            cls.command_line(),
        )


@declaration
class Listed(Declared):
    """Which schedulers."""

    families: tuple[str, ...] = param(
        "families, such as pytorch, or parts of names, such as cosine; default: all",
        default=(),
        positional=True,
        placeholder="FAMILY",
    )


def chosen(words: Iterable[str]) -> set[str]:
    """The names of the schedulers that the words stand for. Raises InputError for a word that stands for none."""
    names: set[str] = set()
    for word in words:
        wanted = letters(word)
        found = {name for name, cls in every().items() if letters(cls.reference.family.name) == wanted}
        if not found and len(wanted) > 1:
            found = {
                name
                for name, cls in every().items()
                if any(wanted in letters(text) for text in (name, cls.reference.symbol, *cls.reference.aliases))
            }
        if not found:
            raise InputError(f"no family or scheduler is called {quoted(word)}; families are {', '.join(FAMILIES)}")
        names |= found
    return names


def letters(text: str) -> str:
    """`text` as names are compared: without case, dashes and blanks."""
    return "".join(character for character in text.lower() if character.isalnum())


def run(given: Instances) -> int:
    """Show the list: grouped for a person, as rows for a program."""
    output: Output = given[Output]
    words = given[Listed].families
    names = chosen(words) if words else None
    blocks = BLOCKS_ASCII if output.style().ascii else BLOCKS
    if output.chosen_format() == PICTURE:
        output.show_text(grouped(blocks, output.style().width, names))
        return 0
    columns = dict(zip(Entry._fields, zip(*entries(blocks, names), strict=True), strict=True))
    shown = IN_A_TABLE if output.chosen_format() == "table" else Entry._fields
    block = tuple(columns[name] for name in shown)
    output.show(Rows(shown, [block], len(block[0]), "schedulers", selected=True))
    return 0


def grouped(blocks: str, width: int, names: Iterable[str] | None = None) -> str:
    """The list for a person: a heading per family, a line per scheduler; where one has no room, two for each."""
    lines: list[str] = []
    for family, members in groupby(entries(blocks, names), key=lambda entry: entry.family):
        lines += ["", family]
        several = list(members)
        longest = max(len(entry.name) for entry in several)
        shown = [(f"  {entry.name:{longest}}  {entry.curve:{THUMBNAIL}}", entry.exact_to) for entry in several]
        fits = all(len(line) + 2 + len(exact_to) <= width for line, exact_to in shown)
        for line, exact_to in shown:
            lines += [f"{line}  {exact_to}"] if fits else [line, f"    {exact_to}"]
    lines += ["", "lrsched explain NAME says what each does; lrsched NAME --help how to run it."]
    return folded("\n".join(line.rstrip() for line in lines[1:]), width, indent=2)


COMMAND = Command(
    name="list",
    summary=TOOLS["list"],
    details="",
    examples=("lrsched list", "lrsched list pytorch", "lrsched list --format json"),
    panel=TOOLS_PANEL,
    sections={"Schedulers": Listed, "Output": Output},
    run=run,
    document={"rows": [Entry]},
)
