"""Bit for bit what was recorded from the frameworks: it holds lrsched to them where they are not installed."""

import json
from collections.abc import Iterator
from itertools import compress, count, islice
from pathlib import Path

import pytest

from lrcli import spec
from lrcli.engine import rates, rates_and_momenta
from lrcli.schedules.base import Schedule
from tests.draws import same_bits

FLOAT32_EPSILON = 2.0**-23
VECTORS = sorted((Path(__file__).parent / "vectors").glob("*.json"))


def assert_recorded(schedule: Schedule, lrs: tuple[float, ...], ticks: list[int], columns: list[list[float]]) -> None:
    """The rates, and then the momenta, of all groups at these ticks."""
    found: list[tuple[float, ...]] = []
    for group in range(len(lrs)):
        if schedule.cycles_momentum:
            pairs: Iterator[tuple[float, ...]] = rates_and_momenta(schedule, lrs, group)
        else:
            pairs = ((rate,) for rate in rates(schedule, lrs, group))
        kept = compress(pairs, (tick in ticks for tick in count()))
        found += zip(*islice(kept, len(ticks)), strict=True)
    if schedule.cycles_momentum:
        found = found[::2] + found[1::2]
    for column, expected in zip(found, columns, strict=True):
        for tick, ours, theirs in zip(ticks, column, expected, strict=True):
            allowed = schedule.reference.ulps * FLOAT32_EPSILON * max(map(abs, expected))
            same = same_bits(ours, theirs) or abs(ours - theirs) <= allowed > 0
            assert same, f"{schedule.spec} --lr {lrs} at tick {tick}: {ours} not {theirs}"


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_recorded_rates(path: Path) -> None:
    document = json.loads(path.read_text())
    assert len(document["draws"]) >= 4
    for draw in document["draws"]:
        schedule = spec.parse(draw["spec"]).schedule
        assert schedule.reference.name == path.stem
        columns = [list(map(float.fromhex, column.split())) for column in draw["columns"]]
        assert_recorded(schedule, tuple(map(float.fromhex, draw["lr"])), document["ticks"], columns)
