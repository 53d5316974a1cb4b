"""Bit for bit against live transformers.get_scheduler: hyperparameters, groups, past the end, within torch's own."""

import importlib
import random
from typing import Any

import pytest

from lrcli import spec
from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Chained, Sequential
from lrcli.schedules.family import HUGGING_FACE, PYTORCH
from tests.draws import base_rates, draw
from tests.live import torch_run
from tests.live.holds import HOLDS
from tests.live.late import late
from tests.live.runs import assert_equal_to_live

late("torch")
optimization = late("transformers.optimization")


DRAWS = 50
TRANSFORMERS = HOLDS["test_huggingface"]


def construct(schedule: Schedule, optimizer: Any) -> Any:
    """What get_scheduler returns; torch's object where the schedule is torch's."""
    if schedule.reference.family is not HUGGING_FACE:
        module, _, symbol = schedule.reference.source.rpartition(".")
        if "schedulers" not in schedule.params():
            return torch_run.torch_scheduler(schedule, optimizer)
        arguments = {declared.name: value for declared, value in schedule.items()}
        arguments["schedulers"] = [construct(child, optimizer) for child in arguments["schedulers"]]
        return getattr(importlib.import_module(module), symbol)(optimizer=optimizer, **arguments)
    specific = {declared.name: value for declared, value in schedule.items()}
    return optimization.get_scheduler(
        schedule.reference.name.removeprefix("hf-").replace("-", "_"),
        optimizer,
        num_warmup_steps=specific.pop("num_warmup_steps"),
        num_training_steps=specific.pop("num_training_steps"),
        scheduler_specific_kwargs=specific,
    )


def test_all_types_are_there() -> None:
    types = {kind.value for kind in optimization.SchedulerType} - {"reduce_lr_on_plateau", "greedy"}
    assert {name.removeprefix("hf-").replace("-", "_") for name in TRANSFORMERS} == types


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_the_source_is_the_function_of_that_type(name: str) -> None:
    kind = optimization.SchedulerType(name.removeprefix("hf-").replace("-", "_"))
    function = optimization.TYPE_TO_SCHEDULER_FUNCTION[kind]
    assert every()[name].reference.source == f"{function.__module__}.{function.__name__}"


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_random_hyperparameters(name: str) -> None:
    rng = random.Random(name)
    for _ in range(DRAWS):
        assert_equal_to_live(construct, draw(rng, every()[name]), base_rates(rng, 1))


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_two_parameter_groups(name: str) -> None:
    rng = random.Random(name + " with groups")
    for _ in range(DRAWS // 4):
        assert_equal_to_live(construct, draw(rng, every()[name], groups=2), base_rates(rng, 2))


@pytest.mark.parametrize("cls", [Sequential, Chained])
def test_random_compositions(cls: type[Schedule]) -> None:
    rng = random.Random(cls.__name__)
    for _ in range(2 * DRAWS):
        groups = rng.choice([1, 1, 2])
        schedule = draw(rng, cls, groups=groups, families=(HUGGING_FACE, PYTORCH))
        assert_equal_to_live(construct, schedule, base_rates(rng, groups))


@pytest.mark.parametrize("name", TRANSFORMERS)
@pytest.mark.parametrize(
    ("warmup", "training"), [(0, 0), (0, 1), (1, 1), (5, 3), (10, 10), (1, 100), (0, 100), (99, 100)]
)
def test_corners_of_warmup_and_length(name: str, warmup: int, training: int) -> None:
    cls = every()[name]
    more = {"num_decay_steps": 20} if "num_decay_steps" in cls.params() else {}
    more |= {"min_lr_rate": 0.1} if "min_lr_rate" in cls.params() else {}
    schedule = cls(num_warmup_steps=warmup, num_training_steps=training, **more)  # type: ignore[arg-type]
    assert_equal_to_live(construct, schedule, (0.1,))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "hf-polynomial --num-warmup-steps 1 --num-training-steps 9 --lr-end 0.5",
            "must be smaller than initial lr (0.1)",
        ),
        ("hf-cosine-with-min-lr --num-warmup-steps 1 --num-training-steps 9", "One of min_lr or min_lr_rate should"),
        (
            "hf-cosine-with-min-lr --num-warmup-steps 1 --num-training-steps 9 --min-lr 0 --min-lr-rate 0",
            "Only one of min_lr or min_lr_rate should be set",
        ),
        ("hf-warmup-stable-decay --num-warmup-steps 1 --num-decay-steps 1", "Either num_training_steps or num_stable"),
        (
            "hf-warmup-stable-decay --num-warmup-steps 1 --num-decay-steps 1 --num-stable-steps 1 --decay-type exp",
            "Unknown decay type: exp, expected 'linear', 'cosine' or '1-sqrt'",
        ),
    ],
)
def test_transformers_own_words_where_it_refuses(text: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        rates(spec.parse(text).schedule, (0.1,))
    assert words in str(raised.value)


def test_a_lowest_rate_of_a_rate_of_zero_is_refused() -> None:
    schedule = spec.parse("hf-cosine-with-min-lr --num-warmup-steps 1 --num-training-steps 9 --min-lr 0.01").schedule
    with pytest.raises(InputError, match="--min-lr: min_lr is divided by the optimizer's rate, which is 0"):
        rates(schedule, (0.0,))


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        (
            "hf-warmup-stable-decay --num-warmup-steps 10 --num-decay-steps 20 --num-training-steps 100",
            [(0, "warmup"), (10, "stable"), (80, "decay")],
        ),
        (
            "hf-warmup-stable-decay --num-warmup-steps 10 --num-decay-steps 20 --num-training-steps 25",
            [(0, "warmup"), (10, "decay")],
        ),
        ("hf-cosine-with-restarts --num-warmup-steps 10 --num-training-steps 20 --num-cycles 3", [(14, ""), (17, "")]),
        ("hf-cosine-with-restarts --num-warmup-steps 10 --num-training-steps 20 --num-cycles 999999999999", []),
    ],
)
def test_marks(text: str, marks: list[tuple[int, str]]) -> None:
    assert list(spec.parse(text).schedule.marks()) == marks


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("cosine_with_restarts", "hf-cosine-with-restarts"),
        ("get_cosine_with_hard_restarts_schedule_with_warmup", "hf-cosine-with-restarts"),
        ("Warmup_Stable_Decay", "hf-warmup-stable-decay"),
        ("get_wsd_schedule", "hf-warmup-stable-decay"),
        ("inverse_sqrt", "hf-inverse-sqrt"),
        ("WarmupCosineSchedule", "hf-cosine"),
        ("Cosine", "cosine"),
    ],
)
def test_transformers_names_lead_there(spelling: str, name: str) -> None:
    assert spec.find(spelling).reference.name == name
