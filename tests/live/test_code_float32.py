"""Generated code for optax and Keras is executed, and has our rates as far as float32 goes."""

import dataclasses
import os
import random
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from lrcli import spec
from lrcli.code import write
from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import STEP
from lrcli.schedules.plateau import KerasJudge, Plateau, TorchJudge
from lrcli.schedules.warmups import STYLES
from tests.draws import draw

SEED = os.environ.get("LRSCHED_SEED", "1")
DRAWS = int(os.environ.get("LRSCHED_DRAWS", "1"))
"""Random schedules of each class, beside its example."""

STREAMED = [cls for cls in every().values() if not issubclass(cls, Plateau)]
TICKS = 60
MOST_UPDATES = 7 * TICKS


def drawn_run(random: random.Random, groups: int = 1) -> Run:
    """A run with a bit of everything."""
    size = random.choice([None, None, 3, 7])
    return Run(
        lr=0.3 if groups == 1 else (0.3, 0.01),
        ticks=random.choice([1, 7, 20, TICKS]),
        steps_per_epoch=size,
        interval=random.choice([None, STEP, "epoch"]),
        accumulate=random.choice([1, 1, 2, 3]),
        warmup=random.choice([0, 0, 1, 5]),
        warmup_style=random.choice(STYLES),
        warmup_start_factor=random.choice([1 / 3, 0.1]),
    )


def cases(target: str, groups: int = 1) -> Iterator[tuple[Schedule, Run]]:
    for cls in STREAMED:
        drawing = random.Random(f"{SEED} {target} {groups} {cls.reference.name}")
        if groups == 1:
            yield spec.parse(cls.example()).schedule, Run(lr=0.3, ticks=TICKS)
        elif DRAWS == 1 and drawing.random() < 0.6:
            continue
        for _ in range(DRAWS):
            yield draw(drawing, cls, groups=groups), drawn_run(drawing, groups)


def wanted(schedule: Schedule, run: Run, group: int) -> list[float]:
    """Our rates, of every tick. Raises InputError, or ArithmeticError where the framework's arithmetic fails."""
    composed = run.warmed_up(schedule)
    return list(islice(rates(composed, run.lrs, group), run.length(composed)))


def is_close(found: float, expected: float, peak: float) -> bool:
    """Equal as far as float32 computes a curve: a cosine near its end is a difference of large numbers."""
    return abs(found - expected) <= 2e-6 * abs(expected) + 4e-7 * peak


def written(schedule: Schedule, run: Run, target: str, **options: bool) -> tuple[str, Run, list[list[float]]] | None:
    """The source, the settled run and the rates of each group; None where the framework itself refuses the draw."""
    try:
        run = run.settled(schedule.counts_in, schedule.reference.family)
        expected = [wanted(schedule, run, group) for group in range(len(run.lrs))]
    except (InputError, ArithmeticError, ValueError):
        return None
    if any(abs(rate) > 1e30 or rate != rate or isinstance(rate, complex) for curve in expected for rate in curve):
        return None
    return write(schedule, run, target, **options), run, expected


NO_FUNCTION = ("goes on from the rate", "do more to each other", "changes the rate in force", "accumulates", "groups")
"""What true refusals say."""


