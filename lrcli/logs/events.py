"""TensorBoard's event files: TFRecords of protocol buffers, of which the scalars are read.

A record is its length (8 bytes), a checksum of these, the data and a checksum of that: CRC32C, rotated and shifted
(tensorflow/core/lib/hash/crc32c.h). The fields are those of event.proto, summary.proto and tensor.proto.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from lrcli.errors import InputError
from lrcli.logs.records import Batch, Record, Records
from lrcli.logs.source import LogBytes

AXES = ("step", "wall time")
"""What each record has beside its tag."""

ARGUMENTS = b"args/text_summary"
"""The tag under which transformers' TensorBoardCallback writes its TrainingArguments, as JSON."""

HEADER = 12
LARGEST_RECORD = 1 << 26
"""Bytes; a picture, or a graph."""

_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8

_TYPES = {1: ("f", 5), 2: ("d", 6), 19: ("e", 13), 3: ("i", 7), 9: ("q", 10)}
"""Of a tensor: float, double, half, int32, int64; how one is packed, and the field of values that are not."""


STRING = 7
"""Of a tensor: text."""


def _table() -> list[int]:
    found = list(range(256))
    for _ in range(8):
        found = [value >> 1 ^ (_POLYNOMIAL if value & 1 else 0) for value in found]
    return found


_CRC = _table()


def masked_crc(data: bytes) -> int:
    """The checksum as a TFRecord holds it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def is_event_file(head: bytes) -> bool:
    """Whether these first bytes are the header of a TFRecord."""
    return len(head) >= HEADER and struct.unpack_from("<I", head, 8)[0] == masked_crc(head[:8])


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The number and value of each field of a protocol buffer. Raises IndexError or struct.error where it is cut."""
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        size = varint() if kind == 2 else {1: 8, 5: 4}[kind]
        place += size
        if place > len(data):
            raise IndexError(place)
        yield key >> 3, data[place - size : place]


def scalar(tensor: bytes) -> float | None:
    """The value of a tensor that holds a single number."""
    parts = dict(fields(tensor))
    code, field = _TYPES.get(parts.get(1, 0), ("", 0))
    packed = parts.get(4) or parts.get(field)
    if not code or packed is None:
        return None
    if isinstance(packed, int) or (field in (7, 10, 13) and not parts.get(4)):
        number = packed if isinstance(packed, int) else next((value for _, value in fields(b"\0" + packed)), None)
        if code == "e" and number is not None:
            return float(struct.unpack("<e", struct.pack("<H", number))[0])
        return number if number is None or number < 1 << 63 else number - (1 << 64)
    return float(struct.unpack(f"<{code}", packed)[0]) if len(packed) == struct.calcsize(code) else None


def text(tensor: bytes) -> str:
    """The text of a tensor of strings, of which it is the first; empty where it has none."""
    parts = dict(fields(tensor))
    found = parts.get(8, b"") if parts.get(1) == STRING else b""
    return found.decode(errors="replace") if isinstance(found, bytes) else ""


class Events(Records):
    """The scalars of an event file, each a record under its tag; numbered from 1."""

    def __init__(self, name: str, data: Iterable[bytes | None]) -> None:
        self._data = data
        super().__init__(name, "events", "an event file with scalars")

    def batches(self) -> Iterator[Batch]:
        held, count = bytearray(), 0
        for data in self._data:
            if data is None:
                held.clear()
                continue
            held += data
            place, records = 0, []
            while (size := self._size(held, place, count)) is not None and place + size + HEADER + 4 <= len(held):
                body = bytes(held[place + HEADER : place + HEADER + size])
                count += 1
                found = self._scalars(body, count)
                if found:
                    (crc,) = struct.unpack_from("<I", held, place + HEADER + size)
                    if crc != masked_crc(body):
                        raise InputError(f"{self.name}: record {count} is damaged (its checksum differs)")
                    records += [(count, record) for record in found]
                place += HEADER + size + 4
            del held[:place]
            if records:
                yield [number for number, _ in records], [record for _, record in records]
        if held:
            self.remarks.append(f"{self.name} is cut within record {count + 1}; what was there is read")

    def _size(self, held: bytearray, place: int, count: int) -> int | None:
        if len(held) - place < HEADER:
            return None
        size, crc = struct.unpack_from("<QI", held, place)
        if crc != masked_crc(bytes(held[place : place + 8])) or size > LARGEST_RECORD:
            raise InputError(f"{self.name}: record {count + 1} is damaged (the checksum of its length differs)")
        return int(size)

    def _scalars(self, event: bytes, count: int) -> list[Record]:
        try:
            where: Record = {"step": 0}
            summary = b""
            for field, value in fields(event):
                if field == 1:
                    where["wall time"] = struct.unpack("<d", value)[0]
                elif field == 2:
                    where["step"] = value if value < 1 << 63 else value - (1 << 64)
                elif field == 5:
                    summary = value
            found = []
            for field, value in fields(summary):
                parts = dict(fields(value)) if field == 1 else {}
                if parts.get(1) == ARGUMENTS:
                    self.configuration = text(parts.get(8, b""))
                number = struct.unpack("<f", parts[2])[0] if 2 in parts else scalar(parts[8]) if 8 in parts else None
                if number is not None:
                    found.append({**where, parts.get(1, b"").decode(errors="replace"): number})
        except (IndexError, KeyError, TypeError, struct.error):
            raise InputError(f"{self.name}: record {count} is damaged (it is no event)") from None
        return found


class EventFiles(Events):
    """The scalars of all event files of a run, one file after the other, with what is put before their tags."""

    def __init__(self, name: str, files: dict[str, str]) -> None:
        self._files = files
        super().__init__(name, ())
        while self.read_further():
            pass

    def batches(self) -> Iterator[Batch]:
        for path, before in self._files.items():
            self._data = LogBytes(path).data()
            for numbers, records in super().batches():
                yield numbers, [_tagged(record, before) for record in records] if before else records


def _tagged(record: Record, before: str) -> Record:
    return {key if key in AXES else f"{before}{key}": value for key, value in record.items()}
