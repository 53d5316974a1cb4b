"""What `explain` says of numbers, run: where the rates are a framework's, vectors hold them to it."""

import math
from collections.abc import Callable
from itertools import islice

import pytest

from lrcli import spec
from lrcli.documentation import sections_of
from lrcli.engine import rates, rates_and_momenta
from lrcli.schedules import every


def of(text: str, lr: float = 1.0, ticks: int = 1200) -> list[float]:
    """The rates of the first ticks."""
    return list(islice(rates(spec.parse(text).schedule, (lr,)), ticks))


def momenta(text: str, ticks: int = 10) -> list[float]:
    """The momenta of the first ticks."""
    return [momentum for _, momentum in islice(rates_and_momenta(spec.parse(text).schedule, (1.0,)), ticks)]


def near(found: float, expected: float, digits: float = 1e-9) -> bool:
    """Whether two numbers are the same but for rounding."""
    return math.isclose(found, expected, rel_tol=digits, abs_tol=1e-12)


def fails(text: str, tick: int) -> bool:
    """Whether the arithmetic divides by zero at that tick, and not before it."""
    schedule = spec.parse(text).schedule
    source = rates(schedule, (1.0,))
    for _ in range(tick):
        next(source)
    try:
        next(source)
    except ZeroDivisionError:
        return True
    return False


