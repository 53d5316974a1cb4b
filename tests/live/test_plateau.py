"""Bit for bit against live ReduceLROnPlateau: torch's, timm's around it, and Keras' own."""

import inspect
import math
import os
import random
import warnings

import pytest

from lrcli.replay import Replay, WarmedUp
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.plateau import Judgement, KerasJudge, Plateau, TorchJudge
from lrcli.schedules.timm_plateau import TimmPlateau
from tests.draws import base_rates, draw
from tests.live.holds import HOLDS

Row = tuple[list[float], list[float], float, int, int]

SPECIAL = (math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 1e300, 1e-300)


def metrics(rng: random.Random, length: int) -> list[float]:
    """A metric as training gives it: falling, rising, flat, noisy or negative, now and then not a number."""
    kind, level, values = rng.randrange(5), rng.choice([1.0, -1.0, 0.0, 1e-6, 1e4]), []
    for epoch in range(length):
        value = level + (rng.gauss(0, 1), 0.0, 1 / (epoch + 1), epoch * 0.01, rng.choice([0, 1e-5, -1e-5]))[kind]
        values.append(rng.choice(SPECIAL) if rng.random() < 0.05 else value)
    return values


def in_blocks(rng: random.Random, judge: TorchJudge | KerasJudge | WarmedUp, values: list[float]) -> Judgement:
    """The judgement of `values`, given in blocks of random length."""
    whole, start = Judgement([], [], [], [], [], []), 0
    while start < len(values):
        stop = start + rng.randint(1, 20)
        for column, part in zip(whole, judge.judge(values[start:stop]), strict=True):
            column.extend(part)
        start = stop
    return whole


def rows_of(judged: Judgement) -> list[Row]:
    """Per epoch: the rates that were used, those that are left, the best, bad epochs and what is left of a cooldown."""
    columns = (judged.rates, judged.next_rates, judged.best, judged.bad_epochs, judged.cooldown)
    return [([*used], [*left], *counts) for used, left, *counts in zip(*columns, strict=True)]


def assert_same(judged: Judgement, live: list[Row], plateau: Schedule, lrs: tuple[float, ...], values: object) -> None:
    """The same bits in every epoch: repr tells 0.0 from -0.0, and nan is nan."""
    assert list(map(repr, rows_of(judged))) == list(map(repr, live)), f"{plateau.spec} --lr {lrs} {values}"


def random_plateau(rng: random.Random, groups: int) -> Plateau:
    drawn = draw(rng, every()["plateau"], groups=groups)
    assert isinstance(drawn, Plateau)
    return drawn


def test_equal_to_torch() -> None:
    torch = pytest.importorskip("torch")
    rng = random.Random(13)
    events = set()
    for _ in range(400):
        groups = rng.choice([1, 1, 2])
        plateau, lrs, values = random_plateau(rng, groups), base_rates(rng, groups), metrics(rng, 60)
        optimizer = torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs])
        options = {declared.name: value for declared, value in plateau.items()}
        options["min_lr"] = list(plateau.min_lr) if isinstance(plateau.min_lr, tuple) else plateau.min_lr
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        judged = in_blocks(rng, TorchJudge(plateau, lrs), values)
        live: list[Row] = []
        for value in values:
            used = [float(group["lr"]) for group in optimizer.param_groups]
            scheduler.step(value)
            left = [float(group["lr"]) for group in optimizer.param_groups]
            live.append((used, left, scheduler.best, scheduler.num_bad_epochs, scheduler.cooldown_counter))
        assert_same(judged, live, plateau, lrs, values)
        events |= set(judged.event)
    assert events == {"", "improved", "reduced", "blocked", "cooldown"}


def test_equal_to_keras() -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    rng = random.Random(17)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.build((None, 1))
    for _ in range(80):
        plateau, (lr,), values = random_plateau(rng, 1), base_rates(rng, 1), metrics(rng, 40)
        model.compile(optimizer=keras.optimizers.SGD(lr), loss="mse")
        callback = keras.callbacks.ReduceLROnPlateau(
            monitor="val_loss",
            factor=plateau.factor,
            patience=plateau.patience,
            mode=plateau.mode,
            min_delta=plateau.threshold,
            cooldown=plateau.cooldown,
            min_lr=plateau.min_lr,
        )
        callback.set_model(model)
        callback.on_train_begin()
        judged = in_blocks(rng, KerasJudge(plateau, (lr,)), values)
        live: list[Row] = []
        for epoch, value in enumerate(values):
            used = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
            callback.on_epoch_end(epoch, {"val_loss": value})
            left = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
            live.append(([used], [left], callback.best, callback.wait, callback.cooldown_counter))
        assert_same(judged, live, plateau, (lr,), values)


def test_equal_to_timm() -> None:
    pytest.importorskip("torch")
    from tests.live.timm_run import timm_scheduler_module
    from tests.live.torch_run import optimizer_of

    theirs = timm_scheduler_module().PlateauLRScheduler
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(theirs).parameters.items()
        if name not in ("optimizer", "initialize") and not name.startswith("noise")
    }
    assert {name: declared.default for name, declared in TimmPlateau.params().items()} == defaults
    rng = random.Random(19)
    events = set()
    for _ in range(300):
        groups = rng.choice([1, 1, 2])
        plateau, lrs, values = draw(rng, TimmPlateau, groups=groups), base_rates(rng, groups), metrics(rng, 60)
        assert isinstance(plateau, TimmPlateau) and plateau.reference.name in HOLDS["test_plateau"]
        optimizer = optimizer_of(lrs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            scheduler = theirs(optimizer, **{declared.name: value for declared, value in plateau.items()})
        judged = in_blocks(rng, Replay(lr=lrs if groups > 1 else lrs[0]).judge(plateau), values)
        live: list[Row] = []
        for epoch, value in enumerate(values):
            used = [float(group["lr"]) for group in optimizer.param_groups]
            scheduler.step(epoch + 1, value)
            left = [float(group["lr"]) for group in optimizer.param_groups]
            inner = scheduler.lr_scheduler
            live.append((used, left, inner.best, inner.num_bad_epochs, inner.cooldown_counter))
        assert_same(judged, live, plateau, lrs, values)
        events |= set(judged.event)
    assert events == {"", "improved", "reduced", "blocked", "cooldown", "warmup"}


def test_what_timm_saves_of_a_plateau() -> None:
    pytest.importorskip("torch")
    from tests.live.timm_run import timm_scheduler_module
    from tests.live.torch_run import optimizer_of

    assert "best and last_epoch alone" in (TimmPlateau.__doc__ or "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        scheduler = timm_scheduler_module().PlateauLRScheduler(optimizer_of((0.1,)))
    assert scheduler.state_dict().keys() == {"best", "last_epoch"}
