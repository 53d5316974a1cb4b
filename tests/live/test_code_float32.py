"""Generated code for optax and Keras is executed, and has our rates as far as float32 goes."""

import dataclasses
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
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
from tests.code_runs import DRAWS, SEED
from tests.draws import draw
from tests.live import keras_fit

STREAMED = [cls for cls in every().values() if not cls.follows_metric]
TICKS = 60
MOST_COMPARED = 24
"""Updates of a case that are compared, the first and the last among them."""

RUN_WHOLE = 6
"""Cases whose whole script is run, by the framework's own loop."""


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
        if DRAWS == 1 and drawing.random() < 0.5:
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


def check_all(target: str, groups: int, rates_of: Callable[[str, Run, Sequence[int]], list[list[float]]]) -> None:
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
        last = len(expected[0]) * size - 1
        drawing = random.Random(source)
        updates = sorted([0, last, *(drawing.randint(0, last) for _ in range(MOST_COMPARED))])
        try:
            found = rates_of(source, run, updates)
        except Exception as error:
            raise AssertionError(f"seed {SEED}: {run}\n{source}") from error
        for ours, theirs in zip(expected, found, strict=True):
            peak = max(map(abs, ours))
            for update, rate in zip(updates, theirs, strict=True):
                assert is_close(rate, ours[update // size], peak), f"seed {SEED}: at {update}, {rate}, {run}\n{source}"
    assert len(refused) <= len(STREAMED) // 8, refused


def run_whole(target: str, rates_of: Callable[[str], list[list[float]]], groups: tuple[int, ...] = (1,)) -> None:
    """A few random scripts, run from their first line to their last, make our updates and no others."""
    drawing = random.Random(f"{SEED} {target} whole")
    done = 0
    while done < RUN_WHOLE * DRAWS:
        count = drawing.choice(groups)
        run = dataclasses.replace(drawn_run(drawing, count), ticks=drawing.choice([5, 7, 9]), lr=(0.3, 0.01)[:count])
        try:
            case = written(draw(drawing, drawing.choice(STREAMED), groups=count), run, target, amp=False)
        except InputError:
            continue
        if case is None:
            continue
        source, run, expected = case
        size = (run.steps_per_epoch or 1) if run.interval != STEP else 1
        found = rates_of(source)
        ours = [[curve[tick] for curve in expected] for tick in range(len(expected[0])) for _ in range(size)]
        peak = max(abs(rate) for curve in expected for rate in curve)
        if target == "optax":  # a batch whose gradients are only accumulated changes nothing
            found, ours = [rates for rates in found if any(rates)], [rates for rates in ours if any(rates)]
        assert len(found) == len(ours), f"seed {SEED}\n{source}"
        for these, those in zip(found, ours, strict=True):
            assert all(is_close(one, other, peak) for one, other in zip(these, those, strict=True)), source
        done += 1


def optax_rates(source: str, run: Run, updates: Sequence[int]) -> list[list[float]]:
    """The rates of these updates; what cannot be traced, as jit does, fails."""
    import jax

    names: dict[str, Any] = {}
    exec(compile(source.partition("\noptimizer = ")[0], "generated", "exec"), names)
    labels = [f"_{group}" for group in range(len(run.lrs))] if len(run.lrs) > 1 else [""]
    steps = jax.numpy.asarray(updates, "int32")
    return [jax.vmap(names[f"learning_rate{label}"])(steps).tolist() for label in labels]


@pytest.mark.parametrize("groups", [1, 2])
def test_optax(groups: int) -> None:
    pytest.importorskip("optax", reason="optax is not installed")
    check_all("optax", groups, optax_rates)


def test_the_scripts_of_optax_make_these_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under jit, as they are written: what a step takes from the weights is the rate, for a gradient of 1."""
    optax = pytest.importorskip("optax", reason="optax is not installed")
    import jax

    changes: list[list[float]] = []

    def applied(params: Any, updates: Any, apply: Any = optax.apply_updates) -> Any:
        jax.debug.callback(
            lambda told: changes.append([-float(one[0]) for one in told.values()]), updates, ordered=True
        )
        return apply(params, updates)

    def rates_of(source: str) -> list[list[float]]:
        changes.clear()
        exec(compile(source, "generated", "exec"), {})
        jax.effects_barrier()
        return list(changes)

    monkeypatch.setattr(optax, "apply_updates", applied)
    run_whole("optax", rates_of, groups=(1, 1, 2))


def keras_rates(source: str, run: Run, updates: Sequence[int]) -> list[list[float]]:
    """The rates of these updates that the optimizer or the callback of the code sets."""
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
        return [[schedules[0].schedule(update // size) for update in updates]]
    rate = fitted["optimizer"]._learning_rate
    if not callable(rate):
        return [[float(rate)] * len(updates)]
    return [[float(rate((update + 1) * run.accumulate - 1)) for update in updates]]


def test_keras() -> None:
    pytest.importorskip("keras", reason="keras is not installed")
    check_all("keras", 1, keras_rates)


def test_the_scripts_of_keras_make_these_updates() -> None:
    pytest.importorskip("keras", reason="keras is not installed")
    run_whole("keras", lambda source: [[rate] for rate in keras_fit.rates_of(source)])


def test_the_scripts_of_keras_make_these_updates_on_jax() -> None:
    """In a process of their own: Keras has one backend."""
    pytest.importorskip("keras", reason="keras is not installed")
    pytest.importorskip("jax", reason="jax is not installed")
    texts = [
        "hf-cosine --num-warmup-steps 2 --num-training-steps 7 --steps 7 --accumulate 2 --steps-per-epoch 3",
        "hf-linear --num-warmup-steps 2 --num-training-steps 6 --steps 6",
        "step --step-size 2 --gamma 0.5 --epochs 4 --steps-per-epoch 2",
    ]
    planned = [spec.parse(text).in_run(Run()) for text in texts]
    sources = [write(one.schedule, one.run, "keras") for one in planned]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", keras_fit.__file__],
        input=json.dumps(sources), capture_output=True, text=True, env={**os.environ, "KERAS_BACKEND": "jax"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for (schedule, run, _), found, source in zip(planned, json.loads(done.stdout), sources, strict=True):
        size = (run.steps_per_epoch or 1) if run.interval != STEP else 1
        ours = [rate for rate in wanted(schedule, run, 0) for _ in range(size)]
        assert len(found) == len(ours), source
        assert all(is_close(one, other, max(ours)) for one, other in zip(found, ours, strict=True)), source


def drawn_plateau(drawing: random.Random, mode: str, threshold_mode: str) -> Plateau:
    return Plateau(
        mode=mode,
        factor=0.5,
        patience=drawing.choice([0, 1, 3]),
        threshold=drawing.choice([0.01, 1e-4]),
        threshold_mode=threshold_mode,
        cooldown=drawing.choice([0, 0, 1, 3]),
        eps=0.0,
    )


def drawn_metrics(drawing: random.Random) -> list[float]:
    return [drawing.choice([1, 0.9, 0.8, 0.95, 1.1]) for _ in range(40)]


def test_the_plateau_of_keras_cuts_when_torch_cuts() -> None:
    """The arguments of the callback, in our model of it, which tests/live/test_plateau.py holds to Keras."""
    drawing = random.Random(SEED)
    for _ in range(300):
        plateau = drawn_plateau(drawing, drawing.choice(["min", "max"]), "abs")
        source = write(plateau, Run(epochs=40), "keras")
        given = dict(re.findall(r"(patience|cooldown)=(\d+)", source))
        told = dataclasses.replace(plateau, patience=int(given["patience"]), cooldown=int(given.get("cooldown", 0)))
        metrics = drawn_metrics(drawing)
        wanted_rates = TorchJudge(plateau, (0.1,)).judge(metrics).rates
        found_rates = KerasJudge(told, (0.1,)).judge(metrics).rates
        assert all(is_close(found, ours, 0.1) for (found,), (ours,) in zip(found_rates, wanted_rates, strict=True))


def test_the_plateau_of_optax_cuts_when_torch_cuts() -> None:
    """The whole script, with a metric for each epoch."""
    pytest.importorskip("optax", reason="optax is not installed")
    drawing = random.Random(SEED)
    cuts = 0
    for _ in range(2 * DRAWS):
        plateau = drawn_plateau(drawing, "min", drawing.choice(["rel", "abs"]))
        metrics = drawn_metrics(drawing)
        source = write(plateau, Run(epochs=40, steps_per_epoch=2), "optax")
        assert "val_loss = 1.0  # your validation" in source
        scales: list[float] = []
        names = {"metrics": metrics, "print": lambda epoch, scale, scales=scales: scales.append(float(scale))}
        exec(compile(source.replace("val_loss = 1.0", "val_loss = metrics[epoch]"), "generated", "exec"), names)
        wanted_rates = TorchJudge(plateau, (0.1,)).judge(metrics).rates
        assert len(scales) == 40
        assert all(is_close(0.1 * scale, ours, 0.1) for scale, (ours,) in zip(scales, wanted_rates, strict=True)), (
            source
        )
        cuts += scales[-1] < 1
    assert cuts


def test_the_root_of_nothing_is_a_number_under_jit() -> None:
    """optax's polynomial_schedule, compiled, is not a number where a root ends: its rates are listed."""
    jax = pytest.importorskip("jax", reason="jax is not installed")
    pytest.importorskip("optax", reason="optax is not installed")
    schedule = spec.parse("timm-poly --t-initial 6 --power 0.1 --lr-min 0.01").schedule
    names: dict[str, Any] = {}
    exec(write(schedule, Run(lr=0.3, ticks=9), "optax").partition("\noptimizer = ")[0], names)
    found = jax.jit(jax.vmap(names["learning_rate"]))(jax.numpy.arange(9)).tolist()
    assert all(is_close(one, ours, 0.3) for one, ours in zip(found, rates(schedule, (0.3,)), strict=False))
