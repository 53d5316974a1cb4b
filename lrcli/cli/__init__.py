"""The lrsched command."""

import gc
import os
import sys
from contextlib import suppress

NAME = "lrsched"
CLOSED_PIPE = 0
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run a command line and return its exit status: 0 done, 1 findings, 2 wrong use or bad input, 130 interrupted."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        # Answered before typer is imported: this is asked by scripts, often.
        return _show_version() if words in (["--version"], ["-V"]) else _run(words)
    except BrokenPipeError:
        _abandon_stdout()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        _abandon_stdout()
        return complain(f"cannot write to standard output: {error.strerror or error}")
    except Exception as error:
        # A mistake of ours; whoever wants to fix it sets LRSCHED_DEBUG and sees where it is.
        if os.environ.get("LRSCHED_DEBUG"):
            raise
        return complain(f"internal error, please report it: {type(error).__name__}: {error}")


def _show_version() -> int:
    from lrcli.version import VERSION

    print(f"{NAME} {VERSION}", flush=True)
    return 0


def _run(words: list[str]) -> int:
    # numpy's linear algebra, which nothing here calls, would start a thread for each core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Imports make no garbage worth collecting, now or at exit; looking for it takes a tenth of a short run.
    gc.disable()
    from lrcli.cli.app import run

    gc.freeze()
    gc.enable()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace", newline="\n")
    return run(words)


def complain(message: str, command: str = NAME) -> int:
    """Say on standard error what is wrong; returns the exit status of wrong use."""
    with suppress(OSError, AttributeError):
        sys.stderr.write(f"{command}: {message}\n")
        sys.stderr.flush()
    return 2


def _abandon_stdout() -> None:
    """Point standard output at nothing, so that Python's own flush at exit has nothing to complain about."""
    if sys.stdout is not None:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
