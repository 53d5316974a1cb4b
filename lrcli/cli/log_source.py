"""The log on a command line: where it is, which column, and what is said of it on standard error."""

import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from lrcli.cli import NAME, say
from lrcli.cli.output import is_terminal
from lrcli.errors import InputError
from lrcli.logs import Log, open_log
from lrcli.logs.log import listed
from lrcli.logs.table import PRINTED
from lrcli.record import Record
from lrcli.text import plural

if TYPE_CHECKING:
    from lrcli.verify.replayed import Evaluated

MOST_PRINTED = 4
"""Rows of a log that may be those of a configuration that was printed."""


def remark(text: str) -> None:
    """A remark that is not data."""
    say(f"{NAME}: {text}\n")


def opened_log(path: str | None, what: str, *, follow: bool = False) -> Log:
    """The log at `path`, or at standard input for "-", or for nothing where something is piped in.

    Raises InputError rather than wait for a person to type a log.
    """
    if path is None and is_terminal(sys.stdin):
        raise InputError(f"expected {what}: a file, or - for standard input. See lrsched plateau --help")
    log = open_log(path or "-", follow=follow, announce=remark)
    if follow and path not in (None, "-"):
        _end_at_interrupt(log)
    return log


def _end_at_interrupt(log: Log) -> None:
    """Let the first Ctrl-C end the log, wherever in the program it comes, and the second the program."""

    def end(*_: object) -> None:
        log.interrupt()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, end)


def chosen_rate(log: Log, wanted: str | None, option: str) -> str:
    """The column of the rate, said aloud where it was not named in full."""
    column = log.choose_rate(wanted, option)
    return _said(log, column, wanted, option, [name for name in log.rates if name != column])


def chosen_rates(log: Log, wanted: Sequence[str], option: str, count: int) -> list[str]:
    """The columns of the rates of `count` parameter groups, said aloud where they were not named in full."""
    if count == 1 and not wanted:
        return [chosen_rate(log, None, option)]
    found = [log.choose_rate(name, option) for name in wanted] or log.choose_rates(count, option)
    if 1 < count != len(found):
        raise InputError(f"{option}: the schedule has {count} parameter groups, found {len(found)} columns")
    for place, column in enumerate(found):
        _said(log, column, wanted[place] if wanted else None, option, [])
    return found


def record_of(log: Log, column: str) -> Record:
    """The rates of a column, each with where it stands; what else a person should know of the log is said aloud."""
    [series] = log.series(column)
    say_what_was_found(log)
    is_placed = series.steps is not None or series.epochs is not None
    if log.facts.kind == PRINTED and not is_placed and len(series) <= MOST_PRINTED and len(set(series.values)) == 1:
        raise InputError(
            f"{log.name}, line {series.lines[0]}: {column} is at no step or epoch and has one value, as in a "
            "configuration that was printed; expected the log of a run"
        )
    return Record.of_series(series, log.facts)


def chosen_metric(log: Log, wanted: str | None, option: str) -> str:
    """The column of the metric, said aloud where it was not named in full."""
    return _said(log, log.choose_metric(wanted, option), wanted, option, [])


def over_metrics(path: str, column: str, metrics: Iterable[str]) -> Iterator[tuple[str, "Evaluated"]]:
    """Each of these metrics beside the rate, where an epoch has both; the log at `path` is read again for each."""
    from lrcli.verify.replayed import Evaluated

    for metric in metrics:
        again = open_log(path)
        with suppress(InputError):
            rates, values = again.series(column, metric)
            yield metric, Evaluated.of_series(rates, values, again.facts)


def _said(log: Log, column: str, wanted: str | None, option: str, others: Sequence[str]) -> str:
    if column != wanted:
        beside = f" (there are also {listed(others)})" if others and wanted is None else ""
        remark(f"{option} {listed([column])} is taken from {log.name}{beside}")
    return column


def remark_on_gaps(log: Log, column: str) -> None:
    """Say what was missing, and what that meant."""
    if log.missing:
        remark(f"{plural(log.missing, 'cell')} of {column} without a value: no step() for those")
    if log.nans:
        remark(f"{plural(log.nans, 'value')} of {column} not a number (NaN): never better, so each is a bad epoch")
    say_what_was_found(log)


def say_what_was_found(log: Log) -> None:
    """What was found on the way that a person may not expect."""
    for text in log.remarks:
        remark(text)
