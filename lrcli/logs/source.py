"""The bytes of a log as they come: from a file, a pipe, or a file that grows."""

import codecs
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

from lrcli.errors import InputError
from lrcli.text import printable

CHUNK = 1 << 18
LONGEST_LINE = 1 << 24
"""Characters; a JSON document may be one line, and it bounds what is held."""

POLL_SECONDS = 0.2

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BINARY = (
    (b"\x1f\x8b", "gzip, unpack it first"),
    (b"PK\x03\x04", "a zip archive, such as a saved model"),
    (b"\x80\x02", "a pickle, such as a saved model"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x89PNG", "a picture"),
)

Announce = Callable[[str], None]


class Source:
    """Chunks of text that end with a line's end, read as they are there. Raises InputError for what is not text."""

    def __init__(
        self,
        path: str,
        *,
        follow: bool = False,
        announce: Announce = lambda text: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = "standard input" if path == "-" else printable(os.path.basename(path) or path)
        self._path = path
        self._follow = follow and path != "-"
        self._announce = announce
        self._sleep = sleep
        self.interrupted = False
        """Whether the wait for more is over; what was there has been read."""

    def chunks(self) -> Iterator[str]:
        """Text in pieces of whole lines; the last may lack its line end. Lines end with "\\n" alone."""
        decoder: codecs.IncrementalDecoder | None = None
        pending, read = "", 0
        for data in self._bytes():
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
                raise InputError(f"{self.name} is binary (it holds NUL characters); expected a text log: CSV or JSON")
            whole, newline, rest = (pending + text).rpartition("\n")
            if newline:
                yield _unified(whole + newline)
            pending = rest
            if len(pending) > LONGEST_LINE:
                raise InputError(f"{self.name} has a line of more than {LONGEST_LINE} characters; expected a log")
        if pending:
            yield _unified(pending)

    def _encoding(self, data: bytes) -> tuple[str, int]:
        for bom, encoding in _BOMS:
            if data.startswith(bom):
                return encoding, len(bom)
        for magic, kind in _BINARY:
            if data.startswith(magic):
                raise InputError(f"{self.name} looks like {kind}; expected a text log: CSV or JSON")
        return "utf-8", 0

    def _decoded(self, decoder: codecs.IncrementalDecoder, data: bytes, read: int) -> str:
        try:
            return decoder.decode(data)
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self.name} is not UTF-8 at byte {read + error.start + 1} (0x{data[error.start]:02x}); expected a "
                "text log: CSV or JSON"
            ) from None

    def _bytes(self) -> Iterator[bytes | None]:
        """What is read, as it comes; None where the log begins anew."""
        if self._path == "-":
            if sys.stdin is None:
                raise InputError("standard input is closed; expected a log there")
            yield from iter(lambda: os.read(sys.stdin.fileno(), CHUNK), b"")
            return
        try:
            with open(self._path, "rb") as file:
                yield from self._following(file) if self._follow else iter(lambda: file.read(CHUNK), b"")
        except OSError as error:
            raise InputError(f"cannot read {printable(self._path)}: {error.strerror or error}") from None

    def _following(self, file: BinaryIO) -> Iterator[bytes | None]:
        """The file as it grows; from its start again when it was cut short or another took its name."""
        while not self.interrupted:
            if data := file.read(CHUNK):
                yield data
                continue
            try:
                there, own = os.stat(self._path), os.fstat(file.fileno())
            except FileNotFoundError:
                self._sleep(POLL_SECONDS)
                continue
            if (there.st_ino, there.st_dev) != (own.st_ino, own.st_dev):
                self._announce(f"{self.name} was replaced; reading the new file from its start")
                file = open(self._path, "rb")  # noqa: SIM115 - followed until the program ends
                yield None
            elif there.st_size < file.tell():
                self._announce(f"{self.name} was truncated; reading it from its start")
                file.seek(0)
                yield None
            else:
                self._sleep(POLL_SECONDS)


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
