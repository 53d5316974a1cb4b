"""What a log of rates shows at a glance: where it rises, is highest, stays, falls, drops and begins again.

Rows may be ticks apart: what happens between two rows has a first and a last tick at which it may have happened.
"""

import itertools
import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from lrcli.fit.thinning import THINNED_FROM, thinned
from lrcli.record import Tolerance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ticks = NDArray[np.int64]

MOST_DROPS = 40
OFTEN = 5
"""Drops that are single, and from which on they are regular if the same time lies between them."""

STAIR = 4
"""Times what rounding leaves open: a fall that no smooth curve makes from one row to the next."""

NEARLY_HIGHEST = 0.9

NEARLY_OVER, OVER = 0.02, 1e-3
"""Of the highest rate: what is nearly at its end, and what is."""

SHARP = 4
"""Times what is beside it: a slope that is a jump, a change of slope that is a turn."""

LEAST_BREAK = 1e-5
"""Of the highest rate: less is rounding."""

MOST_BREAKS = 12

BENT = 1e-3
"""Relative, of a rate that is not on the line."""

SMOOTH = 4
"""Rows in which a curve is seen to be smooth."""

SHORTEST_PHASE, MOST_DEPARTURES = 2 * SMOOTH, 2

WIDEST = 40
"""Candidates for the tick of something that happened between two rows."""


