"""Logs of records: each row says the names of what it holds, and may lack any of them."""

import json
import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from lrcli.errors import InputError
from lrcli.logs import names
from lrcli.logs.cells import not_a_number, number
from lrcli.logs.table import MOST_COLUMNS, Chunk, Table
from lrcli.text import plural

BATCH = 4096
"""Records that are given on at once."""

LARGEST_INT = 1 << 53
"""Beyond it not every int is a float64; one of 400 digits is infinite."""

LONGEST_ELEMENT = 1 << 22
"""Characters; a record, or another part of JSON that is read at once: {} takes 25 times its length in memory."""

MOST_BATCHES_HELD = 16
"""Of records that are read in search of a column."""

MOST_GROUPS = 64
"""Parameter groups whose rates stand in one list."""

DEEPEST = 4
"""Levels of a record below the second: RLlib has info/learner/default_policy/learner_stats/cur_lr."""

Record = dict[str, Any]

Batch = tuple[list[int], list[Record]]
"""The line of each record, or its number, and the records."""


class Records(Table):
    """The records of a log, a batch at a time. A format says what they are in `batches`."""

    def __init__(self, name: str, kind: str, what: str) -> None:
        super().__init__(name, kind)
        self._batches = self.batches()
        self._held: list[Batch] = []
        self._names: dict[str, bool] = {}
        while not self._names and self.read_further():
            pass
        if not self.columns:
            raise InputError(f"{name} has no records; expected {what}")

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """The records as they are read. Raises InputError."""

    def read_further(self) -> bool:
        """Look for further columns in what has not been read; whether there was anything."""
        if len(self._held) >= MOST_BATCHES_HELD or (batch := next(self._batches, None)) is None:
            return False
        self._held.append(batch)
        for record in batch[1]:
            for key, value in record.items():
                if not self._names.get(key):
                    self._names[key] = _may_be_a_number(value)
        if len(self._names) > MOST_COLUMNS:
            raise InputError(f"{self.name} has more than {MOST_COLUMNS} columns")
        self.columns = tuple(key for key, is_number in self._names.items() if is_number) or tuple(self._names)
        return True

    def chunks(self, places: Sequence[int], axes: Sequence[int]) -> Iterator[Chunk]:
        held, self._held = self._held, []
        for lines, records in chain(held, self._batches):
            numbers = [
                [self._number(record.get(key), line, key) for line, record in zip(lines, records, strict=True)]
                for key in (self.columns[key] for key in (*places, *axes))
            ]
            for place in places:
                if not self.digits[place].settled:
                    found = (record.get(self.columns[place]) for record in records)
                    self.digits[place].look([str(value) for value in found if value is not None])
            yield lines, numbers[: len(places)], numbers[len(places) :]

    def _number(self, value: Any, line: int, key: str) -> float | None:
        if value is None:
            return None
        if type(value) is float:
            return value
        if type(value) is int:
            return value if abs(value) < LARGEST_INT else float(str(value)[:400])
        try:
            return number(value if isinstance(value, str) else json.dumps(value))
        except ValueError:
            raise not_a_number(self.name, line, key, str(value)) from None


def _may_be_a_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            return number(value) is not None
        except ValueError:
            return False
    return isinstance(value, int | float)


class Melted(NamedTuple):
    """The columns of a molten table: what is measured, its value, and of which part of the data and which run."""

    name: str
    value: str
    part: str | None
    run: str | None


@names.remembered
def melted(columns: tuple[str, ...]) -> Melted | None:
    """The columns of rows that each hold one value, and the name of what it is the value of; None of others."""
    known = {" ".join(names.words(column)): column for column in columns}
    name, value, part, run = (next((known[word] for word in table if word in known), None) for table in _MELTED)
    if name is None or value is None or any(map(names.as_rate, columns)):
        return None
    return Melted(name, value, part, run)


def run_columns(columns: tuple[str, ...]) -> list[str]:
    """The columns that tell several runs apart, the likeliest first."""
    known = {" ".join(names.words(column)): column for column in columns}
    return [known[word] for word in _MELTED[-1] if word in known]


def poured(record: Record) -> Record:
    """A row of a molten table as a record in which the value has its name: {"key": "lr", "value": 1} is {"lr": 1}."""
    of = melted(tuple(record))
    if of is None or not isinstance(record[of.name], str) or _may_be_a_number(record[of.name]):
        return record
    part, run = (record[column] if column else None for column in of[2:])
    called = f"{part}/{record[of.name]}" if part and isinstance(part, str) else record[of.name]
    called = f"{run} - {called}" if run and not isinstance(run, dict) else called
    return {**{key: other for key, other in record.items() if key not in of}, called: record[of.value]}


