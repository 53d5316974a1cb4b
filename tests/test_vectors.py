"""Bit for bit what was recorded from the frameworks: it holds lrsched to them where they are not installed."""

import json
from itertools import compress, count, islice
from pathlib import Path

import pytest

from lrcli import spec
from lrcli.engine import rates, rates_and_momenta
from tests.draws import same_bits

VECTORS = sorted((Path(__file__).parent / "vectors").glob("*.json"))


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_recorded_rates(path: Path) -> None:
    document = json.loads(path.read_text())
    ticks = document["ticks"]
    assert len(document["draws"]) >= 4
    for draw in document["draws"]:
        schedule = spec.parse(draw["spec"]).schedule
        assert schedule.reference.name == path.stem
        lrs = tuple(map(float.fromhex, draw["lr"]))
        found: list[tuple[float, ...]] = []
        for group in range(len(lrs)):
            if schedule.cycles_momentum:
                pairs = rates_and_momenta(schedule, lrs, group)
            else:
                pairs = ((rate,) for rate in rates(schedule, lrs, group))
            kept = compress(pairs, (tick in ticks for tick in count()))
            found += zip(*islice(kept, len(ticks)), strict=True)
        if schedule.cycles_momentum:
            found = found[::2] + found[1::2]
        for column, expected in zip(found, draw["columns"], strict=True):
            for tick, ours, theirs in zip(ticks, column, map(float.fromhex, expected.split()), strict=True):
                assert same_bits(ours, theirs), f"{draw['spec']} --lr {lrs} at tick {tick}: {ours} not {theirs}"
