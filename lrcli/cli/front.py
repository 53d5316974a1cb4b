"""The pages that fit a screen: what a bare `lrsched` prints, and `lrsched NAME -h`."""

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby

from lrcli.cli import NAME
from lrcli.cli.command import TOOLS, Command
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import Declared

WIDTH = 80

LINES = 23
"""Of a terminal of 24, one is the prompt's."""

START = (
    ("see it", "lrsched cosine --t-max 50"),
    ("check it", 'lrsched check "cosine --t-max 50" --epochs 90'),
    ("compare", 'lrsched compare "cosine --t-max 50" "step --step-size 10"'),
    ("verify a run", 'lrsched verify metrics.csv "cosine --t-max 50 --lr 0.1"'),
    ("from a script", "lrsched 'CosineAnnealingLR(optimizer, T_max=50)'"),
)
"""What people want first, and the lines to type."""


def front_page(summary: str) -> str:
    """What to type first, the commands and the schedulers, on one screen."""
    widest = max(len(wish) for wish, _ in START)
    above = [
        summary,
        "",
        "Examples:",
        *(f"  {wish:<{widest}}  {line}" for wish, line in START),
        "",
        *listed("Commands", TOOLS),
    ]
    below = ["Options: --help --version", f"{NAME} help NAME explains one; {NAME} --help has a line for each."]
    families = [
        (family, [cls.reference.name for cls in members])
        for family, members in groupby(every().values(), key=lambda cls: cls.reference.family.name)
    ]
    shown: list[str] = []
    for place, (family, names) in enumerate(families):
        others = listed("Others", (f"{name}," for name, _ in families[place + 1 :])) if families[place + 1 :] else []
        lines = [*shown, *listed(family, names)]
        if len(above) + len(lines) + len(others) + len(below) > LINES:
            shown += listed("Others, in lrsched list", (", ".join(name for name, _ in families[place:]),))
            break
        shown = lines
    return "".join(f"{line}\n" for line in [*above, *shown, *below])


def listed(heading: str, names: Iterable[str]) -> list[str]:
    """Names behind a heading, as many lines as it takes."""
    return textwrap.wrap(
        f"{heading}: {' '.join(names)}", WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
    )


def short_page(command: Command) -> str:
    """A command on one screen: what it does, an example, its own options, and the names of the others."""
    examples = [f"  {example}" for example in command.examples[:2]]
    lines = [*textwrap.wrap(command.summary, WIDTH), "", "Examples:", *examples, ""]
    for panel, section in command.sections.items():
        if issubclass(section, Schedule) or panel == next(iter(command.sections)):
            lines += list(own_options(section))
        else:
            lines += listed(panel, (declared.option for declared in section.params().values()))
    lines += ["", f"{NAME} {command.name} --help has everything."]
    if command.name not in TOOLS:
        lines.append(f"{NAME} explain {command.name} says what surprises people.")
    return "".join(f"{line}\n" for line in lines)


def own_options(section: type[Declared]) -> Iterator[str]:
    """A line for each option of a section."""
    from lrcli.cli.app import help_record

    for declared in section.params().values():
        words, meaning = help_record(declared)
        line = f"  {words}  {meaning}"
        yield (
            line
            if len(line) <= WIDTH
            else textwrap.shorten(line.strip(), WIDTH - 2, placeholder=" ...").join(("  ", ""))
        )
