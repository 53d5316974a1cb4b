"""Which schedule gives this log? Roles and landmarks propose values, numbers are solved for, the simulation decides."""

import dataclasses
from typing import NamedTuple

from lrcli.errors import InputError
from lrcli.fit.decided import judged
from lrcli.fit.found import EXACTNESSES, Candidate, Found
from lrcli.fit.search import Search
from lrcli.fit.thinning import thinned
from lrcli.record import Record, rates_at, readings, tolerance_of
from lrcli.run import Run
from lrcli.spec import parse

__all__ = ["EXACTNESSES", "Candidate", "Fitted", "Found", "Search", "fit", "fitted", "follows"]


MOST_SHOWN, FEWEST_SHOWN, ROWS_HELD = 12, 2, 600_000
"""Candidates that are held to every row of the log, the fewest of a very long one, and rows that all are held to."""


class Fitted(NamedTuple):
    """What a search has found."""

    candidates: list[Candidate]
    is_cut_short: bool
    """Whether it stopped because it had tried as much as it may."""


def fit(record: Record) -> list[Candidate]:
    """The candidates, those that give the log first and of these the simplest. Raises InputError for no rates."""
    return fitted(record).candidates


def fitted(record: Record) -> Fitted:
    """The same, and whether more might have been found. Raises InputError for no rates."""
    import numpy as np

    if not len(record):
        raise InputError("the log holds no rates")
    negative = record.values < -1e-12
    if negative.any():
        row = int(negative.argmax())
        raise InputError(
            f"line {record.lines[row]}: expected a learning rate, 0 or more, found {float(record.values[row])!r}"
        )
    searched = _thinned(record)
    search = Search(searched)
    most = max(FEWEST_SHOWN, min(MOST_SHOWN, ROWS_HELD // len(record)))
    candidates = search.candidates()
    with np.errstate(all="ignore"):
        found = judged(candidates, searched)[:most]
    kept = [one for one in found if one.exactness == EXACTNESSES[-1] or follows(one.spec, record)]
    return Fitted(kept, search.effort.is_spent)


def follows(text: str, record: Record) -> bool:
    """Whether `verify` would accept this spec on this log."""
    planned = parse(text).in_run(Run())
    composed = planned.run.warmed_up(planned.schedule)
    tolerance = tolerance_of(record)
    return any(
        bool(tolerance.equal(rates_at(composed, planned.run.lrs, reading.ticks), record.values).all())
        for reading in readings(record, composed, planned.run)
    )


def _thinned(record: Record) -> Record:
    """The rows of a long log that matter, where each says which tick it is; what they give is held to all of them."""
    import numpy as np

    kept = thinned(record.values)
    places = record.steps if record.steps is not None else record.epochs
    if len(kept) == len(record) or places is None or (places != np.rint(places)).any():
        return record
    return dataclasses.replace(
        record,
        values=record.values[kept],
        steps=None if record.steps is None else record.steps[kept],
        epochs=None if record.epochs is None else record.epochs[kept],
        lines=[record.lines[int(row)] for row in kept],
    )
