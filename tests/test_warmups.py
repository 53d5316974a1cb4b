"""The warmups of published training scripts: each by the formula of its script, in the script's own words."""

import math
import random
from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest

from lrcli import spec
from lrcli.engine import rates
from lrcli.schedules.base import Schedule
from lrcli.schedules.warmups import STYLES, warmed_up
from tests.draws import base_rates, same_bits

LENGTH = 60


def cosine(text: str = "cosine --t-max 50") -> Schedule:
    return spec.parse(text).schedule


def found(style: str, warmup: int, lr: float, start_factor: float | None = None) -> list[float]:
    """The rates of the warmup and of one tick after it."""
    return list(islice(rates(warmed_up(cosine(), warmup, style, start_factor), (lr,)), warmup + 1))


SCRIPTS: dict[str, Callable[[float, int, int], float]] = {
    # GPT-NeoX, megatron/learning_rates.py: start_lr * num_iters / warmup_iter.
    "from-zero": lambda lr, warmup, t: lr * t / warmup,
    # open_clip, src/open_clip_train/scheduler.py: base_lr * (step + 1) / warmup_length.
    "plus-one": lambda lr, warmup, t: lr * (t + 1) / warmup,
    # DINO, utils.py (cosine_scheduler): np.linspace(start_warmup_value, base_value, warmup_iters).
    "linspace": lambda lr, warmup, t: float(np.linspace(0, lr, warmup)[t]),
    # YOLOX, yolox/utils/lr_scheduler.py: (lr - warmup_lr_start) * pow(iters / float(warmup_total_iters), 2) + start.
    "quadratic": lambda lr, warmup, t: (lr - 0.0) * pow(t / float(warmup), 2) + 0.0,
    # DeepSpeed's shape, from the first tick on.
    "log": lambda lr, warmup, t: lr * (math.log(t + 1) / math.log(max(2, warmup))) + 0.0,
}


@pytest.mark.parametrize("style", SCRIPTS)
def test_the_bits_of_the_script(style: str) -> None:
    rng = random.Random(style)
    for _ in range(200):
        warmup, (lr,) = rng.randint(1, LENGTH), base_rates(rng, 1)
        *ramp, first = found(style, warmup, lr)
        assert first == lr, "the schedule begins with its own first tick"
        for tick, rate in enumerate(ramp):
            assert same_bits(rate, SCRIPTS[style](lr, warmup, tick)), (style, warmup, lr, tick)


def test_linspace_from_a_share() -> None:
    for warmup, share, lr in [(1, 0.1, 0.3), (2, 0.1, 0.3), (7, 0.25, 0.0005), (11, 1.0, 0.1)]:
        assert found("linspace", warmup, lr, share)[:-1] == np.linspace(share * lr, lr, warmup).tolist()


def test_torchs_is_linear_lr() -> None:
    written = spec.parse('sequential "linear --total-iters 5" "cosine --t-max 50" --milestones 5').schedule
    assert warmed_up(cosine(), 5) == written
    assert warmed_up(cosine(), 0) == cosine()


@pytest.mark.parametrize("style", STYLES)
def test_its_spec_is_read_back(style: str) -> None:
    schedule = warmed_up(cosine(), 5, style, 0.25)
    assert spec.parse(schedule.spec).schedule == schedule


# Decision Transformer, gym/experiment.py: LambdaLR with min((steps + 1) / warmup_steps, 1).
def test_alone_it_stays_at_the_rate() -> None:
    schedule = spec.parse("ramp --style plus-one --total-iters 4").schedule
    assert list(islice(rates(schedule, (1.0,)), 6)) == [min((step + 1) / 4, 1) for step in range(6)]
