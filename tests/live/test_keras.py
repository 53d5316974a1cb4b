"""Against the live classes of keras.optimizers.schedules: the same float32, or as near as the declaration says."""

import inspect
import random
from itertools import islice

import pytest

from lrcli.engine import rates
from lrcli.schedules import every
from tests.draws import base_rates, draw
from tests.live.holds import HOLDS
from tests.live.keras_run import construct, keras_schedules
from tests.live.late import late
from tests.live.torch_run import optimizer_of
from tests.test_vectors import assert_recorded

keras = late("keras", keras_schedules)


DRAWS = 15
KERAS = HOLDS["test_keras"]
TICKS = [*range(30), *range(30, 100, 7)]


@pytest.mark.parametrize("name", KERAS)
def test_random_hyperparameters(name: str) -> None:
    rng = random.Random(name)
    done = 0
    while done < DRAWS:
        schedule, lrs = draw(rng, every()[name]), base_rates(rng, 1)
        optimizer = optimizer_of(lrs)
        try:
            live = construct(schedule, optimizer)
            column = []
            for tick in TICKS:
                live.step_to(tick)
                column.append(optimizer.param_groups[0]["lr"])
            list(islice(rates(schedule, lrs), TICKS[-1] + 1))
        except (ArithmeticError, ValueError):
            continue
        if all(abs(rate) < 1e30 for rate in column):
            assert_recorded(schedule, lrs, TICKS, [column])
            done += 1


@pytest.mark.parametrize("name", KERAS)
def test_the_options_are_the_classes_own_in_order_with_their_defaults(name: str) -> None:
    cls = every()[name]
    theirs = inspect.signature(getattr(keras, cls.reference.symbol)).parameters
    expected = [(own, given.default) for own, given in theirs.items() if own not in ("initial_learning_rate", "name")]
    found = [
        (own, inspect.Parameter.empty if declared.required else declared.default)
        for own, declared in cls.params().items()
    ]
    assert found == expected
