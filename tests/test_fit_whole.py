"""Whole logs are found again in every precision, and what is found is accepted."""

import random
from collections.abc import Callable

import pytest

from lrcli.errors import InputError
from lrcli.fit import fit
from lrcli.fit.search import Search
from lrcli.logs.series import Shown
from lrcli.record import Record
from lrcli.run import Run
from lrcli.schedules import every, role
from lrcli.schedules.plateau import float32
from lrcli.spec import parse
from lrcli.verify.verdict import verify
from tests.draws import draw
from tests.test_verify import by_step, values

FORMS: dict[str, tuple[Callable[[float], float], Shown]] = {
    "float64": (float, Shown(17, None)),
    "float32": (float32, Shown(17, None)),
    "six digits": (lambda rate: float(f"{rate:.6g}"), Shown(6, None)),
}

WHOLE = [
    ("cosine --t-max 60 --eta-min 1e-5 --lr 0.001 --warmup 5", 65),
    ("linear --start-factor 1.0 --end-factor 0.1 --total-iters 50", 60),
    (
        "hf-cosine-with-min-lr --num-warmup-steps 6 --num-training-steps 60 --num-cycles 1.0 --min-lr 1e-5 --lr 0.001",
        60,
    ),
    ("timm-wsd --t-initial 80 --decay-t 20 --stable-fn rsqrt --decay-fn linear --warmup-t 8 --lr 0.001", 88),
    ("ds-warmup-cosine --total-num-steps 90 --warmup-min-ratio 0.2 --warmup-num-steps 12 --lr 0.003", 90),
    ("rsqrt --total-steps 80 --warmup-steps 6 --cooldown-steps 20 --lr 0.01", 80),
    ("fairseq-triangular --max-lr 0.25 --lr-period-updates 40 --lr-shrink 0.8 --lr 0.025", 90),
    ("points --milestones 17,58 --values 0.03,0.2,0", 70),
    ("inverse-time --decay-steps 16.0 --decay-rate 2.0 --lr 0.02", 60),
    ('sequential "linear --start-factor 0.01 --total-iters 5" "multistep --milestones 20,30" --milestones 5', 50),
]


MISSED = [
    ("constant --total-iters 20 --warmup 10 --warmup-start-factor 0.1", 60),
    ("linear --total-iters 20 --warmup 10 --warmup-start-factor 0.1", 60),
    ("onecycle --max-lr 0.1 --total-steps 60 --final-div-factor 100.0", 60),
    ("rsqrt --total-steps 60 --cooldown-steps 11 --timescale 26 --lr 0.1", 60),
    ("power --num-warmup-steps 5 --a 1 --b -0.51 --c 10", 60),
    ("cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10 --mode exp_range --gamma 0.99", 70),
    (
        "ds-onecycle --cycle-min-lr 0.0025 --cycle-max-lr 0.25 --decay-lr-rate 1 --cycle-first-step-size 19"
        " --cycle-second-step-size 15 --decay-step-size 23",
        90,
    ),
    ("ramp --total-iters 20 --style log", 50),
    ("timm-cosine --t-initial 25 --cycle-limit 4 --cycle-decay 0.5 --warmup-t 5 --warmup-lr-init 1e-6", 100),
    ("timm-poly --t-initial 60 --power 2.0 --k-decay 2.0 --warmup-t 5", 60),
    ("hf-cosine-with-min-lr --num-warmup-steps 5 --num-training-steps 50 --min-lr-rate 0.1", 60),
    ("power --num-warmup-steps 20 --a 1.5 --b -0.6 --c 256 --lr 0.1", 200),
    ("timm-poly --t-initial 40 --warmup-t 5 --cycle-limit 2", 80),
    ("keras-cosine-decay-restarts --first-decay-steps 15 --t-mul 1.5 --lr 0.0003", 60),
    ("constant --factor 0.1 --total-iters 20 --warmup 3", 40),
    ("keras-polynomial-decay --decay-steps 100 --end-learning-rate 0.004 --power 0.5 --lr 0.4", 100),
    ("multistep --milestones 20,40 --gamma 0.3 --warmup 10 --warmup-style quadratic", 60),
    ("exponential --gamma 0.95 --warmup 8 --warmup-style linspace", 60),
    ("flat-cos --total-steps 108 --div-final 1000 --lr 2.4e-05 --pct-start 0.75", 90),
    ("ds-range-test --lr-range-test-min-lr 1e-05 --lr-range-test-step-size 31 --lr-range-test-step-rate 5", 40),
    (
        "ds-warmup-cosine --total-num-steps 40 --warmup-min-ratio 0.1 --warmup-num-steps 3 --cos-min-ratio 0.05",
        40,
    ),
    ("timm-tanh --t-initial 31 --cycle-limit 3 --cycle-mul 1.5 --cycle-decay 0.5 --warmup-t 7 --lr 0.8", 150),
    ("timm-step --decay-t 2.4 --decay-rate 0.97 --warmup-t 5 --warmup-lr-init 1e-06 --lr 0.048", 200),
    ("ds-range-test --lr-range-test-step-size 20 --lr-range-test-step-rate 5 --lr-range-test-staircase", 100),
    ("ultralytics --num-epochs 50 --nb 16 --lrf 0.0001 --warmup-version 8.1 --lr 0.001", 800),
    ('chained linear "cosine --t-max 60" --lr 0.01', 60),
]
"""Those that were not found: a number whose default is far off, or changes nothing without another, or has a twin, or
that a rounded log leaves open until a surer one is taken for what was typed."""


