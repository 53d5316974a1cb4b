"""Text to checked value."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcli.engine import Selection
from lrcli.run import Run
from lrcli.schedules.kind import PerGroup
from lrcli.schedules.param import Declared, ParamError, declaration, param


@declaration
class Sample(Declared):
    """One parameter of each kind."""

    count: int = param("a count", default=1, at_least=0, at_most=1000)
    rate: float = param("a rate", default=0.1, above=0, below=1)
    rates: PerGroup = param("rates", default=0.1)
    places: tuple[int, ...] = param("places", default=(1,))
    maybe: int | None = param("perhaps", default=None)
    mode: str = param("a mode", default="min", choices=("min", "max"), error="mode {} is unknown!")
    on: bool = param("a flag", default=False)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("count", "7", 7),
        ("count", "+7", 7),
        ("count", "1e2", 100),
        ("count", "0.5k", 500),
        ("count", "1_000", 1000),
        ("count", "3*15", 45),
        ("count", "3 * 15", 45),
        ("places", "[30, 80]", (30, 80)),
        ("places", "(1k, 2e3)", (1000, 2000)),
        ("rates", "(0.1, 1/3)", (0.1, 1 / 3)),
        ("rate", "1/3", 1 / 3),
        ("rate", ".5", 0.5),
        ("rate", "1e-4", 1e-4),
        ("rates", "0.1", 0.1),
        ("rates", "0.1,1/3", (0.1, 1 / 3)),
        ("places", "30, 80", (30, 80)),
        ("maybe", "3", 3),
        ("mode", "max", "max"),
    ],
)
def test_text_that_is_a_value(name: str, text: str, value: object) -> None:
    assert Sample.params()[name].parse(text) == value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("count", "x", "expected a whole number, found 'x'"),
        ("count", "1.0", "expected a whole number"),
        ("count", "1_0", "expected a whole number"),
        ("count", "1.5", "expected a whole number"),
        ("count", "1e-3", "expected a whole number"),
        ("count", "3*", "expected a whole number"),
        ("count", "9T*9T*9T", "expected a whole number"),
        ("count", "10%", "expected a whole number"),
        ("count", " 1", "expected a whole number"),
        ("count", "٣", "expected a whole number"),
        ("count", "9" * 5000, "expected a whole number"),
        ("count", "-1", "expected at least 0 and at most 1000, found '-1'"),
        ("rate", "nan", "expected a number"),
        ("rate", "inf", "expected a number"),
        ("rate", "1e999", "expected a finite number"),
        ("rate", "1/0", "expected a finite number"),
        ("rate", "1_0.5", "expected a number"),
        ("rate", "0", "expected more than 0 and less than 1"),
        ("rate", "1/2/3", "expected a number"),
        ("rates", "0.1,,0.2", "expected numbers with commas between them"),
        ("places", "1;2", "expected whole numbers with commas between them"),
        ("mode", "mean", "mode mean is unknown! (expected min or max, found 'mean')"),
        ("mode", "\x1b[31m", "\\x1b[31m"),
    ],
)
def test_text_that_is_none(name: str, text: str, words: str) -> None:
    with pytest.raises(ParamError) as raised:
        Sample.params()[name].parse(text)
    assert words in str(raised.value)
    assert str(raised.value).startswith(f"--{name}: ")
    assert str(raised.value).isprintable()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_with_the_same_bits(value: float) -> None:
    declared = Sample.params()["rates"]
    found = declared.parse(declared.format(value))
    assert found == value
    assert math.copysign(1, found) == math.copysign(1, value)


def test_values_are_checked_however_an_instance_is_made() -> None:
    with pytest.raises(ParamError, match="at least 0"):
        Sample(count=-1)
    with pytest.raises(ParamError, match="finite"):
        Sample(rates=(0.1, math.nan))
    with pytest.raises(ParamError, match="--at"):
        Selection(at=(1,), start=3)
    assert isinstance(Run(lr=1).lr, float)


def test_an_instance_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Sample().count = 2  # type: ignore[misc]


def test_words_leave_out_what_is_default() -> None:
    assert Sample().words() == []
    assert Sample(rate=1 / 3, rates=(0.5, 0.1), on=True).words() == ["--rate", "1/3", "--rates", "0.5,0.1", "--on"]
