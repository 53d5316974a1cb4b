"""Code for Lightning is run by its Trainer, and uses the rates that lrsched prints."""

import contextlib
import io
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrcli import spec
from lrcli.code import write
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.plateau import Plateau, TorchJudge
from tests.code_runs import DRAWS, SEED, TRUE_REASONS, drawn_run, settled
from tests.draws import draw, same_bits
from tests.live.late import late
from tests.live.test_code import expected_updates, rates_used

torch = late("torch")

STREAMED = [cls for cls in every().values() if not cls.follows_metric]
RUNS_OF_THE_TRAINER = 16
"""Random schedules of random classes in random runs."""

CASES = [
    ("cosine --t-max 8", Run(lr=0.3, ticks=5)),
    ("onecycle --max-lr 0.1 --total-steps 10", Run(lr=0.3, ticks=10, steps_per_epoch=4)),
    ("hf-linear --num-warmup-steps 2 --num-training-steps 6", Run(epochs=2, batches_per_epoch=7, accumulate=3)),
]


def cases() -> Iterator[tuple[Schedule, Run, bool]]:
    for text, run in CASES:
        yield spec.parse(text).schedule, run, False
    drawing = random.Random(f"{SEED} lightning")
    for _ in range(RUNS_OF_THE_TRAINER * DRAWS):
        run = drawn_run(drawing)
        yield draw(drawing, drawing.choice(STREAMED), groups=len(run.lrs)), run, drawing.random() < 0.4


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Lightning, whose Trainer writes nothing."""
    lightning: Any = pytest.importorskip("lightning", reason="lightning is not installed")
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    trainer = lightning.Trainer
    monkeypatch.setattr(lightning, "Trainer", lambda **given: trainer(accelerator="cpu", **quiet, **given))
    monkeypatch.chdir(tmp_path)
    return lightning


def run_by_the_trainer(source: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, ...]]:
    with warnings.catch_warnings(action="ignore"), contextlib.redirect_stderr(io.StringIO()):
        return rates_used(source, monkeypatch)


def test_lightning(quick: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One test, and not one for each case: to import Lightning takes longer than all of them."""
    executed = 0
    for schedule, run, amp in cases():
        try:
            run = settled(schedule, run)
            expected = expected_updates(schedule, run)
        except (InputError, ArithmeticError, ValueError):
            continue
        try:
            source = write(schedule, run, "lightning", amp=amp)
        except InputError as error:
            assert any(reason in str(error) for reason in TRUE_REASONS), error
            continue
        found = run_by_the_trainer(source, monkeypatch)
        assert len(found) == len(expected), source
        for update, (ours, theirs) in enumerate(zip(expected, found, strict=True)):
            assert all(map(same_bits, ours, theirs)), f"{source}\n at update {update}: {ours} not {theirs}"
        executed += 1
    assert executed >= RUNS_OF_THE_TRAINER // 2
    assert_plateaus_are_cut(monkeypatch)


def assert_plateaus_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """As our judge cuts them, by the metric that the trainer found in its monitor."""
    drawing = random.Random(f"{SEED} plateau")
    cuts = 0
    for _ in range(4 * DRAWS):
        lrs = drawing.choice([(0.3,), (0.3, 0.1)])
        plateau = Plateau(
            mode=drawing.choice(["min", "max"]), factor=0.5, patience=drawing.choice([0, 1]), threshold_mode="abs",
            threshold=drawing.choice([0.0, 9.0]), cooldown=drawing.choice([0, 1]), min_lr=drawing.choice([0.0, 0.05]),
        )  # fmt: skip
        size, accumulate = drawing.choice([(1, 1), (3, 1), (2, 2)])
        source = write(plateau, Run(lr=lrs, epochs=6, steps_per_epoch=size, accumulate=accumulate), "lightning")
        metrics: list[float] = []
        judged = torch.optim.lr_scheduler.ReduceLROnPlateau.step

        def step(self: Any, value: Any, *more: Any, judged: Any = judged, metrics: Any = metrics) -> None:
            metrics.append(float(value))
            judged(self, value, *more)

        with monkeypatch.context() as patch:
            patch.setattr(torch.optim.lr_scheduler.ReduceLROnPlateau, "step", step)
            found = run_by_the_trainer(source, monkeypatch)
        assert len(metrics) == 6
        expected = list(TorchJudge(plateau, lrs).judge(metrics).rates)
        assert found == [tuple(rates) for rates in expected[:6] for _ in range(size)], source
        cuts += expected[0] != expected[5]
    assert cuts
