"""The schedules of papers and other libraries: worked values, each with where it comes from."""

import math
from itertools import islice
from typing import Any

import pytest

from lrcli import spec
from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.schedules import every
from lrcli.schedules.base import Absolute
from lrcli.schedules.family import MORE

DRAWS = 100
MORE = [name for name, cls in every().items() if cls.reference.family is MORE]


def values(text: str, ticks: int | list[int], *lrs: float, group: int = 0) -> list[float]:
    """The rates at the first ticks, or at those given."""
    schedule = spec.parse(text).schedule
    if isinstance(ticks, int):
        return list(islice(rates(schedule, lrs or (1.0,), group), ticks))
    assert isinstance(schedule, Absolute)
    return [schedule.at(tick, lrs[0] if lrs else 1.0) for tick in ticks]


def close(*expected: float) -> Any:
    return pytest.approx(list(expected), rel=1e-12, abs=1e-300)


# Warmup-Stable-Decay: MiniCPM (arXiv 2404.06395) for the phases, Megatron-LM's OptimizerParamScheduler.get_lr for the
# shapes of the decay: 1 - p, (cos(pi p) + 1) / 2, 1 - sqrt(p), 2 * 0.5^p - 1, here at p = 0, 1/4, 1/2, 3/4 and 1.
@pytest.mark.parametrize(
    ("decay_type", "shape"),
    [
        ("linear", (1, 0.75, 0.5, 0.25, 0)),
        ("cosine", (1, 0.5 + math.sqrt(2) / 4, 0.5, 0.5 - math.sqrt(2) / 4, 0)),
        ("1-sqrt", (1, 0.5, 1 - math.sqrt(0.5), 1 - math.sqrt(0.75), 0)),
        ("exp", (1, 2**0.75 - 1, math.sqrt(2) - 1, 2**0.25 - 1, 0)),
    ],
)
@pytest.mark.parametrize("lowest", [0.0, 0.1])
def test_wsd(decay_type: str, shape: tuple[float, ...], lowest: float) -> None:
    text = f"wsd --warmup-steps 4 --stable-steps 3 --decay-steps 4 --decay-type {decay_type} --min-lr-ratio {lowest}"
    decay = [lowest + (1 - lowest) * share for share in shape]
    assert values(text, 13) == close(0, 0.25, 0.5, 0.75, 1, 1, 1, *decay, lowest)


@pytest.mark.parametrize("decay_type", ["linear", "cosine", "1-sqrt"])
def test_wsd_down_to_zero_is_that_of_transformers(decay_type: str) -> None:
    ours = values(f"wsd --warmup-steps 7 --stable-steps 50 --decay-steps 31 --decay-type {decay_type}", 100, 0.3)
    theirs = values(
        "hf-warmup-stable-decay --num-warmup-steps 7 --num-stable-steps 50 --num-decay-steps 31 "
        f"--decay-type {decay_type}",
        100,
        0.3,
    )
    assert ours == theirs


# Attention Is All You Need (arXiv 1706.03762), section 5.3, equation 3, for its base model: d_model 512, 4000 steps.
# The peak is at step_num = warmup_steps, tick 3999: (512 * 4000)^-0.5 = 6.98771e-4; step 1 is 1/4000 of it.
def test_noam() -> None:
    found = values("noam --d-model 512 --warmup-steps 4000", [0, 1999, 3999, 15999])
    peak = 1 / math.sqrt(512 * 4000)
    assert peak == pytest.approx(6.98771e-4, rel=1e-5)
    assert found == close(peak / 4000, peak / 2, peak, peak / 2)


def test_noam_ignores_the_rate_of_the_optimizer() -> None:
    text = "noam --d-model 64 --warmup-steps 10 --factor 2"
    assert values(text, 50, 0.1) == values(text, 50, 5.0)


# nanoGPT, train.py: get_lr, with its own numbers (learning_rate 6e-4, warmup_iters 2000, lr_decay_iters 600000,
# min_lr 6e-5), which are the defaults.
def test_nanogpt() -> None:
    ticks = [0, 1000, 1999, 2000, 301_000, 600_000, 600_001]
    expected = (6e-4 / 2001, 6e-4 * 1001 / 2001, 6e-4 * 2000 / 2001, 6e-4, 3.3e-4, 6e-5, 6e-5)
    assert values("nanogpt", ticks, 6e-4) == close(*expected)


# fairseq 0.10, TriStageLRSchedule: init_lr + warmup_rate * n, peak_lr, peak_lr * exp(-decay_factor * n), final_lr. Half
# of the decay is at the geometric mean of both ends.
def test_tri_stage() -> None:
    ticks = [0, 2000, 4000, 23_999, 24_000, 54_000, 84_000, 84_001]
    expected = (0.01, 0.01 + 0.99 / 2, 1, 1, 1, 0.1, 0.01, 0.01)
    assert values("tri-stage", ticks) == close(*expected)


# REX (arXiv 2107.04197): (1 - z) / (1/2 + (1 - z) / 2); at a quarter, a half and three quarters of the budget.
def test_rex() -> None:
    assert values("rex --total-steps 8", [0, 2, 4, 6, 8, 9]) == close(1, 6 / 7, 2 / 3, 2 / 5, 0, 0)


# fastai 2.8, fit_flat_cos with its defaults: combined_cos(0.75, lr, lr, lr / 1e5) at batch / number of batches; half of
# the way down is at 7/8 of the run.
def test_flat_cos() -> None:
    found = values("flat-cos --total-steps 80", [0, 59, 60, 70, 80, 90])
    assert found == close(1, 1, 1, (1 + 1e-5) / 2, 1e-5, 1e-5)


