"""How values and user text appear in messages, tables and plots."""

DEFAULT_PRECISION = 6
_LONGEST_QUOTE = 60

KEPT = "\0"
"""In the place of a blank at which no line ends."""

_QUOTED, _OPTION_AND_VALUE = r""""[^"\n]*"|(?<!\w)'[^'\n]*'(?!\w)""", r"(?<!\S)--?[a-z][\w-]* [^\s-]\S*"


def printable(text: str) -> str:
    """`text` with every control or otherwise unprintable character escaped, so that it cannot drive a terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def printable_lines(text: str) -> str:
    """`text` likewise, its lines left as they are: what every text for a terminal goes through where it leaves."""
    return "\n".join(map(printable, text.split("\n")))


def quoted(text: str) -> str:
    """`text` as a message shows what was found: printable, and short."""
    shown = printable(text)
    shown = shown if len(shown) <= _LONGEST_QUOTE else shown[: _LONGEST_QUOTE - 1] + "…"
    return f'"{shown}"' if "'" in shown else f"'{shown}'"


def significant(value: float, precision: int = DEFAULT_PRECISION) -> str:
    """`value` in `precision` significant digits, never fixed decimals: 2.46e-05, not 0.0000."""
    return f"{value:.{precision}g}"


def plural(count: int, noun: str) -> str:
    """`count` and `noun`, as in "1 row" and "2 rows"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def wrapped(text: str, width: int, indent: str = "", further: str = "") -> list[str]:
    """`text` in lines of at most `width`: broken between words, and not between an option and its value.

    The first line begins with `indent`, the others with `further`. A quoted part stays whole where it fits a line.
    """
    import re
    import textwrap

    width = max(width, 1)
    further = further[: width - 1]

    def whole(found: re.Match[str]) -> str:
        return found[0].replace(" ", KEPT) if len(found[0]) <= width - len(further) else found[0]

    for pattern in (_QUOTED, _OPTION_AND_VALUE):
        text = re.sub(pattern, whole, text)
    lines = textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False)
    return [line.replace(KEPT, " ") for line in lines]


def folded(text: str, width: int, indent: int) -> str:
    """The lines of `text` that are wider than `width` broken as `wrapped` does, the rest of each indented further."""

    def fill(line: str) -> list[str]:
        margin = line[: len(line) - len(line.lstrip())]
        whole = len(line) <= width
        return [line] if whole else wrapped(line.strip(), max(20, width), margin, margin + " " * indent) or [""]

    return "".join(f"{part}\n" for line in text.splitlines() for part in fill(line))