class Between(NamedTuple):
    """The ticks at which something may have happened: after the first, up to the last."""

    after: int
    upto: int

    def ticks(self, most: int = WIDEST) -> list[int]:
        """The candidates, the round ones first."""
        there = range(self.after + 1, self.upto + 1)
        if len(there) > most:
            step = -(-len(there) // most)
            there = range(self.upto, self.after, -step)
        return sorted(there, key=lambda tick: (roughness(tick), tick != self.upto, -tick))


class Landmarks:
    """The landmarks of rows in the order of their ticks."""

    def __init__(self, ticks: "Ticks", values: "Floats", tolerance: Tolerance, lengths: Sequence[int] = ()) -> None:
        self.ticks = ticks
        self.values = values
        self.tolerance = tolerance
        self.lengths = list(lengths)
        """What the log itself says of the length of the run."""

    @classmethod
    def of(cls, ticks: "Ticks", values: "Floats", tolerance: Tolerance, lengths: Sequence[int] = ()) -> "Landmarks":
        """Those of rows in any order; of several with the same tick the last counts. Long logs are thinned."""
        import numpy as np

        order = np.argsort(ticks, kind="stable")
        ticks, values = ticks[order], values[order]
        last = np.append(ticks[1:] != ticks[:-1], True)
        ticks, values = ticks[last], values[last]
        kept = thinned(values)
        return cls(ticks[kept], values[kept], tolerance, lengths)

    def from_tick(self, start: int, stop: float = math.inf, seen: int = 0) -> "Landmarks":
        """The rows from a tick on, which is counted as 0, or from a later one that is `seen`, and before another."""
        kept = (self.ticks >= max(start, seen)) & (self.ticks < stop)
        lengths = [one - start for one in self.lengths]
        if start and stop == math.inf:
            # Many forget that what comes before has a length, too.
            lengths += [*self.lengths, int(self.ticks[-1]) + 1, int(self.ticks[-1])]
        return Landmarks(self.ticks[kept] - start, self.values[kept], self.tolerance, lengths)

    @cached_property
    def plain(self) -> tuple[list[int], list[float]]:
        """Ticks and rates as Python's own numbers."""
        return self.ticks.tolist(), self.values.tolist()

    @cached_property
    def peak(self) -> int:
        """The row of the first highest rate: where a log of every n-th tick shows waves, each is a little lower."""
        values = self.values
        row = int((values >= NEARLY_HIGHEST * values.max()).argmax())
        while row + 1 < len(values) and values[row + 1] > values[row]:
            row += 1
        return row

    @cached_property
    def highest(self) -> float:
        return float(self.values[self.peak])

    @cached_property
    def rises(self) -> bool:
        """Whether the rates lead up to the highest one."""
        return self.peak > 0 and float(self.values[0]) < self.highest * (1 - 1e-3)

    @property
    def first_at_peak(self) -> int:
        """The first tick at the highest rate that is shown; 0 where nothing leads up to it."""
        return int(self.ticks[self.peak]) if self.rises else 0

    @cached_property
    def slope_up(self) -> float:
        """The slope of the line through the rows before the highest, or from nothing to the only one."""
        first = int(self.starts_late)
        ticks, values = self.ticks[first : self.peak], self.values[first : self.peak]
        if len(ticks) < 2:
            return float(values[0] / ticks[0]) if len(ticks) and ticks[0] else 0.0
        return float((values[-1] - values[0]) / (ticks[-1] - ticks[0]))

    @property
    def steepness(self) -> float:
        """What a tick of the rise adds, as a share of the highest rate, between rows that may be few."""
        rise = float(self.values[self.peak] - self.values[0]) / max(1, int(self.ticks[self.peak] - self.ticks[0]))
        return max(self.slope_up, rise) / self.highest

    @cached_property
    def line_reaches_highest(self) -> float:
        """The tick at which that line is at the highest rate."""
        if self.slope_up <= 0:
            return math.inf
        first = int(self.starts_late)
        return int(self.ticks[first]) + (self.highest - float(self.values[first])) / self.slope_up

    @cached_property
    def held_until(self) -> int:
        """The last row of those at the highest rate that follow each other."""
        import numpy as np

        same = self.tolerance.equal(np.full(len(self.values), self.highest), self.values)
        after = np.flatnonzero(~same[self.peak :])
        return self.peak + int(after[0]) - 1 if len(after) else len(self.values) - 1

    @property
    def stays(self) -> bool:
        """Whether nothing falls from the highest rate, which several rows show."""
        return self.peak < self.held_until == len(self.values) - 1

    @property
    def held(self) -> list[int]:
        """Two rows after it at which the highest rate is held; none where it is not."""
        return [self.peak + 1, self.peak + 2] if self.held_until >= self.peak + 3 else []

    @cached_property
    def steps(self) -> list[int]:
        """The rows whose rate is another than that of the row before."""
        import numpy as np

        return [int(row) + 1 for row in np.flatnonzero(self.values[1:] != self.values[:-1])]

    @cached_property
    def moves_in_steps(self) -> bool:
        """Whether most rows behind a rise have the rate of the row before, and few drops or rises follow each other.

        Many drops are regular ones. Rounding alone makes steps, too.
        """
        changes = abs(self.values[1:] - self.values[:-1])
        if not (changes > STAIR * self.tolerance.rounding(self.values[1:])).any():
            return False
        steps, rows = [row for row in self.steps if row > self.peak], len(self.values) - self.peak
        if not any(self.values[row] < self.values[row - 1] for row in steps):
            steps, rows = self.steps, len(self.values)
        gaps = [after - row for row, after in itertools.pairwise(steps)]
        is_regular = len(gaps) >= OFTEN and max(gaps) - min(gaps) <= 1
        few = rows // 2 if rows > 2 else 0  # Of two rows nothing is seen.
        if not 0 < len(steps) <= (few if is_regular else min(MOST_DROPS, few)):
            return False
        return 2 * gaps.count(1) <= max(2, len(steps))

    @cached_property
    def falls_in_stairs(self) -> bool:
        """Whether it stays before and after each of several falls, which are no work of rounding."""
        if not self.moves_in_steps:
            return False
        rounding = self.tolerance.rounding(self.values)
        falls = [row for row in self.steps if row > self.peak]
        drops = [float(self.values[row - 1] - self.values[row]) for row in falls]
        return len(falls) > 1 and all(
            drop > STAIR * rounding[row - 1] and row + 1 not in self.steps
            for row, drop in zip(falls, drops, strict=True)
        )

    @cached_property
    def is_sparse(self) -> bool:
        """Whether ticks lie between most rows of its beginning: of a long log other rows are left out."""
        last = min(len(self.ticks), THINNED_FROM) - 1
        return last > 0 and int(self.ticks[last] - self.ticks[0]) > 1.5 * last

    @property
    def is_flat(self) -> bool:
        """Whether the rate never moves."""
        return not self.steps

    def before(self, row: int) -> Between:
        """The ticks at which the rate of `row` may have begun."""
        return Between(int(self.ticks[row - 1]) if row else int(self.ticks[0]) - 1, int(self.ticks[row]))

    @cached_property
    def bottom(self) -> int:
        """The row at which the first fall from the highest rate ends."""
        import numpy as np

        after = self.values[self.held_until :]
        rising = np.flatnonzero(after[1:] > after[:-1] * (1 + 1e-7))
        end = int(rising[0]) if len(rising) else len(after) - 1
        return self.held_until + int(after[: end + 1].argmin())

    @property
    def shows_an_end(self) -> bool:
        """Whether there is no fall, or it is over: the rate stays or rises again behind it, or is next to nothing."""
        last, lowest = len(self.values) - 1, float(self.values[self.bottom])
        return self.bottom < last - 1 or lowest < NEARLY_OVER * self.highest or self.peak == last

    @cached_property
    def middle(self) -> int:
        """The row in the middle of the first fall, by its height."""
        import numpy as np

        fall = self.values[self.held_until : self.bottom + 1]
        half = (fall[0] + fall[-1]) / 2
        return self.held_until + int(np.abs(fall - half).argmin())

    def along(self, share: float) -> int:
        """The row at a share of the rows of the first fall."""
        return self.held_until + round((self.bottom - self.held_until) * share)

    def starts_below(self, base: float | None) -> bool:
        """Whether the first rate is a share of the optimizer's rate, where that is known."""
        return base is not None and float(self.values[0]) < base * (1 - 1e-6)

    @property
    def starts_late(self) -> bool:
        """Whether the first rate is 0 and what leads up is no line from there: it may begin at the second, above it."""
        values = self.values
        if self.peak < 3 or values[0] != 0:
            return False
        return bool(abs(values[2] - 2 * values[1]) > BENT * values[1])

    @property
    def is_beheaded(self) -> bool:
        """Whether the log begins so late that nothing is known of the beginning."""
        return len(self.ticks) > 1 and int(self.ticks[0]) > 2 * int(self.ticks[1] - self.ticks[0])

    @cached_property
    def ends(self) -> list[int]:
        """Lengths of a run that would end with this log, the likeliest first."""
        last = int(self.ticks[-1])
        gap = last - int(self.ticks[-2]) if len(self.ticks) > 1 else 1
        if gap == 1:
            return [last + 1, last]
        return sorted(range(last, last + min(gap, WIDEST) + 2), key=lambda tick: (roughness(tick), tick != last + 1))

    @cached_property
    def is_straight(self) -> bool:
        """Whether all that follows the highest rate is one straight line, which is not seen to end."""
        import numpy as np

        fall = self.values[self.held_until :]
        if self.bottom < len(self.values) - 1 or len(fall) < 3:
            return self.bottom == len(self.values) - 1
        ticks = self.ticks[self.held_until :]
        line = fall[0] + (fall[-1] - fall[0]) * (ticks - ticks[0]) / (ticks[-1] - ticks[0])
        if fall[-1] <= 1.001 * (fall[-2] - fall[-1]):
            return False  # The next row would be at 0.
        return bool((np.abs(line - fall) <= 1e-4 * self.highest).all())

    @property
    def is_straight_down(self) -> bool:
        """Whether there is such a line: a log that does nothing but rise shows none."""
        return self.is_straight and self.peak < len(self.values) - 1

    @cached_property
    def restarts(self) -> list[int]:
        """The rows at which the rate jumps up after it has fallen, by more than it fell or rose just before."""
        found = []
        values, highest = self.values, self.highest
        for row in range(self.held_until + 2, len(values)):
            rise = values[row] - values[row - 1]
            slopes = [abs(values[row - 1] - values[row - 2])]
            if row + 1 < len(values):
                slopes.append(abs(values[row + 1] - values[row]))
            if rise > 1.3 * max(slopes) and rise > 0.1 * highest:
                found.append(row)
                highest = values[row]  # The next may be lower.
        return found

    @property
    def is_within_a_cycle(self) -> bool:
        """Whether it has begun again, and ends before what then falls is over."""
        return bool(self.restarts) and float(self.values[-1]) > OVER * self.highest

    @cached_property
    def second_peak(self) -> int | None:
        """The row of the highest rate of the second cycle; None where nothing begins again."""
        if self.restarts:
            return self.restarts[0]
        row = self.bottom
        while row + 1 < len(self.values) and self.values[row + 1] > self.values[row]:
            row += 1
        return row if self.bottom < row < len(self.values) - 1 else None

    @cached_property
    def breaks(self) -> list[int]:
        """The rows at which the curve jumps, or turns sharply: where another schedule may have taken over."""
        import numpy as np

        values, ticks = self.values, self.ticks
        if len(values) < 5:
            return []
        slopes = np.diff(values) / np.diff(ticks)
        steep = np.abs(slopes)
        around = np.maximum(np.append(steep[1:], 0.0), np.insert(steep[:-1], 0, 0.0))
        jumps = (steep > SHARP * around) & (np.abs(np.diff(values)) > LEAST_BREAK * 10 * self.highest)
        turns = np.abs(np.diff(slopes))
        near = np.maximum(np.append(turns[1:], 0.0), np.insert(turns[:-1], 0, 0.0))
        sharp = (turns > SHARP * near) & (turns * np.diff(ticks)[1:] > LEAST_BREAK * self.highest)
        # What turns beside a jump is the jump.
        sharp &= ~(jumps[1:] | jumps[:-1])
        weight = np.zeros(len(values))
        weight[1:][jumps] = steep[jumps]
        weight[1:-1][sharp] += turns[sharp]
        rows = np.flatnonzero(weight)
        heaviest = rows[np.argsort(-weight[rows], kind="stable")][:MOST_BREAKS]
        return sorted(int(row) for row in heaviest)

    @cached_property
    def departs(self) -> list[int]:
        """The rows behind the highest rate at which a smooth curve turns off: where its last phase may begin."""
        import numpy as np

        values, ticks = self.values, self.ticks
        if len(values) - self.held_until < SHORTEST_PHASE:
            return []
        turns = np.abs(np.diff(np.diff(values) / np.diff(ticks)))
        before = np.lib.stride_tricks.sliding_window_view(turns, SMOOTH).max(axis=1)[:-1]
        sharp = turns[SMOOTH:] > SHARP * before + LEAST_BREAK / 10 * self.highest / np.diff(ticks)[SMOOTH + 1 :]
        rows = np.flatnonzero(sharp) + SMOOTH + 1
        rows = rows[rows > self.held_until + SMOOTH]
        heaviest = rows[np.argsort(-turns[rows - 1], kind="stable")][:MOST_DEPARTURES]
        return sorted(int(row) for row in heaviest)

    @cached_property
    def probes(self) -> list[int]:
        """A dozen rows that tell schedules apart."""
        last = len(self.values) - 1
        spread = [last * part // 8 for part in range(9)]
        special = [0, self.peak - 1, self.peak, self.peak + 1, self.held_until, self.held_until + 1]
        special += [self.middle, self.along(0.25), self.along(0.75), self.bottom, self.bottom - 1, self.bottom + 1]
        special += [row + shift for row in self.steps[:3] for shift in (-1, 0)] if self.moves_in_steps else []
        return sorted({row for row in (*spread, *special) if 0 <= row <= last})

    @cached_property
    def ends_between_rows(self) -> bool:
        """Whether the curve turns between the last row and the one before."""
        if len(self.values) < 5:
            return False
        turns = [abs(float(self.values[row - 1] - 2 * self.values[row] + self.values[row + 1])) for row in (-4, -3, -2)]
        return turns[2] > SHARP * max(turns[:2]) + LEAST_BREAK * self.highest

    @cached_property
    def few_probes(self) -> list[int]:
        """The rows that most is solved from: fewer, of every part of the curve."""
        last = len(self.values) - 1
        chosen = [0, self.peak // 2, self.peak - 1, self.peak, self.held_until, self.held_until + 1, last]
        chosen += [self.along(0.25), self.middle, self.along(0.75), self.bottom]
        chosen += [last * part // 4 for part in range(4)] if self.bottom < last - 1 else []
        chosen += [part for row in self.departs[-1:] for part in (row, (row + self.bottom) // 2)]
        return sorted({row for row in chosen if 0 <= row <= last})


@lru_cache(10_000)
def roughness(value: float) -> int:
    """The significant digits of a number: few in what a person types."""
    return len(f"{value:.12g}".split("e")[0].replace(".", "").replace("-", "").strip("0")) or 1
