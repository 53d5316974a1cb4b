"""One JSON object: what the rows are of, and the rows, a line each."""

import json
from collections.abc import Iterator

from lrcli.render.jsonl import objects, plain
from lrcli.render.style import Style
from lrcli.rows import Rows


def render(rows: Rows, style: Style) -> Iterator[str]:
    """The object, a block of rows at a time."""
    yield "{"
    for name, value in rows.document.items():
        yield f"{json.dumps(name)}: {json.dumps(plain(value))},\n "
    yield '"rows": ['
    before = "\n  "
    for block in rows.blocks:
        yield before + objects(rows, block, ",\n  ").removesuffix(",\n  ")
        before = ",\n  "
    yield "\n]}\n"
