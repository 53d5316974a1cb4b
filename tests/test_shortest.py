"""Rows formatted a block at a time are, character for character, what `repr` writes."""

import math
import subprocess
import sys
from array import array
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcli.render import shortest
from lrcli.render.csv import csv_cell
from lrcli.render.shortest import format_rows
from lrcli.rows import BLOCK

RNG = np.random.default_rng(20260501)
COUNT = 12_000


def powers(base):
    exponents = range(-1074, 1024) if base == 2 else range(-323, 309)
    values = np.array([float(f"1e{exponent}") if base == 10 else math.ldexp(1, exponent) for exponent in exponents])
    return np.concatenate([values, np.nextafter(values, math.inf), np.nextafter(values, 0), values / 3])


def decimals():
    """Numbers of one to seventeen digits and their neighbours."""
    digits = RNG.integers(1, 18, COUNT // 3)
    values = np.array(
        [
            float(f"{RNG.integers(1, 10 ** int(count))}e{exponent}")
            for count, exponent in zip(digits, RNG.integers(-30, 10, COUNT // 3), strict=True)
        ]
    )
    return np.concatenate([values, np.nextafter(values, math.inf), np.nextafter(values, 0)])


def cosine(total=10**6):
    steps = np.concatenate([np.arange(COUNT // 2), total - 1 - np.arange(COUNT // 2)])
    return 0.05 * (1 + np.cos(math.pi * steps / total))


def random_bits():
    return RNG.integers(0, 2**64, COUNT, dtype=np.uint64).view(np.float64)


SAMPLES = {
    "uniform": lambda: RNG.random(COUNT),
    "negative": lambda: RNG.uniform(-20, 20, COUNT),
    "learning rates": lambda: 10 ** RNG.uniform(-12, 6, COUNT),
    "every magnitude": lambda: 10 ** RNG.uniform(-300, 300, COUNT),
    "random bits": random_bits,
    "random mantissas": lambda: np.ldexp(
        RNG.integers(2**52, 2**53, COUNT).astype(float), RNG.integers(-92, -32, COUNT)
    ),
    "few bits": lambda: np.ldexp(RNG.integers(1, 2**24, COUNT).astype(float), RNG.integers(-60, 30, COUNT)),
    "large whole numbers": lambda: RNG.integers(10**14, 10**18, COUNT).astype(float),
    "whole numbers": lambda: np.arange(COUNT, dtype=float),
    "short decimals": decimals,
    "powers of two": lambda: powers(2),
    "powers of ten": lambda: powers(10),
    "cosine": cosine,
    "edges of the plain notation": lambda: np.array([1e-4, 1e-5, 0.0001234, 9.99e-5, 1e15, 1e16, 123456789012345.6]),
    "not ordinary": lambda: np.array([0.0, -0.0, math.nan, -math.nan, math.inf, -math.inf, 5e-324, 2.2e-308, 1.7e308]),
}


def expected(*columns, separator=","):
    return "".join(separator.join(map(repr, row)) + "\n" for row in zip(*columns, strict=True))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_of_float(name):
    values = SAMPLES[name]()
    # Among plain numbers too, so that a block of which numpy decides nothing does not escape to `repr` altogether.
    mixed = np.full(3 * len(values), 0.1)
    mixed[::3] = values
    for column in (values, mixed):
        assert format_rows([column]) == expected(column.tolist())


@settings(deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=50))
def test_any_floats(values):
    assert format_rows([values]) == expected(values)
    mixed = values + [0.1] * len(values)
    assert format_rows([mixed]) == expected(mixed)


INTEGERS = st.integers(0, 2**53) | st.integers(0, 20_000) | st.integers()


@settings(deadline=None)
@given(st.lists(st.tuples(INTEGERS, INTEGERS, st.floats(), st.floats(0, 1)), min_size=1), st.sampled_from(",\t"))
def test_any_rows(rows, separator):
    columns = list(zip(*rows, strict=True))
    assert format_rows(columns, separator) == expected(*columns, separator=separator)


@settings(deadline=None)
@given(INTEGERS, st.integers(1, 30), INTEGERS.filter(bool))
def test_any_range(start, length, step):
    steps = range(start, start + length * step, step)
    assert format_rows([steps]) == expected(steps)


@pytest.mark.parametrize(
    "column",
    [
        array("d", [0.1, 1e-5]),
        np.array([1, 20, 300]),
        np.array([1.5, 2.5], ">f8"),
        np.array([0.1, 7], np.float32),
        np.array([2**64 - 1, 1], np.uint64),
        np.array([-5, 5], np.int8),
        np.linspace(0, 1, 9)[::2],
        range(10**16 - 2, 10**16 + 2),
        range(9999, -1, -1111),
        (0,),
        (0.5,),
        range(0, 10**18 + 1, 10**17),
        range(0, 2**63, 2**63),
        range(7, -(2**70), -(2**70)),
        range(0, 2**64, 2**63),
    ],
)
def test_every_kind_of_column(column):
    values = list(column) if isinstance(column, range | tuple) else column.tolist()
    assert format_rows([column]) == expected(values)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["", "improved", "a,b", 'a "b"', "-"]), min_size=1))
def test_texts_that_come_again(texts):
    rows = zip(range(len(texts)), texts, [0.5] * len(texts), strict=True)
    assert format_rows([range(len(texts)), texts, [0.5] * len(texts)], ",", csv_cell) == "".join(
        f"{row},{csv_cell(text)},{value!r}\n" for row, text, value in rows
    )


def test_any_length():
    for length in (0, 1, BLOCK - 1, BLOCK, BLOCK + 1):
        rates = RNG.random(length).tolist()
        assert format_rows([range(length), rates]) == expected(range(length), rates)


MANY_TEXTS = [str(number) for number in range(BLOCK)]


@pytest.mark.parametrize(
    "column",
    [[0.1, None], [True], [1, 0.5], [np.float64(0.5)], [None] * 5000, MANY_TEXTS, ["\0"], ["caf\u00e9"], ["a", 1]],
)
def test_other_kinds_are_left_to_the_caller(column):
    assert format_rows([range(len(column)), column]) is None


def test_undecided_values_are_rare():
    """Else the promised speed would be lost without any other sign."""
    _, decided = shortest._shortest_decimals(10 ** RNG.uniform(-90, 8, 200_000))
    assert 0.9995 < decided.mean() < 1


def test_the_tables_are_as_exact_as_the_margin_supposes():
    tables = shortest._tables()
    for index in np.flatnonzero(tables.scale).tolist():
        gap = Fraction(2) ** (index - 1023 - 52)
        exact = Fraction(10) ** (16 - (int(tables.layout[index]) + shortest.LOWEST))
        held = Fraction(float(tables.scale[index])) + Fraction(float(tables.scale_rest[index]))
        assert abs(held - exact) <= exact / 2**105
        assert 10**16 <= exact * gap * 2**52 < 10**17
        assert abs(Fraction(float(tables.half[index])) - exact * gap / 2) < 1e-14


def test_importing_it_does_not_import_numpy():
    code = "import lrcli.render.shortest, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