SENTENCES: list[tuple[str, str, Callable[[], bool]]] = [
    (
        "ds-warmup",
        "of 1000 warmup steps the first 100 reach two thirds of the rate, and the first 500 nine tenths",
        lambda: near(of("ds-warmup")[100], 2 / 3) and near(of("ds-warmup")[500], 0.9, 1e-2),
    ),
    (
        "ds-warmup",
        "The first two ticks both train at warmup_min_lr",
        lambda: of("ds-warmup --warmup-min-lr 0.25")[:2] == [0.25, 0.25] < of("ds-warmup --warmup-min-lr 0.25")[2:4],
    ),
    (
        "ds-warmup-decay",
        "the last one, N - 1, is two steps above it",
        lambda: near(of("ds-warmup-decay --total-num-steps 100 --warmup-num-steps 10")[99], 0.001 * 2 / 90),
    ),
    (
        "ds-warmup-decay",
        "warmup_max_lr is 0.001 unless it is given",
        lambda: near(max(of("ds-warmup-decay --total-num-steps 100 --warmup-num-steps 10")), 0.001),
    ),
    (
        "ds-warmup-cosine",
        "The first tick trains at rate 0, whatever warmup_min_ratio is",
        lambda: of("ds-warmup-cosine --total-num-steps 100 --warmup-min-ratio 0.5")[0] == 0,
    ),
    (
        "ds-warmup-cosine",
        "With a linear warmup the full rate is never reached",
        lambda: max(of("ds-warmup-cosine --total-num-steps 100 --warmup-num-steps 10 --warmup-type linear")) < 1,
    ),
    (
        "ds-onecycle",
        "The first tick has the lowest momentum, cycle_min_mom, and the second nearly the highest",
        lambda: momenta("ds-onecycle --cycle-min-lr 0.01 --cycle-max-lr 0.1")[:2] == [0.8, pytest.approx(0.9, 1e-3)],
    ),
    (
        "ds-onecycle",
        "Nothing decays unless both decay_step_size and decay_lr_rate are given",
        lambda: set(of("ds-onecycle --cycle-min-lr 0.01 --cycle-max-lr 0.1 --cycle-first-step-size 9")[18:]) == {0.01},
    ),
    (
        "megatron",
        "the first iteration trains at base_lr, and the second at base_lr / sqrt(global_batch_size)",
        lambda: (
            of("megatron --lr-decay-style inverse-square-root --lr-decay-iters 100 --global-batch-size 64", ticks=2)
            == [1.0, 0.125]
        ),
    ),
    (
        "megatron",
        "lr_decay_iters includes the warmup; a run that is longer stays at min_lr",
        lambda: set(of("megatron --lr-decay-iters 100 --lr-warmup-iters 10 --min-lr 0.1")[101:]) == {0.1},
    ),
    (
        "ultralytics",
        "In 8.0 to 8.3 the warmup has at least 100 iterations",
        lambda: near(max(of("ultralytics --num-epochs 100 --nb 5 --warmup-version 8.3", ticks=101)[:20]), 0.19, 0.1),
    ),
    (
        "ultralytics",
        "The lowest rate, lrf times the base rate, belongs to epoch E, which is not trained",
        lambda: (
            near(of("ultralytics --num-epochs 10 --nb 10", ticks=101)[100], 0.01)
            and min(of("ultralytics --num-epochs 10 --nb 10", ticks=100)[40:]) > 0.1
        ),
    ),
    (
        "keras-polynomial-decay",
        "With --cycle the rate jumps up after every decay_steps, to less each time",
        lambda: (
            0.5 > of("keras-polynomial-decay --decay-steps 50 --cycle")[51] > 0.48
            and 1 / 3 > of("keras-polynomial-decay --decay-steps 50 --cycle")[101] > 0.32
        ),
    ),
    (
        "keras-cosine-decay",
        "warmup_steps without warmup_target does nothing",
        lambda: (
            of("keras-cosine-decay --decay-steps 50 --warmup-steps 10") == of("keras-cosine-decay --decay-steps 50")
        ),
    ),
    (
        "keras-cosine-decay",
        "decay_steps does not include warmup_steps: the run is as long as both",
        lambda: (
            of("keras-cosine-decay --decay-steps 50 --warmup-steps 10 --warmup-target 2")[59] > 0
            and of("keras-cosine-decay --decay-steps 50 --warmup-steps 10 --warmup-target 2")[60] == 0
        ),
    ),
    (
        "keras-exponential-decay",
        "0.1 is 0.10000000149011612",
        lambda: of("keras-exponential-decay --decay-steps 9 --decay-rate 0.5", 0.1)[0] == 0.10000000149011612,
    ),
    (
        "keras-piecewise-constant-decay",
        "the rate changes one tick after it",
        lambda: of("keras-piecewise-constant-decay --boundaries 30 --values 1,0.5")[30:32] == [1, 0.5],
    ),
    (
        "keras-inverse-time-decay",
        "It is half of the base rate after decay_steps / decay_rate ticks",
        lambda: of("keras-inverse-time-decay --decay-steps 10 --decay-rate 0.5")[20] == 0.5,
    ),
    (
        "fairseq-polynomial",
        "Where the warmup is longer than total_num_update, the rate drops to the end when it is over",
        lambda: of("fairseq-polynomial --total-num-update 50 --warmup-updates 80")[80:82] == [1, 0],
    ),
    (
        "fairseq-triangular",
        "An odd lr_period_updates is one update shorter",
        lambda: (
            of("fairseq-triangular --max-lr 2 --lr-period-updates 51")
            == of("fairseq-triangular --max-lr 2 --lr-period-updates 50")
        ),
    ),
    (
        "fairseq-triangular",
        "the second peak is a tenth of the first, and may be below the base rate",
        lambda: (
            max(of("fairseq-triangular --max-lr 2 --lr-period-updates 50", 0.5)[51:100]) < 0.5
            or near(max(of("fairseq-triangular --max-lr 20 --lr-period-updates 50")[51:100]), 2)
        ),
    ),
    (
        "fastai-one-cycle",
        "The last batch is one short of the end: lr_max / div_final is never trained at",
        lambda: of("fastai-one-cycle --n-epoch 10 --n-iter 10")[99] > 2e-5,
    ),
    (
        "fastai-one-cycle",
        "down to 0.85 at the highest rate, and back to 0.95",
        lambda: (
            near(min(momenta("fastai-one-cycle --n-epoch 4 --n-iter 25", 100)), 0.85, 1e-6)
            and momenta("fastai-one-cycle --n-epoch 4 --n-iter 25", 1) == [0.95]
        ),
    ),
    (
        "timm-tanh",
        "with ub 3 about 0.25 % of the height is left, and then the rate drops",
        lambda: (
            near(of("timm-tanh --t-initial 1000")[999], 0.0025, 0.03) and of("timm-tanh --t-initial 1000")[1000] == 0
        ),
    ),
    (
        "timm-step",
        "2.4 drops at ticks 3, 5, 8, 10",
        lambda: (
            [
                t
                for t in range(1, 12)
                if of("timm-step --decay-t 2.4 --decay-rate 0.5")[t]
                < of("timm-step --decay-t 2.4 --decay-rate 0.5")[t - 1]
            ]
            == [3, 5, 8, 10]
        ),
    ),
    (
        "timm-multistep",
        "30 drops the rate of epoch 29",
        lambda: of("timm-multistep --decay-t 30 --decay-rate 0.5")[28:30] == [1, 0.5],
    ),
    (
        "timm-wsd",
        "lr_min is reached one tick after the last",
        lambda: (
            of("timm-wsd --t-initial 50 --decay-t 10 --lr-min 0.1")[49] > 0.1
            and of("timm-wsd --t-initial 50 --decay-t 10 --lr-min 0.1")[50] == 0.1
        ),
    ),
    (
        "hf-inverse-sqrt",
        "with the default timescale half of the base rate is left at tick 4 * W",
        lambda: of("hf-inverse-sqrt --num-warmup-steps 100")[400] == 0.5,
    ),
    (
        "hf-cosine-warmup-with-min-lr",
        "the lowest rate is reached at tick N - 1, and the rate climbs again from N on",
        lambda: (
            near(
                min(of("hf-cosine-warmup-with-min-lr --num-warmup-steps 9 --num-training-steps 50 --min-lr-rate 0.1")),
                0.1,
            )
            and near(
                of("hf-cosine-warmup-with-min-lr --num-warmup-steps 9 --num-training-steps 50 --min-lr-rate 0.1")[49],
                0.1,
            )
            and of("hf-cosine-warmup-with-min-lr --num-warmup-steps 9 --num-training-steps 50 --min-lr-rate 0.1")[50]
            > 0.1
        ),
    ),
    (
        "hf-polynomial",
        "W equal to N raises ZeroDivisionError at tick N",
        lambda: fails("hf-polynomial --num-warmup-steps 20 --num-training-steps 20", 20),
    ),
    (
        "nanogpt",
        "Where it equals warmup_iters, the tick of that number divides by zero",
        lambda: fails("nanogpt --warmup-iters 20 --lr-decay-iters 20", 20),
    ),
    (
        "noam",
        "More warmup_steps also lower the highest rate",
        lambda: max(of("noam --d-model 64 --warmup-steps 400")) < max(of("noam --d-model 64 --warmup-steps 100")),
    ),
    ("rex", "At half of the run two thirds of the rate are left", lambda: near(of("rex --total-steps 100")[50], 2 / 3)),
    (
        "inverse-time",
        "It is half of the base rate after decay_steps / decay_rate ticks",
        lambda: of("inverse-time --decay-steps 10 --decay-rate 0.5")[20] == 0.5,
    ),
    (
        "piecewise",
        '"1:10,0.1:20,0.01" gives 0.1 to ticks 10 to 19',
        lambda: of("piecewise --step-rules 1:10,0.1:20,0.01")[9:21] == [1, *[0.1] * 10, 0.01],
    ),
    (
        "rsqrt",
        "Without a cooldown it goes on falling past total_steps",
        lambda: of("rsqrt --total-steps 50")[99] < of("rsqrt --total-steps 50")[50],
    ),
    (
        "power",
        "where the power lies below it at tick W, --lr changes nothing",
        lambda: (
            of("power --num-warmup-steps 9 --a 0.5 --b -0.51", 1.0, 50)
            == pytest.approx(of("power --num-warmup-steps 9 --a 0.5 --b -0.51", 4.0, 50))
        ),
    ),
    (
        "ramp",
        "linspace, plus-one and log reach the base rate one tick early",
        lambda: all(
            near(of(f"ramp --style {style} --total-iters 10")[9], 1)
            and of(f"ramp --style {style} --total-iters 10")[8] < 1
            for style in ("linspace", "plus-one", "log")
        ),
    ),
    (
        "ramp",
        "With linspace and log a warmup of one tick is at the start of the ramp",
        lambda: of("ramp --style linspace --total-iters 1")[0] == of("ramp --style log --total-iters 1")[0] == 0,
    ),
    (
        "cosine-restarts",
        "T_mult 2 closes after T_0 * 1, 3, 7, 15, ... ticks",
        lambda: [t for t in range(160) if of("cosine-restarts --t-0 10 --t-mult 2")[t] == 1] == [0, 10, 30, 70, 150],
    ),
    (
        "exponential",
        "0.95 per epoch leaves 0.6 % after 100 epochs",
        lambda: near(of("exponential --gamma 0.95")[100], 0.006, 0.02),
    ),
    (
        "chained",
        "a warmup eats the first ticks of the cosine beside it, and the peak is never reached",
        lambda: max(of("chained 'linear --total-iters 20' 'cosine --t-max 50'", ticks=50)) < 1,
    ),
]


@pytest.mark.parametrize(
    ("name", "words", "holds"), SENTENCES, ids=[f"{name}: {words}" for name, words, _ in SENTENCES]
)
def test_what_is_said_is_so(name: str, words: str, holds: Callable[[], bool]) -> None:
    text = " ".join(" ".join(line for section in sections_of(every()[name]).values() for line in section).split())
    assert words in text, f"explain {name} does not say: {words}"
    assert holds()
