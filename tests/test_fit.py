"""The schedule behind a log is found again."""

import dataclasses
import itertools
import random

import pytest

from lrcli.cli.commands.fit import remark_on
from lrcli.fit import Found, Search, fit, follows
from lrcli.fit.decided import judged, pinned
from lrcli.logs.series import Shown
from lrcli.logs.table import Facts
from lrcli.record import Record, readings, tolerance_of
from lrcli.run import Run
from lrcli.schedules.plateau import float32
from lrcli.spec import parse
from tests.test_verify import by_epoch, by_step, values

KNOWN = [
    "exponential --gamma 0.95",
    "step --step-size 10",
    "cosine --t-max 50",
    "cosine --t-max 50 --eta-min 0.001",
    "polynomial --total-iters 60 --power 2.0",
    "cosine-restarts --t-0 10 --t-mult 2",
    "onecycle --max-lr 0.3 --total-steps 60",
    "hf-linear --num-warmup-steps 5 --num-training-steps 60",
    "hf-cosine --num-warmup-steps 5 --num-training-steps 60",
]
ROWS = 60


@pytest.mark.parametrize("text", KNOWN)
def test_what_made_the_log_is_found(text: str) -> None:
    best = fit(by_step(values(text, ROWS)))[0]
    assert best.exactness == "exact"
    assert values(best.spec, ROWS) == values(text, ROWS)
    assert fit(by_step([float32(value) for value in values(text, ROWS)]))[0].exactness in ("float32", "exact")


def test_drops_that_follow_no_rule_may_go_on_after_the_log_unless_it_shows_the_end_of_the_run() -> None:
    text = "multistep --milestones 10,30"
    cut = by_step(values(text, ROWS))
    whole = dataclasses.replace(cut, facts=Facts("trainer_state", max_steps=ROWS))
    assert [(one.spec, one.exactness) for one in (fit(cut)[0], fit(whole)[0])] == [(text, "possible"), (text, "exact")]


def test_how_many_cycles_follow_that_which_has_just_begun_is_left_open() -> None:
    text = "hf-cosine-with-restarts --num-warmup-steps 5 --num-training-steps {} --num-cycles {}"
    found = fit(by_step(values(text.format(100, 4), 36)))
    assert [(one.spec, one.exactness) for one in found[:2]] == [
        (text.format(100, 4), "possible"),
        (text.format(195, 8), "possible"),
    ]


def test_of_a_line_that_goes_on_the_end_is_named_that_people_type() -> None:
    text = "linear --start-factor 1.0 --end-factor 0.01 --total-iters 100"
    found = fit(by_step(values(text, 40)))
    assert (found[0].spec, found[0].exactness) == (text, "possible")


@pytest.mark.parametrize("text", ["cosine --t-max 50", "exponential --gamma 0.95", "step --step-size 10"])
def test_a_log_of_every_fifth_step_will_do(text: str) -> None:
    best = fit(by_step(values(text, ROWS), every=5))[0]
    assert best.exactness == "exact"
    assert best.spec.split()[0] == text.split()[0]


