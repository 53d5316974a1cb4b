"""Bit for bit against the live classes of deepspeed.runtime.lr_schedules."""

import inspect
import random

import pytest

from lrcli import spec
from lrcli.engine import rates, rates_and_momenta
from lrcli.errors import InputError
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import REQUIRED
from tests.draws import base_rates, draw, same_bits
from tests.live.deepspeed_run import construct, deepspeed_schedules, optimizer_of
from tests.live.holds import HOLDS
from tests.live.late import late

late("torch")
deepspeed = late("deepspeed", deepspeed_schedules)

DRAWS = 50
TICKS = 150
DEEPSPEED = HOLDS["test_deepspeed"]


def assert_equal_to_deepspeed(schedule: Schedule, lrs: tuple[float, ...]) -> None:
    """The same rates and betas, in a loop that calls step() after every tick."""
    optimizer = optimizer_of(lrs)
    live = construct(schedule, optimizer)
    if schedule.cycles_momentum:
        ours = [rates_and_momenta(schedule, lrs, group) for group in range(len(lrs))]
    else:
        ours = [((rate, 0.9) for rate in rates(schedule, lrs, group)) for group in range(len(lrs))]
    for tick in range(TICKS):
        if tick:
            live.step()
        for group, source in zip(optimizer.param_groups, ours, strict=True):
            found, expected = next(source), (group["lr"], group["betas"][0])
            assert all(map(same_bits, found, expected)), f"{schedule.spec} --lr {lrs} at tick {tick}"


@pytest.mark.parametrize("name", DEEPSPEED)
@pytest.mark.parametrize("groups", [1, 2])
def test_random_hyperparameters(name: str, groups: int) -> None:
    rng = random.Random(f"{name} {groups}")
    for _ in range(DRAWS):
        assert_equal_to_deepspeed(draw(rng, every()[name], groups=groups), base_rates(rng, groups))


@pytest.mark.parametrize("name", DEEPSPEED)
def test_the_options_are_the_classes_own_in_order_with_their_defaults(name: str) -> None:
    cls = every()[name]
    theirs = inspect.signature(getattr(deepspeed, cls.reference.symbol)).parameters
    expected = {own: given.default for own, given in theirs.items() if own not in ("optimizer", "last_batch_iteration")}
    ours = {own: declared.default for own, declared in cls.params().items()}
    found = {own: inspect.Parameter.empty if default is REQUIRED else default for own, default in ours.items()}
    assert list(found.items()) == list(expected.items())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ds-warmup --warmup-num-steps 0", "warmup_num_steps must be a positive integer, got 0"),
        ("ds-warmup --warmup-min-lr 0.1,0.2", "expected 1 value for min_lr, got 2"),
        ("ds-onecycle --cycle-min-lr 0.1 --cycle-max-lr 0.2,0.3,0.4", "expected 1 value for cycle_max_lr, got 3"),
    ],
)
def test_deepspeeds_own_words_where_it_refuses(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        rates(spec.parse(text).schedule, (0.1,))


@pytest.mark.parametrize("name", DEEPSPEED)
def test_a_checkpoint_brings_back_the_tick_and_sets_no_rate(name: str) -> None:
    schedule = spec.parse(every()[name].example()).schedule
    old = construct(schedule, optimizer_of((0.1,)))
    for _ in range(10):
        old.step()
    optimizer = optimizer_of((0.1,))
    new = construct(schedule, optimizer)
    first = optimizer.param_groups[0]["lr"]
    assert set(old.state_dict()) == {"last_batch_iteration"}
    new.load_state_dict(old.state_dict())
    assert optimizer.param_groups[0]["lr"] == first
    old.step()
    new.step()
    assert new.get_last_lr() == old.get_last_lr()


def test_the_old_name_still_leads_there() -> None:
    assert spec.find("lr-range-test").reference.name == "ds-range-test"
    assert spec.parse("lr-range-test").schedule.spec == "ds-range-test"
