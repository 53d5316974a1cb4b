"""Logs in an SQLite database: MLflow's mlflow.db, Trackio's."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

from lrcli.errors import InputError
from lrcli.logs import names
from lrcli.logs.records import BATCH, Batch, Record, Records, flat, melted, run_columns

if TYPE_CHECKING:
    import sqlite3

MAGIC = b"SQLite format 3\0"


class Database(Records):
    """The rows of the longest table of metrics.

    Each holds a value and its name, or a JSON object of them in the column that is called as the table is.
    """

    def __init__(self, name: str, path: str) -> None:
        self._path = path
        super().__init__(name, "sqlite", "a table of metrics")

    def batches(self) -> Iterator[Batch]:
        import sqlite3

        try:
            with closing(sqlite3.connect(f"file:{quote(self._path)}?mode=ro", uri=True)) as connection:
                tables = _tables(connection)
                if tables:
                    table = max(tables, key=lambda one: _count(connection, one))
                    rows = connection.execute(f"SELECT * FROM {_identifier(table)}")
                    yield from self._of(rows, tables[table], table, _runs(connection, table, tables[table]))
        except sqlite3.Error as error:
            raise InputError(f"{self.name} is no database that can be read: {error}") from None

    def _of(self, rows: "sqlite3.Cursor", columns: tuple[str, ...], table: str, run: str | None) -> Iterator[Batch]:
        """The rows, each with its metrics by their names; those of several runs say whose they are."""
        done = 0
        while found := rows.fetchmany(BATCH):
            records = (dict(zip(columns, row, strict=True)) for row in found)
            yield list(range(done + 1, done + len(found) + 1)), [_record(record, table, run) for record in records]
            done += len(found)


def _tables(connection: "sqlite3.Connection") -> dict[str, tuple[str, ...]]:
    """The tables of metrics, and their columns."""
    found = {}
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        rows = connection.execute(f"SELECT * FROM {_identifier(table)} LIMIT 0")
        columns = tuple(column[0] for column in rows.description)
        if melted(columns) or (names.step_column(columns) and table in columns):
            found[table] = columns
    return found


def _count(connection: "sqlite3.Connection", table: str) -> int:
    return int(connection.execute(f"SELECT COUNT(*) FROM {_identifier(table)}").fetchone()[0])


def _runs(connection: "sqlite3.Connection", table: str, columns: tuple[str, ...]) -> str | None:
    """The column that tells the runs apart, where there are several."""
    run = next(iter(run_columns(columns)), None)
    if run is None:
        return None
    counted = connection.execute(f"SELECT COUNT(DISTINCT {_identifier(run)}) FROM {_identifier(table)}")
    return run if counted.fetchone()[0] > 1 else None


def _record(record: Record, table: str, run: str | None) -> Record:
    whose = {run: record[run]} if run else {}
    for column in run_columns(tuple(record)):
        del record[column]
    try:
        metrics = json.loads(record[table])
    except (KeyError, TypeError, ValueError):
        return flat({**whose, **record})
    before = "".join(f"{name} - " for name in whose.values())
    return {**record, **{f"{before}{name}": value for name, value in flat(metrics).items()}}


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
