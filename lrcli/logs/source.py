"""The bytes of a log as they come: from a file, a pipe, or a file that grows; packed by gzip or not."""

import codecs
import os
import select
import stat
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

from lrcli.errors import InputError
from lrcli.text import printable

CHUNK = 1 << 18
LONGEST_LINE = 1 << 24
"""Characters; a JSON document may be one line, and it bounds what is held."""

MOST_BLANK = 1 << 24
"""Characters in a row that say nothing."""

POLL_SECONDS = 0.2
MAGIC = 16
"""Bytes by which a format is recognised."""

_GZIP = b"\x1f\x8b"
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

ONE_BYTE, INSTEAD = "Windows-1252", "lrsched.one-byte"


def _one_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode(ONE_BYTE, "replace"), error.end


codecs.register_error(INSTEAD, _one_byte)

Announce = Callable[[str], None]
Data = Iterator[bytes | None]
"""Bytes as they come; None where the log begins anew."""


class LogBytes:
    """The bytes of a log, or its text in chunks that end with a line's end, read as they are there; read once."""

    def __init__(
        self,
        path: str,
        *,
        follow: bool = False,
        announce: Announce = lambda text: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = "standard input" if path == "-" else printable(os.path.basename(path) or path)
        self.path = path
        self.follows = follow and path != "-"
        """Whether it waits for more."""
        self._announce = announce
        self._sleep = sleep
        self._data: Data | None = None
        self.interrupted = False
        """Whether the wait for more is over; what was there has been read."""
        self.remarks: list[str] = []
        """What was found amiss and did not matter."""

    def data(self) -> Data:
        """The bytes, unpacked."""
        if self._data is None:
            self._data = self._unpacked(self._bytes())
        return self._data

    def magic(self) -> bytes:
        """The first bytes, which stay to be read; empty if there are none."""
        first = b""
        for more in self.data():
            first = first + more if more is not None else b""
            if len(first) >= MAGIC:
                break
        self._data = chain((first,) if first else (), self.data())
        return first[:MAGIC]

    def chunks(self) -> Iterator[str]:
        """Text in pieces of whole lines; the last may lack its line end. Lines end with "\\n" alone.

        Raises InputError for what is not text.
        """
        decoder: codecs.IncrementalDecoder | None = None
        pending, read, blank = "", 0, 0
        for data in self.data():
            if data is None:
                decoder, pending = None, ""
                continue
            if decoder is None:
                encoding, skipped = self._encoding(data)
                decoder = codecs.getincrementaldecoder(encoding)()
                data = data[skipped:]
            text = self._decoded(decoder, data, read)
            read += len(data)
            if "\0" in text:
                raise InputError(f"{self.name} is binary (it holds NUL characters); expected a log as text")
            whole, newline, rest = (pending + text).rpartition("\n")
            blank = blank + len(text) if text.isspace() else 0
            if blank > MOST_BLANK:
                raise InputError(f"{self.name} has more than {MOST_BLANK} blank characters in a row; expected a log")
            if newline:
                yield _unified(whole + newline)
            pending = rest
            if len(pending) > LONGEST_LINE:
                raise InputError(f"{self.name} has a line of more than {LONGEST_LINE} characters; expected a log")
        if decoder is not None and decoder.getstate()[0]:
            self.remarks.append(f"{self.name} ends within a character: its last bytes are left out")
        if pending:
            yield _unified(pending)

    def _encoding(self, data: bytes) -> tuple[str, int]:
        """What the text is encoded in, and the bytes of its mark. PowerShell writes UTF-16."""
        for bom, encoding in _BOMS:
            if data.startswith(bom):
                return encoding, len(bom)
        empty = [byte == 0 for byte in data[:4]]
        if empty == [False, True, False, True]:
            return "utf-16-le", 0
        return "utf-16-be" if empty == [True, False, True, False] else "utf-8", 0

    def _decoded(self, decoder: codecs.IncrementalDecoder, data: bytes, read: int) -> str:
        """The text of some more bytes; what is no UTF-8 among them is taken for what Windows once wrote."""
        before = decoder.getstate()
        try:
            return decoder.decode(data)
        except UnicodeDecodeError as error:
            place = read + error.start + 1 - len(before[0])
            remark = f"{self.name} is not {error.encoding.upper()} at byte {place} (0x{error.object[error.start]:02x})"
            self.remarks.append(f"{remark}: what is not is read as {ONE_BYTE}")
            decoder.errors = INSTEAD
            return decoder.decode(data)

    def _unpacked(self, data: Data) -> Data:
        """The bytes of a gzip file, however many parts it has; of another file as they are."""
        unpacker, first = None, True
        for packed in data:
            if packed is None:
                unpacker, first = None, True
                yield None
                continue
            if first:
                unpacker, first = zlib.decompressobj(31) if packed.startswith(_GZIP) else None, False
            if unpacker is None:
                yield packed
                continue
            try:
                while packed or unpacker.unconsumed_tail:
                    if unpacked := unpacker.decompress(unpacker.unconsumed_tail or packed, CHUNK):
                        yield unpacked
                    packed = b""
                    if unpacker.eof and (packed := unpacker.unused_data.lstrip(b"\0")):
                        unpacker = zlib.decompressobj(31)
            except zlib.error as error:
                raise InputError(f"{self.name} is damaged gzip: {error}") from None
        if unpacker is not None and not unpacker.eof:
            self.remarks.append(f"{self.name} is cut within its gzip; what was there is read")

    def _bytes(self) -> Data:
        """What is read, as it comes; None where the log begins anew."""
        if self.path == "-":
            if sys.stdin is None:
                raise InputError("standard input is closed; expected a log there")
            yield from iter(lambda: os.read(sys.stdin.fileno(), CHUNK), b"")
            return
        try:
            if self.follows and stat.S_ISFIFO(os.stat(self.path).st_mode):
                yield from self._following_pipe()
                return
            with open(self.path, "rb") as file:
                yield from self._following(file) if self.follows else iter(lambda: file.read(CHUNK), b"")
        except OSError as error:
            raise InputError(f"cannot read {printable(self.path)}: {error.strerror or error}") from None

    def _following_pipe(self) -> Data:
        """What is written into a named pipe; neither to open it nor to read it may wait for longer than a moment."""
        pipe = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            while not self.interrupted:
                ready, _, _ = select.select([pipe], [], [], POLL_SECONDS)
                if ready and (data := os.read(pipe, CHUNK)):
                    yield data
                elif ready:
                    self._sleep(POLL_SECONDS)
        finally:
            os.close(pipe)

    def _following(self, file: BinaryIO) -> Data:
        """The file as it grows; from its start again when it was cut short or another took its name."""
        while not self.interrupted:
            if data := file.read(CHUNK):
                yield data
                continue
            try:
                there, own = os.stat(self.path), os.fstat(file.fileno())
            except FileNotFoundError:
                self._sleep(POLL_SECONDS)
                continue
            if (there.st_ino, there.st_dev) != (own.st_ino, own.st_dev):
                self._announce(f"{self.name} was replaced; reading the new file from its start")
                file = open(self.path, "rb")  # noqa: SIM115 - followed until the program ends
                yield None
            elif there.st_size < file.tell():
                self._announce(f"{self.name} was truncated; reading it from its start")
                file.seek(0)
                yield None
            else:
                self._sleep(POLL_SECONDS)


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
