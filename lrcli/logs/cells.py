"""What a cell of a log says: a number, nothing, or something that it should not."""

import re

from lrcli.errors import InputError
from lrcli.text import quoted

MISSING = frozenset({"", "na", "n/a", "none", "null", "-", "<na>"})
"""Cells without a value, in small letters. NaN is a value: torch counts it as a bad epoch."""

_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+", re.ASCII)


def number(cell: str) -> float | None:
    """The number in `cell`, None where there is none. Raises ValueError for anything else."""
    text = cell.strip()
    if text.lower() in MISSING:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def not_a_number(name: str, line: int, column: str, cell: str) -> InputError:
    """The error of a cell that is not a number."""
    hint = "; write decimals with a point" if _DECIMAL_COMMA.fullmatch(cell.strip()) else ""
    return InputError(
        f"{name}, line {line}, column {quoted(column)}: expected a number, found {quoted(cell.strip())}{hint}"
    )
