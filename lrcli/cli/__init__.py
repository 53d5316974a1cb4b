"""The lrsched command."""

import gc
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from lrcli.text import folded, printable_lines

NAME = "lrsched"
CLOSED_PIPE = 0
INTERRUPTED = 130


def main(arguments: list[str] | None = None, ready: Callable[[], object] = lambda: None) -> int:
    """Run a command line and return its exit status: 0 done, 1 findings, 2 wrong use or bad input, 130 interrupted.

    `ready` is called when all is imported and the command begins.
    """
    words = sys.argv[1:] if arguments is None else arguments
    sys.stdout = sound(sys.stdout)
    try:
        # Answered before typer is imported: this is asked by scripts, often.
        return _show_version() if words in (["--version"], ["-V"]) else _run(words, ready)
    except BrokenPipeError:
        _abandon_stdout()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        _abandon_stdout()
        return complain(f"cannot write to standard output: {error.strerror or error}")
    except MemoryError:
        return complain("out of memory: the run, its parameter groups or the log are too large for this machine")
    except Exception as error:
        # A mistake of ours; whoever wants to fix it sets LRSCHED_DEBUG and sees where it is.
        if os.environ.get("LRSCHED_DEBUG"):
            raise
        return complain(f"internal error, please report it: {type(error).__name__}: {error}")


def sound(stream: Any) -> Any:
    """`stream`; where Python does not buffer it, one that does: without that, what the system does not take is lost."""
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        return stream
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors, line_buffering=True)


def _show_version() -> int:
    from lrcli.version import VERSION

    print(f"{NAME} {VERSION}", flush=True)
    return 0


def _run(words: list[str], ready: Callable[[], object]) -> int:
    # numpy's linear algebra, which nothing here calls, would start a thread for each core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Imports make no garbage worth collecting, now or at exit; looking for it takes a tenth of a short run.
    gc.disable()
    from lrcli.cli.app import run

    gc.freeze()
    gc.enable()
    ready()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace", newline="\n")
    return run(words)


def complain(message: str, command: str = NAME) -> int:
    """Say on standard error what is wrong; returns the exit status of wrong use."""
    say(f"{command}: {message}\n")
    return 2


def say(text: str, indent: int = len(f"{NAME}: ")) -> None:
    """Write to standard error, if there is one, what is no data: in characters that no terminal obeys.

    On a terminal lines are broken between words, and what goes on below is indented.
    """
    text = printable_lines(text)
    with suppress(OSError, AttributeError, ValueError):
        if sys.stderr.isatty():
            from lrcli.cli.output import terminal_size

            text = folded(text, terminal_size()[0], indent)
        sys.stderr.write(text)
        sys.stderr.flush()


def _abandon_stdout() -> None:
    """Point standard output at nothing, so that Python's own flush at exit has nothing to complain about."""
    if sys.stdout is not None:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
