"""One JSON document: a list of records, an object with one (trainer_state.json), histories as lists, pandas' orients.

It is read element by element, so that its length costs no memory.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lrcli.errors import InputError
from lrcli.logs.records import LONGEST_ELEMENT, Batch, Record, Records, flat

BATCH = 4096
WRAPPERS = frozenset(("history", "log_history", "logs", "log", "data", "metrics", "results", "records"))
"""Names that say nothing of what is below them."""

SCALAR = ("Wall time", "Step", "Value")
"""What TensorBoard's JSON holds in each of its lists."""

AFTER_A_VALUE = tuple(" \t\n\r,:]}")
"""Anything else, or nothing, after a number may be more of it."""

_SPACE = re.compile(r"[ \t\n\r]*")


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
                    {key: values[place] for key, values in lists.items() if place < len(values)}
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

        def records() -> Iterator[Record]:
            for element in self._cursor.elements():
                if isinstance(element, dict):
                    yield flat(element)
                else:
                    kept.append(element)

        yield from self._batched(records())
        if not kept:
            return
        if isinstance(kept[0], list):
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
        prefix = "" if key in WRAPPERS else f"{key}/"
        if kinds == {dict} and key in WRAPPERS:
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
