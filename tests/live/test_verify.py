"""Logs of real training loops, right and wrong, held against the schedule that was meant."""

import warnings

import pytest

from lrcli import spec
from lrcli.record import Record
from lrcli.run import Run
from lrcli.verify import verify
from tests.live import torch_run

EPOCHS, BATCHES = 12, 5


def trained(text: str, lr: float = 0.1, *, stepped: str = "epoch", times: int = 1, step_first: bool = False) -> Record:
    """The rate at each batch of a real loop, logged before optimizer.step(), or after what comes first by mistake."""
    optimizer = torch_run.optimizer_of((lr,))
    rates: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = torch_run.torch_scheduler(spec.parse(text).schedule, optimizer)
        for _epoch in range(EPOCHS):
            if step_first:
                scheduler.step()
            for _ in range(BATCHES):
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                for _ in range(times if stepped == "batch" else 0):
                    scheduler.step()
            for _ in range(times if stepped == "epoch" and not step_first else 0):
                scheduler.step()
    steps = range(len(rates))
    return Record.of_values(rates, steps=steps, epochs=[step // BATCHES for step in steps])


SCHEDULES = [
    "cosine --t-max 400",
    "exponential --gamma 0.97",
    "polynomial --total-iters 300 --power 2",
    "sequential 'linear --total-iters 4' 'cosine --t-max 300' --milestones 4",
]
MISTAKES = {
    "wrong_interval": {"stepped": "batch"},
    "stepped_k_times": {"times": 3},
    "shifted": {"step_first": True},
    "base_lr": {"lr": 0.25},
}


@pytest.mark.parametrize("text", SCHEDULES)
def test_a_loop_that_does_what_is_meant(text: str) -> None:
    schedule = spec.parse(text).schedule
    assert verify(schedule, Run(steps_per_epoch=BATCHES), trained(text), 0.0).follows
    per_batch = Run(steps_per_epoch=BATCHES, interval="step")
    assert verify(schedule, per_batch, trained(text, stepped="batch"), 0.0).follows


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("text", SCHEDULES)
def test_a_loop_with_a_mistake(text: str, mistake: str) -> None:
    verdict = verify(spec.parse(text).schedule, Run(steps_per_epoch=BATCHES), trained(text, **MISTAKES[mistake]))  # type: ignore[arg-type]
    assert verdict.explanation is not None
    assert verdict.explanation.name == mistake, verdict.explanation.sentence
