"""--expr: the bits of the Python lambda, and nothing but arithmetic."""

import ast
import contextlib
import math
import random
import shlex
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcli.errors import InputError
from lrcli.schedules.expression import LONGEST, Expression
from lrcli.spec import parse
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


@pytest.mark.parametrize(
    "text",
    [
        't # coding: utf-7 +AAo-);import os;os.system("id")#',
        "t # c",
        "(t\n+1)",
        "t\\\n+1",
        "(t\r+1)",
        "\N{FULLWIDTH LATIN SMALL LETTER T}",
        "t\x0c+1",
        "\N{MATHEMATICAL BOLD SMALL T}+1",
    ],
)
def test_what_python_takes_beside_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="arithmetic of t"):
        Expression(text)


@pytest.mark.parametrize("text", [*EXPRESSIONS, "((t))", "t if t<5 else 2*t", "0xff", "-t**-2", "t+" * 100 + "t"])
def test_an_expression_is_written_anew_and_read_again(text: str) -> None:
    written = Expression(text)
    assert written.text == ast.unparse(ast.parse(text, mode="eval"))
    again = Expression(written.text)
    assert again == written and again.text == written.text
    assert [again(t, 0.1) for t in range(1, 9)] == [eval(text, {"t": t, "base_lr": 0.1, **NAMES}) for t in range(1, 9)]


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("0.9**t", 1),
        ("(t + 1)**-0.5 + t**-2", 1),
        ("(t + 1)**2 / 1000**2", 1),
        ("7**1400//7**1390", 60),
        ("*".join(["9**1290"] * 60) + "//9**9", 100_000),
    ],
)
def test_the_cost_of_an_expression_is_not_much_less_than_the_time_it_takes(text: str, least: int) -> None:
    expression = Expression(text)
    assert least <= expression.cost <= (20 if least == 1 else 10**8)

    def seconds() -> float:
        began = time.process_time()
        with contextlib.suppress(InputError):
            expression(3, 0.1)
        return time.process_time() - began

    assert min(seconds() for _ in range(20)) * 1e7 < 1000 + 4 * expression.cost


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.95**epoch", "expected '0.95**t', as the tick is called t, found '0.95**epoch'"),
        ("0.95^t", "expected '0.95**t', as a power is written **, found '0.95^t'"),
        ("lambda e: 0.9^e", "expected '0.9**t', as the tick is called t and a power is written **"),
        ("np.cos(np.pi*step/10)", "expected 'cos(pi*t/10)', as functions stand by themselves and the tick is called t"),
        ("global_step**-0.5", "expected 't**-0.5'"),
        ("T_max*t", "ceil, not 'T_max', found 'T_max*t'"),
        ("exp(t) + math.factorial(t)", "not 'math.factorial'"),
        ("e**t", "not 'e'"),
        ("epoch + T_max", "not 'epoch'"),
        ("0.95**", "ceil, found '0.95**'"),
    ],
)
def test_a_refusal_names_the_fault_and_what_was_meant(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(f"lambda --expr {shlex.quote(text)}")
    assert said in str(refused.value)
