"""One JSON document: a list of records, an object with one (trainer_state.json), histories as lists, pandas' orients.

It is read element by element, so that its length costs no memory.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lrcli.errors import InputError
from lrcli.logs import names
from lrcli.logs.records import BATCH, LONGEST_ELEMENT, Batch, Record, Records, flat

WRAPPERS = frozenset(("history", "log_history", "logs", "log", "data", "metrics", "results", "records"))
"""Names that say nothing of what is below them."""

SCALAR = ("Wall time", "Step", "Value")
"""What TensorBoard's JSON holds in each of its lists."""

POSITIONS = ("steps", "step", "x", "iterations")
HEIGHTS = ("value", "values", "y")
"""What Sacred and ClearML call the steps and the values of a metric; "value" is that of a single point."""

AFTER_A_VALUE = tuple(" \t\n\r,:]}")
"""Anything else, or nothing, after a number may be more of it."""

_SPACE = re.compile(r"[ \t\n\r]*")


_PYTHON = re.compile(
    r"'(?:[^'\\\n]|\\.){0,10000}'|\b(?:None|True|False|nan|inf)\b"
    r"|\b(?:np\.|numpy\.)?(?:float|int)(?:16|32|64)\(|\b(?:torch\.)?tensor\(|[()]"
)
_AS_JSON = {"None": "null", "True": "true", "False": "false", "nan": "NaN", "inf": "Infinity"}


def as_json(chunk: str) -> str:
    """What Python prints of lists, dicts and numbers, as JSON."""
    return _PYTHON.sub(lambda found: _translated(found[0]), chunk)


def _translated(word: str) -> str:
    if word.startswith("'"):
        return json.dumps(word[1:-1].replace("\\'", "'"))
    return _AS_JSON.get(word, "")


class Cursor:
    """A place in a JSON text that comes in chunks."""

    def __init__(self, name: str, chunks: Iterable[str]) -> None:
        self._name = name
        self._chunks = iter(chunks)
        self._text, self._place = "", 0
        self._decoder = json.JSONDecoder()

    def _more(self) -> bool:
        """Read on: as much again as is held."""
        left = len(self._text) - self._place
        if left > LONGEST_ELEMENT:
            raise InputError(f"{self._name} holds an element of more than {LONGEST_ELEMENT} characters")
        parts = [self._text[self._place :]]
        added = 0
        for chunk in self._chunks:
            parts.append(chunk)
            added += len(chunk)
            if added >= left:
                break
        self._text, self._place = "".join(parts), 0
        return added > 0

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            self._place = _SPACE.match(self._text, self._place).end()  # type: ignore[union-attr]
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def take(self, *expected: str) -> str:
        """Step over the next character, which has to be one of these."""
        if (found := self.peek()) not in expected or not found:
            raise self.error(f"expected {' or '.join(expected)}, found {found!r}" if found else "it ends too early")
        self._place += 1
        return found

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._place)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more():
                    raise self.error(getattr(error, "msg", str(error))) from None
            else:
                if self._text[end : end + 1] in AFTER_A_VALUE or not self._more():
                    self._place = end
                    return value

    def elements(self) -> Iterator[Any]:
        """The elements of a list at whose bracket the cursor stands."""
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        while True:
            yield self.value()
            if self.take(",", "]") == "]":
                return

    def error(self, reason: str) -> InputError:
        """What is wrong here."""
        return InputError(f"{self._name} is not JSON: {reason}")


def curves_in(name: str, value: Any) -> Iterator[tuple[str, Sequence[Any]]]:
    """The curves in nested objects: a list of positions beside one of values, or a list of points, each by its name."""
    if not isinstance(value, dict):
        return
    positions, values = (next((value[key] for key in table if key in value), None) for table in (POSITIONS, HEIGHTS))
    if isinstance(positions, list) and isinstance(values, list) and name:
        yield name, list(zip(positions, values, strict=False))
        return
    for key, inner in value.items():
        called = f"{name}/{key}" if name else key
        if isinstance(inner, dict):
            yield from curves_in(called, inner)
        elif isinstance(inner, list) and inner and key not in WRAPPERS and _are_points(called, inner):
            yield called, inner


def _are_points(name: str, several: Sequence[Any]) -> bool:
    element = several[0]
    if isinstance(element, dict):
        return HEIGHTS[0] in element
    return (
        not are_groups(name, several)
        and isinstance(element, list)
        and len(element) in (2, 3)
        and all(isinstance(one, int | float) for one in element)
    )


def are_groups(name: str, rows: Sequence[Any]) -> bool:
    """Whether each row holds the rates of the parameter groups, as ignite's param_history has them, and is no point:
    steps are whole numbers.
    """
    if names.as_rate(name) is None or not all(isinstance(row, list) and row for row in rows):
        return False
    return len(rows[0]) == 1 or any(isinstance(row[-2:][0], float) and row[-2:][0] % 1 for row in rows)


