"""JSON lines: an object per row."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from math import isfinite
from typing import cast

from lrcli.render.csv import is_numeric
from lrcli.render.style import Style
from lrcli.rows import Block, Rows


def render(rows: Rows, style: Style) -> Iterator[str]:
    """The blocks, a line per row."""
    return (objects(rows.columns, block, "\n") for block in rows.blocks)


def objects(names: tuple[str, ...], block: Block, end: str) -> str:
    """The rows of a block as objects, each followed by `end`."""
    columns, codes = [], []
    for column in block:
        plain = is_numeric(column) and (isinstance(column, range) or all(map(isfinite, cast(Sequence[float], column))))
        columns.append(column if plain else list(map(json.dumps, column)))
        codes.append("%r" if plain else "%s")
    keys = (json.dumps(name).replace("%", "%%") for name in names)
    template = "{" + ", ".join(f"{key}: {code}" for key, code in zip(keys, codes, strict=True)) + "}" + end
    return template * len(block[0]) % tuple(chain.from_iterable(zip(*columns, strict=True)))
