"""What a picture needs of rows that may be many: read once, in flat memory, without losing a spike or a restart."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import NamedTuple, cast

from lrcli.render.matter import Matter
from lrcli.rows import Block, Cell, Rows


class Bucket(NamedTuple):
    """Neighbouring values of one column, put together: where they stand, and the values that shape the curve."""

    start: float
    end: float
    first: float
    low: float
    high: float
    last: float

    def joined(self, later: "Bucket") -> "Bucket":
        """This bucket and the one after it as one."""
        return Bucket(
            self.start, later.end, self.first, min(self.low, later.low), max(self.high, later.high), later.last
        )


class Series:
    """One column in at most `2 * buckets` buckets; None marks a gap."""

    def __init__(self) -> None:
        self.buckets: list[Bucket | None] = []
        self.left_out = 0

    def add(self, places: Sequence[float], values: Sequence[Cell]) -> None:
        """Put a bucket's worth of values in."""
        kept = [
            (place, value) for place, value in zip(places, finite_or_none(values), strict=True) if value is not None
        ]
        self.left_out += sum(1 for value in values if value is not None) - len(kept)
        if not kept:
            self.buckets.append(None)
            return
        numbers = [value for _, value in kept]
        self.buckets.append(Bucket(kept[0][0], kept[-1][0], numbers[0], min(numbers), max(numbers), numbers[-1]))

    def add_plain(self, places: Sequence[float], values: Sequence[float]) -> None:
        """Put in a bucket's worth of values that are all finite: the case that must be fast."""
        self.buckets.append(Bucket(places[0], places[-1], values[0], min(values), max(values), values[-1]))

    def halve(self) -> None:
        """Join each bucket with its neighbour."""
        pairs = zip(self.buckets[::2], [*self.buckets[1::2], None], strict=False)
        self.buckets = [a.joined(b) if a and b else a or b for a, b in pairs]


def finite_or_none(values: Sequence[Cell]) -> list[float | None]:
    """The values that can be drawn, in their places."""
    return [value if isinstance(value, int | float) and isfinite(value) else None for value in values]


class Digest:
    """The curves of `rows` in about `buckets` pieces each, and the rows that matter."""

    def __init__(self, rows: Rows, buckets: int) -> None:
        self.rows = rows
        self.count = 0
        self.matter = Matter(rows)
        self.series = {name: Series() for panel in rows.panels for name in panel.columns}
        self._places = {name: rows.columns.index(name) for name in self.series}
        self._buckets = max(buckets, 2)
        self._size = max(1, -(-(rows.length or 0) // self._buckets))
        self._open: list[Block] = []
        self._opened = 0
        for block in rows.blocks:
            self.read(block)
        self.close()

    def read(self, block: Block) -> None:
        """The next rows. Those of the last bucket are not drawn before it is closed."""
        length = len(block[0])
        self.matter.read(block, self.count)
        start = 0
        while start < length:
            taken = min(self._size - self._opened, length - start)
            self._open.append(tuple(column[start : start + taken] for column in block))
            self._opened += taken
            start += taken
            if self._opened == self._size:
                self.close()
        self.count += length

    def close(self) -> None:
        """Turn the rows gathered since the last bucket into one; when there are too many, make all twice as wide."""
        if not self._open:
            return
        for name, series in self.series.items():
            place = self._places[name]
            places = _chained([part[0] for part in self._open])
            values = _chained([part[place] for part in self._open])
            if _all_finite(values):
                series.add_plain(cast(Sequence[float], places), cast(Sequence[float], values))
            else:
                series.add(cast(Sequence[float], places), values)
        self._open, self._opened = [], 0
        if self.series and len(next(iter(self.series.values())).buckets) >= 2 * self._buckets:
            for series in self.series.values():
                series.halve()
            self._size *= 2

    @property
    def span(self) -> tuple[float, float]:
        """Where the curves begin and end on the horizontal axis; limits that are apart."""
        buckets = [bucket for series in self.series.values() for bucket in series.buckets if bucket]
        start, end = min((b.start for b in buckets), default=0), max((b.end for b in buckets), default=0)
        return (start, end) if end > start else (start - 0.5, start + 0.5)


def _chained(parts: list[Sequence[Cell]]) -> Sequence[Cell]:
    return parts[0] if len(parts) == 1 else [value for part in parts for value in part]


def _all_finite(values: Sequence[Cell]) -> bool:
    """Whether all are finite numbers: a sum is, unless a term is not (or it overflows: then they are looked at)."""
    try:
        return isfinite(sum(values))  # type: ignore[arg-type]
    except TypeError:
        return False


def runs(buckets: Sequence[Bucket | None]) -> Iterator[list[Bucket]]:
    """The buckets between gaps."""
    run: list[Bucket] = []
    for bucket in [*buckets, None]:
        if bucket is not None:
            run.append(bucket)
        elif run:
            yield run
            run = []
