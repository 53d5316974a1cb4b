"""`lrsched schema NAME`: the JSON Schema of what a command writes with --format json."""

import json
import sys
from typing import Any

from lrcli import spec
from lrcli.cli.command import TOOLS, TOOLS_PANEL, Command, Instances, find, names
from lrcli.cli.output import is_terminal, terminal_size
from lrcli.cli.writing import opened
from lrcli.errors import InputError
from lrcli.schedules.param import Declared, declaration, param
from lrcli.schema import DIALECT, Schema, schema
from lrcli.text import folded


@declaration
class Described(Declared):
    """Which document."""

    name: str | None = param(
        "a command or a scheduler; default: list them", default=None, positional=True, placeholder="COMMAND"
    )
    row: bool = param("of one row, as --format jsonl writes them", default=False)
    output: str = param("file to write, whole or not at all; - is standard output", default="-", short="o")


def run(given: Instances) -> int:
    """Write the schema, or the list."""
    asked: Described = given[Described]
    if asked.name is None:
        several = described()
        widest = max(map(len, several))
        text = "".join(f"{name:{widest}}  {summary}\n" for name, summary in several.items())
        if asked.output == "-" and is_terminal(sys.stdout):
            text = folded(text, terminal_size()[0], indent=widest + 2)
    else:
        text = json.dumps(schema_of(asked.name, row=asked.row), indent=2) + "\n"
    with opened(asked.output) as write:
        write(text)
    return 0


def described() -> dict[str, str]:
    """The commands that write JSON, each with its summary."""
    several = filter(None, map(find, names()))
    return {command.name: command.summary for command in several if command.document is not None}


def schema_of(name: str, *, row: bool = False) -> Schema:
    """The schema of the command `name`. Raises InputError where it writes no JSON."""
    command = find(name) or find(spec.find(name, also=tuple(TOOLS)).reference.name)
    shape = row_of(command) if row and command else command and command.document
    if command is None or shape is None:
        what = "rows" if row else "JSON"
        raise InputError(f"COMMAND: {name} writes no {what}; lrsched schema lists the commands that write JSON")
    words = f"lrsched {command.name} --format {'jsonl' if row else 'json'}"
    return {"$schema": DIALECT, "title": words, "description": command.summary, **schema(shape)}


def row_of(command: Command) -> Any:
    """The shape of a row; None where there are none."""
    if command.row is not None:
        return command.row
    several = command.document if isinstance(command.document, tuple) else (command.document,)
    rows = [shape["rows"][0] for shape in several if shape and "rows" in shape]
    return tuple(rows) if len(rows) > 1 else next(iter(rows), None)


COMMAND = Command(
    name="schema",
    summary=TOOLS["schema"],
    details="JSON Schema, draft 2020-12. No key is written that it does not name, so that a new one is a new schema; a "
    "number that is not finite is null.",
    examples=("lrsched schema verify", "lrsched schema cosine", "lrsched schema plateau --row"),
    panel=TOOLS_PANEL,
    sections={"Document": Described},
    run=run,
)
