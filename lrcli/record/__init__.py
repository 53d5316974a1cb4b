"""The rates of a finished run: what the log shows, how exactly, and to which tick of a schedule each row may belong."""

from lrcli.record.axis import Reading, readings, readings_of_anything
from lrcli.record.curve import rates_at, work_of
from lrcli.record.record import Record
from lrcli.record.tolerance import Tolerance, different, tolerance_if_rounded, tolerance_of

__all__ = [
    "Reading",
    "Record",
    "Tolerance",
    "different",
    "rates_at",
    "readings",
    "readings_of_anything",
    "tolerance_if_rounded",
    "tolerance_of",
    "work_of",
]
