"""The whole numbers that are tried first of a scheduler: what the log says of its length, and where it ends."""

from lrcli.fit.estimates import FromTurn, estimates
from lrcli.fit.forms import Form
from lrcli.fit.landmarks import Landmarks, roughness
from lrcli.schedules import role

SHORTEST_DECAY = 2
"""Ticks: what happens in one is a drop."""

MOST_BY_SHARE = 16

UNSEEN = 400
"""Part of a log in which a cosine begins to fall by less than is shown."""


def least_length(form: Form) -> int:
    """The least that the whole number may be."""
    assert form.whole is not None
    return int(form.cls.params()[form.whole].at_least or 1)


def plain_lengths(form: Form, marks: Landmarks) -> list[int]:
    """The lengths that a log suggests, the likeliest first."""
    assert form.whole is not None
    declared = form.cls.params()[form.whole]
    turns = [value.tick for value in form.fixed.values() if isinstance(value, FromTurn)]
    least = max([least_length(form), *(turn + SHORTEST_DECAY for turn in turns)])
    ends = _by_share(form, marks)
    if ends is None:
        spans = (estimates(declared, form.cls, marks) or []) if declared.role is role.TIMESCALE else []
        ends = [*(span for span in spans if span), *_ends(form, marks)]
        # A decay is counted from where it begins.
        before = sum(form.fixed.get(one.name) or 0 for one in form.cls.fields(role.WARMUP, role.HOLD))
        if declared.role is role.DECAY:
            ends = [end - before for end in ends]
        elif before and form.cls.fields(role.PREFIX, role.DECAY):
            ends += [end - before for end in ends[:2]]  # Some count their length from the end of the warmup.
        if declared.role is role.EPOCHS:
            ticks = [form.fixed.get(one.name) or 1 for one in form.cls.fields(role.PER_EPOCH)]
            ends = [-(-end // ticks[0]) for end in ends]
    return list(dict.fromkeys(end for end in ends if end >= least))


def _ends(form: Form, marks: Landmarks) -> list[int]:
    ends = [*marks.lengths, *marks.ends[:2]]
    if marks.moves_in_steps or marks.rises or marks.bottom < len(marks.values) - 1:
        rows = [marks.bottom] if form.cls.fields(role.WARMUP) else [marks.bottom, marks.peak]
        ends += [int(marks.ticks[row]) + shift for row in rows for shift in (0, 1)]
    if marks.moves_in_steps:
        ends += marks.before(marks.steps[0]).ticks()
    return [*ends, *marks.ends[2:]]


def _by_share(form: Form, marks: Landmarks) -> list[int] | None:
    """The lengths of which what the log shows is the share that the form has; None where no share says it."""
    for meaning, row in ((role.PEAK_AT, marks.peak), (role.FLAT_UNTIL, marks.held_until)):
        for declared in form.cls.fields(meaning):
            share = form.fixed.get(declared.name) or 0.0
            if share and 0 < row < len(marks.ticks) - 1:
                unseen = int(marks.ticks[-1]) // UNSEEN
                low, high = (int(marks.ticks[row - 1]) - unseen) / share, (int(marks.ticks[row + 1]) + 2) / share
                there = range(max(int(low), int(marks.ticks[marks.bottom])), int(high) + 2)
                said = [end for end in (*marks.lengths, *marks.ends[:2]) if end in there]
                return list(dict.fromkeys([*said, *sorted(there, key=roughness)]))[:MOST_BY_SHARE]
    return None