def flat(record: Record, depth: int = DEEPEST) -> Record:
    """The record with what is a few levels below beside the rest: {"val": {"loss": 1}} has "val/loss".

    So have the rates of several groups ("lr": [0.1, 0.01]), and two numbers in a text ("step/max_steps": "10/500").
    """
    kinds = set(map(type, record.values()))
    if kinds.isdisjoint(_PARTED):
        return record
    if str in kinds:
        record = _of_training(poured(record))
    found: Record = {}
    for key, value in record.items():
        if isinstance(value, dict):
            deeper = flat(value, depth - 1) if depth else value
            found |= {f"{key}/{name}": inner for name, inner in deeper.items()}
        elif isinstance(value, list) and names.as_rate(key):
            found |= {f"{key}/{place}": inner for place, inner in enumerate(value[:MOST_GROUPS])}
        elif isinstance(value, str) and "/" in key and (pair := _PAIR.fullmatch(value)):
            found |= dict(zip(key.split("/", 1), pair.groups(), strict=True))
        else:
            found[key] = value
    return found


def _of_training(record: Record) -> Record:
    """A row that mmcv writes after a validation ("mode": "val") without its step, which counts batches of that data,
    and without the rate that stands beside it.
    """
    if record.get("mode") not in names.HELD_OUT:
        return record
    return {
        key: value
        for key, value in record.items()
        if names.as_rate(key) is None and (not names.is_position(key) or names.as_axis(key) in names.EPOCHS)
    }


_PARTED = {dict, list, str}
_MELTED = (
    ("metric name", "metric", "key", "tag", "variable", "name", "series", "measure"),
    ("metric value", "value", "y", "scalar"),
    ("context subset", "subset", "split", "phase", "mode", "stage", "dataset"),
    ("run id", "run uuid", "run", "run name", "run hash", "experiment key", "experiment id", "experiment"),
)
"""What the columns of `Melted` are called by pandas.melt, Comet, Aim, ClearML, MLflow."""

MESSAGES = ("message", "msg", "text", "event", "log")
"""What a record calls the line that was logged."""

_PAIR = re.compile(r"\s*(\d{1,15})\s*/\s*(\d{1,15})\s*", re.ASCII)


def record_in(line: str) -> Record:
    """The record that a line holds; an empty one of another text."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def message(record: Record) -> str:
    """The text that a record says was logged; empty where there is none."""
    there = (record.get(key) for key in MESSAGES)
    return " ".join(next((text for text in there if isinstance(text, str)), "").split("\n"))


def messages(chunk: str) -> str:
    """The texts in the records of a chunk, a line each."""
    return "\n".join(message(record_in(line)) for line in chunk.split("\n"))


class JsonLines(Records):
    """An object per line. Lines of other text are left out, and an object that is cut off at the end."""

    def __init__(self, name: str, chunks: Iterable[str]) -> None:
        self._text = iter(chunks)
        self._strange = 0
        super().__init__(name, "json lines", "an object per line")

    def batches(self) -> Iterator[Batch]:
        start, cut = 1, None
        for chunk in self._text:
            if cut:
                raise cut
            lines = [
                (start + place, line) for place, line in enumerate(chunk.split("\n")) if line and not line.isspace()
            ]
            start += chunk.count("\n")
            if len(chunk) > LONGEST_ELEMENT and max(len(line) for _, line in lines) > LONGEST_ELEMENT:
                raise InputError(f"{self.name} has a record of more than {LONGEST_ELEMENT} characters")
            records = self._all_at_once([line for _, line in lines])
            if records is None:
                records, numbers = [], []
                for place, line in lines:
                    if cut:
                        raise cut
                    try:
                        record = self._record(line, place)
                    except InputError as error:
                        if place != lines[-1][0] or chunk.endswith("\n"):
                            raise
                        cut = error
                        continue
                    if record is not None:
                        records.append(record)
                        numbers.append(place)
            else:
                numbers = [place for place, _ in lines]
            yield numbers, records
        if cut:
            self.remarks.append(f"{self.name}: the last line is cut off and left out")
        if self._strange:
            self.remarks.append(f"{self.name}: {plural(self._strange, 'line')} without a record left out")

    def _all_at_once(self, lines: list[str]) -> list[Record] | None:
        """The records of lines that are all what they should be, at a third of the time."""
        try:
            records = json.loads(f"[{','.join(lines)}]")
        except (ValueError, RecursionError):
            return None
        if len(records) != len(lines) or set(map(type, records)) - {dict}:
            return None
        return [flat(record) for record in records]

    def _record(self, text: str, line: int) -> Record | None:
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            if not text.lstrip().startswith("{"):
                self._strange += 1
                return None
            raise InputError(f"{self.name}, line {line}: expected a JSON object ({error})") from None
        if not isinstance(record, dict):
            raise InputError(f"{self.name}, line {line}: expected a JSON object, found {type(record).__name__}")
        return flat(record)
