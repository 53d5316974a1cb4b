"""Comma-separated values: a header, `repr` floats, "\\n" line ends."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain

from lrcli.render.style import Style
from lrcli.rows import Block, Cell, Rows

Written = Callable[[str], str]
"""How a text becomes a cell."""

LONG = 400_000
"""Cells from which on importing numpy pays."""


def render(rows: Rows, style: Style) -> Iterator[str]:
    """The header, then the blocks."""
    return separated(rows, ",", csv_cell)


def separated(rows: Rows, separator: str, written: Written) -> Iterator[str]:
    """Lines of cells with `separator` between them; `written` turns a text into a cell."""
    yield separator.join(map(written, rows.columns)) + "\n"
    done = (rows.length or 0) * len(rows.columns)
    for block in rows.blocks:
        text = None
        if done >= LONG:
            from lrcli.render.shortest import format_rows

            text = format_rows(block, separator, written)
        yield plain(block, separator, written) if text is None else text
        done += 0 if rows.length else len(block[0]) * len(block)


def plain(block: Block, separator: str, written: Written) -> str:
    """A block as text: one template for all of its rows is the fastest that Python itself can do."""
    columns = [column if is_numeric(column) else [cell(value, written) for value in column] for column in block]
    codes = ["%r" if column is given else "%s" for column, given in zip(columns, block, strict=True)]
    template = separator.join(codes) + "\n"
    return template * len(block[0]) % tuple(chain.from_iterable(zip(*columns, strict=True)))


def is_numeric(column: Sequence[Cell]) -> bool:
    """Whether every cell is a number, so that its repr is its text."""
    return isinstance(column, range) or set(map(type, column)) <= {int, float}


def cell(value: Cell, written: Written) -> str:
    """The text of one cell; nothing where there is no value."""
    if value is None:
        return ""
    return written(value) if isinstance(value, str) else repr(value)


@lru_cache(maxsize=1000)
def csv_cell(text: str) -> str:
    """`text` in quotes if it needs them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue() if text else ""
