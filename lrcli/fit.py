"""Which schedule gives this log? Shapes propose hyperparameters from the values; the simulation decides."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules.plateau import float32
from lrcli.spec import parse
from lrcli.verify import MOST_WALKED, Logged, Point, beside, thinned

NEARLY = 1e-3
"""Relative error up to which a candidate is worth a mention."""

POWERS = (1.0, 2.0, 0.5, 0.9, 3.0)
FLOORS = (0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)

WIDEST_GAP = 1000
"""Ticks between two rows of a log within which the place of a drop is sought."""


class Candidate(NamedTuple):
    """A schedule that gives the log, or nearly; `spec` has the run's options too."""

    spec: str
    exactness: str
    """"exact" to the bit, "float32" if the log is that rounded, else "nearly"."""
    error: float
    """Largest relative difference."""


class Shape(NamedTuple):
    """The log as the estimators see it."""

    ticks: list[int]
    values: list[float]

    @property
    def peak(self) -> int:
        """The place of the first highest value."""
        return self.values.index(max(self.values))

    def after(self, place: int) -> "Shape":
        """The part from `place` on, its ticks counted from there."""
        start = self.ticks[place]
        return Shape([tick - start for tick in self.ticks[place:]], self.values[place:])


def fit(logged: Logged) -> list[Candidate]:
    """The candidates, exact ones first and then the simplest. Raises InputError for a log without rates."""
    if not logged.points:
        raise InputError("the log holds no rates")
    for point in logged.points:
        if not 0 <= point.rate < math.inf:
            raise InputError(f"line {point.line}: expected a learning rate, 0 or more, found {point.rate!r}")
    shape, sample = shape_of(logged), shape_of(thinned(logged))
    found: dict[str, Candidate] = {}
    for spec in proposed(shape):
        candidate = held(spec, sample)
        if candidate and candidate.exactness != "nearly" and sample != shape:
            candidate = held(spec, shape)
        if candidate:
            found[candidate.spec] = candidate
    order = ("exact", "float32", "nearly")
    ranked = sorted(
        found.values(), key=lambda candidate: (order.index(candidate.exactness), len(candidate.spec.split()))
    )
    exact = [candidate for candidate in ranked if candidate.exactness != "nearly"]
    return exact or sorted(ranked, key=lambda candidate: candidate.error)


def shape_of(logged: Logged) -> Shape:
    """What the estimators need of a log."""
    return Shape(logged.ticks, [point.rate for point in logged.points])


def held(spec: str, shape: Shape) -> Candidate | None:
    """The candidate with its error against the log; None where it is another curve."""
    try:
        parsed = parse(spec)
    except InputError:
        return None
    planned = parsed.in_run(Run())
    run = planned.run
    schedule = run.warmed_up(planned.schedule)
    least = 1e-3 * max(shape.values) or 1.0
    error, exact, in_float32 = 0.0, True, True
    for _, rate, value in beside(schedule, run, shape.ticks, shape.values):
        if rate is None:
            return None
        if rate != value:
            exact, in_float32 = False, in_float32 and float32(rate) == value
            error = max(error, abs(rate - value) / max(abs(value), least))
            if error > NEARLY:
                return None
    return Candidate(parsed.text(Run()), "exact" if exact else "float32" if in_float32 else "nearly", error)


def proposed(shape: Shape) -> Iterator[str]:
    """Command lines worth trying, from the simplest shapes on."""
    first, peak = shape.values[0], shape.peak
    if len(set(shape.values)) == 1:
        yield f"lambda --expr 1 --lr {first!r}"
        return
    for base in rounded(first):
        for spec in decays(shape, base):
            yield f"{spec} --lr {base!r}"
    if peak == 0:
        return
    for base in rounded(shape.values[peak]):
        warmup = shape.ticks[peak]
        falls = list(decays(shape.after(peak), base))
        if first == 0:
            for length in {*lengths(shape.after(peak), base, 1.0, 0.0)}:
                yield f"hf-linear --num-warmup-steps {warmup} --num-training-steps {warmup + length} --lr {base!r}"
            for length in {*cosine_lengths(shape.after(peak), base, 0.0)}:
                yield f"hf-cosine --num-warmup-steps {warmup} --num-training-steps {warmup + length} --lr {base!r}"
            yield f"hf-constant-with-warmup --num-warmup-steps {warmup} --lr {base!r}"
        for factor in rounded(first / base):
            yield f"linear --start-factor {factor!r} --total-iters {warmup} --lr {base!r}"
            for spec in falls:
                yield f"{spec} --lr {base!r} --warmup {warmup} --warmup-start-factor {factor!r}"
        yield from onecycles(shape, base)


