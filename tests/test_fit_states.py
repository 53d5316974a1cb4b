"""The schedule behind a log of Transformers: a row every logging_steps, and the number of steps of the run."""

import pytest

from lrcli.fit import fit
from lrcli.logs.table import Facts
from lrcli.record import Record
from tests.test_verify import values


def state(text: str, length: int, every: int, first_step: bool = False, is_next: bool = False) -> Record:
    """As a trainer_state.json shows it: the rate that was used, or before 4.51 that of the next step."""
    steps = [*([1] if first_step else []), *range(every, length + 1, every)]
    rates = values(text, length + 1)
    facts = Facts("trainer_state", max_steps=length, num_train_epochs=3, logging_steps=every)
    shown = [rates[step - (not is_next)] for step in steps]
    return Record.of_values(shown, steps=steps, epochs=[step * 3 / length for step in steps], facts=facts)


@pytest.mark.parametrize(
    ("text", "length", "every", "first_step", "is_next"),
    [
        # One row of the warmup, and a rate that is the same in all epochs.
        ("hf-constant-with-warmup --num-warmup-steps 10 --lr 0.002", 120, 10, False, False),
        # A warmup before the first row shows in the base rate, which somebody typed.
        (
            "hf-polynomial --num-warmup-steps 50 --num-training-steps 2500 --lr-end 6e-06 --power 0.9 --lr 0.0006",
            2500,
            100,
            False,
            True,
        ),
        # The first row is the last of the warmup, and the highest.
        (
            "hf-polynomial --num-warmup-steps 200 --num-training-steps 3000 --lr-end 0.0 --power 2.0 --lr 0.05",
            3000,
            200,
            False,
            False,
        ),
        # Another reading of a steep warmup is far off, and nothing is concluded from it.
        (
            "hf-cosine-with-restarts --num-warmup-steps 10 --num-training-steps 200 --num-cycles 4 --lr 5e-05",
            200,
            10,
            True,
            True,
        ),
        # A warmup of 4.5 ticks.
        (
            "megatron --lr-decay-style cosine --lr-decay-iters 450 --lr-warmup-fraction 0.01 --min-lr 5e-06 --lr 5e-05",
            500,
            10,
            False,
            True,
        ),
        # The lowest rate is reached, and clamped.
        (
            "megatron --lr-decay-style inverse-square-root --lr-decay-iters 300 --lr-warmup-iters 20 --min-lr 8e-06 "
            "--lr 2e-05",
            300,
            5,
            False,
            False,
        ),
    ],
)
def test_what_a_state_shows(text: str, length: int, every: int, first_step: bool, is_next: bool) -> None:
    best = fit(state(text, length, every, first_step, is_next))[0]
    assert values(best.spec, length) == values(text, length), best


def test_of_two_conventions_the_one_with_plainer_numbers_is_named_first() -> None:
    text = "megatron --lr-decay-style cosine --lr-decay-iters 785 --lr-warmup-iters 100 --min-lr 1e-06 --lr 4e-05"
    rates = values(text, 791)
    found = fit(Record.of_values([rates[step + 1] for step in range(9, 785, 10)], steps=range(9, 785, 10)))
    assert [(one.spec, one.exactness) for one in found[:2]] == [
        (text, "possible"),
        ("nanogpt --warmup-iters 99 --lr-decay-iters 784 --min-lr 1e-06 --lr 4e-05", "possible"),
    ]


def test_drops_between_rows_are_not_called_exact() -> None:
    found = fit(state("piecewise --step-rules 1:79,0.5:158,0.1 --lr 0.0005", 237, 5, first_step=True))
    assert {one.exactness for one in found} == {"possible"}


def test_a_length_that_the_log_does_not_show_is_not_called_exact() -> None:
    rates = values("megatron --lr-decay-style inverse-square-root --lr-decay-iters 2500 --lr-warmup-iters 25", 2500)
    found = fit(Record.of_values([rates[step] for step in range(0, 2500, 10)], steps=range(0, 2500, 10)))
    assert {one.exactness for one in found} == {"possible"}


def test_a_warmup_before_the_first_row_is_not_denied() -> None:
    found = fit(state("wsd --warmup-steps 75 --stable-steps 1125 --decay-steps 300 --lr 5e-06", 1500, 100))
    assert {one.exactness for one in found} == {"possible"}
