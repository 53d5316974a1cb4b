"""Whole blocks of CSV rows at once: every float exactly as `repr` writes it, found with numpy.

`repr` gives the decimal of fewest digits that reads back as the same float and, of those, the nearest to it.
A float x with 2**e <= |x| < 2**(e + 1) stands for all that is nearer to it than 2**(e - 53), half the gap to its
neighbours. Scaled by the power of ten that brings 2**e * 10**p into [1e16, 1e17), these become

    y = |x| * 10**p in [1e16, 2e17)    and    half = 2**(e - 53) * 10**p in (1.11, 11.11),

so the interval around y, of length 2 * half, holds
  - at most one multiple of 100. If there is one, it is the answer, without its final zeros: any decimal with fewer
    digits is a multiple of 100 too, hence the same number;
  - otherwise perhaps some multiples of 10. None ends in 00, so all have equally many digits and the nearest wins;
  - otherwise the nearest integer, as half > 0.5. This never makes 18 digits: from 1e17 on half > 5, and so some
    multiple of 10 is inside.

How exact this is: 10**p is held as a sum of two floats, off by less than 2**-105 of it, and y as product + error,
where product, being above 2**53, is an integer. The products of the halves of x and of 10**p are exact; the sums
that make up the error are below 2**-23 * y and each is rounded by less than 2**-76 * y < 3e-6; three of them count.
So every comparison leaves a margin of 1e-4: a decimal as near as that to an end of the interval (where the parity
of x would have a say) or to a tie is undecided. So is a power of two, as its lower half-gap is only half as long,
unless a multiple of 100 is well inside both. What is undecided, some 3 in 10 000 below 1e8, and what is outside
1e-97..8e96 (nan, inf and subnormals among it) is left to `repr` itself.

Every cell has a fixed number of bytes, NUL where nothing is to be seen; the NULs are deleted from the finished block.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any, NamedTuple

from lrcli.rows import BLOCK

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Column = Sequence[Any] | NDArray[Any]

MARGIN = 1e-4
LOWEST, HIGHEST = -97, 97
"""Exponents of ten, those that two digits suffice to write; 2**-322 and 2**322 are the last powers between them."""

MOST_TEXTS = 64
"""Different ones in a column of a block; more are unlikely to come again."""

# A float's cell: sign, "0.000", the first digit, ".", sixteen more digits, "e-05", the separator.
SIGN, FIRST, POINT, EXPONENT, FLOAT_WIDTH = 0, 6, 7, 24, 29
ZERO = ord("0")

# Where the texts of 0..9999 that leave out some zeros begin in `Tables.digits`.
NO_LEADING_ZEROS, NO_FINAL_ZEROS = 10_000, 20_000


class Tables(NamedTuple):
    """The first four are looked up by the biased exponent of a float, `before` and `after` by its layout."""

    scale: "Floats"  # 10**p, rounded; 0 where repr is asked
    scale_rest: "Floats"  # what the rounding took from 10**p
    half: "Floats"  # half the scaled gap to the neighbours; nan, never safe, where repr is asked
    layout: "Integers"  # the decimal exponent of 2**e, counted from LOWEST
    before: "NDArray[np.uint64]"  # the eight bytes up to the point; from the middle on, for numbers of a single digit
    after: "NDArray[np.uint32]"  # the four bytes of the exponent, likewise
    digits: "NDArray[np.uint32]"  # four bytes for each of 0..9999: with all zeros, without leading, without final ones


@cache
def _tables() -> Tables:
    import numpy as np

    scale, scale_rest, half = np.zeros(2048), np.zeros(2048), np.full(2048, np.nan)
    layout = np.full(2048, -1 - LOWEST)  # that of 0.1, so that 0 is written 0.0
    for exponent in range(-322, 322):
        tens = len(str(2**exponent)) - 1 if exponent >= 0 else -len(str(2**-exponent))
        numerator, denominator = 10 ** max(16 - tens, 0), 10 ** max(tens - 16, 0)
        power = numerator / denominator  # of integers: rounded correctly
        top, bottom = power.as_integer_ratio()
        index = exponent + 1023
        scale[index] = power
        scale_rest[index] = (numerator * bottom - top * denominator) / (bottom * denominator)
        half[index] = power * 2.0 ** (exponent - 53)
        layout[index] = tens - LOWEST

    before, after = [], []
    for single_digit in (False, True):
        for tens in range(LOWEST, HIGHEST + 1):
            scientific = not -4 <= tens < 16  # where repr changes over
            zeros = b"0." + b"0" * (-1 - tens) if -4 <= tens < 0 else b""
            point = b"" if zeros or (scientific and single_digit) else b"."
            before.append(zeros.rjust(FIRST, b"\0") + b"\0" + point)
            after.append(b"e%+03d" % tens if scientific else b"")

    figures = np.arange(10_000)[:, np.newaxis] // np.array([1000, 100, 10, 1]) % 10
    begun = np.logical_or.accumulate(figures > 0, axis=1)
    unfinished = np.logical_or.accumulate(figures[:, ::-1] > 0, axis=1)[:, ::-1]
    texts = (figures + ZERO) * np.array([np.ones_like(begun), begun, unfinished])
    digits = texts.astype(np.uint8).view(np.uint32).ravel()
    starts, ends = np.array(before, dtype="S8").view(np.uint64), np.array(after, dtype="S4").view(np.uint32)
    return Tables(scale, scale_rest, half, layout, starts, ends, digits)


def format_rows(columns: "Sequence[Column]", separator: str = ",", written: Callable[[str], str] = str) -> str | None:
    r"""The rows of `columns`, all of one length, as in "0,0.1\n1,0.0999\n": each number as `repr` writes it.

    `written` turns a text into its cell. None if a column holds a mixture, many texts, or None: the caller must write
    those rows cell by cell. The separator is one ASCII character.
    """
    parts = []
    for start in range(0, len(columns[0]), BLOCK):
        part = _format_block([column[start : start + BLOCK] for column in columns], separator, written)
        if part is None:
            return None
        parts.append(part)
    return "".join(parts)


def _format_block(columns: "Sequence[Column]", separator: str, written: Callable[[str], str]) -> str | None:
    import numpy as np

    arrays = []
    for column in columns:
        array = _as_array(column, written)
        if array is None:
            return None
        arrays.append(array)
    widths = list(map(_width, arrays))
    text = np.empty((len(columns[0]), sum(widths)), dtype=np.uint8)
    for array, width, end in zip(arrays, widths, accumulate(widths), strict=True):
        cells = text[:, end - width : end]
        if array.dtype.kind == "f":
            _write_floats(array, cells)
        elif array.dtype.kind == "i":
            _write_integers(array, cells)
        else:
            cells[:, :-1] = array.view(np.uint8).reshape(len(array), -1)
        cells[:, -1] = ord(separator)
    text[:, -1] = ord("\n")
    return text.tobytes().translate(None, b"\0").decode("ascii")


def _as_array(column: "Column", written: Callable[[str], str]) -> "NDArray[Any] | None":
    """`column` as an array of floats, of integers from 0 to below 10**16, or of texts; None for anything else."""
    import numpy as np

    if isinstance(column, np.ndarray):
        return column if column.dtype == np.float64 else _as_array(column.tolist(), written)
    if isinstance(column, range) and _are_short(column[0], column[-1]):
        # The end and the step of a short range may still be too large for numpy, which then makes floats of all.
        step = column.step if len(column) > 1 else 1
        return np.arange(column[0], column[-1] + (1 if step > 0 else -1), step)
    kinds = list(map(type, column))
    if kinds.count(float) == len(kinds):
        return np.fromiter(column, np.float64, len(kinds))
    if kinds.count(int) == len(kinds):
        if _are_short(min(column), max(column)):
            return np.fromiter(column, np.int64, len(kinds))
        return np.array(list(map(repr, column)), dtype="S")
    return _texts(column, written) if kinds.count(str) == len(kinds) else None


def _are_short(*ends: int) -> bool:
    return all(0 <= end < 10**16 for end in ends)


def _texts(column: Sequence[str], written: Callable[[str], str]) -> "NDArray[Any] | None":
    """The cells of texts; None unless they are a few that come again and again, in ASCII."""
    import numpy as np

    distinct = list(set(column))
    cells = list(map(written, distinct))
    if len(cells) > MOST_TEXTS or not "".join(cells).isascii() or "\0" in "".join(cells):
        return None
    places = dict(zip(distinct, count()))
    return np.array(cells, dtype="S")[np.fromiter(map(places.__getitem__, column), np.intp, len(column))]


def _width(values: "NDArray[Any]") -> int:
    """Bytes of a cell with its separator."""
    if values.dtype.kind == "f":
        return FLOAT_WIDTH
    if values.dtype.kind == "S":
        return values.itemsize + 1
    return -(-len(str(values.max())) // 4) * 4 + 1


def _write_integers(values: "Integers", cells: "Bytes") -> None:
    """Fill `cells`, as wide as the largest of `values` needs."""
    import numpy as np

    digits = _tables().digits
    text = cells[:, :-1].view(np.uint32)
    for word in reversed(range(text.shape[1])):
        values, group = np.divmod(values, 10_000)
        text[:, word] = digits[group + NO_LEADING_ZEROS * (values == 0)]
    cells[:, -2] |= ZERO  # changes no digit, and gives 0 its only one


def _write_floats(values: "Floats", cells: "Bytes") -> None:
    """Fill `cells`; a value that is there many times in a row is worked out once."""
    import numpy as np

    bits = values.view(np.int64)
    starts = np.flatnonzero(np.concatenate(([True], bits[1:] != bits[:-1])))
    if len(starts) > len(values) // 4:
        _write_changing_floats(values, cells)
    else:
        distinct = np.empty((len(starts), FLOAT_WIDTH), dtype=np.uint8)
        _write_changing_floats(values[starts], distinct)
        cells[:] = np.repeat(distinct, np.diff(starts, append=len(values)), axis=0)


def _write_changing_floats(values: "Floats", cells: "Bytes") -> None:
    import numpy as np

    tables = _tables()
    magnitude = np.abs(values)
    with np.errstate(invalid="ignore"):  # inf and nan, which are not safe
        decimal, safe = _shortest_decimals(magnitude)
    undecided = np.flatnonzero(~safe)
    longer = decimal >= 10**17
    left = np.where(longer, decimal // 10, decimal)
    layout = tables.layout[magnitude.view(np.int64) >> 52] + longer

    words = cells[:, POINT + 1 : EXPONENT].view(np.uint32)
    ended = np.ones(len(values), dtype=np.bool_)
    for word in (3, 2, 1, 0):
        digits, left = left, left // 10_000
        digits -= left * 10_000
        words[:, word] = tables.digits[digits + NO_FINAL_ZEROS * ended]
        ended &= digits == 0
    form = layout + ended * (HIGHEST - LOWEST + 1)
    cells[:, : POINT + 1].view(np.uint64)[:, 0] = tables.before[form]
    cells[:, EXPONENT:-1].view(np.uint32)[:, 0] = tables.after[form]
    cells[:, SIGN] = np.signbit(values) * ord("-")
    cells[:, FIRST] = left + ZERO

    plain = np.bincount(layout)[-LOWEST : 16 - LOWEST]
    for tens in np.flatnonzero(plain).tolist():  # from 1 to below 1e16 the point moves to the right
        rows = np.flatnonzero(layout == tens - LOWEST)
        point = POINT + tens
        cells[rows, POINT:point] = cells[rows, POINT + 1 : point + 1] | ZERO  # final zeros before it are written
        cells[rows, point] = ord(".")
        cells[rows, point + 1] |= ZERO  # and a digit after it always
    if len(undecided):
        texts = np.array(list(map(repr, values[undecided].tolist())), dtype=f"S{FLOAT_WIDTH}")
        cells[undecided] = texts.view(np.uint8).reshape(-1, FLOAT_WIDTH)


def _shortest_decimals(magnitude: "Floats") -> "tuple[Integers, NDArray[np.bool_]]":
    """The integers nearest y that stand for the shortest decimals, and which of them are certain."""
    import numpy as np

    tables = _tables()
    bits = magnitude.view(np.int64)
    biased = bits >> 52
    half, scale = tables.half[biased], tables.scale[biased]
    top, scale_top = _top_half(magnitude), _top_half(scale)
    low, scale_low = magnitude - top, scale - scale_top
    product = magnitude * scale
    error = (top * scale_top - product) + top * scale_low + low * scale_top
    error += low * scale_low + magnitude * tables.scale_rest[biased]
    whole_error = np.rint(error)
    whole = product.astype(np.int64) + whole_error.astype(np.int64)

    hundreds = whole // 100 * 100
    offset = (whole - hundreds) + (error - whole_error)
    hundred, ten, one = np.rint(offset / 100) * 100, np.rint(offset / 10) * 10, np.rint(offset)
    to_hundred, to_ten, to_one = np.abs(offset - hundred), np.abs(offset - ten), np.abs(offset - one)
    nearest = np.where(to_hundred < half, hundred, np.where(to_ten < half, ten, one))

    safe = (np.abs(to_hundred - half) > MARGIN) & (np.abs(to_ten - half) > MARGIN)
    safe &= (to_ten < 5 - MARGIN) & (to_one < 0.5 - MARGIN)
    safe &= (bits & (2**52 - 1) != 0) | (to_hundred < half / 4)  # a power of two
    return hundreds + nearest.astype(np.int64), safe | (magnitude == 0)


def _top_half(values: "Floats") -> "Floats":
    """`values` cut to 26 significant bits; what is missing then has 27."""
    import numpy as np

    return (values.view(np.int64) & -(2**27)).view(np.float64)
