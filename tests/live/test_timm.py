"""Bit for bit against the live classes of timm.scheduler, driven as timm's train.py drives them."""

import inspect
import random

import pytest

from lrcli import spec
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.param import REQUIRED
from tests.draws import base_rates, draw
from tests.live.holds import HOLDS
from tests.live.late import late
from tests.live.runs import assert_equal_to_live
from tests.live.timm_run import construct, timm_scheduler_module
from tests.live.torch_run import optimizer_of

timm_scheduler = late("timm", timm_scheduler_module)


DRAWS = 50
TIMM = HOLDS["test_timm"]


@pytest.mark.parametrize("name", TIMM)
def test_the_options_are_the_classes_own_in_order_with_their_defaults(name: str) -> None:
    cls = every()[name]
    theirs = inspect.signature(getattr(timm_scheduler, cls.reference.symbol)).parameters
    left_out = {"optimizer", "t_in_epochs", "initialize"} | {own for own in theirs if own.startswith("noise")}
    expected = {own: parameter.default for own, parameter in theirs.items() if own not in left_out}
    ours = {own: declared.default for own, declared in cls.params().items()}
    assert {
        own: inspect.Parameter.empty if default is REQUIRED else default for own, default in ours.items()
    } == expected


@pytest.mark.parametrize("name", TIMM)
def test_random_hyperparameters(name: str) -> None:
    rng = random.Random(name)
    for _ in range(DRAWS):
        assert_equal_to_live(construct, draw(rng, every()[name]), base_rates(rng, 1), told_epoch=True)


@pytest.mark.parametrize("name", TIMM)
def test_two_parameter_groups(name: str) -> None:
    rng = random.Random(name + " with groups")
    for _ in range(DRAWS // 5):
        assert_equal_to_live(construct, draw(rng, every()[name], groups=2), base_rates(rng, 2), told_epoch=True)


@pytest.mark.parametrize("prefix", ["", " --warmup-prefix"])
@pytest.mark.parametrize(
    "text",
    [
        "timm-cosine --t-initial 30 --warmup-t 5 --warmup-lr-init 1e-5",
        "timm-cosine --t-initial 5 --cycle-mul 2 --cycle-limit 3 --cycle-decay 0.5 --warmup-t 3",
        "timm-cosine --t-initial 10 --cycle-mul 1.5 --cycle-limit 5 --k-decay 2 --lr-min 1e-4",
        "timm-tanh --t-initial 30 --warmup-t 5 --warmup-lr-init 1e-5 --lb -6 --ub 4",
        "timm-poly --t-initial 10 --cycle-limit 4 --cycle-decay 0.7 --power 2 --k-decay 1.5 --warmup-t 12",
        "timm-step --decay-t 2.4 --decay-rate 0.9 --warmup-t 3",
        "timm-multistep --decay-t 1,1,30,60 --decay-rate 0.1 --warmup-t 3",
    ],
)
def test_cycles_and_both_kinds_of_warmup(text: str, prefix: str) -> None:
    schedule = spec.parse(text + prefix).schedule
    assert_equal_to_live(construct, schedule, (0.1, 0.003), told_epoch=True)


def test_the_first_tick_has_the_constructors_rate() -> None:
    schedule = spec.parse("timm-multistep --decay-t 1,30 --decay-rate 0.1").schedule
    assert list(map(schedule.at, [0, 1], [0.5, 0.5])) == [0.5, 0.05]  # type: ignore[attr-defined]


@pytest.mark.parametrize("prefix", ["", " --warmup-prefix"])
@pytest.mark.parametrize(
    "text", ["--t-initial 7", "--t-initial 7 --cycle-limit 3", "--t-initial 7 --cycle-limit 4 --cycle-mul 1.7"]
)
def test_the_length_is_that_of_the_cycles(text: str, prefix: str) -> None:
    schedule = spec.parse(f"timm-cosine {text} --warmup-t 3{prefix}").schedule
    assert schedule.horizon == construct(schedule, optimizer_of((0.1,))).get_cycle_length()


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("timm-cosine --t-initial 10 --cycle-limit 3 --cycle-mul 2", [(10, ""), (30, "")]),
        ("timm-cosine --t-initial 10 --cycle-limit 2 --warmup-t 5 --warmup-prefix", [(15, "")]),
        ("timm-multistep --decay-t 30,60", [(29, ""), (59, "")]),
        ("timm-multistep --decay-t 30,60 --warmup-t 5", [(34, ""), (64, "")]),
    ],
)
def test_marks(text: str, marks: list[tuple[int, str]]) -> None:
    assert list(spec.parse(text).schedule.marks()) == marks


@pytest.mark.parametrize("name", TIMM)
def test_it_is_refused_as_a_child_with_the_way_out(name: str) -> None:
    timm = spec.parse(every()[name].example()).schedule
    with pytest.raises(
        InputError, match=r"SequentialLR takes torch's schedulers, but got one of timm's at index 1.*--warmup-t"
    ):
        Run(warmup=5).warmed_up(timm)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("timm-tanh --t-initial 10 --lb 3 --ub 3", "--lb: expected less than ub, which is 3, found 3"),
        ("timm-tanh --t-initial 10 --warmup-t -1", "--warmup-t: expected at least 0, found -1"),
        ("timm-cosine --t-initial 0", "--t-initial: expected at least 1, found '0'"),
    ],
)
def test_what_the_classes_assert_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        assert spec.parse(text).schedule


def test_lengths_beyond_all_numbers_are_no_length() -> None:
    schedule = spec.parse("timm-cosine --t-initial 10 --cycle-mul 10 --cycle-limit 400").schedule
    assert schedule.horizon is None
    assert len(list(schedule.marks())) < 30
