"""Where a field of a schedule is looked for, by its role, from the landmarks of a log: a start, and bounds."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lrcli.fit.behind import START, WARMUP
from lrcli.fit.corners import end_of_line_down
from lrcli.fit.estimates import WHOLE_TYPES
from lrcli.fit.landmarks import Between, Landmarks, roughness
from lrcli.fit.lengths import shares_of_length
from lrcli.fit.spans import spans_of_a_factor, ticks_to_half
from lrcli.fit.unknown import Sought
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import Param
from lrcli.schedules.role import Role

Place = Callable[[Landmarks, type[Schedule], Param], "Sought | None"]

SPANS = (100, 1000, 10000)
"""Ticks in which a decay without an end sets in."""

SHORTEST_WARMUP = 2
"""Of those that a log does not show."""

NOTHING = 1e-7
"""Of the highest rate: a rate at tick 0 that is none."""

FAR = 0.3
"""Of a value: how far another one must be to be looked for by itself."""

SLIGHT = 0.2
"""Of the highest rate: a fall that has hardly begun."""

MOST_STARTS = 3
"""Values of a decay from which it is looked for."""

MOST_LENGTHS, MOST_SHIFTED = 3, 12
"""Of a cycle, each of which is a value of its own, and where it is not known when the first begins."""

BEGINS = "ticks between which the first cycle begins"
"""Among the values of a part, where a length of its cycles bounds them."""

MOST_SHARES, MUCH_LONGER = 4, 1.5
"""Shares of the length at which something may have happened; times what a log shows of a run that was cut short."""

USUAL = {
    role.WAVES: (0.5, 1.0, 1.5, 2.0, 3.0, 0.25, 0.45, 0.4),
    role.POWER: (1.0, 2.0, 0.5, 0.9, 3.0),
    role.FLOOR_SHARE: (0.0, 1.0, 0.1, 0.01, 0.05, 0.2, 0.001, 0.5, 0.02, 0.3),
    role.START_SHARE: (0.0, 0.1, 0.01, 1 / 3, 0.001, 0.5, 0.2),
    role.FLOOR_DIVISOR: (1e4, 1e5, 1000.0, 100.0, 10.0, 1e6),
    role.START_DIVISOR: (25.0, 10.0, 100.0),
    role.CYCLE_DECAY: (1.0, 0.5, 0.8, 0.9, 0.1),
    role.DROP_FACTOR: (0.1, 0.5, 0.9, 0.95, 0.96, 0.2, 0.3, 0.99),
    role.GROWTH: (1.0, 0.5, 0.1, 0.01, 2.0),
    role.PEAK_AT: (0.3, 0.1, 0.25, 0.2, 0.4, 0.05, 0.5, 0.15, 0.6, 0.45, 0.35, 0.02, 0.01),
    role.FLAT_UNTIL: (0.75, 0.5, 0.6, 0.72, 0.9, 0.8, 0.7, 0.4, 0.65, 0.85, 0.95),
}
"""Values that people type, by role."""


def line_up(marks: Landmarks) -> dict[str, Sought]:
    """The length and the first share of a straight line up."""
    first = int(marks.ticks[0])
    if not marks.rises:
        return {
            WARMUP: Sought(max(first / 2, SHORTEST_WARMUP), SHORTEST_WARMUP, first, True),
            START: Sought(1 / 3, 1 / 3, 1 / 3),
        }
    low, high, at = ramp_end(marks)
    slope = marks.slope_up
    share = min(0.99, max(1e-3, (float(marks.values[0]) - slope * first) / marks.highest))
    return {
        WARMUP: Sought(at, low, high, True),
        START: Sought(share, 1e-9, 1.0, usual=(1 / 3, 0.1, 0.01, 0.001, 0.5, 0.2)),
    }


def ramp_end(marks: Landmarks) -> tuple[float, float, float]:
    """Where the rise ends: after the first tick, up to the last, and where its line reaches the highest rate."""
    if not marks.rises:
        return 0.0, 0.0, 0.0
    low, high = int(marks.ticks[marks.peak - 1]), int(marks.ticks[min(marks.peak + 1, len(marks.ticks) - 1)])
    if marks.held_until > marks.peak + 1:  # Two rows beside a corner may be of the same height.
        high = int(marks.ticks[marks.peak])
    tick = marks.line_reaches_highest
    at = tick if low < tick <= high else (low + high) / 2
    return max(low, 1e-6), high, at


def _warmup(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    first = int(marks.ticks[0])
    if not marks.rises:
        return Sought(first / 2, 0, first, True) if first > 0 and not marks.is_beheaded else None
    low, high, at = ramp_end(marks)
    if cls.fields(role.WIDTH) and marks.peak == len(marks.values) - 1:
        return Sought(2 * high, low, math.inf, True)  # How steep it rises says how long.
    return Sought(at, low, high, True)


def _length(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    last = int(marks.ticks[-1])
    # Behind the last row: what ends in it is another curve.
    ends: list[float] = [*marks.lengths, 2 * last - int(marks.ticks[-2]) if len(marks.ticks) > 1 else last + 1]
    row = marks.bottom
    if marks.restarts:
        ends = [*_ends_of_cycles(marks, bool(cls.fields(role.CYCLE_GROWTH))), *ends]
    elif row > marks.held_until + 1 and row < len(marks.ticks) - 2:
        ends.insert(0, int(marks.ticks[row]))
    if row > marks.held_until:
        fall = float(marks.values[marks.held_until] - marks.values[row])
        ticks = int(marks.ticks[row] - marks.ticks[marks.held_until])
        if fall > 0:
            ends.append(int(marks.ticks[row] + ticks * float(marks.values[row]) / fall))
        if 0 < fall < SLIGHT * marks.highest:
            # What has hardly begun to fall may fall as a cosine does.
            ends.insert(
                -1, int(marks.ticks[marks.held_until]) + ticks * math.pi / math.acos(1 - 2 * fall / marks.highest)
            )
    ends = _apart(ends)[:2]
    if marks.ends_between_rows:
        ends.append((last + int(marks.ticks[-2])) // 2)
    if declared.role is role.EPOCHS and not cls.fields(role.PER_EPOCH):
        return None
    low, high = _around_the_end(marks)
    within = [end for end in ends if low <= end <= high] or [high]
    return Sought(within[0], low, high, True, within[1:])


def _around_the_end(marks: Landmarks) -> tuple[float, float]:
    """The bounds of a length: while the rate falls it is not over, and it is where the rate stays at its lowest.

    It is counted from tick 0, or after the rise.
    """
    row, last = marks.bottom, len(marks.ticks) - 1
    stays = row < last - 1 and not (marks.values[row:] != marks.values[row]).any()
    if marks.restarts or not (stays or row == last) or row <= marks.held_until:
        return 1.0, math.inf
    low = max(1.0, int(marks.ticks[row - 1]) - 1 - ramp_end(marks)[1])
    return low, int(marks.ticks[row]) + 1 if stays else math.inf


def _ends_of_cycles(marks: Landmarks, of_one: bool) -> list[float]:
    """The length of all cycles together, or that of one, counted from the end of the warmup or with it."""
    first = ramp_end(marks)[2] if marks.rises else 0.0
    gaps = [marks.before(row) for row in marks.restarts]
    if of_one:
        end = (gaps[0].after + gaps[0].upto) / 2
        return [end - first, end] if first else [end]
    shares = [(len(gaps) + 1) / (place + 1) for place in range(len(gaps))]
    low = max(first + (gap.after - first) * share for gap, share in zip(gaps, shares, strict=True))
    high = min(first + (gap.upto - first) * share for gap, share in zip(gaps, shares, strict=True))
    return [(low + high) / 2]


def _hold(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    row, last = marks.held_until, len(marks.ticks) - 1
    before, after = int(marks.ticks[row]), int(marks.ticks[min(row + 1, last)])
    ramp = ramp_end(marks)
    starts = [max(0.0, before + (after - before) * part - ramp[2]) for part in (0.5, 0.9, 0.1)]
    return Sought(
        starts[0], max(0.0, before - ramp[1]), after - ramp[0], True, starts[1:] if after > before + 2 else ()
    )


def _decay(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    rows = [marks.held_until, *marks.departs[-1:], *marks.breaks[-1:]]
    ends = [*marks.lengths[:1], int(marks.ticks[marks.bottom]), int(marks.ticks[-1]) + 1]
    found = _apart([end - int(marks.ticks[row]) for end in ends for row in rows if int(marks.ticks[row]) < end])
    return Sought(found[0], 1, math.inf, True, found[1:MOST_STARTS]) if found else None


def _apart(values: Sequence[float]) -> list[float]:
    """Those that are far from the ones before."""
    found: list[float] = []
    for value in values:
        if all(abs(value - other) > FAR * other for other in found):
            found.append(value)
    return found


def _cycle(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    if marks.rises and cls.fields(role.PEAK):
        low, high, at = ramp_end(marks)
        turn = _turn(marks, marks.peak)
        # Where the fall has no field of its own, a cycle is both.
        both = 1 if cls.fields(role.CYCLE_FALL) else 2
        return Sought(both * (turn if low < turn <= high else at), both * low, both * high, True)
    if marks.restarts:
        # Where all cycles have the same length, the next begins behind the last row.
        least = int(marks.ticks[-1]) / (len(marks.restarts) + 1) + 0.5
        low, high = _between_restarts(marks)
        middle = (low + high) / 2
        return Sought(max(middle, least) if least <= high else middle, low, high, True)
    return _length(marks, cls, declared)


def _between_restarts(marks: Landmarks) -> tuple[float, float]:
    """The bounds of the length of a cycle: from all restarts where they may all be the same, or from the first."""
    gaps = [marks.before(row) for row in marks.restarts]
    first = gaps[0]
    if not marks.rises:
        gaps.insert(0, Between(-1, 0))
    pairs = [(i, j) for j in range(len(gaps)) for i in range(j)]
    low = max([(gaps[j].after - gaps[i].upto) / (j - i) for i, j in pairs], default=math.inf)
    high = min([(gaps[j].upto - gaps[i].after) / (j - i) for i, j in pairs], default=0.0)
    return (low + 1e-6, high) if low < high else (first.after + 1e-6, first.upto)


def with_cycles(
    cls: type[Schedule], values: dict[str, Any], marks: Landmarks, warmed: bool, latest: int = 0
) -> Iterator[dict[str, Any]]:
    """These values, with the length of the first cycle as the restarts bound it; none where no length has them all.

    It begins behind a line up where it is `warmed`, and else up to the tick `latest`.

    Where few lengths do, each is a value of its own: a curve jumps at its restarts, so that no slope leads to them.
    """
    for cycle, growth in itertools.product(cls.fields(role.CYCLE, role.LENGTH), cls.fields(role.CYCLE_GROWTH)):
        one = values[cycle.name]
        if not isinstance(one, Sought) or not marks.restarts or cls.fields(role.PEAK):
            continue
        is_behind = warmed or any(values[prefix.name] is True for prefix in cls.fields(role.PREFIX))
        sought = line_up(marks)[WARMUP] if is_behind and marks.rises else None
        first, last = (sought.low, sought.high) if sought else (0.0, float(latest))
        low, high, cycles = 0.0, math.inf, 1.0
        begun: list[tuple[Between, float]] = []
        for place, gap in enumerate(map(marks.before, marks.restarts)):
            low, high = max(low, (gap.after - last) / cycles), min(high, (gap.upto - first) / cycles)
            for earlier, before in begun:  # Wherever the first begins, others lie between two.
                low = max(low, (gap.after - earlier.upto) / (cycles - before))
                high = min(high, (gap.upto - earlier.after - 1) / (cycles - before))
            begun.append((gap, cycles))
            cycles += float(values[growth.name]) ** (place + 1)
        lengths = range(math.floor(low) + 1, math.floor(high) + 1)
        if len(lengths) <= (MOST_SHIFTED if latest else MOST_LENGTHS):
            for ticks in lengths:
                early = max(gap.after + 1 - ticks * before for gap, before in begun)
                late = min(gap.upto - ticks * before for gap, before in begun)
                if not latest or max(0, early) <= min(late, latest):
                    bounds = {BEGINS: (max(0.0, early), min(late, float(latest)))} if latest else {}
                    yield {**values, cycle.name: ticks, **bounds}
        else:
            if float(high).is_integer():
                yield {**values, cycle.name: int(high)}
            yield {**values, cycle.name: one._replace(start=(low + high) / 2, low=low + 1e-6, high=high)}
        return
    for count, length in itertools.product(cls.fields(role.CYCLES), cls.fields(role.LENGTH)):
        if marks.is_within_a_cycle and not cls.fields(role.CYCLE_GROWTH) and isinstance(values[length.name], Sought):
            low, high = _bounds_of_all(marks, values[count.name])
            round_ones = sorted(range(math.floor(low) + 1, math.floor(high) + 1), key=roughness)[:MOST_LENGTHS]
            yield from ({**values, length.name: one} for one in round_ones)
    yield values


def _bounds_of_all(marks: Landmarks, count: int) -> tuple[float, float]:
    """Between which lengths so many cycles begin again where the log shows it."""
    first, last, _ = ramp_end(marks)
    low, high = 0.0, math.inf
    for place, row in enumerate(marks.restarts, 1):
        gap = marks.before(row)
        low = max(low, last + (gap.after - last) * count / place)
        high = min(high, first + (gap.upto - first) * count / place)
    return low, high


def _turn(marks: Landmarks, row: int) -> float:
    """The tick, beside a row, where the straight lines before and after it meet; NaN where they do not."""
    ticks, values = marks.ticks, marks.values
    if row < 2 or row + 2 >= len(ticks):
        return math.nan
    up = (values[row - 1] - values[row - 2]) / (ticks[row - 1] - ticks[row - 2])
    down = (values[row + 2] - values[row + 1]) / (ticks[row + 2] - ticks[row + 1])
    if up == down:
        return math.nan
    apart = values[row + 1] - values[row - 1] - down * (ticks[row + 1] - ticks[row - 1])
    return float(ticks[row - 1] + apart / (up - down))


def _cycle_fall(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    row = end_of_line_down(marks) or marks.bottom
    low, peak = int(marks.ticks[row]), int(marks.ticks[marks.peak])
    turns = _turn(marks, row) - _turn(marks, marks.peak)
    first = turns if 1 < turns < 2 * (low - peak) else low - peak
    return Sought(first, 1, math.inf, True) if low - peak > 1 else None


def _cycle_decay(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    """Near the second highest rate over the first: what was highest stands between the rows."""
    if marks.second_peak is None or not marks.highest > 0:
        return None
    ratio = float(marks.values[marks.second_peak]) / marks.highest
    by_tick = ratio ** (1 / int(marks.ticks[marks.second_peak] - marks.ticks[marks.peak]))
    return Sought(ratio, 1e-3, math.inf, others=[by_tick] if cls.fields(role.CYCLE_FALL) else ())


def of_length(cls: type[Schedule], marks: Landmarks) -> tuple[Param, Param, int] | None:
    """The field that says at which share of the length something happens, that of the length, and the row."""
    for share, row in shares_of_length(cls, marks):
        for length in cls.fields(role.LENGTH, role.EPOCHS):
            return share, length, row
    return None


def lengths_of_share(row: int, share: float, marks: Landmarks) -> Sought:
    """The lengths of which the ticks around a row are this share."""
    low, high = int(marks.ticks[row - 1]) / share, (int(marks.ticks[row + 1]) + 1) / share
    said = [length for length in (*marks.lengths, int(marks.ticks[-1]) + 1) if low < length < high]
    return Sought([*said, int(marks.ticks[row]) / share][0], low, high, True)


def likely_shares(row: int, meaning: Role, marks: Landmarks) -> list[float]:
    """The shares that people type, those first of which the length is that of the log."""
    last = [*marks.lengths, int(marks.ticks[-1]) + 1][0]
    lengths = {share: lengths_of_share(row, share, marks) for share in USUAL[meaning]}
    possible = [share for share, one in lengths.items() if one.high >= 0.7 * last]

    def rank(share: float) -> tuple[bool, bool]:
        one = lengths[share]
        return not one.low < last <= one.high, one.low + one.high > 2 * MUCH_LONGER * last

    # Otherwise in the order in which people type them.
    return sorted(possible, key=rank)[:MOST_SHARES]


def _start_divisor(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    if not marks.rises or not marks.values[0] > 0:
        return None
    return Sought(float(declared.default or 25.0), 1e-3, 1e9, False, (10.0, 100.0))


def start_rate(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    """The rate that the line through the rows of the rise has at tick 0; none where that is nothing."""
    if not marks.rises or cls.fields(role.GROUP):
        return None
    row = int(marks.starts_late)
    first = (float(marks.values[row]) - marks.slope_up * int(marks.ticks[row])) / marks.highest
    if marks.peak > 1 and abs(first) < NOTHING:
        return None
    if not marks.ticks[0] and not row:
        first = float(marks.values[0]) / marks.highest
    return Sought(max(0.0, first) * (1.0 if declared.role is role.START_SHARE else marks.highest), 0.0, math.inf)


def _drop_every(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    if marks.moves_in_steps or not cls.fields(role.VARIANT):
        return None
    spans = spans_of_a_factor(marks)
    return Sought([*spans, max(1, int(marks.ticks[-1]) // 4)][0], 1, math.inf, True, usual=(*spans, *SPANS))


def _timescale(marks: Landmarks, cls: type[Schedule], declared: Param) -> Sought | None:
    if cls.fields(role.GROWTH) and not (declared.required and cls.fields(role.VARIANT)):
        return None
    half = ticks_to_half(marks) if cls.fields(role.GROWTH) else max(marks.first_at_peak, 10)
    first, *others = (half, *SPANS) if half > 0 else SPANS
    return Sought(first, 1, math.inf, declared.annotation in WHOLE_TYPES, others, usual=(1, *SPANS))


PLACES: dict[Role, Place] = {
    role.WARMUP: _warmup,
    role.LENGTH: _length,
    role.EPOCHS: _length,
    role.HOLD: _hold,
    role.DECAY: _decay,
    role.CYCLE: _cycle,
    role.CYCLE_FALL: _cycle_fall,
    role.CYCLE_DECAY: _cycle_decay,
    role.START_DIVISOR: _start_divisor,
    role.TIMESCALE: _timescale,
    role.START: start_rate,
    role.START_SHARE: start_rate,
    role.DROP_EVERY: _drop_every,
}