def test_a_rate_that_is_the_same_in_all_rows_of_an_epoch_is_read_by_epoch_first() -> None:
    steps = range(100, 9400, 101)
    epochs = [step // 240 for step in steps]
    by_epoch = values("step --step-size 10 --lr 0.01", epochs[-1] + 1)
    record = Record.of_values([by_epoch[epoch] for epoch in epochs], steps=list(steps), epochs=epochs)
    assert fit(record)[0].spec == "step --step-size 10 --lr 0.01"


@pytest.mark.parametrize(
    "text", ["keras-polynomial-decay --decay-steps 2646 --end-learning-rate 0.01", "exponential --gamma 0.999"]
)
def test_a_schedule_that_counts_steps_is_found_in_a_log_with_one_row_of_each_epoch(text: str) -> None:
    steps = range(97, 2940, 98)
    rates = values(text, 2940)
    found = fit(Record.of_values([rates[step] for step in steps], steps=list(steps), epochs=range(30)))
    assert values(found[0].spec, 2940) == pytest.approx(rates, rel=1e-6)


def test_what_may_count_epochs_or_steps_is_not_called_exact() -> None:
    steps = range(10, 2501, 10)
    rates = values("step --step-size 833 --gamma 0.2 --lr 3e-05", 2501)
    epochs = [step / 833 for step in steps]
    found = fit(Record.of_values([rates[step] for step in steps], steps=list(steps), epochs=epochs))
    assert {one.exactness for one in found} == {"possible"}


def test_where_parts_of_epochs_are_logged_the_schedule_is_sought_in_steps() -> None:
    steps = range(100, 2501, 100)
    rates = values("step --step-size 700 --gamma 0.2 --lr 3e-05", 2501)
    record = Record.of_values([rates[step] for step in steps], steps=list(steps), epochs=[step / 833 for step in steps])
    assert fit(record)[0].spec.endswith("--interval step")


def test_a_warmup_is_found() -> None:
    best = fit(by_step(values("cosine --t-max 45", ROWS, warmup=5)))[0]
    assert best.spec == "cosine --t-max 45 --warmup 5"


def test_a_constant_rate() -> None:
    assert fit(by_step([0.02] * 9))[0].spec == "lambda --expr 1 --lr 0.02"


def test_noise_is_no_schedule() -> None:
    rng = random.Random(1)
    assert not [one for one in fit(by_step([rng.random() for _ in range(ROWS)])) if one.exactness == "exact"]


SEQUENCES = [
    'sequential "cosine --t-max 20" "linear --start-factor 1.0 --end-factor 0.1 --total-iters 40" --milestones 20',
    'sequential "cosine --t-max 20 --eta-min 0.001" "constant --factor 0.5 --total-iters 40" --milestones 20',
    'sequential "linear --start-factor 0.01 --total-iters 5" "polynomial --total-iters 25" "step --step-size 10" '
    "--milestones 5,30",
    'sequential "exponential --gamma 0.9" "polynomial --total-iters 30" "exponential --gamma 0.95" --milestones 20,40',
    'sequential "cosine --t-max 60" "swa --swa-lr 0.02 --anneal-epochs 5" --milestones 45',
    'sequential "linear --start-factor 0.1 --total-iters 5" "cosine --t-max 35 --eta-min 0.01" '
    '"linear --start-factor 0.1 --end-factor 0.0 --total-iters 20" --milestones 5,40',
]


@pytest.mark.parametrize("text", SEQUENCES)
def test_sequences_are_taken_apart(text: str) -> None:
    best = fit(by_step(values(text, ROWS)))[0]
    assert values(best.spec, ROWS) == pytest.approx(values(text, ROWS), rel=1e-9, abs=1e-15)


def every_tenth(text: str, length: int, first: int, shift: int) -> Record:
    """Rows 0, 10, ... or 10, 20, ... of a run; `shift` ticks lie between what a row is called and what it shows."""
    found = values(text, length + 2)
    steps = range(first, length, 10)
    return Record.of_values([found[step + shift] for step in steps], steps=steps)


@pytest.mark.parametrize(
    ("text", "first", "shift"),
    [("cosine --t-max 300", *way) for way in [(0, 0), (0, 1), (10, 0), (10, -1)]]
    + [("hf-linear --num-warmup-steps 0 --num-training-steps 300", *way) for way in [(0, 1), (10, -1)]],
)
def test_every_tenth_step_in_both_conventions_from_both_origins(text: str, first: int, shift: int) -> None:
    record = every_tenth(text, 300, first, shift)
    best = fit(record)[0]
    assert values(best.spec.replace(" --interval step", ""), 300) == values(text, 300)
    assert follows(best.spec, record)


CUT = [
    "wsd --warmup-steps 10 --stable-steps 100 --decay-steps 90",
    "cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 60 --step-size-down 30",
    "linear --start-factor 0.1 --total-iters 200",
    "hf-cosine-with-restarts --num-warmup-steps 4 --num-training-steps 200 --num-cycles 4",
    "keras-cosine-decay-restarts --first-decay-steps 100 --t-mul 1",
    "piecewise --step-rules 1:30,0.3:76,0.05:150,0.01",
    "rsqrt --total-steps 1875 --warmup-steps 50 --cooldown-steps 62 --timescale 469",
    "piecewise --step-rules 1:20,0.1:32,0.01:150,0.001",
]


@pytest.mark.parametrize("text", CUT)
def test_what_a_cut_log_does_not_decide_is_not_called_exact(text: str) -> None:
    whole = values(text, 200)
    for found in fit(by_step(whole[:80])):
        assert found.exactness in ("possible", "nearly") or values(found.spec, 200) == pytest.approx(whole, rel=1e-5)


ENDLESS = [
    ("cyclic --base-lr 0.0001 --max-lr 0.001 --step-size-up 60", 120),
    ("timm-step --decay-t 180 --decay-rate 0.2 --warmup-t 58", 288),
    ("cosine-restarts --t-0 110 --warmup 37 --warmup-start-factor 0.1", 296),
]


@pytest.mark.parametrize(("text", "shown"), ENDLESS)
def test_one_cycle_one_drop_or_another_part_are_no_end(text: str, shown: int) -> None:
    assert {one.exactness for one in fit(by_step(values(text, shown)))} <= {"possible", "nearly"}


CUT_AND_FOUND = [
    ("polynomial --total-iters 160 --power 3 --lr 1e-05", 200),
    ("hf-cosine-with-restarts --num-warmup-steps 6 --num-training-steps 600 --num-cycles 5 --lr 0.001", 600),
    ("hf-cosine-with-min-lr --num-warmup-steps 60 --num-training-steps 600 --min-lr-rate 0.1 --lr 0.0002", 600),
    ("megatron --lr-decay-iters 1000 --lr-warmup-iters 60 --min-lr 1e-06 --lr 0.0003", 1000),
    ("onecycle --max-lr 0.1 --total-steps 1250 --pct-start 0.4", 1000),
]


@pytest.mark.parametrize(("text", "length"), CUT_AND_FOUND)
def test_the_length_of_a_cut_log_is_among_the_first_guesses(text: str, length: int) -> None:
    whole = values(text, length)
    found = fit(by_step(whole[: length * 2 // 5]))[:5]
    assert not [one for one in found if one.exactness == "exact"]
    curves = [values(one.spec, length) for one in found]
    assert any(curve == pytest.approx(whole, rel=1e-6, abs=1e-12) for curve in curves)


def test_of_what_stays_behind_a_warmup_several_schedulers_are_named_and_none_that_stays_by_chance() -> None:
    found = fit(by_step(values("hf-constant-with-warmup --num-warmup-steps 20 --lr 0.0004", 80)))
    assert found[0].spec == "hf-constant-with-warmup --num-warmup-steps 20 --lr 0.0004"
    names = [one.spec.split()[0] for one in found]
    assert max(names[:5].count(name) for name in names) == 2
    assert not [one.spec for one in found if one.spec.count("0.0004") > 1 or "1.0" in one.spec]


def test_of_a_factor_in_some_ticks_what_somebody_typed_is_tried_whatever_has_the_same_curve() -> None:
    text = "keras-exponential-decay --decay-steps 100 --decay-rate 0.95 --lr 0.4"
    assert fit(by_step(values(text, 800)))[0].spec == text


def test_what_gives_a_cut_log_but_for_bits_does_not_hide_what_gives_it_to_the_bit() -> None:
    text = "cosine-restarts --t-0 50 --eta-min 0.0025 --lr 0.025"
    assert fit(by_epoch(values(text, 40)))[0].spec == text


def test_a_lowest_rate_that_a_cut_log_of_epochs_hardly_shows_is_found() -> None:
    text = "timm-tanh --t-initial 150 --lr-min 1e-05 --warmup-t 10 --warmup-lr-init 1e-05 --lr 0.01"
    best = fit(by_epoch(values(text, 60)))[0]
    assert (best.spec, best.exactness) == (text, "possible")


def test_a_rate_that_stays_at_its_highest_may_fall_later() -> None:
    best = fit(by_step(values("linear --total-iters 7", ROWS)))[0]
    assert (best.spec, best.exactness) == ("linear --total-iters 7", "possible")


def test_what_is_possible_and_alone_is_not_said_to_be_one_of_several() -> None:
    found = fit(by_step(values("wsd --warmup-steps 20 --stable-steps 60 --decay-steps 60 --decay-type 1-sqrt", 120)))
    assert len(found) > 1 and remark_on(found).startswith("The log does not decide between these")
    assert remark_on(found[:1]).startswith("It gives every rate of the log")


def test_the_same_log_has_the_same_answer() -> None:
    record = by_step(values("hf-cosine --num-warmup-steps 5 --num-training-steps 60", ROWS))
    assert fit(record) == fit(record)


def test_phases_that_begin_between_the_rows_of_a_log() -> None:
    text = "wsd --warmup-steps 14 --stable-steps 54 --decay-steps 73 --decay-type 1-sqrt --min-lr-ratio 0.01"
    assert values(fit(every_tenth(text, 141, 10, 0))[0].spec, 141) == values(text, 141)


def test_a_long_log_is_searched_in_the_rows_that_matter_and_held_to_all_of_them() -> None:
    text = "hf-linear --num-warmup-steps 50 --num-training-steps 4000"
    found = values(text, 4000)
    assert fit(by_step(found))[0].spec == text
    found[2222] *= 1.01
    only = type(parse(text).schedule)
    assert not [one for one in Search(by_step(found), only=only).candidates() if one.exactness != "nearly"]


def test_a_number_that_somebody_typed_comes_before_one_that_is_equal_to_the_bit() -> None:
    rates = [0.1] * 15 + [0.01] * 25
    found = fit(Record.of_values(rates, epochs=range(40)))
    assert found[0].spec == "multistep --milestones 15"
    assert not [one.spec for one in found if "0.0999" in one.spec]


THINNED = [
    ("hf-linear --num-warmup-steps 93 --num-training-steps 938 --lr 0.0003", 938),
    ("hf-cosine --num-warmup-steps 47 --num-training-steps 781 --lr 2e-05", 781),
    ("hf-polynomial --num-warmup-steps 100 --num-training-steps 600 --power 2.0 --lr 0.001", 600),
    ("hf-inverse-sqrt --num-warmup-steps 93 --timescale 235 --lr 0.1", 938),
    ("hf-cosine-with-restarts --num-warmup-steps 30 --num-training-steps 1000 --num-cycles 3 --lr 0.0005", 1000),
    ("hf-warmup-stable-decay --num-warmup-steps 50 --num-decay-steps 301 --num-stable-steps 1149 --lr 0.02", 1500),
    ("nanogpt --warmup-iters 25 --lr-decay-iters 500 --min-lr 1e-05 --lr 0.0001", 500),
    ("ds-warmup-cosine --total-num-steps 783 --warmup-num-steps 78 --cos-min-ratio 0.1 --warmup-type linear", 783),
    ("polynomial --total-iters 733 --power 0.5 --lr 2e-05 --warmup 110 --warmup-start-factor 0.01", 843),
]


WAYS = [(0, 0), (0, 1), (9, 0), (9, 1), (10, 0), (10, -1)]


@pytest.mark.parametrize(
    ("text", "length", "first", "shift"), [(*one, *way) for one, way in zip(THINNED, itertools.cycle(WAYS))]
)
def test_what_happens_between_the_rows_of_a_log_is_solved_for(text: str, length: int, first: int, shift: int) -> None:
    """With rows 0, 10, ..., 9, 19, ... or 10, 20, ..., of the rate that was used or the one for the next step."""
    best = fit(every_tenth(text, length, first, shift))[0]
    assert values(best.spec, length) == pytest.approx(values(text, length), rel=1e-6, abs=1e-12), best


CYCLES_AND_PHASES = [
    ("hf-linear --num-warmup-steps 50 --num-training-steps 500 --lr 0.00015", 500, 9, 0),
    ("cosine-restarts --t-0 97 --lr 2e-05", 800, 9, 0),
    ("cosine-restarts --t-0 100 --eta-min 0.02 --lr 0.2", 500, 9, 1),
    ("keras-polynomial-decay --decay-steps 400 --end-learning-rate 0.0 --power 0.5 --lr 0.0003", 1000, 0, 0),
    ("keras-cosine-decay-restarts --first-decay-steps 50 --m-mul 0.9 --alpha 0.01 --lr 0.0002", 495, 10, -1),
    ("step --step-size 300 --lr 0.0006 --warmup 500 --warmup-start-factor 0.1", 2000, 9, 0),
    ("cyclic --base-lr 0.0002 --max-lr 0.002 --step-size-up 308 --step-size-down 154 --mode triangular2", 1200, 9, 1),
    ("fairseq-triangular --max-lr 1.0 --lr-period-updates 166 --lr-shrink 0.8", 500, 10, -1),
    ("timm-cosine --t-initial 481 --warmup-t 89 --warmup-lr-init 2e-05 --k-decay 3 --lr 0.0002", 481, 0, 0),
    ("timm-wsd --t-initial 277 --decay-t 62 --lr-min 0.0001 --decay-fn cosine --warmup-t 15 --lr 0.001", 307, 10, -1),
    ("timm-step --decay-t 78 --decay-rate 0.5 --warmup-t 33 --warmup-lr-init 1e-06 --lr 0.01", 500, 9, 1),
    ("step --step-size 142 --gamma 0.3 --lr 0.0006 --warmup 5 --warmup-start-factor 0.1", 1000, 0, 1),
    (
        "hf-warmup-stable-decay --num-warmup-steps 24 --num-decay-steps 118 --num-stable-steps 95 "
        "--decay-type 1-sqrt --min-lr-ratio 0.01 --lr 0.003",
        237,
        9,
        1,
    ),
    ("rsqrt --total-steps 400 --warmup-steps 55 --cooldown-steps 81 --timescale 51", 400, 10, -1),
    (
        "ds-warmup-cosine --total-num-steps 600 --warmup-min-ratio 0.5 --warmup-num-steps 50 --warmup-type linear",
        600,
        0,
        0,
    ),
    ("ds-warmup-decay --total-num-steps 1000 --warmup-num-steps 50 --warmup-max-lr 2e-05", 1000, 0, 1),
    ("ultralytics --num-epochs 30 --nb 115 --lrf 0.0001 --warmup-version 8.3 --lr 0.005", 3450, 9, 1),
    ("ds-warmup --warmup-num-steps 100 --warmup-max-lr 0.0001", 1000, 0, 0),
    ("fastai-one-cycle --n-epoch 1000 --pct-start 0.1 --div-final 10000", 1000, 0, 0),
]


@pytest.mark.parametrize(("text", "length", "first", "shift"), CYCLES_AND_PHASES)
def test_cycles_and_phases_are_found_in_every_tenth_row(text: str, length: int, first: int, shift: int) -> None:
    best = fit(every_tenth(text, length, first, shift))[0]
    assert values(best.spec, length) == pytest.approx(values(text, length), rel=1e-6, abs=1e-12), best


THINNED_SEQUENCES = [
    (
        'sequential "constant --factor 0.5 --total-iters 73" "cosine --t-max 313 --eta-min 0.001" --milestones 73',
        386,
        0,
        0,
    ),
    (
        'sequential "constant --factor 0.1 --total-iters 130" "exponential --gamma 0.9848" "multistep --milestones '
        '60,90" --milestones 130,280 --lr 0.0003',
        400,
        9,
        1,
    ),
    (
        'sequential "linear --start-factor 1e-06 --total-iters 100" "cosine --t-max 1500 --eta-min 5e-05" "linear '
        '--start-factor 0.1 --end-factor 0.0 --total-iters 400" --milestones 100,1600 --lr 0.0005',
        2000,
        9,
        0,
    ),
    (
        'sequential "linear --start-factor 0.1 --total-iters 20" "cosine-restarts --t-0 495 --t-mult 2" '
        "--milestones 20 --lr 2e-05",
        1000,
        0,
        0,
    ),
    (
        'sequential "linear --total-iters 49" "constant --factor 1.0 --total-iters 198" "linear --start-factor 1.0 '
        '--end-factor 0.001 --total-iters 591" --milestones 49,247 --lr 0.1',
        838,
        9,
        0,
    ),
    ('sequential "cosine --t-max 400" "swa --swa-lr 0.02 --anneal-epochs 5" --milestones 308', 400, 9, 1),
]


@pytest.mark.parametrize(("text", "length", "first", "shift"), THINNED_SEQUENCES)
def test_parts_that_begin_between_the_rows_are_found_with_their_beginning(
    text: str, length: int, first: int, shift: int
) -> None:
    best = fit(every_tenth(text, length, first, shift))[0]
    assert values(best.spec, length) == pytest.approx(values(text, length), rel=1e-6, abs=1e-12), best


def test_one_row_of_a_warmup_does_not_say_that_it_is_a_line() -> None:
    """A constant share up to its end would give the same rows."""
    best = fit(every_tenth("cosine --t-max 490 --warmup 10 --warmup-start-factor 0.5", 500, 0, 0))[0]
    assert (best.spec, best.exactness) == ("cosine --t-max 490 --warmup 10 --warmup-start-factor 0.5", "possible")


def test_a_warmup_before_the_first_row_is_found_to_the_bit() -> None:
    text = "cosine --t-max 790 --eta-min 2e-06 --lr 2e-05 --warmup 10"
    assert fit(every_tenth(text, 800, 10, 0))[0].spec == text


def test_drops_at_the_beginnings_of_epochs_may_be_counted_in_steps() -> None:
    epochs = [step // 250 for step in range(0, 3000, 50)]
    rates = values("step --step-size 3", 12)
    found = fit(Record.of_values([rates[epoch] for epoch in epochs], steps=range(0, 3000, 50), epochs=epochs))
    assert (found[0].spec, {one.exactness for one in found}) == ("step --step-size 3", {"possible"})


def test_a_lowest_rate_is_taken_from_the_rows_that_show_it_best() -> None:
    """Six digits of a low rate say more of it than those of a high one."""
    text = "cosine-restarts --t-0 135 --t-mult 2 --eta-min 1e-07 --warmup 30"
    rates = [float(f"{rate:.6g}") for rate in values(text, 980)]
    found = fit(by_step(rates, every=10, shown=Shown(6, None)))
    assert values(found[0].spec, 980) == values(text, 980)


WITH_ROUNDING_ALIKE = [
    ("hf-linear --num-warmup-steps 77 --num-training-steps 1234 --lr 5e-05", 1234, 9, 1),
    ("hf-cosine --num-warmup-steps 50 --num-training-steps 813 --lr 0.0003", 813, 9, 1),
    ("cosine --t-max 900 --lr 0.001 --warmup 100 --warmup-start-factor 0.01", 1000, 0, 0),
    ("exponential --gamma 0.999 --lr 0.01", 1000, 0, 1),
]


@pytest.mark.parametrize(("text", "length", "first", "shift"), WITH_ROUNDING_ALIKE)
def test_what_is_equal_to_the_bit_is_not_doubted_for_what_is_nearly_equal(
    text: str, length: int, first: int, shift: int
) -> None:
    """The end lies between the last row that was shown and the next."""
    best = fit(every_tenth(text, length, first, shift))[0]
    assert (best.spec, best.exactness) == (text, "exact")


def test_a_part_of_a_few_ticks_between_the_rows_is_not_sure() -> None:
    """A warmup in its place would give the same rows; the log is so long that most ticks are not compared."""
    text = 'sequential "constant --factor 1e-08 --total-iters 10" "linear --total-iters 1500" --milestones 3500'
    record = every_tenth(text, 5000, 0, 0)
    planned = parse(text).in_run(Run())
    reading = readings(record, planned.schedule, planned.run)[0]
    found = Found(planned.schedule, planned.run, reading, "exact", 0.0)
    assert not pinned(found, record, tolerance_of(record))


def test_two_digits_of_a_sequence_are_no_error() -> None:
    text = (
        'sequential "linear --total-iters 5" "constant --factor 1.0 --total-iters 30" "linear --start-factor 1.0 '
        '--end-factor 0.05 --total-iters 20" --milestones 5,10 --lr 0.0001'
    )
    record = Record.of_values(
        [float(f"{rate:.2g}") for rate in values(text, 30)], steps=range(30), shown=Shown(2, None)
    )
    assert not [one for one in fit(record) if one.exactness not in ("possible", "nearly")]


def test_cycles_of_whole_rows_are_seen_in_a_log_of_every_tenth_step() -> None:
    text = "cyclic --base-lr 0.0001 --max-lr 0.01 --step-size-up 60"
    best = fit(by_step(values(text, 1000), every=10))[0]
    assert (best.spec, best.exactness) == (text, "exact")


AFTER_EPOCHS = [
    ("hf-linear --num-warmup-steps 250 --num-training-steps 2500 --lr 0.0003", 50, 1),
    ("timm-cosine --t-initial 120 --warmup-t 25 --warmup-lr-init 0.0001 --lr-min 1e-05 --lr 0.05", 10, 2),
]


@pytest.mark.parametrize(("text", "steps", "fewest"), AFTER_EPOCHS, ids=[text.split()[0] for text, *_ in AFTER_EPOCHS])
def test_a_row_after_each_epoch_of_a_schedule_that_counts_steps(text: str, steps: int, fewest: int) -> None:
    """The log does not say how many steps an epoch has: as few are named as leave every length whole."""
    schedule = parse(text).in_run(Run()).schedule
    total = schedule.horizon or 0
    rates = values(text, total + 1)
    record = Record.of_values(rates[steps::steps], epochs=list(range(total // steps)))
    best = judged(Search(record, only=type(schedule)).candidates(), record)[0]
    assert best.exactness == "possible"
    assert follows(best.spec, record)
    assert parse(best.spec).in_run(Run()).schedule.horizon == total * fewest // steps


def test_a_cut_cosine_above_a_floor_is_named_before_what_goes_on_and_is_not_decided() -> None:
    text = "cosine --t-max 300 --eta-min 0.003 --lr 0.03"
    record = by_step([float(f"{rate:.6g}") for rate in values(text, 240)], shown=Shown(6, None))
    best = fit(record)[0]
    assert (best.spec, best.exactness) == (text, "possible")


LINES_UP = [
    'sequential "linear --start-factor 0.01 --total-iters 3" "cosine --t-max 34 --eta-min 2.5e-07" '
    '"polynomial --total-iters 38 --power 2.0" --milestones 3,37 --lr 2.5e-05',
    "timm-cosine --t-initial 70 --warmup-t 5 --warmup-lr-init 2.5e-07 --warmup-prefix --lr 2.5e-05",
]


@pytest.mark.parametrize("text", LINES_UP, ids=[text.split()[0] for text in LINES_UP])
def test_a_line_up_that_may_have_begun_a_tick_earlier_is_not_sure(text: str) -> None:
    rates = values(text, 76)[1:]
    found = fit(by_step([float(f"{rate:.6g}") for rate in rates], origin=1, shown=Shown(6, None)))
    assert (found[0].spec.removesuffix(" --interval step"), found[0].exactness) == (text, "possible")


FEW_DIGITS = [
    ("cosine --t-max 20 --lr 0.05", 20, ".4f"),
    ("cosine --t-max 50 --lr 0.001", 50, ".5f"),
    ("exponential --gamma 0.95 --lr 0.01", 50, ".5f"),
    ("exponential --gamma 0.95 --lr 0.0003", 100, ".6f"),
    ("cosine --t-max 20 --eta-min 1e-06 --lr 0.01", 20, ".5f"),
    ("onecycle --max-lr 0.01 --total-steps 300", 300, ".2e"),
    ("hf-linear --num-warmup-steps 10 --num-training-steps 100 --lr 5e-05", 100, ".6f"),
]


@pytest.mark.parametrize(("text", "rows", "form"), FEW_DIGITS)
def test_rates_as_loops_print_them(text: str, rows: int, form: str) -> None:
    """What rounding takes from the lowest of them is a large share of it, and no sign of another schedule."""
    shown = Shown(3, int(form[1]) if form[-1] == "f" else None, padded=True)
    rates = [float(format(rate, form)) for rate in values(text, rows)]
    assert fit(Record.of_values(rates, epochs=range(rows), shown=shown))[0].spec == text


def test_every_tenth_step_in_the_four_digits_that_transformers_prints() -> None:
    """Their rounding is more than an error that a solution may leave."""
    text = "hf-linear --num-warmup-steps 25 --num-training-steps 250 --lr 2e-05"
    rates = [float(f"{rate:.4g}") for rate in values(text, 250)[::10]]
    record = Record.of_values(rates, steps=range(0, 250, 10), shown=Shown(4, None))
    assert fit(record)[0].spec == text
