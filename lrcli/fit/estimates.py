"""What a field of a scheduler may be, by its role, from the landmarks of a log."""

from collections.abc import Callable
from contextlib import suppress
from itertools import product
from typing import Any, NamedTuple

from lrcli.errors import InputError
from lrcli.fit import cycles
from lrcli.fit.corners import corners, end_of_line_down
from lrcli.fit.drops import periods_between_rows
from lrcli.fit.landmarks import Between, Landmarks, roughness
from lrcli.fit.numbers import typed
from lrcli.fit.periods import changes_of, periods
from lrcli.fit.spans import SPANS, spans_of_a_factor, spans_of_a_growth
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.kind import KINDS
from lrcli.schedules.param import Param
from lrcli.schedules.role import CHOICE, Role

MOST_HIDDEN = 200
MOST_ENDS = 40
MOST_SOUGHT = 400
"""Ticks at which a warmup may have ended: those that are tried, and those that are weighed."""

SHARES = (0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.05, 0.15, 0.75)
"""Of a length, that people type."""

NEARLY_ZERO = 1e-6
"""Of the highest rate, and relative to what was typed for it."""

LONG = 10**9
"""A length that nothing else in a schedule reaches."""

ANY_SPAN = 100
"""Ticks in which a growth is sought, where nothing says in how many it was typed."""

SAMPLES = (10, 100, 1000, 128, 256, 512, 1024, 2048, 4096, 1_000_000, 4_000_000, 4_194_304)
WIDTHS = (64, 128, 256, 384, 512, 640, 768, 1024, 1280, 1536, 2048, 2560, 3072, 4096, 5120, 8192)


WHOLE_TYPES = (int, int | None)


class FromTurn(NamedTuple):
    """A decay that begins at a tick, and lasts until the end, wherever that is."""

    tick: int


Estimate = Callable[[Landmarks, type[Schedule], Param], "list[Any] | None"]


def estimates(declared: Param, cls: type[Schedule], marks: Landmarks) -> list[Any] | None:
    """The values of a field that are tried, the likeliest first; None for a number that the rates determine."""
    known = ESTIMATES.get(declared.role) if declared.role else None
    if known is not None:
        return known(marks, cls, declared)
    if declared.choices and declared.role in (role.SHAPE, role.VARIANT):
        return [declared.default, *(choice for choice in declared.choices if choice != declared.default)]
    if (
        declared.annotation is bool
        and declared.role
        and declared.role.unit is CHOICE
        and declared.role is not role.MOMENTUM
    ):
        return [declared.default, not declared.default]
    if not declared.required:
        return [declared.default]
    return [] if declared.annotation in (int, tuple[int, ...], str) else None


