"""JSON lines: an object per row."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from math import isfinite
from typing import Any, cast

from lrcli.render.csv import is_numeric
from lrcli.render.style import Style
from lrcli.rows import Block, Rows


def render(rows: Rows, style: Style) -> Iterator[str]:
    """The blocks, a line per row."""
    return (objects(rows, block, "\n") for block in rows.blocks)


def plain(value: Any) -> Any:
    """`value` with null for the numbers that JSON has not: NaN and the infinities."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return list(map(plain, value)) if isinstance(value, list | tuple) else value


def objects(rows: Rows, block: Block, end: str) -> str:
    """The rows of a block as objects, each followed by `end`."""
    names = rows.columns
    columns, codes = [], []
    for column in block:
        numeric = is_numeric(column)
        finite = numeric and (isinstance(column, range) or all(map(isfinite, cast(Sequence[float], column))))
        if not finite and (written := list(map(plain, column))) != column:
            rows.nulls += sum(new is not old for new, old in zip(written, column, strict=True))
            column = written
        columns.append(column if finite else list(map(json.dumps, column)))
        codes.append("%r" if finite else "%s")
    keys = (json.dumps(name).replace("%", "%%") for name in names)
    template = "{" + ", ".join(f"{key}: {code}" for key, code in zip(keys, codes, strict=True)) + "}" + end
    return template * len(block[0]) % tuple(chain.from_iterable(zip(*columns, strict=True)))
