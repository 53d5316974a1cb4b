"""A log against a schedule: good runs follow, mistakes are named."""

from collections.abc import Sequence

import pytest

from lrcli import spec
from lrcli.engine import rates
from lrcli.logs.series import Shown
from lrcli.record import Record
from lrcli.run import Run
from lrcli.schedules.plateau import float32
from lrcli.verify import Verdict, verify
from tests.test_cli import lrsched

SPECS = [
    "cosine --t-max 50",
    "step --step-size 10",
    "multistep --milestones 10,30",
    "exponential --gamma 0.95",
    "onecycle --max-lr 0.3 --total-steps 60",
    "polynomial --total-iters 55",
    "hf-cosine --num-warmup-steps 5 --num-training-steps 60",
    "sequential linear 'cosine --t-max 45' --milestones 5",
]
EPOCHS = 50


def values(text: str, count: int = 20 * EPOCHS, **run: object) -> list[float]:
    asked = Run(**run)  # type: ignore[arg-type]
    source = rates(asked.warmed_up(spec.parse(text).schedule), asked.lrs)
    found = []
    for _ in range(count):
        try:
            found.append(next(source))
        except (ArithmeticError, ValueError):
            break
    return found


def by_epoch(found: Sequence[float], origin: int = 0) -> Record:
    return Record.of_values(found, epochs=range(origin, origin + len(found)))


def by_step(found: Sequence[float], every: int = 1, origin: int = 0, shown: Shown | None = None) -> Record:
    steps = range(origin, origin + len(found))
    return Record.of_values(found[::every], steps=steps[::every], shown=shown)


def held(text: str, record: Record, **run: object) -> Verdict:
    return verify(spec.parse(text).schedule, Run(**run), record)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", SPECS)
def test_a_run_that_did_what_was_meant(text: str) -> None:
    right = values(text, EPOCHS)
    per_step = {"interval": "step"}
    assert held(text, by_step(right), **per_step).follows
    assert held(text, by_step(right, origin=1), **per_step).follows
    assert held(text, by_step(right, every=7, origin=1), **per_step).follows
    assert held(text, by_step(list(map(float32, right))), **per_step).follows
    six = [float(f"{value:.6g}") for value in right]
    assert held(text, by_step(six, shown=Shown(6, None)), **per_step).follows
    fixed = [float(f"{value:.6f}") for value in right]
    assert held(text, by_step(fixed, shown=Shown(6, 6)), **per_step).follows
    assert held(text, Record.of_values(right)).follows
    assert held(text, by_epoch(right)).follows
    assert held(text, by_epoch(right, origin=1)).follows


MISTAKES = {
    "stepped first": (lambda found: found[1 : EPOCHS + 1], "shifted"),
    "stepped late": (lambda found: [found[0], *found[: EPOCHS - 1]], "shifted"),
    "two processes": (lambda found: found[: 2 * EPOCHS : 2], "stepped_k_times"),
    "four processes": (lambda found: found[: 4 * EPOCHS : 4], "stepped_k_times"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("text", ["cosine --t-max 400", "exponential --gamma 0.99", "polynomial --total-iters 400"])
def test_mistakes_are_named(text: str, mistake: str) -> None:
    make, name = MISTAKES[mistake]
    verdict = held(text, by_epoch(make(values(text))))
    assert not verdict.follows
    assert verdict.explanation is not None
    assert verdict.explanation.name == name
    if name == "stepped_k_times":
        assert verdict.as_document()["k"] == (2 if "two" in mistake else 4)


def test_another_base_rate() -> None:
    verdict = held("cosine --t-max 50", by_epoch(values("cosine --t-max 50", EPOCHS, lr=0.03)))
    assert verdict.explanation is not None
    assert verdict.explanation.name == "base_lr"
    assert verdict.as_document()["base_lr"] == 0.03


def test_a_forgotten_warmup() -> None:
    bare = values("cosine --t-max 45", EPOCHS)
    for text, run in (
        ("cosine --t-max 45", {"warmup": 5}),
        ("sequential linear 'cosine --t-max 45' --milestones 5", {}),
    ):
        verdict = held(text, by_epoch(bare), **run)
        assert verdict.explanation is not None
        assert verdict.explanation.name == "no_warmup"


def test_per_batch_instead_of_per_epoch_and_the_reverse() -> None:
    found = values("cosine --t-max 500")
    per_batch = held("cosine --t-max 500", by_epoch(found[: 10 * EPOCHS : 10]), steps_per_epoch=10)
    per_epoch = held(
        "cosine --t-max 500", by_step([found[step // 10] for step in range(200)]), steps_per_epoch=10, interval="step"
    )
    for verdict in (per_batch, per_epoch):
        assert verdict.explanation is not None
        assert verdict.explanation.name == "wrong_interval"


def test_what_nothing_explains() -> None:
    verdict = held("cosine --t-max 50", by_epoch([0.1, 0.05, 0.07, 0.2, 0.01]))
    assert verdict.as_document()["explanation"] == "unknown"
    assert verdict.as_document()["first_difference"]["row"] == 1


@pytest.mark.parametrize(
    ("log", "text", "status"),
    [
        ("lightning-2.6-metrics.csv", "cosine --t-max 3 --lr 0.1", 0),
        ("lightning-2.6-metrics.csv", "cosine --t-max 4 --lr 0.1", 1),
        (
            "transformers-5.23-trainer_state.json",
            "hf-cosine --num-warmup-steps 2 --num-training-steps 6 --lr 5e-5",
            0,
        ),
        ("keras-3.15-csvlogger-5.csv", "multistep --milestones 2,3,4 --lr 0.01", 0),
    ],
)
def test_real_logs(log: str, text: str, status: int) -> None:
    done = lrsched("verify", f"tests/data/logs/{log}", text)
    assert done.returncode == status, done.stdout + done.stderr
