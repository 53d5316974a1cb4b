"""How values and user text appear in messages, tables and plots."""

DEFAULT_PRECISION = 6
_LONGEST_QUOTE = 60


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
