"""Logs that show every n-th row: what happens several times between two of them."""

import pytest

from lrcli.fit import fit
from lrcli.record import Record
from tests.test_fit import every_tenth, values

OFTEN_BETWEEN_ROWS = [
    ("step --step-size 150", 300, 0, 0, "possible"),
    ("step --step-size 3 --gamma 0.9", 200, 0, 0, "exact"),
    ("step --step-size 10 --gamma 0.9", 400, 10, 0, "exact"),
    ("timm-step --decay-t 2.4 --decay-rate 0.97 --warmup-t 3 --warmup-lr-init 1e-06 --lr 0.048", 450, 0, 0, "possible"),
    ("timm-step --decay-t 50 --decay-rate 0.97 --warmup-t 300 --no-warmup-prefix --lr 0.004", 900, 9, 1, "possible"),
    ("ultralytics --num-epochs 50 --nb 8 --lr 0.01", 400, 0, 0, "exact"),
]


@pytest.mark.parametrize(("text", "length", "first", "shift", "exactness"), OFTEN_BETWEEN_ROWS)
def test_drops_of_which_several_lie_between_two_rows(
    text: str, length: int, first: int, shift: int, exactness: str
) -> None:
    best = fit(every_tenth(text, length, first, shift))[0]
    assert values(best.spec, length) == values(text, length)
    assert best.exactness == exactness


def test_a_warmup_before_the_first_row_that_moves_no_drop_leaves_the_log_open() -> None:
    text = "timm-step --decay-t 3 --decay-rate 0.97 --warmup-t 5 --no-warmup-prefix --lr 0.064"
    assert {one.exactness for one in fit(every_tenth(text, 300, 10, 0))} == {"possible"}


def test_a_cycle_that_is_plainer_under_the_other_convention() -> None:
    text = "cyclic --base-lr 0.1 --max-lr 0.4 --step-size-up 500"
    steps = range(0, 1000, 20)
    rates = values(text, 1001)
    best = fit(Record.of_values([rates[step + 1] for step in steps], steps=steps))[0]
    assert values(best.spec, 1000) == pytest.approx(values(text, 1000), rel=1e-12)


CYCLES = [
    ("cyclic --base-lr 3e-05 --max-lr 0.0003 --step-size-up 117", 938, 50, 1),
    (
        "ds-onecycle --cycle-min-lr 0.001 --cycle-max-lr 0.1 --cycle-first-step-size 187 --cycle-second-step-size 469 "
        "--decay-step-size 93 --decay-lr-rate 0.5",
        938,
        20,
        1,
    ),
    (
        "onecycle --max-lr 0.1 --total-steps 1250 --pct-start 0.1 --div-factor 10.0 --final-div-factor 10.0",
        1000,
        10,
        1,
    ),
    (
        "timm-tanh --t-initial 500 --cycle-decay 0.5 --cycle-limit 2 --warmup-t 100 --warmup-lr-init 1e-06 --lr 0.001",
        1000,
        10,
        1,
    ),
    ("noam --d-model 1024 --warmup-steps 4000", 782, 10, 0),
    ("wsd --warmup-steps 200 --stable-steps 925 --decay-steps 375 --min-lr-ratio 0.1", 1500, 20, 1),
]


@pytest.mark.parametrize(("text", "length", "every", "shift"), CYCLES, ids=[text.split()[0] for text, *_ in CYCLES])
def test_what_few_rows_show(text: str, length: int, every: int, shift: int) -> None:
    """Two rows of a cycle, a decay behind one, one cut short, restarts, a warmup that goes on, lines but no points."""
    rates, steps = values(text, length + 1), range(0, length, every)
    best = fit(Record.of_values([rates[step + shift] for step in steps], steps=steps))[0]
    assert best.spec.split()[0] == text.split()[0]
    assert values(best.spec, length) == pytest.approx(values(text, length), rel=1e-9)


def test_of_an_exponential_in_float32_the_round_number_of_ticks_comes_first() -> None:
    text = "keras-exponential-decay --decay-steps 100 --decay-rate 0.96"
    best = fit(every_tenth(text, 1000, 9, 0))[0]
    assert (best.spec, best.exactness) == (text, "exact")


def test_a_warmup_of_which_one_row_is_seen_is_not_sure() -> None:
    text = "cosine --t-max 390 --eta-min 1e-05 --lr 0.02 --warmup 5 --warmup-start-factor 0.01"
    assert {one.exactness for one in fit(every_tenth(text, 400, 0, 1))} == {"possible"}
