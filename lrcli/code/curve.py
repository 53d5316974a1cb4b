"""The curve of a schedule as the pieces that frameworks have functions for: flat, a line, a half cosine, a power, ...

Nothing here knows a schedule by its name. Where a piece may end is known from the roles of the fields; what it is, from
the rates alone: a piece is taken only where every tick of the run agrees with it.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import NamedTuple

from lrcli.errors import InputError
from lrcli.schedules import role
from lrcli.schedules.base import Absolute, Schedule
from lrcli.schedules.family import FLOAT32

FLAT, LINE, COSINE, POWER, GEOMETRIC, INVERSE = "flat", "line", "cosine", "power", "geometric", "inverse"

MOST_TICKS = 20_000
"""Ticks that are all looked at; of a longer run as many, and every one around the places where a piece may end."""

LONGEST = 10_000_000
"""Ticks that are walked through."""

STEEP = 8
"""How many times the highest rate of a run a curve may go to after it."""

MOST_PIECES = 64
ODD_PIECES = 12
"""The most pieces where they are not all flat or all alike: more are no short form."""


class Piece(NamedTuple):
    """The rate from tick `start` on: from `first` to `last` in `length` ticks."""

    kind: str
    start: float
    length: float
    first: float
    last: float
    """What it comes to `length` ticks after its start; for what has no end, at the end of the run."""
    bend: float = 0.0
    """The exponent of a power, the factor of a tick of a geometric piece, the growth of the divisor in a tick."""
    over: float = 0.0
    """Ticks of a half cosine that are over when the piece begins: a warmup took their place."""

    @property
    def end(self) -> float:
        """The tick at which it is over."""
        return self.start + self.length - self.over

    def at(self, tick: float) -> float:
        """The rate at a tick of the piece."""
        into = tick - self.start + self.over
        if self.kind == FLAT:
            return self.first
        if self.kind == GEOMETRIC:
            return float(self.first * self.bend**into)
        if self.kind == INVERSE:
            return self.first / (1 + self.bend * into)
        return self.last + (self.first - self.last) * _left(self.kind, into / self.length, self.bend)


class Curve:
    """The rates of a schedule that is bound to its group, at the ticks of a run that are looked at."""

    def __init__(self, schedule: Schedule, lr: float, ticks: int) -> None:
        """Raises InputError where the framework refuses the schedule, or the run is too long to walk through."""
        self.ticks = ticks
        self.lengths = lengths(schedule)
        self.hints = sorted({*ends(schedule, ticks), float(ticks)})
        self.powers = powers(schedule)
        self.is_rough = is_rough(schedule)
        wanted = range(ticks) if ticks <= MOST_TICKS else self._sample(ticks)
        if isinstance(schedule, Absolute):
            base = schedule.base(lr)
            self.rates = {tick: schedule.at(tick, base) for tick in wanted}
        elif ticks <= LONGEST:
            chosen = set(wanted)
            stream = islice(schedule.stream(lr), ticks)
            self.rates = {tick: rate for tick, rate in enumerate(stream) if tick in chosen}
        else:
            raise InputError(f"a run of {ticks} ticks is too long for this")
        self.known = sorted(self.rates)
        self.peak = max(map(abs, self.rates.values()))

    def _sample(self, ticks: int) -> list[int]:
        near = {math.floor(hint) + offset for hint in self.hints for offset in (-2, -1, 0, 1, 2)}
        every = range(0, ticks, max(1, ticks // MOST_TICKS))
        return sorted(tick for tick in {*near, *every, ticks - 1} if 0 <= tick < ticks)

    @property
    def _slack(self) -> float:
        """How far a rate may be from another that is the same but for rounding, in shares of the highest."""
        return 2e-7 if self.is_rough else 1e-12

    def close(self, found: float, wanted: float) -> bool:
        """Whether two rates are the same but for rounding."""
        return abs(found - wanted) <= (0 if self.is_rough else 1e-9) * abs(wanted) + self._slack * self.peak

    def rounded(self, rate: float) -> float:
        """The rate as people would write it, where that is the same but for rounding."""
        if abs(rate) <= self._slack * self.peak:
            return 0.0
        slack = self._slack if self.is_rough else 1e-14
        return shortest(rate, max(1e-12, min(1e-6, slack * self.peak / abs(rate))))

    @cached_property
    def pieces(self) -> list[Piece] | None:
        """The pieces in their order; None where the curve is not made of few."""
        found = self._pieces()
        if found is None and not self.is_rough:  # some of it may be computed in float32, as fastai's place in the run
            self.is_rough = True
            found = self._pieces()
        return found

    def _pieces(self) -> list[Piece] | None:
        found: list[Piece] = []
        single = short = 0
        piece = self._piece(0.0)
        while piece is not None:
            found.append(piece)
            single += piece.length <= 1
            short += piece.kind != FLAT and piece.length <= 3
            if piece.end >= self.ticks:
                break
            if len(found) >= MOST_PIECES or single > 3 or short > 1:
                return None
            piece = self._next(found)
        if piece is None:
            return None
        held = len(found) > 1 and found[-1].kind == FLAT and found[-2].kind in (LINE, COSINE, POWER)
        if held and self.close(found[-2].last, found[-1].first):
            found.pop()  # every framework stays where such a piece has come to
        kinds = {piece.kind for piece in found}
        return found if kinds == {FLAT} or len(found) <= ODD_PIECES or repeated(found) else None

    def _next(self, found: list[Piece]) -> Piece | None:
        """The piece after those that were found; the tick before it may be its first, which the last one gives up."""
        before = found[-1]
        piece = self._piece(before.end)
        if before.length < 2:
            return piece
        earlier = self._piece(before.end - 1)
        reach = min(piece.end, self.ticks) - (before.kind == FLAT) if piece else before.end + 1
        if earlier and earlier.kind != FLAT and min(earlier.end, self.ticks) > reach:
            last = before.first if before.kind == FLAT else self.rounded(before.at(before.end - 1))
            found[-1] = before._replace(length=before.length - 1, last=last)
            return earlier
        return piece

    def _piece(self, start: float) -> Piece | None:
        """The piece that begins at `start` and goes on for longest."""
        inside = self.known[bisect_left(self.known, start) :]
        if not inside:
            return None
        flat = self._flat(start, inside)
        if flat and flat.end >= self.ticks:
            return flat
        ends_at = sorted({hint for hint in (*self.hints, *(start + length for length in self.lengths)) if hint > start})
        past = [self._shaped(start, end, inside) for end in ends_at if end >= self.ticks]
        whole = [piece for piece in past if piece]
        if whole:
            return min(whole, key=lambda piece: (piece.last < 0, len(f"{piece.first}{piece.last}"), piece.end))
        for end in reversed(ends_at):
            if flat and end <= flat.end:
                break
            piece = self._shaped(start, end, inside[: bisect_left(inside, end)]) if end < self.ticks else None
            if piece:
                return piece
        return flat

    def _flat(self, start: float, inside: Sequence[int]) -> Piece | None:
        value = self.rates[inside[0]]
        same = next((place for place, t in enumerate(inside) if not self.close(self.rates[t], value)), len(inside))
        end = inside[same] if same < len(inside) else self.ticks
        if same < len(inside) and inside[same] != inside[same - 1] + 1:
            return None  # where it ends was not looked at
        return Piece(FLAT, start, end - start, self.rounded(value), self.rounded(value))

    def _shaped(self, start: float, end: float, inside: Sequence[int]) -> Piece | None:
        """The piece from `start` to `end` whose ticks are `inside`."""
        if len(inside) < 2 or (len(inside) < 3 and not (float(start).is_integer() and float(end).is_integer())):
            return None
        first_tick, last_tick, few = inside[0], inside[-1], inside[:: max(1, len(inside) // 4)]
        between = few[len(few) // 2]
        shapes = [(LINE, 0.0, 0.0), (COSINE, 0.0, 0.0), *((POWER, power, 0.0) for power in self.powers)]
        for kind, bend, over in [*shapes, *([(COSINE, 0.0, start)] if start else [])]:
            # Two ticks give both ends: rate = last + (first - last) * left.
            length = end - start + over
            left = _left(kind, (first_tick - start + over) / length, bend)
            right = _left(kind, (last_tick - start + over) / length, bend)
            if left == right:
                continue
            height = (self.rates[first_tick] - self.rates[last_tick]) / (left - right)
            last = self.rates[last_tick] - height * right
            rate = last + height * _left(kind, (between - start + over) / length, bend)
            if not self.close(rate, self.rates[between]):
                continue
            piece = Piece(kind, start, length, last + height, last, bend, over)
            if max(abs(piece.first), abs(last)) > STEEP * self.peak:
                continue  # so little of it is in the run that float32 would not have its digits
            if not self._agrees(piece, few):
                continue  # which is found at once; to write a number shortly takes longer
            piece = piece._replace(first=self.rounded(piece.first), last=self.rounded(last))
            if self._agrees(piece, inside):
                return piece
        return self._endless(start, end - start, inside) if start == first_tick and len(inside) > 3 else None

    def _endless(self, start: float, length: float, inside: Sequence[int]) -> Piece | None:
        """A piece without an end of its own."""
        first, last, span = self.rates[inside[0]], self.rates[inside[-1]], inside[-1] - inside[0]
        if not (first and last and first / last > 0):
            return None
        within = (self._slack if self.is_rough else 1e-10) / span
        few = inside[:: max(1, len(inside) // 4)]
        for kind, bend, least in (
            (GEOMETRIC, (last / first) ** (1 / span), within),
            (INVERSE, (first / last - 1) / span, within * span),
        ):
            piece = Piece(kind, start, length, first, last, bend)
            if not self._agrees(piece, few):
                continue
            piece = piece._replace(first=self.rounded(first), bend=shortest(bend, least))
            if self._agrees(piece, inside):
                return piece
        return None

    def _agrees(self, piece: Piece, inside: Sequence[int]) -> bool:
        probes = inside[:: max(1, len(inside) // 8)]
        try:
            return all(self.close(piece.at(tick), self.rates[tick]) for tick in (*probes, *inside))
        except (ArithmeticError, TypeError):
            return False


@lru_cache(maxsize=16)
def curve_of(schedule: Schedule, lr: float, ticks: int) -> Curve:
    """The curve of a schedule alone, from the base rate `lr`, for so many ticks. Raises InputError as Curve does."""
    return Curve(schedule, lr, ticks)


def _left(kind: str, share: float, bend: float) -> float:
    """How much of the height of a piece is left when `share` of it is over."""
    if kind == LINE:
        return 1 - share
    if kind == COSINE:
        return 0.5 * (1 + math.cos(math.pi * share))
    return float((1 - share) ** bend)


def ends_in_root(pieces: Sequence[Piece], ticks: int) -> bool:
    """Whether the run goes on to where a root has come to 0: jit may make it the root of a little less, no number."""
    last = pieces[-1]
    return last.kind == POWER and not float(last.bend).is_integer() and last.end < ticks


def repeated(pieces: Sequence[Piece]) -> int:
    """After how many pieces they come again, 1 or 2 of equal length; 0 where they do not."""
    for period in (1, 2):
        pairs = zip(pieces, pieces[period:], strict=False)
        same = all(left._replace(start=0) == right._replace(start=0) for left, right in pairs)
        if len(pieces) > period and same and len({piece.length for piece in pieces}) == 1:
            return period
    return 0


def shortest(value: float, within: float) -> float:
    """The float with the fewest digits that is `value` within a relative error."""
    for digits in range(1, 16):
        short = float(f"{value:.{digits}g}")
        if abs(short - value) <= within * abs(value):
            return short
    return value


def lengths(schedule: Schedule) -> set[float]:
    """The numbers of ticks that the fields give, of the parts too, and shares of the length in ticks."""
    found: set[float] = set()
    for declared, value in schedule.items():
        if declared.role and declared.role.unit == role.TICKS and isinstance(value, int | float):
            found |= {float(value), value / 2}
    whole = schedule.value(role.LENGTH) or schedule.horizon
    if whole:
        found.add(float(whole))
        for _, share in schedule.all_given(role.WARMUP_SHARE, role.DECAY_SHARE, role.PEAK_AT, role.FLAT_UNTIL):
            place = whole * share
            found |= {place, place - 1, float(math.floor(place)), float(math.ceil(place))}
    for part in _parts(schedule):
        found |= lengths(part)
    return {length for length in found if length > 0}


def ends(schedule: Schedule, ticks: int, start: float = 0.0) -> set[float]:
    """The ticks at which a piece of the curve may end."""
    found = {start}
    for length in sorted(lengths(schedule)) if not _parts(schedule) else ():
        found |= {end for known in found for end in (known + length, known - length)}
        if len(found) > 1000:
            break
    if schedule.horizon is not None:
        found.add(start + schedule.horizon)
    found |= {end - 1 for end in found}
    for marked in (_marks(schedule), schedule.restarts()):
        found |= {start + tick for tick in islice(marked, MOST_PIECES)}
    for declared, value in schedule.items():
        if declared.role and declared.role.unit == role.TICKS and isinstance(value, tuple):
            found |= {start + float(tick) for tick in value}
    begins = [0, *(schedule.value(role.TAKES_OVER_AT) or [0] * len(_parts(schedule)))]
    for part, begin in zip(_parts(schedule), begins, strict=False):
        found |= ends(part, ticks, start + begin)
    return {end for end in found if end > 0}


def _marks(schedule: Schedule) -> Iterator[float]:
    return (float(tick) for tick, _ in schedule.marks())


def powers(schedule: Schedule) -> list[float]:
    """The exponents that a power of the time that is left may have."""
    found = {float(value) for _, value in schedule.all_given(role.POWER) if value not in (0, 1)}
    for part in _parts(schedule):
        found |= set(powers(part))
    return sorted(found)


def is_rough(schedule: Schedule) -> bool:
    """Whether it, or a part of it, is computed in float32."""
    return schedule.reference.family.precision == FLOAT32 or any(map(is_rough, _parts(schedule)))


def _parts(schedule: Schedule) -> Sequence[Schedule]:
    found = schedule.value(role.PARTS)
    return found if isinstance(found, tuple) else ()
