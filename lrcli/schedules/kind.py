"""Kinds of values: how each is written, read from text, taken from Python, and shown.

This is the only code that turns text into a value: NaN, infinities and `1_0` are its business.
"""

import math
import operator
import re
from collections.abc import Callable
from typing import Any, NamedTuple

PerGroup = float | tuple[float, ...]
"""One value for all parameter groups, or one for each."""


MOST_GROUPS = 1000


def resolved(value: PerGroup) -> float:
    """A value given per group, once `bind` has chosen the group's."""
    if isinstance(value, tuple):
        raise TypeError("bind the schedule to a parameter group first")
    return value


_WHOLE = r"[+-]?[0-9]{1,18}"
_GROUPED = r"[+-]?[0-9]{1,3}(?:_[0-9]{3})+"
_SCALED = r"([+-]?(?:[0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18}))(?:[eE]\+?([0-9]{1,2}))?([kKMBGT]?)"
_UNITS = {"": 0, "k": 3, "K": 3, "M": 6, "B": 9, "G": 9, "T": 12}
_LARGEST = 10**18
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"


class Kind(NamedTuple):
    """A kind of value: how it is written, read and shown. `parse` and `take` raise ValueError: what was expected."""

    metavar: str
    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str
    take: Callable[[Any], Any] = lambda value: value
    """From a value given in Python to that of a field: an int where a float is wanted, a list where a tuple is."""


def _whole(text: str) -> int:
    """A count as people write it: 1563, 1_000, 1e4, 10k, 1.5M, 300B, 2T, 3*1563."""
    if re.fullmatch(_WHOLE, text):
        return int(text)
    factors = text.split("*")
    product = 1
    for factor in factors:
        product *= _count(factor.strip() if len(factors) > 1 else factor)
        if abs(product) > _LARGEST:
            raise ValueError(f"a whole number of at most {_LARGEST:.0e}")
    return product


def _count(text: str) -> int:
    if re.fullmatch(_WHOLE, text) or re.fullmatch(_GROUPED, text):
        return int(text)
    written = re.fullmatch(_SCALED, text)
    if not written or not (written[2] or written[3]):
        raise ValueError("a whole number")
    digits, _, decimals = written[1].partition(".")
    decimals = decimals.rstrip("0")
    power = int(written[2] or 0) + _UNITS[written[3]] - len(decimals)
    if power < 0:
        raise ValueError("a whole number")
    return int(digits + decimals) * int(10**power)


class Share(NamedTuple):
    """A share of the run, as in `10%`: a number of ticks once the length of the run is known."""

    text: str

    @property
    def share(self) -> float:
        """The share as the float that is nearest to it: 0.1 for 10%."""
        from decimal import Decimal

        return float(Decimal(self.text[:-1]) / 100)

    def __str__(self) -> str:
        return self.text


_SHARE = r"(?:[0-9]{1,3}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})%"


def _whole_or_share(text: str) -> int | Share:
    if not text.endswith("%"):
        return _whole(text)
    if not re.fullmatch(_SHARE, text) or Share(text).share > 1:
        raise ValueError("a whole number, or a share of the run from 0% to 100%")
    return Share(text)


def _number(text: str) -> float:
    parts = text.split("/")
    if len(parts) > 2 or not all(re.fullmatch(_NUMBER, part) for part in parts):
        raise ValueError("a number, or a fraction such as 1/3")
    value = float(parts[0])
    if len(parts) == 2:
        divisor = float(parts[1])
        value = value / divisor if divisor else math.nan
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return value


def _format_number(value: float) -> str:
    shortest = repr(value)
    if len(shortest) > 12 and 1e-3 < abs(value) < 1e3:
        for denominator in (3, 6, 7, 9, 11, 12):
            numerator = round(value * denominator)
            if numerator / denominator == value:
                return f"{numerator}/{denominator}"
    return shortest


