"""The pages that fit a screen: what a bare `lrsched` prints, and `lrsched NAME -h`."""

import textwrap
from collections.abc import Iterable
from itertools import groupby

from lrcli.cli import NAME
from lrcli.cli.command import TOOLS, Command
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import Declared
from lrcli.text import KEPT, wrapped

WIDEST = 80
"""Columns of the pages, where the terminal has as many."""

SIZE = (80, 24)
"""Of a terminal, where none is known."""

WIDEST_OPTION = 0.35
"""Share of the columns up to which what options mean stands one below the other."""

START = (
    ("see it", "lrsched cosine --t-max 50"),
    ("check it", 'lrsched check "cosine --t-max 50" --epochs 90'),
    ("compare", 'lrsched compare "cosine --t-max 50" "step --step-size 10"'),
    ("verify a run", 'lrsched verify metrics.csv "cosine --t-max 50 --lr 0.1"'),
    ("from a script", "lrsched 'CosineAnnealingLR(optimizer, T_max=50)'"),
)
"""What people want first, and the lines to type."""


def front_page(summary: str, size: tuple[int, int] = SIZE) -> str:
    """What to type first, the commands and the schedulers, on one screen of that many columns and lines."""
    width, height = min(WIDEST, size[0]), size[1] - 1  # one line is the prompt's
    above = [*wrapped(summary, width), "", "Examples:", *examples(START, width), "", *listed("Commands", TOOLS, width)]
    below = [
        "Options: --help --version",
        *wrapped(f"{NAME} help NAME explains one; {NAME} --help has a line for each.", width),
    ]
    families = [
        (family, [cls.reference.name for cls in members])
        for family, members in groupby(every().values(), key=lambda cls: cls.reference.family.name)
    ]
    shown: list[str] = []
    for place, (family, names) in enumerate(families):
        further = [f"{name}," for name, _ in families[place + 1 :]]
        others = listed("Others, in lrsched list", further, width) if further else []
        lines = [*shown, *listed(family, names, width)]
        if len(above) + len(lines) + len(others) + len(below) > height:
            shown += listed("Others, in lrsched list", (", ".join(name for name, _ in families[place:]),), width)
            break
        shown = lines
    return "".join(f"{line}\n" for line in [*above, *shown, *below])


def examples(several: Iterable[tuple[str, str]], width: int) -> list[str]:
    """Lines to type with what they are for; below it, where the terminal is too narrow for both."""
    pairs = list(several)
    widest = max(len(wish) for wish, _ in pairs)
    if any(len(line) + widest + 4 > width for _, line in pairs):
        return [part for wish, line in pairs for part in (f"  {wish}", *wrapped(line, width, "    ", "      "))]
    return [f"  {wish:<{widest}}  {line}" for wish, line in pairs]


def listed(heading: str, names: Iterable[str], width: int) -> list[str]:
    """Names behind a heading, as many lines as it takes."""
    return wrapped(f"{heading}: {' '.join(names)}", width, further="  ")


def short_page(command: Command, size: tuple[int, int] = SIZE) -> str:
    """A command on one screen: what it does, an example, its own options, and the names of the others."""
    width = min(WIDEST, size[0])
    lines = [*wrapped(command.summary, width), "", "Examples:"]
    lines += [part for example in command.examples[:2] for part in wrapped(example, size[0], "  ", "    ")]
    lines.append("")
    for panel, section in command.sections.items():
        if issubclass(section, Schedule) or panel == next(iter(command.sections)):
            lines += own_options(section, width)
        else:
            lines += listed(panel, (declared.option for declared in section.params().values()), width)
    lines += ["", *wrapped(f"{NAME} {command.name} --help has everything.", width)]
    if command.name not in TOOLS:
        lines += wrapped(f"{NAME} explain {command.name} says what surprises people.", width)
    return "".join(f"{line}\n" for line in lines)


def own_options(section: type[Declared], width: int) -> list[str]:
    """A line for each option of a section."""
    from lrcli.cli.app import help_record

    records = [help_record(declared) for declared in section.params().values()]
    widest = max((len(words) for words, _ in records if len(words) <= width * WIDEST_OPTION), default=0)
    return [
        "  "
        + textwrap.shorten(
            f"{words.ljust(widest).replace(' ', KEPT)}{KEPT * 2}{meaning}", width - 2, placeholder=" ..."
        ).replace(KEPT, " ")
        for words, meaning in records
    ]