def points(name: str, curve: Iterable[Any]) -> Iterator[Record]:
    """The records of a curve: pairs of a step and a value, TensorBoard's triples, or objects with a value."""
    for point in curve:
        if isinstance(point, dict):
            yield flat(_of(name, point))
        elif isinstance(point, Sequence) and len(point) in (2, 3):
            yield {SCALAR[1].lower(): point[-2], name: point[-1]}


def _of(name: str, point: Record) -> Record:
    """What an object in a list of this name says: its value is one of that name."""
    if not name or HEIGHTS[0] not in point:
        return point
    return {name if key == HEIGHTS[0] else key: value for key, value in point.items()}


class Document(Records):
    """The records of a JSON document, numbered from 1."""

    def __init__(self, name: str, chunks: Iterable[str]) -> None:
        self._cursor = Cursor(name, chunks)
        self._lists: dict[str, list[Any]] = {}
        self._loose: Record = {}
        self._count = 0
        super().__init__(name, "json", "a list of objects, or an object with lists, as in trainer_state.json")

    def batches(self) -> Iterator[Batch]:
        if self._cursor.peek() == "[":
            yield from self._list("")
        else:
            yield from self._object()
        if self._cursor.peek():
            raise self._cursor.error("something follows its end")
        names, rows = self._lists.get("columns"), self._lists.pop("", [])
        if rows:
            there = [str(name) for name in names] if names else list(SCALAR)
            yield from self._batched(dict(zip(there, row, strict=False)) for row in rows)
        elif self._lists:
            if not self._count:
                self.facts.kind = "history"
                lists = {
                    key: values for key, values in self._lists.items() if values and not isinstance(values[0], str)
                }
                longest = max(map(len, lists.values()), default=0)
                yield from self._batched(
                    flat({key: values[place] for key, values in lists.items() if place < len(values)})
                    for place in range(longest)
                )
        elif not self._count:
            yield from self._batched([flat(self._loose)])

    def _batched(self, records: Iterable[Record]) -> Iterator[Batch]:
        held: list[Record] = []
        for record in records:
            held.append(record)
            if len(held) == BATCH:
                yield self._numbered(held)
                held = []
        if held:
            yield self._numbered(held)

    def _numbered(self, records: list[Record]) -> Batch:
        start = self._count + 1
        self._count += len(records)
        return list(range(start, self._count + 1)), records

    def _list(self, key: str) -> Iterator[Batch]:
        """A list of records, which are given on, or of values or rows, which are kept."""
        kept: list[Any] = []
        called = "" if key in WRAPPERS else key

        def records() -> Iterator[Record]:
            for element in self._cursor.elements():
                if isinstance(element, dict):
                    yield flat(_of(called, element))
                else:
                    kept.append(element)

        yield from self._batched(records())
        if not kept:
            return
        if isinstance(kept[0], list) and called:
            if are_groups(called, kept):
                self._lists[called] = kept
            else:
                yield from self._batched(points(called, kept))
        elif isinstance(kept[0], list):
            self._lists[""] = kept
        elif key:
            self._lists[key] = kept
        else:
            raise InputError(f"{self.name}: expected a list of objects, found {kept[0]!r:.40} in it")

    def _object(self) -> Iterator[Batch]:
        take = self._cursor.take
        take("{")
        after = take("}") if self._cursor.peek() == "}" else ","
        while after == ",":
            key = self._cursor.value()
            if not isinstance(key, str):
                raise self._cursor.error("expected a name in quotes")
            take(":")
            if self._cursor.peek() == "[":
                if key == "log_history":
                    self.facts.kind = "trainer_state"
                yield from self._list(key)
            else:
                yield from self._beside(key, self._cursor.value())
            after = take(",", "}")
        self.facts.take(self._loose)

    def _beside(self, key: str, value: Any) -> Iterator[Batch]:
        """What stands in an object beside lists: a number, or an object of lists, of numbers or of records."""
        if not isinstance(value, dict) or not value:
            self._loose[key] = value
            return
        kinds = set(map(type, value.values()))
        numbered = all(name.isdecimal() for name in value)
        called = "" if key in WRAPPERS else key
        prefix = called and f"{called}/"
        curves = list(curves_in(called, value))
        if curves:
            for name, curve in curves:
                yield from self._batched(points(name, curve))
        elif kinds == {dict} and key in WRAPPERS:
            for name, inner in value.items():
                yield from self._beside(name, inner)
        elif numbered and dict not in kinds:
            self._lists[key] = list(value.values())
        elif key.isdecimal():
            yield from self._batched([flat(value)])
        elif list in kinds:
            self._lists |= {f"{prefix}{name}": values for name, values in value.items() if isinstance(values, list)}
        else:
            self._loose[key] = value
