"""Opening a log: where it is, and which reader is for it."""

import os
from collections.abc import Callable, Iterator
from itertools import chain

from lrcli.errors import InputError
from lrcli.logs import folder
from lrcli.logs.database import MAGIC as DATABASE
from lrcli.logs.database import Database
from lrcli.logs.delimited import Delimited, Molten
from lrcli.logs.document import Document, as_json
from lrcli.logs.events import EventFiles, Events, is_event_file
from lrcli.logs.foreign import refuse_foreign
from lrcli.logs.lines import TextLines
from lrcli.logs.log import Log
from lrcli.logs.records import JsonLines, messages
from lrcli.logs.sniff import before_the_header, indexed, kind_of, tabbed, without_the_first
from lrcli.logs.source import LogBytes
from lrcli.logs.table import Table
from lrcli.text import plural, printable

READERS: dict[str, Callable[[str, Iterator[str]], Table]] = {
    "table": Delimited,
    "columns": lambda name, chunks: Delimited(name, map(tabbed, chunks)),
    "indexed": lambda name, chunks: Delimited(name, indexed(chunks)),
    "molten": Molten,
    "lines": JsonLines,
    "document": Document,
    "python": lambda name, chunks: Document(name, map(as_json, chunks)),
    "text": TextLines,
    "messages": lambda name, chunks: TextLines(name, map(messages, chunks)),
    "mlflow": folder.MlflowFile,
}
"""The reader of each kind of text."""

TABLES = ("table", "columns", "indexed", "molten")
"""Those that begin with the names of their columns."""


def open_log(
    path: str,
    *,
    follow: bool = False,
    announce: Callable[[str], None] = lambda text: None,
    source: LogBytes | None = None,
) -> Log:
    """The log at `path` ("-" is standard input), recognised by its content; of a folder that of the run in it.

    With `follow` it never ends: it waits for more, and says through `announce` when the file was replaced or cut.
    Raises InputError.
    """
    remarks: list[str] = []
    if source is None and os.path.isdir(path):
        name = printable(os.path.basename(os.path.abspath(path)))
        files = folder.metric_files(path)
        path = path if files else folder.find_log(path, remarks)
        found = LogBytes(path)
        found.remarks += remarks
        if files := files or (folder.metric_files(path) if os.path.isdir(path) else {}):
            return Log(folder.MetricFiles(name, files), found)
        if not follow and len(events := folder.event_files(path)) > 1 and path in events:
            return Log(EventFiles(name, events), found)
    source = source or LogBytes(path, follow=follow, announce=announce)
    source.remarks += remarks
    return Log(_table(source), source)


def _table(source: LogBytes) -> Table:
    """The reader of a log, told by its first bytes and lines."""
    magic = source.magic()
    if magic.startswith(DATABASE):
        return Database(source.name, source.path)
    refuse_foreign(source.name, magic)
    if is_event_file(magic):
        return Events(source.name, source.data())
    chunks = source.chunks()
    head: list[str] = []
    seen, kind = "", None
    while kind is None:
        more = next(chunks, None)
        if more is not None:
            head.append(more)
        if more is None or not more.isspace():
            seen += more or ""
            if not seen:
                raise InputError(f"{source.name} is empty; expected a log")
            kind = kind_of(seen, more is None)
    if kind in TABLES and (count := before_the_header(seen)):
        source.remarks.append(f"{source.name}: {plural(count, 'line')} before the names of the columns left out")
        head = [without_the_first("".join(head), count)]
    return READERS[kind](source.name, chain(head, chunks))
