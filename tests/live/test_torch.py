"""Bit for bit against live torch: random hyperparameters, groups, momenta and compositions."""

import random
from collections.abc import Iterator

import pytest

from lrcli.engine import Selection, simulate
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Chained, Sequential
from tests.draws import base_rates, draw, same_bits
from tests.live import torch_run
from tests.live.holds import HOLDS

TICKS = 130
DRAWS = 50
TORCH = [name for name in HOLDS["test_torch"] if name not in ("sequential", "chained")]


def our_rows(schedule: Schedule, lrs: tuple[float, ...], ticks: int) -> Iterator[tuple[float, ...]]:
    """The rows of the run without the axis."""
    rows = simulate(schedule, Run(lr=lrs, epochs=ticks), Selection())
    for block in rows.blocks:
        yield from zip(*block[1:], strict=True)


def assert_equal_to_torch(schedule: Schedule, lrs: tuple[float, ...], ticks: int = TICKS) -> None:
    expected, refusal = torch_run.torch_rows(schedule, lrs, ticks, momentum=schedule.cycles_momentum)
    if refusal:
        with pytest.raises(InputError) as raised:
            list(our_rows(schedule, lrs, ticks))
        kind, _, words = refusal.partition(": ")
        # A child that cannot take over is refused before the first row, whatever else goes wrong on the way there.
        ours = str(raised.value)
        assert (words in ours and (words or kind in ours)) or "NotImplementedError" in ours, (schedule.spec, refusal)
    ticks = len(expected)
    found = list(our_rows(schedule, lrs, ticks)) if ticks else []
    for tick, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        assert all(map(same_bits, ours, theirs)), f"{schedule.spec} --lr {lrs} at tick {tick}: {ours} not {theirs}"


@pytest.mark.parametrize("name", TORCH)
def test_random_hyperparameters(name: str) -> None:
    rng = random.Random(name)
    for _ in range(DRAWS):
        assert_equal_to_torch(draw(rng, every()[name]), base_rates(rng, 1))


@pytest.mark.parametrize("name", TORCH)
def test_two_parameter_groups(name: str) -> None:
    rng = random.Random(name + " with groups")
    for _ in range(DRAWS // 5):
        assert_equal_to_torch(draw(rng, every()[name], groups=2), base_rates(rng, 2))


@pytest.mark.parametrize("cls", [Sequential, Chained])
def test_random_compositions(cls: type[Schedule]) -> None:
    rng = random.Random(cls.__name__)
    for _ in range(4 * DRAWS):
        groups = rng.choice([1, 1, 2])
        assert_equal_to_torch(draw(rng, cls, groups=groups), base_rates(rng, groups))
