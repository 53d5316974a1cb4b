"""The schedule behind a log is found again."""

import random

import pytest

from lrcli.fit import fit
from lrcli.record import Record
from lrcli.schedules.plateau import float32
from tests.test_verify import values

KNOWN = [
    "exponential --gamma 0.95",
    "step --step-size 10",
    "multistep --milestones 10,30",
    "cosine --t-max 50",
    "cosine --t-max 50 --eta-min 0.001",
    "polynomial --total-iters 60 --power 2.0",
    "cosine-restarts --t-0 10 --t-mult 2",
    "linear --total-iters 7",
    "onecycle --max-lr 0.3 --total-steps 60",
    "hf-linear --num-warmup-steps 5 --num-training-steps 60",
    "hf-cosine --num-warmup-steps 5 --num-training-steps 60",
]
ROWS = 60


def logged(found: list[float], every: int = 1) -> Record:
    return Record.of_values(found[::every], steps=range(0, len(found), every))


@pytest.mark.parametrize("text", KNOWN)
def test_what_made_the_log_is_found(text: str) -> None:
    best = fit(logged(values(text, ROWS)))[0]
    assert best.exactness == "exact"
    assert values_of(best.spec) == values(text, ROWS)
    assert fit(logged([float32(value) for value in values(text, ROWS)]))[0].exactness in ("float32", "exact")


def values_of(spec: str) -> list[float]:
    from lrcli.engine import rates
    from lrcli.run import Run
    from lrcli.spec import parse

    parsed = parse(spec)
    schedule, run, _ = parsed.in_run(Run())
    source = rates(run.warmed_up(schedule), run.lrs)
    return [next(source) for _ in range(ROWS)]


@pytest.mark.parametrize("text", ["cosine --t-max 50", "exponential --gamma 0.95", "step --step-size 10"])
def test_a_log_of_every_fifth_step_will_do(text: str) -> None:
    best = fit(logged(values(text, ROWS), every=5))[0]
    assert best.exactness == "exact"
    assert best.spec.split()[0] == text.split()[0]


def test_a_warmup_is_found() -> None:
    best = fit(logged(values("cosine --t-max 45", ROWS, warmup=5)))[0]
    assert best.spec == "cosine --t-max 45 --warmup 5"


def test_a_constant_rate() -> None:
    assert fit(logged([0.02] * 9))[0].spec == "lambda --expr 1 --lr 0.02"


def test_noise_is_no_schedule() -> None:
    rng = random.Random(1)
    assert not [one for one in fit(logged([rng.random() for _ in range(ROWS)])) if one.exactness == "exact"]