def test_flat_cos_may_be_flat_throughout() -> None:
    assert values("flat-cos --total-steps 4 --pct-start 1", 6) == close(1, 1, 1, 1, 1e-5, 1e-5)


# big_vision, create_learning_rate_schedule, decay_type rsqrt: lr / sqrt(1 + (step - warmup_steps) / timescale) times
# min(1, step / warmup_steps) times min(1, (total_steps - step) / cooldown_steps).
def test_rsqrt() -> None:
    found = values(
        "rsqrt --total-steps 100 --warmup-steps 10 --cooldown-steps 20 --timescale 30", [0, 5, 10, 40, 80, 90]
    )
    assert found == close(0, 0.5, 1, 1 / math.sqrt(2), math.sqrt(30 / 100), 0.5 * math.sqrt(30 / 110))


# T5X, rsqrt_normalized_decay * linear_warmup: sqrt(warmup_steps) / sqrt(max(step, warmup_steps)).
def test_rsqrt_with_the_warmup_as_timescale_is_that_of_t5x() -> None:
    found = values("rsqrt --total-steps 100 --warmup-steps 10 --timescale 10", [5, 10, 40, 90])
    assert found == close(0.5, 1, math.sqrt(10 / 40), math.sqrt(10 / 90))


# Keras, InverseTimeDecay, the example of its documentation: 0.1 / (1 + 0.5 * step / 1.0).
def test_inverse_time() -> None:
    found = values("inverse-time --decay-steps 1 --decay-rate 0.5", 5, 0.1)
    assert found == close(0.1, 0.1 / 1.5, 0.05, 0.04, 0.1 / 3)
    assert spec.parse("inverse-time --decay-steps 1e308 --decay-rate 1").schedule.horizon == 5 * int(1e308)
    stairs = values("inverse-time --decay-steps 2 --decay-rate 0.5 --staircase", 6, 0.1)
    assert stairs == close(0.1, 0.1, 0.1 / 1.5, 0.1 / 1.5, 0.05, 0.05)


# diffusers, get_piecewise_constant_schedule, the rules of its documentation.
def test_piecewise() -> None:
    ticks = [0, 9, 10, 19, 20, 29, 30, 99]
    assert values("piecewise --step-rules 1:10,0.1:20,0.01:30,0.005", ticks) == [
        1,
        1,
        0.1,
        0.1,
        0.01,
        0.01,
        0.005,
        0.005,
    ]


@pytest.mark.parametrize("rules", ["1:10,0.1:20,0.005", "0.5", "1/3:5, 0.1:3 ,2", "0.1:20,1:10,0.5:20,0"])
def test_rules_are_what_their_text_says(rules: str) -> None:
    schedule = spec.parse(f"piecewise --step-rules '{rules}'").schedule
    assert spec.parse(schedule.spec).schedule == schedule


@pytest.mark.parametrize("rules", ["", "1:10", "1:10,", "1,0.1:20,0.5", "1:1.5,2", "1:2:3,4", "nan:3,1", "x"])
def test_rules_that_are_none_are_refused(rules: str) -> None:
    with pytest.raises(
        InputError, match="--step-rules: expected rules VALUE:STEP with commas between them and a VALUE"
    ):
        spec.parse(f"piecewise --step-rules '{rules}'")


# DeepSpeed's tutorial "Learning Rate Range Test": from 0.0001, step_rate 5, step_size 200: 0.0005 more every 200 steps.
@pytest.mark.parametrize(("staircase", "at_100"), [("", 0.00035), (" --lr-range-test-staircase", 0.0001)])
def test_lr_range_test(staircase: str, at_100: float) -> None:
    text = "lr-range-test --lr-range-test-min-lr 1e-4 --lr-range-test-step-size 200 --lr-range-test-step-rate 5"
    schedule = spec.parse(text + staircase).schedule.bind(0, (0.1,))
    assert isinstance(schedule, Absolute)
    assert [schedule.at(tick, 0.1) for tick in (0, 100, 200, 400)] == close(0.0001, at_100, 0.0006, 0.0011)


def test_lr_range_test_takes_a_rate_for_each_group() -> None:
    text = "lr-range-test --lr-range-test-min-lr 1e-3,1e-2 --lr-range-test-step-size 10"
    assert values(text, 11, 0.1, 0.2, group=1)[::10] == close(0.01, 0.02)
    with pytest.raises(InputError, match="expected 1 lr_range_test_min_lr, got 2"):
        values(text, 1, 0.1)


@pytest.mark.parametrize("name", MORE)
def test_the_example_is_long_enough_to_show_its_phases(name: str) -> None:
    schedule = spec.parse(every()[name].example()).schedule
    horizon = schedule.horizon or 100
    assert horizon >= 50
    assert all(0 <= tick <= horizon for tick, _ in schedule.marks())


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("wsd --warmup-steps 5 --stable-steps 70 --decay-steps 25", [(0, "warmup"), (5, "stable"), (75, "decay")]),
        ("wsd --warmup-steps 0 --stable-steps 70 --decay-steps 25", [(0, "stable"), (70, "decay")]),
        ("tri-stage --warmup-steps 10 --hold-steps 0 --decay-steps 5", [(0, "warmup"), (10, "decay")]),
        ("piecewise --step-rules 1:0,0.1:20,0.5", [(20, "")]),
    ],
)
def test_marks(text: str, marks: list[tuple[int, str]]) -> None:
    assert list(spec.parse(text).schedule.marks()) == marks
