"""The run's arithmetic: what people say of their data becomes ticks, and every step of it is kept."""

import pytest

from lrcli import spec
from lrcli.engine import Selection, simulate
from lrcli.errors import InputError
from lrcli.plan import Planned
from lrcli.run import Run

LINEAR = "hf-linear --num-warmup-steps 3"
COSINE = "cosine --t-max 9"


def planned(text: str) -> Planned:
    return spec.parse(text).in_run(Run())


@pytest.mark.parametrize(
    ("text", "ticks", "lines"),
    [
        # transformers: batches of the whole data, shared by the processes, then accumulated; partial ones count.
        (
            f"{LINEAR} --examples 52002 --batch-size 16 --num-processes 8 --accumulate 4 --epochs 3",
            306,
            [
                "52002 examples / 16 a batch, rounded up = 3251",
                "3251 batches / 8 processes, rounded up = 407",
                "407 batches / 4 accumulated, rounded up = 102",
                "3 epochs x 102 steps = 306",
            ],
        ),
        # torch: the examples are shared first.
        (
            f"{COSINE} --interval step --examples 101 --batch-size 10 --num-processes 4 --epochs 2",
            6,
            [
                "101 examples / 4 processes, rounded up = 26",
                "26 examples / 10 a batch, rounded up = 3",
                "2 epochs x 3 steps = 6",
            ],
        ),
        (f"{LINEAR} --examples 101 --batch-size 10 --drop-last --epochs 1.55", 16, None),
        (f"{LINEAR} --batches-per-epoch 7 --accumulate 2 --epochs 2", 8, None),
        (
            f"{LINEAR} --tokens 300B --tokens-per-step 4M",
            75_000,
            ["300000000000 tokens / 4000000 a step, rounded up = 75000"],
        ),
        (f"{LINEAR} --steps 3*1563", 4689, []),
        (f"{LINEAR} --ticks 1e4 --steps 10k", 10_000, []),
        (f"{COSINE} --epochs 90", 90, []),
        (f"{COSINE} --epochs 9 --steps-per-epoch 100", 9, []),
        (f"{COSINE} --steps 900 --steps-per-epoch 100", 9, []),
        (f"{COSINE} --epochs 9 --steps-per-epoch 100 --interval step", 900, None),
    ],
)
def test_ticks_follow_from_what_people_know(text: str, ticks: int, lines: list[str] | None) -> None:
    run = planned(text).run
    assert run.total == ticks
    if lines is not None:
        assert [f"{line.text} = {line.value}" for line in run.derivation()] == lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{LINEAR} --epochs 3",
            "every optimizer step here: give --steps-per-epoch, --batches-per-epoch",
        ),
        (f"{COSINE} --steps 300", "step() is called once an epoch here"),
        (f"{COSINE} --epochs 2.5", "expected whole epochs"),
        (f"{COSINE} --epochs 4 --ticks 5", "--epochs: is 4 ticks, but --ticks is 5"),
        (f"{LINEAR} --examples 100 --batch-size 10 --steps-per-epoch 9 --epochs 1", "is 9, but the data make 10"),
        (f"{LINEAR} --examples 100 --batches-per-epoch 9 --epochs 1", "is 9, but the examples make 100"),
        (f"{LINEAR} --examples 3 --batch-size 10 --drop-last --epochs 1", "expected at least one batch of 10"),
        (f"{LINEAR} --batch-size 10 --epochs 1", "--batch-size: expected --examples"),
        (f"{LINEAR} --tokens 10k", "expected --tokens-per-step"),
        (LINEAR, "missing --num-training-steps"),
        ("hf-linear --num-warmup-steps 10%", "length is not known: give --epochs, --steps or --ticks"),
        ("cosine --warmup 10%", "length is not known: give --epochs, --steps or --ticks"),
        ("hf-linear --num-warmup-steps 101% --num-training-steps 9", "share of the run from 0% to 100%"),
    ],
)
def test_what_is_missing_or_contradicts_itself_is_named(text: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        planned(text)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("text", "spec_of_it"),
    [
        ("cosine --epochs 90", "cosine --t-max 90 --epochs 90"),
        ("cosine --warmup 5 --epochs 90", "cosine --t-max 85 --epochs 90 --warmup 5"),
        ("cosine --warmup 10% --epochs 90", "cosine --t-max 81 --epochs 90 --warmup 9"),
        (
            "hf-linear --num-warmup-steps 3% --epochs 3 --examples 52002 --batch-size 16",
            "hf-linear --num-warmup-steps 293 --num-training-steps 9753 --epochs 3 --steps-per-epoch 3251",
        ),
        (
            "hf-linear --num-warmup-steps 10% --num-training-steps 55",
            "hf-linear --num-warmup-steps 6 --num-training-steps 55",
        ),
        (
            "onecycle --max-lr 0.1 --epochs 10 --steps-per-epoch 100",
            "onecycle --max-lr 0.1 --total-steps 1000 --epochs 10 --steps-per-epoch 100",
        ),
        (
            "wsd --warmup-steps 10% --decay-steps 20% -n10",
            "wsd --warmup-steps 1 --stable-steps 7 --decay-steps 2 --ticks 10",
        ),
        ("multistep --milestones 30%,60% --epochs 90", "multistep --milestones 27,54 --epochs 90"),
        (
            "sequential linear cosine --milestones 5 --epochs 90",
            'sequential linear "cosine --t-max 85" --milestones 5 --epochs 90',
        ),
        ("timm-cosine --warmup-t 5 --epochs 90", "timm-cosine --t-initial 90 --warmup-t 5 --epochs 90"),
        (
            "timm-cosine --warmup-t 5 --warmup-prefix --epochs 90",
            "timm-cosine --t-initial 85 --warmup-t 5 --warmup-prefix --epochs 90",
        ),
        ("timm-cosine --cycle-limit 3 --epochs 90", "timm-cosine --t-initial 30 --cycle-limit 3 --epochs 90"),
        ("polynomial --epochs 90", "polynomial --epochs 90"),
    ],
)
def test_lengths_left_out_are_those_of_the_run(text: str, spec_of_it: str) -> None:
    plan = planned(text)
    assert plan.text == spec_of_it
    again = spec.parse(plan.text).in_run(Run())
    assert (again.schedule, again.run.total, again.taken) == (plan.schedule, plan.run.total, ())


