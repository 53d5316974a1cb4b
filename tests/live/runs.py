"""Live objects of any framework stepped as a training loop does, and ours held to them, bit for bit."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lrcli.engine import Selection, simulate
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from tests.draws import same_bits
from tests.live.torch_run import Row, optimizer_of

TICKS = 130

Construct = Callable[[Schedule, Any], Any]
"""Makes the framework's scheduler for a schedule, on an optimizer."""


def live_rows(
    construct: Construct, schedule: Schedule, lrs: tuple[float, ...], ticks: int, *, told_epoch: bool
) -> tuple[list[Row], str]:
    """The rates of all groups at each tick, up to where the framework fails, and what it said."""
    rows: list[Row] = []
    optimizer = optimizer_of(lrs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            scheduler = construct(schedule, optimizer)
            for tick in range(ticks):
                if tick:
                    scheduler.step(*[tick][: int(told_epoch)])
                row = tuple(group["lr"] for group in optimizer.param_groups)
                if any(isinstance(rate, complex) for rate in row):
                    return rows, "complex"
                rows.append(row)
        except (ArithmeticError, ValueError, NotImplementedError) as error:
            return rows, f"{type(error).__name__}: {error}"
        except TypeError as error:
            # math.cos of a complex number is a TypeError.
            assert "complex" in str(error)
            return rows, "complex"
    return rows, ""


def our_rows(schedule: Schedule, lrs: tuple[float, ...], ticks: int) -> Iterator[Row]:
    """The rows of the run without the axis."""
    rows = simulate(schedule, Run(lr=lrs, epochs=ticks), Selection())
    for block in rows.blocks:
        yield from zip(*block[1 : 1 + len(lrs)], strict=True)


def assert_equal_to_live(
    construct: Construct,
    schedule: Schedule,
    lrs: tuple[float, ...],
    ticks: int = TICKS,
    *,
    told_epoch: bool = False,
) -> None:
    """The same float64s, and the same refusal where the framework refuses."""
    expected, refusal = live_rows(construct, schedule, lrs, ticks, told_epoch=told_epoch)
    if refusal:
        with pytest.raises(InputError) as raised:
            list(our_rows(schedule, lrs, ticks))
        # Where several children are refused, the framework names the first that it makes.
        of_many = "schedulers" in schedule.params()
        assert of_many or refusal.partition(": ")[2] in str(raised.value), (schedule.spec, refusal)
    found = list(our_rows(schedule, lrs, len(expected))) if expected else []
    for tick, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        assert all(map(same_bits, ours, theirs)), f"{schedule.spec} --lr {lrs} at tick {tick}: {ours} not {theirs}"
