"""CSV logs: any delimiter, with all that trainers and spreadsheets do to them."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain

from lrcli.errors import InputError
from lrcli.logs.cells import not_a_number, number
from lrcli.logs.records import Batch, Records, flat
from lrcli.logs.table import MOST_COLUMNS, Chunk, Numbers, Table
from lrcli.text import plural, quoted

DELIMITERS = ",;\t"

LONGEST_QUOTE = 1 << 20
"""Characters between two quotes."""

ALL_BUT_ENDS = {end: bytes(code for code in range(256) if code not in f"{end}\n".encode()) for end in DELIMITERS}
"""For each delimiter the bytes that are neither it nor the end of a line."""

POINT = ("step", "timestamp", "value")
"""The columns of a file that does not name them."""

LONGEST_INT = 15
"""Characters; what is longer may not fit a float."""


class Delimited(Table):
    """The rows of a CSV log, a chunk of text at a time. The first line is the header."""

    def __init__(self, name: str, chunks: Iterator[str]) -> None:
        super().__init__(name, "csv")
        self._chunks = self._balanced(chunks)
        self._line = 1
        first = next(self._chunks, "")
        while first and first.isspace():
            self._line += first.count("\n")
            first = next(self._chunks, "")
        start = len(first) - len(first.lstrip("\n"))
        stop = _end_of_row(first, start)
        header, self._rest = first[start:stop], first[stop + 1 :]
        self._line += 1 + first.count("\n", 0, stop)
        self._delimiter = max(DELIMITERS, key=_outside_quotes(header).count)
        cells = self._rows([header])[0] if header else []
        if len(cells) > MOST_COLUMNS:
            raise InputError(f"{name} has {len(cells)} columns; expected at most {MOST_COLUMNS}")
        self.columns = tuple(cell.strip() for cell in cells)
        if _is_of_a_time(self.columns):
            self.columns, self._rest, self._line = POINT, f"{header}\n{self._rest}", self._line - 1
        elif self.columns and all(map(_is_number, self.columns)):
            raise InputError(
                f"{name}, line 1: expected the names of the columns, found {quoted(header)}; "
                "put a line such as epoch,lr before it"
            )
        if not self.columns:
            raise InputError(f"{name} has no rows; expected a log with a line of column names")

    def _balanced(self, chunks: Iterator[str]) -> Iterator[str]:
        """Chunks in which every quote that is opened is closed."""
        held = ""
        for chunk in chunks:
            held = held + chunk if held else chunk
            if held.count('"') % 2 == 0:
                yield held
                held = ""
            elif len(held) > LONGEST_QUOTE + len(chunk):
                break
        if held:
            raise InputError(
                f'{self.name} has a quote (") that is not closed in its last {plural(held.count(chr(10)), "line")}'
            )

    def _rows(self, lines: Sequence[str]) -> list[list[str]]:
        try:
            return list(csv.reader(lines, delimiter=self._delimiter, skipinitialspace=True))
        except csv.Error as error:
            raise InputError(f"{self.name}, line {self._line} or after: {error}") from None

    def chunks(self, places: Sequence[int], axes: Sequence[int]) -> Iterator[Chunk]:
        for chunk in chain((self._rest,) if self._rest else (), self._chunks):
            yield self._parsed_plain(chunk, places, axes) or self._parsed_with_care(chunk, places, axes)
            self._line += chunk.count("\n")

    def _parsed_plain(self, chunk: str, places: Sequence[int], axes: Sequence[int]) -> Chunk | None:
        """The fast way: for rows that all have as many cells as the header, each a plain number; else None."""
        width, count = len(self.columns), chunk.count("\n")
        if '"' in chunk or "_" in chunk or not chunk.isascii():
            return None
        skeleton = chunk.encode().translate(None, ALL_BUT_ENDS[self._delimiter])
        if skeleton != (self._delimiter * (width - 1) + "\n").encode() * count:
            return None
        cells = chunk.replace("\n", self._delimiter).split(self._delimiter)
        try:
            values: list[Numbers] = [list(map(float, cells[place:-1:width])) for place in places]
            positions = [_whole_or_not(cells[axis:-1:width]) for axis in axes]
        except ValueError:
            return None
        for place in places:
            self.digits[place].look(cells[place:-1:width])
        return range(self._line, self._line + count), values, positions

    def _parsed_with_care(self, chunk: str, places: Sequence[int], axes: Sequence[int]) -> Chunk:
        """Row by row: cells that are missing, short rows, headers that come again."""
        lines: list[int] = []
        wanted = (*places, *axes)
        numbers: list[Numbers] = [[] for _ in wanted]
        texts: list[list[str]] = [[] for _ in places]
        for line, row in self._careful_rows(chunk):
            lines.append(line)
            for place, column in zip(wanted, numbers, strict=True):
                column.append(self._number(row[place], line, place) if place < len(row) else None)
            for place, cells in zip(places, texts, strict=True):
                cells += row[place : place + 1]
        for place, cells in zip(places, texts, strict=True):
            self.digits[place].look(cells)
        return lines, numbers[: len(places)], numbers[len(places) :]

    def _careful_rows(self, chunk: str) -> Iterator[tuple[int, list[str]]]:
        """The rows of a chunk with their lines, but for empty ones and headers that come again."""
        width = len(self.columns)
        text_lines = chunk.split("\n")
        reader = csv.reader((f"{line}\n" for line in text_lines), delimiter=self._delimiter, skipinitialspace=True)
        try:
            for row in reader:
                if not any(row) or [cell.strip() for cell in row] == list(self.columns):
                    continue
                line = self._line + reader.line_num - 1
                if len(row) > width and any(cell.strip() for cell in row[width:]):
                    raise InputError(
                        f"{self.name}, line {line}: expected {plural(width, 'cell')} as in the header, found {len(row)}"
                    )
                yield line, row
        except csv.Error as error:
            raise InputError(f"{self.name}, line {self._line + reader.line_num - 1}: {error}") from None

    def batches(self) -> Iterator[Batch]:
        """The rows as records."""
        for chunk in chain((self._rest,) if self._rest else (), self._chunks):
            found = list(self._careful_rows(chunk))
            yield [line for line, _ in found], [dict(zip(self.columns, row, strict=False)) for _, row in found]
            self._line += chunk.count("\n")

    def _number(self, cell: str, line: int, place: int) -> float | None:
        try:
            return number(cell)
        except ValueError:
            raise not_a_number(self.name, line, self.columns[place], cell) from None


def _is_of_a_time(cells: Sequence[str]) -> bool:
    """Whether these are a step, a time since 1970 and a value, as Neptune writes a series, without a header."""
    if len(cells) != len(POINT) or not all(map(_is_number, cells)):
        return False
    return 1e9 < float(cells[1]) < 2e9 or 1e12 < float(cells[1]) < 2e12


class Molten(Records):
    """The rows of a CSV log that each hold one value and its name."""

    def __init__(self, name: str, chunks: Iterator[str]) -> None:
        self._rows = Delimited(name, chunks)
        super().__init__(name, "csv", "a name and a value in each row")

    def batches(self) -> Iterator[Batch]:
        for lines, records in self._rows.batches():
            yield lines, list(map(flat, records))


def _whole_or_not(cells: list[str]) -> Numbers:
    """The numbers of an axis: ints, which are read twice as fast, or floats."""
    if max(map(len, cells), default=0) <= LONGEST_INT:
        with suppress(ValueError):
            return list(map(int, cells))
    return list(map(float, cells))


def _end_of_row(text: str, start: int) -> int:
    """The place of the first line end that is not within quotes."""
    quoted = False
    for match in re.compile('["\n]').finditer(text, start):
        if match[0] == '"':
            quoted = not quoted
        elif not quoted:
            return match.start()
    return len(text)


def _outside_quotes(text: str) -> str:
    return "".join(text.split('"')[::2])


def _is_number(cell: str) -> bool:
    try:
        return number(cell) is not None
    except ValueError:
        return False