def _warmup(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    least = int(declared.at_least or 0)
    if not marks.rises:
        # A warmup that was over before the first row shows in the base rate alone: a person typed a short one.
        if marks.is_beheaded:
            return [least]
        return [least, *range(least + 1, min(int(marks.ticks[0]) + 1, MOST_HIDDEN))]
    first = int(marks.ticks[marks.peak - 1])
    last = int(marks.ticks[min(marks.peak + 1, len(marks.ticks) - 1)])
    if last - first <= 2:
        at = int(marks.ticks[marks.peak])
        return [at, at + 1, at - 1] if at > 1 else [at, at + 1]
    if marks.held_until > marks.peak:
        last = int(marks.ticks[marks.peak])
    return likely_ends(marks, first, last)[:MOST_ENDS]


def likely_ends(marks: Landmarks, first: int, last: int) -> list[int]:
    """The ticks after `first`, up to `last`, at which a line up may have ended, the likeliest first.

    The line through the first rows says which rate it had reached by each tick: a person typed a short one.
    """
    ticks, values, slope = marks.ticks[: marks.peak], marks.values[: marks.peak], marks.slope_up
    step = -(-(last - first) // MOST_SOUGHT)
    ends = [tick for tick in range(first + 1, last + 1, step) if tick > 0]
    reached = {tick: float(values[0]) + slope * (tick - int(ticks[0])) for tick in ends}

    def rough(tick: int) -> int:
        near = (reached[tick], reached[tick] - slope)
        return min(roughness(typed(rate, 1e-6)[0]) for rate in near if rate > 0)

    if marks.held_until > marks.peak:
        # The highest rate is seen: a straight line reaches it at its end.
        return sorted(ends, key=lambda tick: abs(reached[tick] - marks.highest))
    enough = [tick for tick in ends if reached[tick] >= marks.highest * (1 - 1e-6) and slope > 0]
    return sorted(enough or ends, key=lambda tick: (rough(tick) if tick in enough else 0, roughness(tick), -tick))


def _hold(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    row = marks.held_until
    if marks.is_beheaded and not row:
        return [0]
    if row + 1 >= len(marks.ticks):
        ends = [int(marks.ticks[row])]
    else:
        ends = Between(int(marks.ticks[row]) - 1, int(marks.ticks[row + 1])).ticks(12)
    return [max(0, end - marks.first_at_peak) for end in ends]


def _decay(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    if declared.default is None:
        ends = [int(marks.ticks[marks.bottom]), *marks.lengths]
        held = int(marks.ticks[marks.held_until])
        return [None, *(end - held for end in ends if end > held)]
    # Where it begins is where the curve turns for the last time.
    rows = [*marks.departs, *marks.breaks[-1:], marks.held_until]
    rows = [row for row in (rows if marks.held_until <= marks.peak else rows[::-1]) if row or not marks.is_beheaded]
    turns = [int(marks.ticks[row]) for row in dict.fromkeys(rows)]
    default = [] if declared.required else [declared.default]
    if cls.fields(role.LENGTH):
        before = marks.first_at_peak if counts_from_its_warmup(cls) else 0
        starts = dict.fromkeys(turn - before - shift for turn in turns for shift in (0, 1, -1))
        return [*default, *(FromTurn(start) for start in starts if start >= 0)]
    ends = [*marks.lengths, *marks.ends[:2]]
    ends += [int(marks.ticks[marks.bottom])] if marks.bottom < len(marks.values) - 1 else []
    found = [end - turn + shift for turn in turns for end in ends for shift in (0, 1, -1) if end - turn + shift > 0]
    return [*default, *dict.fromkeys(found)][:MOST_ENDS]


def counts_from_its_warmup(cls: type[Schedule]) -> bool:
    """Whether the length of a scheduler does not include its warmup."""
    for length, warmup in product(cls.fields(role.LENGTH), cls.fields(role.WARMUP)):
        decays = {one.name: 1 for one in cls.fields(role.DECAY)}
        with suppress(InputError):
            return cls(**{length.name: LONG, warmup.name: 10, **decays}).horizon == LONG + 10
    return False


def _drop_every(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    if not marks.moves_in_steps:
        spans: list[float] = [*spans_of_a_factor(marks), *SPANS]
        if not cls.fields(role.VARIANT):
            spans = periods_between_rows(marks, whole=declared.annotation in WHOLE_TYPES)
        return [KINDS[declared.annotation].take(span) for span in spans]
    falls = [row for row in marks.steps if marks.values[row] < marks.values[row - 1]]
    if not falls:
        return []
    # Periods are counted from tick 0, or from the end of a warmup.
    starts = [Between(0, 0)] + ([marks.before(marks.peak)] if marks.rises else [])
    found: list[Any] = []
    for start in starts:
        gaps = [marks.before(row) for row in falls]
        # Every drop bounds the period: the n-th comes after n periods.
        low = max((gap.after - start.upto) / (place + 1) for place, gap in enumerate(gaps))
        high = min((gap.upto - start.after) / (place + 1) for place, gap in enumerate(gaps))
        whole = [tick for tick in Between(int(low // 1), int(high // 1)).ticks() if tick > 0]
        found += whole
        if not whole and declared.annotation is float and high > low:
            found += [float(f"{(low + high) / 2:.{digits}g}") for digits in (2, 3, 4)]
    # Behind a warmup in place of the first drops it is not the first that is seen.
    found += periods([marks.before(row) for row in falls]) if marks.rises and cls.fields(role.PREFIX) else []
    return list(dict.fromkeys(found))


def _drops_at(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    if not marks.moves_in_steps:
        return []
    rows = [row for row in marks.steps if row > marks.peak]
    if not rows:
        return []
    ticks = tuple(min(marks.before(row).ticks(), key=lambda tick: _trailing(tick)) for row in rows)
    shown = tuple(int(marks.ticks[row]) for row in rows)
    if declared.annotation == tuple[int, ...]:
        start = int(marks.ticks[marks.peak]) if marks.rises else 0
        near = [
            tuple(tick + shift - offset for tick in ticks) for offset in dict.fromkeys((0, start)) for shift in (0, 1)
        ]
        # Of a list of rates, the last tick of each.
        near += [tuple(tick - 1 for tick in ticks)] if cls.fields(role.RATES_AT) else []
        near += [
            tuple(tick + shift - offset for tick in shown) for offset in dict.fromkeys((0, start)) for shift in (0, 1)
        ]
        return list(dict.fromkeys(near))
    if marks.rises:
        return []
    found = []
    for chosen in dict.fromkeys((ticks, shown)):
        values = [float(f"{marks.values[row] / marks.values[0]:.6g}") for row in rows]
        rules = [f"{value:g}:{tick}" for value, tick in zip([1.0, *values], chosen, strict=False)]
        try:
            found.append(declared.parse(",".join([*rules, f"{values[-1]:.12g}"])))
        except Exception:
            continue
    return found


def _rates_at(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    """Those of the steps, or of the corners."""
    if cls.fields(role.POINTS_AT):
        return [tuple(_as_typed(rate) for _, rate in corners(marks))]
    rows = [row for row in marks.steps if row > marks.peak]
    return [tuple(_as_typed(float(marks.values[row])) for row in (0, *rows))] if marks.moves_in_steps else []


def _points_at(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    """The ticks of the corners; the first point is at tick 0."""
    points = corners(marks)[1:]
    return [tuple(tick for tick, _ in points)] if points else []


def _as_typed(rate: float) -> float:
    return typed(rate, NEARLY_ZERO)[0]


def _per_epoch(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    """The ticks from each change to the next; one, or those from row to row, where it changes in every row."""
    found = [*periods(changes_of(marks)), *periods_between_rows(marks, by_factor=False)]
    gap = int(marks.ticks[-1] - marks.ticks[-2]) if marks.is_sparse else 1
    return found or list(dict.fromkeys([declared.default, gap]))


def _warmup_epochs(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    return [declared.default, 1.0, 2.0, 5.0] if marks.rises else [0.0]


def _trailing(tick: int) -> tuple[int, int]:
    text = str(tick)
    return len(text.rstrip("0")), -tick


def _start_rate(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    if cls.fields(role.GROUP):
        return [declared.default]  # It is that of one group, which the log is not of.
    if marks.rises and (marks.ticks[0] > 0 or marks.values[0] > 0 or marks.starts_late):
        return None
    if not marks.rises:
        return [0.0 if declared.required else declared.default]
    return [declared.default, 0.0] if declared.default and not declared.required else [0.0]


def _start_share(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    if marks.rises:
        return (
            None
            if marks.values[0] > 0 or marks.starts_late
            else [declared.default if declared.required is False else 0.0, 0.0]
        )
    return [1.0] if not cls.fields(role.WARMUP) else [declared.default]


def _start_divisor(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    if not marks.values[0] > 0:
        return [declared.default]
    # The highest rate that is shown may be a little below the highest that there was.
    near = marks.highest / float(marks.values[0])
    found = [declared.default, *(float(f"{near * more:.{digits}g}") for digits in (1, 2) for more in (1, 1.02, 1.05))]
    found = [one for one in found if 0.999 * near <= one <= 1.07 * near] if marks.ticks[0] == 0 else found
    return list(dict.fromkeys([*found, near]))[:4]


def _share_of_length(row: int, marks: Landmarks, declared: Param) -> list[Any]:
    """Shares of the length at which something happens at `row` or the next."""
    found = [declared.default]
    for length in [*marks.lengths, int(marks.ticks[-1]) + 1]:
        low, high = float(marks.ticks[max(0, row - 1)]), float(marks.ticks[min(row + 1, len(marks.ticks) - 1)]) + 1
        for digits in (10, 20, 100):
            shares = [part / digits for part in range(digits + 1) if low <= part / digits * length <= high]
            found += shares[:8]
    return [*dict.fromkeys([*found[:10], *(share for share in SHARES if row)])]


def _peak_at(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    return _share_of_length(marks.peak, marks, declared)


def _flat_until(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    # Where nothing is flat, it is another scheduler.
    return _share_of_length(marks.held_until, marks, declared) if marks.held_until > 1 else []


def _cycle(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    if marks.rises and cls.fields(role.PEAK):
        around = [tick for tick in _warmup(marks, cls, declared) or [] if tick > 0]
        # Where the fall has no field of its own, a cycle is both.
        return around if cls.fields(role.CYCLE_FALL) else [2 * tick + more for tick in around for more in (0, 1)]
    if marks.restarts:
        return [tick for tick in marks.before(marks.restarts[0]).ticks() if tick > 0]
    return [int(marks.ticks[-1]) + 1, *(length for length in marks.lengths if length > 0)]


def _drop_factor(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    return None


def _timescale(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    if not declared.required:
        growing = (
            (marks.breaks[-1:] or [row for row in (end_of_line_down(marks),) if row]) if cls.fields(role.GROWTH) else []
        )
        if growing == [] and cls.fields(role.GROWTH, role.START) and marks.peak == len(marks.values) - 1:
            growing = [0]  # It does nothing but grow.
        if declared.annotation not in WHOLE_TYPES and not cls.fields(role.GROWTH):
            return [declared.default, *_scales_of_a_root(marks)]
        stairs = periods(changes_of(marks)) if marks.moves_in_steps and cls.fields(role.VARIANT) else []
        spans = (span for row in growing for span in spans_of_a_growth(marks, row))
        # Of it and the growth only the quotient is seen: with any number of ticks the growth is found.
        some = [ANY_SPAN] if growing and not declared.default else []
        return list(dict.fromkeys([declared.default, *stairs, *spans, *some]))
    steps = [marks.before(row).upto for row in marks.steps[:1]] if marks.moves_in_steps else []
    return [*steps, *spans_of_a_growth(marks), *SPANS]


def _scales_of_a_root(marks: Landmarks) -> list[float]:
    """The ticks in which an inverse square root from the highest rate on sets in."""
    row = marks.peak + max(1, ([*marks.departs, marks.bottom][0] - marks.peak) // 2)
    if marks.held_until > marks.peak or row >= len(marks.values) or not marks.values[row]:
        return []
    share = marks.highest / float(marks.values[row])
    ratio = share * share - 1
    return [typed(int(marks.ticks[row] - marks.ticks[marks.peak]) / ratio, 1e-4)[0]] if ratio > 0 else []


def _growth(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    """That of the first of several stairs up, where there is a first rate."""
    if declared.required:
        return None
    first, is_rise = float(marks.values[0]), bool(marks.values[-1] == marks.values.max())
    if not (marks.moves_in_steps and is_rise and first and cls.fields(role.VARIANT)):
        return [declared.default]
    found = [declared.default, typed(float(marks.values[marks.steps[0]]) / first - 1, NEARLY_ZERO)[0]]
    return list(dict.fromkeys(found))


def _scale(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    return None if declared.required else [declared.default]


def _samples_per_tick(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    """Where the rate follows from the samples seen, what one tick has of them."""
    kind = KINDS[declared.annotation]
    return [declared.default, *map(kind.take, SAMPLES)] if cls.fields(role.SCALE, role.POWER) else [declared.default]


def _width(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    return list(WIDTHS)


def _waves(marks: Landmarks, cls: type[Schedule], declared: Param) -> list[Any] | None:
    """Half a wave, or as many halves as there are ups and downs."""
    rises_again = bool((marks.values[marks.bottom :] > marks.values[marks.bottom]).any()) and not marks.restarts
    return [declared.default, *((1.0, 1.5, 2.0) if rises_again else ())]


ESTIMATES: dict[Role, Estimate] = {
    role.WARMUP: _warmup,
    role.HOLD: _hold,
    role.DECAY: _decay,
    role.DROP_EVERY: _drop_every,
    role.DROPS_AT: _drops_at,
    role.RATES_AT: _rates_at,
    role.POINTS_AT: _points_at,
    role.PER_EPOCH: _per_epoch,
    role.WARMUP_EPOCHS: _warmup_epochs,
    role.DROP_FACTOR: _drop_factor,
    role.CYCLE: _cycle,
    role.CYCLE_FALL: cycles.cycle_fall,
    role.CYCLES: cycles.cycles,
    role.CYCLE_GROWTH: cycles.cycle_growth,
    role.START: _start_rate,
    role.START_SHARE: _start_share,
    role.START_DIVISOR: _start_divisor,
    role.PEAK_AT: _peak_at,
    role.FLAT_UNTIL: _flat_until,
    role.TIMESCALE: _timescale,
    role.GROWTH: _growth,
    role.SCALE: _scale,
    role.SAMPLES_PER_TICK: _samples_per_tick,
    role.WIDTH: _width,
    role.WAVES: _waves,
    role.CYCLE_DECAY: cycles.cycle_decay,
}
"""The values that are tried, by role; a role that is not here has its default, or is a number to be found."""