def test_what_was_taken_is_said() -> None:
    assert planned("cosine --epochs 90").taken == ("--t-max 90 is taken from the run",)
    assert planned("cosine --t-max 90 --epochs 90").taken == ()


def test_schedules_count_as_their_users_do() -> None:
    assert planned(COSINE).run.axes == ("epoch",)
    assert planned("hf-cosine --num-warmup-steps 3 --num-training-steps 9").run.axes == ("step",)
    assert planned("hf-cosine --num-warmup-steps 3 --epochs 2 --steps-per-epoch 9").run.axes == ("step", "epoch")
    assert planned(
        "sequential linear 'hf-cosine --num-warmup-steps 0 --num-training-steps 9' --milestones 3"
    ).run.axes == ("step",)
    assert planned("hf-cosine --num-warmup-steps 3 --epochs 9 --interval epoch").run.total == 9


def test_a_settled_run_settles_to_itself() -> None:
    plan = planned("hf-linear --num-warmup-steps 3 --examples 100 --batch-size 4 --accumulate 2 --epochs 2.5")
    family = plan.schedule.reference.family
    assert plan.run.settled(plan.schedule.counts_in, family) == plan.run
    assert plan.run.settled(plan.schedule.counts_in, family).derivation() == plan.run.derivation()


@pytest.mark.parametrize(
    ("style", "first"),
    [
        ("torch", [1 / 3, 0.5, 2 / 3, 5 / 6, 1.0]),
        ("from-zero", [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("plus-one", [0.25, 0.5, 0.75, 1.0, 1.0]),
        ("linspace", [0.0, 1 / 3, 2 / 3, 1.0, 1.0]),
        ("quadratic", [0.0, 0.0625, 0.25, 0.5625, 1.0]),
    ],
)
def test_a_warmup_rises_as_it_is_written(style: str, first: list[float]) -> None:
    plan = planned(f"cosine --t-max 9 --warmup 4 --lr 1 --warmup-style {style}")
    rows = simulate(plan.schedule, plan.run, Selection(stop=5))
    found = [rate for block in rows.blocks for rate in block[-1]]
    assert [round(rate, 12) for rate in found] == [round(rate, 12) for rate in first]


def test_a_warmup_may_start_elsewhere_in_every_style() -> None:
    plan = planned("cosine --t-max 9 --warmup 4 --lr 1 --warmup-style from-zero --warmup-start-factor 0.5")
    rows = simulate(plan.schedule, plan.run, Selection(stop=2))
    assert [rate for block in rows.blocks for rate in block[-1]] == [0.5, 0.625]
    with pytest.raises(InputError, match="Starting multiplicative factor"):
        rows_of = planned("cosine --t-max 9 --warmup 4 --warmup-start-factor 0")
        simulate(rows_of.schedule, rows_of.run, Selection())
