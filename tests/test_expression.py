"""--expr: the bits of the Python lambda, and nothing but arithmetic."""

import math
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcli.errors import InputError
from lrcli.schedules.expression import LONGEST, Expression
from tests.draws import EXPRESSIONS

NAMES = {name: getattr(math, name) for name in ("sqrt", "cos", "sin", "exp", "log", "floor", "ceil", "pi")}

HOSTILE = (
    "__import__('os').system('true')",
    "().__class__",
    "t.real",
    "[t for t in (1,)]",
    "lambda: 1",
    "print(t)",
    "eval('1')",
    "'a' * 9",
    "t; t",
    "t := 3",
    "max(*[1, 2])",
    "max(t, key=abs)",
    "min",
    "_power(2, 3)",
    "open",
    "{}",
    "f'{t}'",
    "t[0]",
    "1j",
    "True",
    "None",
    "...",
    "1e999",
    "",
    "t\n",
    "t if t",
    "(" * 200 + "t" + ")" * 200,
    "-" * 400 + "t",
    "t" + "+t" * LONGEST,
    "\x00",
    "await t",
    "yield",
)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_same_bits_as_a_python_lambda(text: str) -> None:
    ours, theirs = Expression(text), eval(f"lambda t: {text}", dict(NAMES))
    for t in range(2000):
        assert ours(t, 0.1) == theirs(t)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_not_arithmetic_is_refused_at_once(text: str) -> None:
    started = time.process_time()
    try:
        assert isinstance(Expression(text)(3, 0.1), float | int), "only arithmetic may get this far"
        assert text in ("t\n", "(" * 200 + "t" + ")" * 200, "-" * 400 + "t"), text
    except ValueError as error:
        assert "arithmetic of t" in str(error) or "characters" in str(error) or isinstance(error, InputError)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9**9**9**9", "4096 bits"),
        ("2**t", "4096 bits"),
        ("(10**100)**100", "4096 bits"),
        ("9.0**9**9", "OverflowError"),
        ("1/t", "fails at t=0: ZeroDivisionError"),
        ("sqrt(-1 - t)", "fails at t=0: ValueError"),
        ("(-1-t)**0.5", "negative number has no real power"),
        ("min(1)", "TypeError"),
        ("log(0)", "ValueError"),
    ],
)
def test_arithmetic_that_fails_says_where(text: str, words: str) -> None:
    expression = Expression(text)
    with pytest.raises(InputError) as raised:
        for t in range(0, 10_000, 1000):
            expression(t, 0.1)
    assert words in str(raised.value)


@given(st.text(alphabet="t0123456789.+-*/%() <>=ifelsminaxcogpqrb_,", max_size=40))
def test_random_text_is_a_number_or_a_refusal(text: str) -> None:
    try:
        value = Expression(text)(random.randint(0, 50), 0.1)
    except ValueError:
        return
    assert isinstance(value, int | float)


def test_what_python_warns_of_is_taken_in_silence(recwarn: pytest.WarningsRecorder) -> None:
    assert Expression("1if t else 2")(0, 0.1) == 2
    assert not recwarn
