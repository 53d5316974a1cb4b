"""The schedules of papers and other libraries, where a framework has the same or composes them."""

import random
from itertools import islice

import pytest

from lrcli import spec
from lrcli.engine import rates
from lrcli.schedules import every
from lrcli.schedules.factor import Factor
from tests.draws import base_rates, draw, same_bits
from tests.live import torch_run
from tests.live.keras_run import keras_schedules
from tests.live.late import late
from tests.test_more import MORE, values

schedulers = late("torch.optim.lr_scheduler")


def test_within_a_sequence_they_are_what_lambda_lr_makes_of_them() -> None:
    rng = random.Random("LambdaLR")
    for name in MORE:
        if not issubclass(every()[name], Factor) or every()[name].refuses_composition:
            continue
        for _ in range(20):
            schedule, (lr,) = draw(rng, every()[name]), base_rates(rng, 1)
            optimizer = torch_run.optimizer_of((lr,))
            children = [
                schedulers.LinearLR(optimizer, total_iters=7),
                schedulers.LambdaLR(optimizer, schedule.factor),  # type: ignore[attr-defined]
                schedulers.StepLR(optimizer, 3),
            ]
            live = schedulers.SequentialLR(optimizer, children, [7, 60])
            composed = spec.parse(
                f'sequential "linear --total-iters 7" "{schedule.spec}" "step --step-size 3" --milestones 7,60'
            ).schedule
            for found in islice(rates(composed, (lr,)), 80):
                assert same_bits(found, optimizer.param_groups[0]["lr"]), schedule.spec
                optimizer.step()
                live.step()


def test_keras_agrees_to_float32() -> None:
    schedules = keras_schedules()
    for staircase in (False, True):
        live = schedules.InverseTimeDecay(0.1, decay_steps=7, decay_rate=0.3, staircase=staircase)
        text = f"inverse-time --decay-steps 7 --decay-rate 0.3 {'--staircase' if staircase else ''}"
        expected = [float(live(tick)) for tick in range(50)]
        assert values(text, 50, 0.1) == pytest.approx(expected, rel=1e-6)