def _take_whole(value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError("a whole number")
    try:
        return operator.index(value)
    except TypeError:
        raise ValueError("a whole number") from None


def _take_number(value: Any) -> float:
    if isinstance(value, bool | str):
        raise ValueError("a number")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("a number") from None


def _take_exactly(wanted: type, expected: str) -> Callable[[Any], Any]:
    def take(value: Any) -> Any:
        if not isinstance(value, wanted):
            raise ValueError(expected)
        return value

    return take


def _take_list(item: Callable[[Any], Any], plural: str) -> Callable[[Any], tuple[Any, ...]]:
    def take(value: Any) -> tuple[Any, ...]:
        try:
            if isinstance(value, str):
                raise ValueError
            return tuple(map(item, value))
        except (TypeError, ValueError):
            raise ValueError(plural) from None

    return take


def _take_per_group(value: Any) -> PerGroup:
    if isinstance(value, tuple | list):
        values: tuple[float, ...] = _take_list(_take_number, "numbers")(value)
        return values if len(values) > 1 else values[0] if values else math.nan
    return _take_number(value)


def _unbracketed(text: str) -> str:
    """The inside of a list as Python writes it: `[30, 60]`, `(0.9, 0.95)`."""
    inside = text.strip()
    if inside[:1] + inside[-1:] in ("[]", "()"):
        return inside[1:-1].strip().removesuffix(",")
    return text


def _list_of(item: Callable[[str], Any], plural: str) -> Callable[[str], tuple[Any, ...]]:
    def parse(text: str) -> tuple[Any, ...]:
        try:
            return tuple(item(part.strip()) for part in _unbracketed(text).split(","))
        except ValueError as error:
            raise ValueError(f"{plural} with commas between them (each {error})") from None

    return parse


def _format_list(item: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda values: ",".join(item(value) for value in values)


def _per_group(text: str) -> PerGroup:
    if text.count(",") >= MOST_GROUPS:
        raise ValueError(f"at most {MOST_GROUPS} numbers")
    text = _unbracketed(text)
    values: tuple[float, ...] = _list_of(_number, "numbers")(text) if "," in text else (_number(text),)
    return values if len(values) > 1 else values[0]


def _format_per_group(value: PerGroup) -> str:
    return _format_list(_format_number)(value if isinstance(value, tuple) else (value,))


TEXT = Kind("TEXT", str, take=_take_exactly(str, "text"))
TEXTS = Kind("TEXT", str, take=_take_list(_take_exactly(str, "text"), "texts"))
SPEC = Kind("SPEC", str)
"""A schedule written as its command line; `lrcli.spec` turns it into one."""
PATH = Kind("PATH", str)
"""A file; completion offers names of files for it."""
FLAG = Kind("", lambda text: text == "true", take=_take_exactly(bool, "True or False"))
KINDS: dict[Any, Kind] = {
    int: Kind("INT", _whole, take=_take_whole),
    float: Kind("FLOAT", _number, _format_number, _take_number),
    str: TEXT,
    bool: FLAG,
    tuple[int, ...]: Kind(
        "INT,INT,...", _list_of(_whole, "whole numbers"), _format_list(str), _take_list(_take_whole, "whole numbers")
    ),
    tuple[float, ...]: Kind(
        "FLOAT,FLOAT,...",
        _list_of(_number, "numbers"),
        _format_list(_format_number),
        _take_list(_take_number, "numbers"),
    ),
    PerGroup: Kind("FLOAT[,FLOAT...]", _per_group, _format_per_group, _take_per_group),
    tuple[str, ...]: TEXTS,
}
for _annotation in (int, float, str, PerGroup, tuple[int, ...]):
    KINDS[_annotation | None] = KINDS[_annotation]

_RANGE = r"\s*([0-9]{1,18})?\s*(:|-|\.\.)\s*([0-9]{1,18})?\s*(?::\s*([0-9]{1,18}))?\s*"


def _rows(text: str) -> tuple[int, ...]:
    """Rows, with commas between them. Raises ValueError; for a range it says how one is written."""
    found = re.fullmatch(_RANGE, text)
    if found and (found[1] or found[2] != "-"):
        first, between, last, every = found.groups()
        stop = str(int(last) + 1) if last and between == "-" else last
        words = (("--start", first), ("--stop", stop), ("--every", every))
        meant = " ".join(f"{option} {value}" for option, value in words if value)
        raise ValueError(f"rows with commas between them, as in 0,10,99 (a range is {meant or '--start, --stop'})")
    rows: tuple[int, ...] = KINDS[tuple[int, ...]].parse(text)
    return rows


ROWS = KINDS[tuple[int, ...]]._replace(parse=_rows)
"""Rows that are picked one by one."""

NUMBER = Kind(
    "NUMBER",
    lambda text: _take_rounded(_number(text)),
    lambda value: f"{value:g}" if value == int(value) and value < 1e6 else repr(value),
    lambda value: _take_rounded(_take_number(value)),
)
"""A number that most often is a whole one, and is shown as such."""

COUNT_OR_SHARE = Kind(
    "INT",
    lambda text: _whole_or_share(text),
    take=lambda value: value if isinstance(value, Share) else _take_whole(value),
)
"""A count of ticks, or a share of the run."""


def _take_rounded(value: float) -> float:
    return int(value) if math.isfinite(value) and value == int(value) else value


def parse_with_shares(kind: Kind, text: str) -> Any:
    """What `text` gives to a kind that counts ticks, where some of it is shares of the run.

    Raises ValueError with what was expected.
    """
    if kind in (KINDS[int], KINDS[float]):
        return _whole_or_share(text.strip())
    if kind is KINDS[tuple[int, ...]]:
        return _list_of(_whole_or_share, "whole numbers or shares of the run")(text)
    return kind.parse(text)


def resolved_shares(value: Any, ticks: Callable[[Share], int]) -> Any:
    """`value` with its shares of the run as ticks."""
    if isinstance(value, Share):
        return ticks(value)
    if isinstance(value, tuple) and any(isinstance(item, Share) for item in value):
        return tuple(ticks(item) if isinstance(item, Share) else item for item in value)
    return value