def check_all(target: str, groups: int, rates_of: Callable[[str, Run, int], list[list[float]]]) -> None:
    refused: dict[str, str] = {}
    for schedule, run in cases(target, groups):
        try:
            case = written(schedule, run, target)
        except InputError as error:
            assert any(words in str(error) for words in NO_FUNCTION), (schedule.spec, str(error))
            refused[schedule.spec] = str(error)
            continue
        if case is None:
            continue
        source, run, expected = case
        size = (run.steps_per_epoch or 1) if run.interval != STEP else 1
        try:
            found = rates_of(source, run, len(expected[0]) * size)
        except Exception as error:
            raise AssertionError(f"seed {SEED}: {run}\n{source}") from error
        for ours, theirs in zip(expected, found, strict=True):
            peak = max(map(abs, ours))
            for tick, rate in enumerate(theirs):
                assert is_close(rate, ours[tick // size], peak), f"seed {SEED}: at {tick}, {rate}, {run}\n{source}"
    assert len(refused) <= len(STREAMED) // 8, refused


def optax_rates(source: str, run: Run, updates: int) -> list[list[float]]:
    """The rates of every update, under jit and vmap: what cannot be traced fails."""
    import jax

    names: dict[str, Any] = {}
    exec(compile(source.partition("\noptimizer = ")[0], "generated", "exec"), names)
    labels = [f"_{group}" for group in range(len(run.lrs))] if len(run.lrs) > 1 else [""]
    functions = [names[f"learning_rate{label}"] for label in labels]
    steps = jax.numpy.arange(MOST_UPDATES)  # as many every time: what was compiled for a shape serves again
    return [(jax.vmap(function)(steps) + jax.numpy.zeros(MOST_UPDATES)).tolist()[:updates] for function in functions]


@pytest.mark.parametrize("groups", [1, 2])
def test_optax(groups: int) -> None:
    pytest.importorskip("optax", reason="optax is not installed")
    check_all("optax", groups, optax_rates)


LOOPS = [
    ("cosine --t-max 5", Run(lr=0.3, ticks=4, steps_per_epoch=3, accumulate=2)),
    ("hf-linear --num-warmup-steps 2 --num-training-steps 9", Run(epochs=3, batches_per_epoch=7, accumulate=3)),
    ("nanogpt --warmup-iters 2 --lr-decay-iters 7", Run(lr=(0.3, 0.1))),
    ("step --step-size 2 --gamma 0.5", Run(ticks=5, steps_per_epoch=2, warmup=1)),
]


@pytest.mark.parametrize(("text", "run"), LOOPS)
def test_the_loop_of_optax_makes_these_updates(text: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    optax = pytest.importorskip("optax", reason="optax is not installed")
    case = written(spec.parse(text).schedule, run, "optax", amp=True)
    assert case
    source, run, expected = case
    assert "Mixed precision" in source
    changes: list[list[float]] = []

    def applied(params: Any, updates: Any, apply: Any = optax.apply_updates) -> Any:
        changes.append([-float(change[0]) for change in updates.values()])
        return apply(params, updates)

    monkeypatch.setattr(optax, "apply_updates", applied)
    exec(compile(source, "generated", "exec"), {})
    size = (run.steps_per_epoch or 1) if run.interval != STEP else 1
    found = [change for change in changes if any(change)]
    ours = [[curve[tick] for curve in expected] for tick in range(len(expected[0])) for _ in range(size)]
    ours = [rates for rates in ours if any(rates)]
    assert len(found) == len(ours), source
    assert all(is_close(f, o, 0.3) for fs, os in zip(found, ours, strict=True) for f, o in zip(fs, os, strict=True))


def keras_rates(source: str, run: Run, updates: int) -> list[list[float]]:
    """The rates of every update that the optimizer or the callback of the code sets."""
    import keras

    fitted: dict[str, Any] = {}

    def fit(self: Any, *arguments: Any, **named: Any) -> None:
        fitted.update(named, optimizer=self.optimizer)

    fit_before = keras.Model.fit
    keras.Model.fit = fit
    try:
        exec(compile(source, "generated", "exec"), {})
    finally:
        keras.Model.fit = fit_before
    size = (run.steps_per_epoch or 1) if run.interval != STEP else 1
    schedules = [call for call in fitted.get("callbacks", ()) if hasattr(call, "schedule")]
    if schedules:
        return [[schedules[0].schedule(update // size) for update in range(updates)]]
    rate = fitted["optimizer"]._learning_rate
    if not callable(rate):
        return [[float(rate)] * updates]
    return [[float(rate((update + 1) * run.accumulate - 1)) for update in range(updates)]]


def test_keras() -> None:
    pytest.importorskip("keras", reason="keras is not installed")
    check_all("keras", 1, keras_rates)


def test_the_plateau_of_keras_cuts_when_torch_cuts() -> None:
    """The arguments of the callback, in our model of it, which tests/live/test_plateau.py holds to Keras."""
    drawing = random.Random(SEED)
    for _ in range(300):
        plateau = Plateau(
            mode=drawing.choice(["min", "max"]),
            factor=0.5,
            patience=drawing.choice([0, 1, 3]),
            threshold=drawing.choice([0.01, 1e-4]),
            threshold_mode="abs",
            cooldown=drawing.choice([0, 0, 1, 3]),
            eps=0.0,
        )
        source = write(plateau, Run(epochs=40), "keras")
        given = dict(re.findall(r"(patience|cooldown)=(\d+)", source))
        told = dataclasses.replace(plateau, patience=int(given["patience"]), cooldown=int(given.get("cooldown", 0)))
        metrics = [drawing.choice([1, 0.9, 0.8, 0.95, 1.1]) for _ in range(40)]
        wanted_rates = TorchJudge(plateau, (0.1,)).judge(metrics).rates
        found_rates = KerasJudge(told, (0.1,)).judge(metrics).rates
        assert all(is_close(found, ours, 0.1) for (found,), (ours,) in zip(found_rates, wanted_rates, strict=True))
