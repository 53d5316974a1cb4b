"""The log on a command line: where it is, which column, and what is said of it on standard error."""

import signal
import sys

from lrcli.cli.output import is_terminal
from lrcli.errors import InputError
from lrcli.logs import Log, open_log
from lrcli.text import plural, printable

METRIC_COLUMNS = ("val_loss", "eval_loss", "valid_loss", "val/loss", "eval/loss")
"""What a plateau is usually told to watch; the first that a log has is taken."""

RATE_COLUMNS = ("lr", "learning_rate", "lr-", "lr/pg0", "train/lr", "train/learning_rate")
"""What trainers call the rate: Keras and Transformers, Lightning's monitor, Ultralytics, timm."""


def say(text: str) -> None:
    """A remark that is not data."""
    if sys.stderr is not None:
        print(f"lrsched: {printable(text)}", file=sys.stderr)


def opened_log(path: str | None, what: str, *, follow: bool = False) -> Log:
    """The log at `path`, or at standard input for "-", or for nothing where something is piped in.

    Raises InputError rather than wait for a person to type a log.
    """
    if path is None and is_terminal(sys.stdin):
        raise InputError(f"expected {what}: a file, or - for standard input. See lrsched plateau --help")
    log = open_log(path or "-", follow=follow, announce=say)
    if follow and path not in (None, "-"):
        _end_at_interrupt(log)
    return log


def _end_at_interrupt(log: Log) -> None:
    """Let the first Ctrl-C end the log, wherever in the program it comes, and the second the program."""

    def end(*_: object) -> None:
        log.interrupt()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, end)


def chosen_column(log: Log, wanted: str | None, obvious: tuple[str, ...], option: str) -> str:
    """The column, said aloud where it was not named in full."""
    column = log.choose(wanted, obvious, option)
    if column != wanted:
        say(f"{option} {column} is taken from {log.name}")
    return column


def remark_on_gaps(log: Log, column: str) -> None:
    """Say what was missing, and what that meant."""
    if log.missing:
        say(f"{plural(log.missing, 'cell')} of {column} without a value: no step() for those")
    if log.nans:
        say(f"{plural(log.nans, 'value')} of {column} not a number (NaN): never better, so each is a bad epoch")
