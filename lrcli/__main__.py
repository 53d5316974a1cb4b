"""`python -m lrcli` is `lrsched`."""

import os
import sys

# Not from `signal`, which makes enumerations of them and takes its time.
from _signal import SIGINT, default_int_handler, getsignal, signal  # type: ignore[import-not-found]


def program() -> int:
    """The command line of this process, which ends quietly where Ctrl-C comes while it starts or ends."""
    if getsignal(SIGINT) is not default_int_handler:  # As in the background of a script.
        from lrcli.cli import main

        return main()
    signal(SIGINT, _leave)
    try:
        try:
            from lrcli.cli import main

            return main(ready=lambda: signal(SIGINT, default_int_handler))
        finally:
            signal(SIGINT, _leave)
    except KeyboardInterrupt:  # It came where the command line had ended, and nobody else waits for it.
        return 130


def _leave(*_: object) -> None:
    os._exit(130)


if __name__ == "__main__":
    sys.exit(program())
