"""Writing: all of it to standard output, and to a file the whole or nothing."""

import os
import re
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from lrcli.errors import InputError
from lrcli.text import printable

Write = Callable[[str], object]

STANDARD_OUTPUT = 1

FATAL = ("SIGTERM", "SIGHUP", "SIGXCPU")
"""Signals that end the program at once, unless somebody sees to them; Windows has not all of them."""

_DESCRIPTOR = r"/dev/(?:fd|stdout|stderr)(?:/([0-9]{1,9}))?|/proc/(?:self|thread-self)/fd/([0-9]{1,9})"


@contextmanager
def opened(path: str) -> Iterator[Write]:
    """A function that writes text to `path`, or to standard output for "-"; a file appears whole or not at all."""
    if path == "-":
        if sys.stdout is None:
            raise InputError("--output: standard output is closed")
        yield sys.stdout.write
        sys.stdout.flush()
        return
    with opened_binary(path) as write:
        yield lambda text: write(text.encode(errors="backslashreplace"))


@contextmanager
def opened_binary(path: str) -> Iterator[Callable[[bytes], object]]:
    """A function that writes bytes likewise."""
    if path == "-":
        if sys.stdout is None:
            raise InputError("--output: standard output is closed")
        sys.stdout.flush()
        device = getattr(sys.stdout, "buffer", None)
        if device is None:  # As where a program of Python's has put a text in its place.
            raise InputError("--output: standard output takes text only; expected a file, as in -o lr.svg")
        yield device.write
        sys.stdout.flush()
        return
    with _reported(path):
        if (descriptor := descriptor_of(path)) is not None:
            # The name would open the file behind it anew, and write over what is there.
            if sys.stdout is not None:
                sys.stdout.flush()
            with open(descriptor, "wb", closefd=False) as file:
                yield file.write
            return
        target = _target_of(path)
        if os.path.exists(target) and not os.path.isfile(target):
            with open(target, "wb") as file:
                yield file.write
            return
        with _replaced(target) as write:
            yield write


def descriptor_of(path: str) -> int | None:
    """The open descriptor that a path such as /dev/stdout names, also through links; None for any other file."""
    for _ in range(40):
        if found := re.fullmatch(_DESCRIPTOR, os.path.abspath(path)):
            number = found[1] or found[2]
            return int(number) if number else {"/dev/stdout": 1, "/dev/stderr": 2}.get(os.path.abspath(path))
        if not os.path.islink(path):
            return None
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    return None


def refuse_to_overwrite(source: str | None, path: str) -> None:
    """Raises InputError where `path` is the file that is read: `source`, or standard input for "-" or nothing."""
    try:
        read = os.fstat(sys.stdin.fileno()) if source in (None, "-") else os.stat(str(source))
        is_read = path != "-" and stat.S_ISREG(read.st_mode) and os.path.samestat(read, os.stat(path))
    except (OSError, ValueError, AttributeError):  # One of them is not there.
        return
    if is_read:
        raise InputError(f"--output: {printable(path)} is what is read; expected another file")


def _target_of(path: str) -> str:
    """The file that is written, behind all links. Raises InputError or OSError where it must not be."""
    if not path:
        raise InputError("--output: expected the name of a file, found ''")
    try:
        target = os.path.realpath(path, strict=True)
    except FileNotFoundError:
        target = os.path.realpath(path)
    if os.path.isdir(target) or path.endswith(("/", os.sep)):
        raise InputError(f"--output: {printable(path)} is a folder; expected a file")
    if os.path.exists(target) and not (os.access(target, os.W_OK) and os.stat(target).st_mode & 0o222):
        raise InputError(f"--output: cannot write {printable(path)}: it is read-only")
    return target


@contextmanager
def _replaced(target: str) -> Iterator[Callable[[bytes], object]]:
    draft = os.path.join(os.path.dirname(target), f".lrsched-{os.urandom(8).hex()}.tmp")

    def discard() -> None:
        with suppress(OSError):
            os.unlink(draft)

    with _before_the_end(discard):
        try:
            # Nobody else may read it before it has the permissions of the file that it becomes.
            with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                yield file.write
            os.chmod(draft, _mode_of(target))
            os.replace(draft, target)
        finally:
            discard()


@contextmanager
def _before_the_end(discard: Callable[[], None]) -> Iterator[None]:
    """Call `discard` before a signal ends the program, as it would have without that."""

    def end(number: int, frame: FrameType | None) -> None:
        discard()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    caught = [number for name in FATAL if (number := getattr(signal, name, None)) is not None]
    caught = [number for number in caught if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in caught:
            signal.signal(number, end)
    except ValueError:  # Only the main thread may.
        caught = []
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)


def _mode_of(target: str) -> int:
    """The permissions that the file has, or would get if it were newly made."""
    if os.path.exists(target):
        return os.stat(target).st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


@contextmanager
def _reported(path: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(f"--output: cannot write {printable(path)}: {error.strerror or error}") from None