CASES = [(text, rows, list(FORMS)[place % 3]) for place, (text, rows) in enumerate(WHOLE + MISSED)]


@pytest.mark.parametrize(("text", "rows", "form"), CASES)
def test_whole_logs_are_found_in_every_precision(text: str, rows: int, form: str) -> None:
    written, shown = FORMS[form]
    wanted = [written(rate) for rate in values(text, rows)]
    best = fit(Record.of_values(wanted, steps=range(rows), shown=shown))[0]
    assert best.exactness != "nearly"
    assert [written(rate) for rate in values(best.spec, rows)] == wanted


def test_a_log_that_ends_on_its_way_up_decides_nothing() -> None:
    found = fit(by_step([float(f"{rate:.6g}") for rate in values("noam --d-model 256 --warmup-steps 400", 60)]))
    assert {one.exactness for one in found} <= {"possible", "nearly"}


def test_what_gives_a_log_but_for_the_last_bits_is_not_what_was_run() -> None:
    found = fit(by_step(values("linear --total-iters 60 --start-factor 1.0 --end-factor 0.01 --lr 0.0002", 60)))
    assert found[0].spec == "linear --start-factor 1.0 --end-factor 0.01 --total-iters 60 --lr 0.0002"
    assert {one.exactness for one in found[1:]} <= {"exact", "possible", "nearly"}


KERAS = [
    "keras-exponential-decay --decay-steps 20 --decay-rate 0.5 --lr 0.01",
    "keras-inverse-time-decay --decay-steps 10 --decay-rate 2.0 --lr 0.02",
    "keras-piecewise-constant-decay --boundaries 25,37 --values 0.008,0.0008,8e-05",
]


@pytest.mark.parametrize("text", KERAS)
def test_what_was_computed_in_float32_is_found_to_the_bit(text: str) -> None:
    found = values(text, 50)
    assert found in [values(one.spec, 50) for one in fit(by_step(found))]


def logged(drawn: random.Random, rates: list[float]) -> Record:
    """A log of these rates in one of the ways in which people log them."""
    written, shown = FORMS[drawn.choice(list(FORMS))]
    rows = range(0, len(rates), drawn.choice([1, 5]))
    origin = drawn.choice([0, 1])
    counted = [row + origin for row in rows]
    steps, epochs = drawn.choice([(counted, None), (None, counted), (counted, [row / 7 for row in counted])])
    return Record.of_values([written(rates[row]) for row in rows], steps=steps, epochs=epochs, shown=shown)


@pytest.mark.parametrize("seed", range(4))
def test_what_fit_prints_is_accepted_on_the_same_log(seed: int) -> None:
    drawn = random.Random(f"round trips {seed}")
    while True:
        cls = drawn.choice([one for one in every().values() if not one.fields(role.JUDGEMENT, role.EXPRESSION)])
        try:
            record = logged(drawn, values(draw(drawn, cls).spec, 60))
            found = fit(record)
        except (InputError, ArithmeticError):
            continue
        break
    for one in found:
        if one.exactness != "nearly":
            schedule, run, _ = parse(one.spec).in_run(Run())
            assert verify(schedule, run, record).follows, one.spec


def test_the_search_is_bounded_by_what_is_counted() -> None:
    drawn = random.Random(5)
    search = Search(by_step([drawn.random() for _ in range(300)]), seconds=0.1)
    search.candidates()
    assert search.effort.is_spent
