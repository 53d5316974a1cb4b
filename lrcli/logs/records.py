"""JSON logs: an object per line, or one document with a list of them (Transformers' trainer_state.json)."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from lrcli.errors import InputError
from lrcli.logs.cells import not_a_number, number
from lrcli.logs.table import Chunk, Table

LARGEST_DOCUMENT = 64 << 20
"""Characters; a document, unlike lines, has to be held as a whole."""

HISTORY = "log_history"

LARGEST_INT = 1 << 53
"""Beyond it not every int is a float64; one of 400 digits is infinite."""

Record = dict[str, Any]


class Records(Table):
    """The records of a JSON log, a chunk at a time; a record may lack any key."""

    def __init__(self, name: str, chunks: Iterator[str]) -> None:
        super().__init__(name, "json")
        self._line = 1
        first = next(chunks, "")
        self._chunks = (
            self._lines(first, chunks)
            if _is_object(first.lstrip().partition("\n")[0])
            else self._document(first, chunks)
        )
        self._first = next(self._chunks, ([], []))
        self.columns = tuple(dict.fromkeys(key for record in self._first[1] for key in record))
        if not self.columns:
            raise InputError(f"{name} has no records; expected a list of objects, or an object per line")

    def _lines(self, first: str, chunks: Iterator[str]) -> Iterator[tuple[list[int], list[Record]]]:
        for chunk in chain((first,), chunks):
            numbered = [(self._line + place, line) for place, line in enumerate(chunk.split("\n"))]
            self._line += chunk.count("\n")
            filled = [(place, line) for place, line in numbered if line.strip()]
            yield [place for place, _ in filled], [self._record(line, place) for place, line in filled]

    def _record(self, text: str, line: int) -> Record:
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self.name}, line {line}: expected a JSON object ({error})") from None
        if not isinstance(record, dict):
            raise InputError(f"{self.name}, line {line}: expected a JSON object, found {type(record).__name__}")
        return record

    def _document(self, first: str, chunks: Iterator[str]) -> Iterator[tuple[list[int], list[Record]]]:
        text = first
        for chunk in chunks:
            text += chunk
            if len(text) > LARGEST_DOCUMENT:
                raise InputError(f"{self.name} is one JSON document of more than {LARGEST_DOCUMENT} characters")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self.name} is not JSON: {error}") from None
        if isinstance(document, dict):
            self.facts.kind = "trainer_state"
            self.facts.take(document)
        records = document.get(HISTORY) if isinstance(document, dict) else document
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise InputError(
                f"{self.name}: expected a list of objects, or an object with {HISTORY!r}, as in trainer_state.json"
            )
        yield list(range(1, len(records) + 1)), records

    def chunks(self, places: Sequence[int], axes: Sequence[int]) -> Iterator[Chunk]:
        for lines, records in chain((self._first,), self._chunks):
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


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict) and HISTORY not in json.loads(line)
    except (ValueError, RecursionError):
        return False
