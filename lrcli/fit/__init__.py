"""Which schedule gives this log? Roles and landmarks propose values, numbers are solved for, the simulation decides."""

from lrcli.errors import InputError
from lrcli.fit.decided import settled
from lrcli.fit.found import EXACTNESSES, Candidate, Found
from lrcli.fit.search import Search, follows
from lrcli.record import Record

__all__ = ["EXACTNESSES", "Candidate", "Found", "Search", "fit", "follows"]


def fit(record: Record) -> list[Candidate]:
    """The candidates, those that give the log first and of these the simplest. Raises InputError for no rates."""
    if not len(record):
        raise InputError("the log holds no rates")
    negative = record.values < -1e-12
    if negative.any():
        row = int(negative.argmax())
        raise InputError(
            f"line {record.lines[row]}: expected a learning rate, 0 or more, found {float(record.values[row])!r}"
        )
    found = settled(Search(record).candidates(), record)
    return [one for one in found if one.exactness == EXACTNESSES[-1] or follows(one.spec, record)]
