"""The whole numbers that are tried first of a scheduler: what the log says of its length, and where it ends."""

from collections.abc import Iterator

from lrcli.fit.estimates import FromTurn, counts_from_its_warmup, estimates
from lrcli.fit.forms import Form
from lrcli.fit.landmarks import Landmarks, roughness
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import Param

SHORTEST_DECAY = 2
"""Ticks: what happens in one is a drop."""

MOST_BY_SHARE = 16

RATIO = 1.8
"""From each length that is tried to the next."""

FARTHEST = 120
"""Times the length of the first fall."""

MOST_IN_GRID, FEW = 40, 8

UNSEEN = 400
"""Part of a log in which a cosine begins to fall by less than is shown."""


def least_length(form: Form) -> int:
    """The least that the whole number may be."""
    assert form.whole is not None
    declared = form.cls.params()[form.whole]
    return max(int(declared.at_least or 1), SHORTEST_DECAY if declared.role is role.DECAY else 1)


def plain_lengths(form: Form, marks: Landmarks) -> list[int]:
    """The lengths that a log suggests, the likeliest first."""
    assert form.whole is not None
    declared = form.cls.params()[form.whole]
    turns = [value.tick for value in form.fixed.values() if isinstance(value, FromTurn)]
    least = max([least_length(form), *(turn + SHORTEST_DECAY for turn in turns)])
    there = lengths_by_share(form, marks)
    if there is not None:
        said = [end for end in (*marks.lengths, *marks.ends[:2]) if end in there]
        ends = [*said, *sorted(there, key=lambda end: (roughness(end), end % 5 != 0, -end))][:MOST_BY_SHARE]
    else:
        spans = (estimates(declared, form.cls, marks) or []) if declared.role is role.TIMESCALE else []
        ends = [*(span for span in spans if span), *_ends(form, marks)]
        # A decay is counted from where it begins.
        before = sum(form.fixed.get(one.name) or 0 for one in form.cls.fields(role.WARMUP, role.HOLD))
        is_prefix = any(form.fixed.get(one.name) for one in form.cls.fields(role.PREFIX))
        if declared.role is role.DECAY:
            ends = [end - before for end in ends]
        elif before and (is_prefix or counts_from_its_warmup(form.cls)):
            ends = [*(end - before for end in ends), *ends[:2]]  # Many forget that the warmup comes before.
        ends = [-(-end // form.unit) for end in ends]
    return list(dict.fromkeys(end for end in ends if end >= least))


def _ends(form: Form, marks: Landmarks) -> list[int]:
    if marks.restarts and form.cls.fields(role.CYCLE_GROWTH):
        return marks.before(marks.restarts[0]).ticks()
    ends = [*marks.lengths, *marks.ends[:2]]
    by_itself = not form.cls.fields(role.WARMUP)
    if marks.moves_in_steps or marks.rises or marks.bottom < len(marks.values) - 1:
        rows = [marks.bottom, marks.peak] if by_itself else [marks.bottom]
        turns = [int(marks.ticks[row]) + shift for row in rows for shift in (0, 1)]
        # What rises to a rate that stays is seen to end.
        ends = turns[::-1] + ends if by_itself and marks.rises and marks.held_until > marks.peak else ends + turns
    if marks.moves_in_steps:
        ends = [*marks.before(marks.steps[0]).ticks(), *ends]
    return [*ends, *marks.ends[2:]]


def lengths_by_share(form: Form, marks: Landmarks) -> range | None:
    """The lengths of which what the log shows is the share that the form has; None where no share says it."""
    for declared, row in shares_of_length(form.cls, marks):
        share = form.fixed.get(declared.name) or 0.0
        if share:
            unseen = int(marks.ticks[-1]) // UNSEEN
            low, high = (int(marks.ticks[row - 1]) - unseen) / share, (int(marks.ticks[row + 1]) + 2) / share
            return range(max(int(low), int(marks.ticks[marks.bottom])), int(high) + 2)
    return None


def shares_of_length(cls: type[Schedule], marks: Landmarks) -> Iterator[tuple[Param, int]]:
    """The fields that say at which share of the length something happens, each with the row that shows it."""
    for meaning, row in ((role.PEAK_AT, marks.peak), (role.FLAT_UNTIL, marks.held_until)):
        if 0 < row < len(marks.ticks) - 1:
            yield from ((declared, row) for declared in cls.fields(meaning))


def grid_of_lengths(form: Form, marks: Landmarks, start: int) -> list[int]:
    """The lengths between which one is sought, `start` the first, unless a share bounds them."""
    there = lengths_by_share(form, marks)
    if there is not None:
        return sorted({*there[:: max(1, len(there) // FEW)], *there[-1:]})
    grid: list[int] = []
    tick = float(max(start, least_length(form), 1))
    while tick < FARTHEST * max(8, int(marks.ticks[marks.bottom])) and len(grid) < MOST_IN_GRID:
        grid.append(int(tick))
        tick = max(tick * RATIO, tick + 1)
    return grid