def rounded(value: float) -> list[float]:
    """The numbers that a person may have typed for `value`, and itself."""
    thirds = [numerator / 3 for numerator in (1, 2) if math.isclose(value, numerator / 3, rel_tol=1e-6)]
    near = [float(f"{value:.{digits}g}") for digits in range(1, 7)]
    return list(dict.fromkeys([*thirds, *(one for one in near if math.isclose(one, value, rel_tol=1e-5)), value]))


def decays(shape: Shape, base: float) -> Iterator[str]:
    """Schedules that start at their base rate and fall."""
    later = next((place for place, value in enumerate(shape.values) if value not in (0, base)), None)
    if later is None:
        return
    last = max(place for place, value in enumerate(shape.values) if value > 0)
    if shape.values[last] > 0 and base > 0 and last:
        for gamma in rounded((shape.values[last] / base) ** (1 / shape.ticks[last])):
            yield f"exponential --gamma {gamma!r}"
    yield from drops(shape)
    for power in POWERS:
        for length in {*lengths(shape, base, power, 0.0)}:
            yield f"polynomial --total-iters {length} --power {power!r}"
    lowest = min(shape.values)
    for floor in dict.fromkeys([*FLOORS, *rounded(lowest), *rounded(base / 10), *rounded(base / 100)]):
        for length in {*cosine_lengths(shape, base, floor)}:
            yield f"cosine --t-max {length} --eta-min {floor!r}"
        restart = next(
            (tick for tick, value in zip(shape.ticks[1:], shape.values[1:], strict=True) if value >= base), None
        )
        if restart:
            for growth in (1, 2, 3):
                yield f"cosine-restarts --t-0 {restart} --t-mult {growth} --eta-min {floor!r}"


def drops(shape: Shape) -> Iterator[str]:
    """Schedules that are constant between drops."""
    pairs = list(zip(shape.values, shape.values[1:], strict=False))
    places = [place + 1 for place, (before, after) in enumerate(pairs) if before != after]
    if not 0 < len(places) <= len(shape.values) // 2:
        return
    before, after = shape.values[places[0] - 1], shape.values[places[0]]
    gammas = rounded(after / before) if before else []
    ticks = [shape.ticks[place] for place in places]
    for gamma in gammas:
        for size in range(max(1, shape.ticks[places[0] - 1] + 1, ticks[0] - WIDEST_GAP), ticks[0] + 1):
            yield f"step --step-size {size} --gamma {gamma!r}"
        yield f"multistep --milestones {','.join(map(str, ticks))} --gamma {gamma!r}"


def lengths(shape: Shape, base: float, power: float, floor: float) -> Iterator[int]:
    """Whole lengths with which a power of the ticks left passes through points of the curve."""
    for place in (len(shape.ticks) // 4, len(shape.ticks) // 2):
        share = max(0.0, (shape.values[place] - floor) / (base - floor)) if base != floor else 0.0
        if 0 < share ** (1 / power) < 1 and shape.ticks[place]:
            yield round(shape.ticks[place] / (1 - share ** (1 / power)))


def cosine_lengths(shape: Shape, base: float, floor: float) -> Iterator[int]:
    """Whole T_max with which half a cosine passes through points of the curve."""
    for place in (len(shape.ticks) // 8, len(shape.ticks) // 4, len(shape.ticks) // 2):
        share = 2 * (shape.values[place] - floor) / (base - floor) - 1 if base != floor else 1.0
        if -1 < share < 1 and shape.ticks[place]:
            yield round(shape.ticks[place] * math.pi / math.acos(share))


def onecycles(shape: Shape, peak: float) -> Iterator[str]:
    """OneCycleLR over the whole log, with torch's shares or those that the log shows."""
    total = shape.ticks[-1] + 1
    for share in dict.fromkeys([0.3, 0.25, *rounded((shape.ticks[shape.peak] + 1) / total)]):
        for divisor in dict.fromkeys([25.0, *rounded(peak / shape.values[0])] if shape.values[0] else []):
            for strategy in ("cos", "linear"):
                yield (
                    f"onecycle --max-lr {peak!r} --total-steps {total} --pct-start {share!r} --div-factor {divisor!r} "
                    f"--anneal-strategy {strategy}"
                )


def in_order(points: Sequence[Point]) -> Logged:
    """The points with their ticks: whole epochs that increase, or else steps, from the first; else their order."""
    for name in ("epoch", "step"):
        positions = [getattr(point, name) for point in points]
        if positions and all(position is not None and position == position // 1 for position in positions):
            start = 1 if positions[0] == 1 else 0
            increasing = all(before < after for before, after in pairwise(positions))
            if increasing and positions[0] >= 0 and positions[-1] <= MOST_WALKED:
                return Logged([int(position) - start for position in positions], list(points))
    return Logged(list(range(len(points))), list(points))
