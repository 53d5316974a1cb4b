"""Bit for bit against live torch: states that were really saved and loaded, every mode, random pairs."""

import io
import os
import random
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lrcli import spec
from lrcli.errors import InputError
from lrcli.plan import Planned
from lrcli.resume import LAST_EPOCH, LOADS, Resumed
from lrcli.resume.plateau import resumed_rates
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Chained, Sequential
from lrcli.schedules.family import HUGGING_FACE, PYTORCH
from tests.draws import base_rates, child, draw, same_bits
from tests.live.holds import HOLDS
from tests.live.late import late
from tests.live.torch_run import Row, optimizer_of, torch_scheduler

torch = late("torch")


TICKS = 60
DRAWS = int(os.environ.get("LRSCHED_DRAWS", "4"))
"""Of each kind; LRSCHED_DRAWS=100 for thousands of cases."""
SINGLE = [name for name in HOLDS["test_torch"] if name not in ("sequential", "chained")]
RAISED = (ArithmeticError, AssertionError, LookupError, TypeError, ValueError, NotImplementedError)


def through_a_file(state: Any) -> Any:
    """A state dict as it is after torch.save and torch.load."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


class Framework(NamedTuple):
    """How a framework's schedulers are made and stepped."""

    construct: Callable[..., Any] = torch_scheduler
    optimizer_of: Callable[[Row], Any] = optimizer_of
    last_epoch: str = "last_epoch"
    """The argument with which it is made for a run that goes on."""
    is_told_epoch: bool = False


TORCH = Framework()


def live_rows(
    framework: Framework, old: Schedule, new: Schedule, lrs: tuple[Row, Row], at: int, load: str
) -> tuple[list[Row], str]:
    """The rows from the seam on, up to where the framework raises, and what it raised."""
    rows: list[Row] = []

    def step(scheduler: Any, tick: int) -> None:
        scheduler.step(*[tick][: int(framework.is_told_epoch)])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = framework.optimizer_of(lrs[0])
        scheduler = framework.construct(old, first)
        for tick in range(at):
            step(scheduler, tick + 1)
        saved, state = through_a_file(first.state_dict()), through_a_file(scheduler.state_dict())
        optimizer = framework.optimizer_of(lrs[1])
        try:
            if load == LAST_EPOCH:
                optimizer.load_state_dict(saved)
                scheduler = framework.construct(new, optimizer, **({framework.last_epoch: at - 1} if at else {}))
            else:
                scheduler = framework.construct(new, optimizer)
                if load in ("both", "optimizer"):
                    optimizer.load_state_dict(saved)
                if load in ("both", "scheduler"):
                    scheduler.load_state_dict(state)
            for tick in range(at, TICKS):
                if tick > at:
                    step(scheduler, tick)
                groups = optimizer.param_groups
                momenta = tuple(momentum_of(group) for group in groups) if new.cycles_momentum else ()
                row = tuple(group["lr"] for group in groups) + momenta
                if any(isinstance(value, complex) for value in row):
                    return rows, "TypeError: complex"
                rows.append(row)
        except RAISED as error:
            return rows, f"{type(error).__name__}: {error}"
    return rows, ""


def momentum_of(group: dict[str, Any]) -> float:
    """SGD's momentum, or the first of Adam's betas."""
    value: float = group["momentum"] if "momentum" in group else group["betas"][0]
    return value


def assert_equal_to(
    framework: Framework, old: Schedule, new: Schedule, lrs: tuple[Row, Row], at: int, load: str
) -> None:
    """The same float64s from the seam on, and the same words where the framework raises."""
    try:
        expected, refusal = live_rows(framework, old, new, lrs, at, load)
    except RAISED:  # OLD itself does not get that far
        return
    what = f"{old.spec} --lr {lrs[0]} | {new.spec} --lr {lrs[1]} --at {at} --load {load}: {refusal}"
    before, after = (Planned(part, Run(lr=own, ticks=TICKS)) for part, own in zip((old, new), lrs, strict=True))
    resumed, groups = Resumed(before, after, at, load), range(len(lrs[0]))
    found: list[tuple[Any, ...]] = []
    try:
        sources: list[Iterator[Any]] = [islice(resumed.rates(group), at, TICKS) for group in groups]
        if new.cycles_momentum:
            sources += [islice(resumed.momenta(group), at, TICKS) for group in groups]
        found.extend(zip(*sources, strict=True))
    except (*RAISED, InputError) as error:
        words = refusal.partition(": ")[2]
        assert refusal, f"{what}: we raise {type(error).__name__}: {error}"
        assert words.partition("\\n")[0].strip("'\"")[:60] in str(error), (what, error)
    assert len(found) == len(expected), what
    for tick, (ours, theirs) in enumerate(zip(found, expected, strict=True), at):
        for mine, other in zip(ours, theirs, strict=True):
            assert mine is None or same_bits(mine, other), f"{what} at tick {tick}: {ours} not {theirs}"


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("name", SINGLE)
def test_the_same_scheduler_with_other_values(name: str, load: str) -> None:
    rng = random.Random(f"{name} {load}")
    for _ in range(DRAWS):
        groups = rng.choice([1, 1, 2])
        old, new = (draw(rng, every()[name], groups) for _ in range(2))
        lrs = base_rates(rng, groups), base_rates(rng, groups)
        assert_equal_to(TORCH, old, new, lrs, rng.randrange(40), load)


@pytest.mark.parametrize("load", LOADS)
def test_random_pairs(load: str) -> None:
    rng = random.Random(load)
    for _ in range(DRAWS * 20):
        groups = rng.choice([1, 1, 2])
        old, new = (child(rng, groups, 0, (PYTORCH,)) for _ in range(2))
        lrs = base_rates(rng, groups), base_rates(rng, groups)
        assert_equal_to(TORCH, old, new, lrs, rng.randrange(40), load)


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("cls", [Sequential, Chained])
def test_compositions(cls: type[Schedule], load: str) -> None:
    rng = random.Random(f"{cls.__name__} {load}")
    for _ in range(DRAWS * 4):
        groups = rng.choice([1, 1, 2])
        old, new = (draw(rng, cls, groups) for _ in range(2))
        if rng.random() < 0.5:
            new = old
        lrs = base_rates(rng, groups), base_rates(rng, groups)
        assert_equal_to(TORCH, old, new, lrs, rng.randrange(40), load)


@pytest.mark.parametrize("load", LOADS)
def test_transformers(load: str) -> None:
    pytest.importorskip("transformers.optimization", reason="transformers is not installed")
    rng = random.Random(f"transformers {load}")
    for _ in range(DRAWS * 10):
        groups = rng.choice([1, 1, 2])
        old, new = (draw(rng, every()[rng.choice(HOLDS["test_huggingface"])], groups) for _ in range(2))
        if rng.random() < 0.3:
            new = child(rng, groups, 0, (PYTORCH, HUGGING_FACE))
        lrs = base_rates(rng, groups), base_rates(rng, groups)
        assert_equal_to(TORCH, old, new, lrs, rng.randrange(40), load)


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("name", HOLDS["test_timm"])
def test_timm(name: str, load: str) -> None:
    from tests.live.timm_run import construct

    timm = Framework(construct, is_told_epoch=True)
    rng = random.Random(f"{name} {load}")
    for _ in range(DRAWS):
        groups = rng.choice([1, 2])
        old, new = (draw(rng, every()[name], groups) for _ in range(2))
        lrs = base_rates(rng, groups), base_rates(rng, groups)
        assert_equal_to(timm, old, new, lrs, rng.randrange(40), load)


@pytest.mark.parametrize("load", LOADS)
def test_deepspeed(load: str) -> None:
    from tests.live import deepspeed_run

    deepspeed_run.deepspeed_schedules()
    deepspeed = Framework(deepspeed_run.construct, deepspeed_run.optimizer_of, "last_batch_iteration")
    rng = random.Random(f"DeepSpeed {load}")
    for _ in range(DRAWS * 10):
        groups = rng.choice([1, 2])
        old, new = (draw(rng, every()[rng.choice(HOLDS["test_deepspeed"])], groups) for _ in range(2))
        lrs = base_rates(rng, groups), base_rates(rng, groups)
        assert_equal_to(deepspeed, old, new, lrs, rng.randrange(40), load)


@pytest.mark.parametrize("load", [load for load in LOADS if load != LAST_EPOCH])
def test_plateau_over_a_log_that_goes_on(load: str) -> None:
    rng = random.Random(f"plateau {load}")
    for _ in range(DRAWS * 10):
        groups, at = rng.choice([1, 2]), rng.randrange(1, 40)
        old, new = (draw(rng, every()["plateau"], groups) for _ in range(2))
        lrs = base_rates(rng, groups), base_rates(rng, groups)
        metrics = [rng.choice([rng.random(), 1.0, 0.5]) for _ in range(TICKS)]
        plans = [Planned(part, Run(lr=own, ticks=TICKS)) for part, own in zip((old, new), lrs, strict=True)]
        found = resumed_rates(Resumed(plans[0], plans[1], at, load), metrics)[at:]
        first = optimizer_of(lrs[0])
        scheduler = torch_scheduler(old, first)
        for metric in metrics[:at]:
            scheduler.step(metric)
        optimizer = optimizer_of(lrs[1])
        goes_on = torch_scheduler(new, optimizer)
        if load in ("both", "optimizer"):
            optimizer.load_state_dict(through_a_file(first.state_dict()))
        if load in ("both", "scheduler"):
            goes_on.load_state_dict(through_a_file(scheduler.state_dict()))
        for metric, ours in zip(metrics[at:], found, strict=True):
            assert all(map(same_bits, ours, [group["lr"] for group in optimizer.param_groups])), (old.spec, new.spec)
            goes_on.step(metric)


def test_transformers_4383_with_the_real_trainer(tmp_path: Path) -> None:
    """A run of 2 epochs is taken up in its middle with 4: the rate jumps one step after the seam."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("accelerate", reason="accelerate is not installed")

    class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(2, 1)

        def forward(self, x: Any = None, labels: Any = None) -> dict[str, Any]:
            found = self.linear(x).squeeze(-1)
            return {"loss": ((found - labels) ** 2).mean(), "logits": found}

    def trained(folder: str, epochs: int, **more: Any) -> list[float]:
        arguments = transformers.TrainingArguments(
            output_dir=str(tmp_path / folder), num_train_epochs=epochs, learning_rate=5e-5, save_steps=8,
            per_device_train_batch_size=1, logging_steps=1, report_to=[], use_cpu=True, disable_tqdm=True,
        )  # fmt: skip
        data = [{"x": torch.ones(2), "labels": torch.tensor(1.0)} for _ in range(8)]
        trainer = transformers.Trainer(model=Model(), args=arguments, train_dataset=data)
        trainer.train(**more)
        return [logged["learning_rate"] for logged in trainer.state.log_history if "learning_rate" in logged]

    trained("old", 2)
    logged = trained("new", 4, resume_from_checkpoint=str(tmp_path / "old" / "checkpoint-8"))
    old, new = (
        spec.parse(f"hf-linear --num-warmup-steps 0 --num-training-steps {steps} --lr 5e-5").in_run(Run())
        for steps in (16, 32)
    )
    assert logged == list(islice(Resumed(old, new, 8).rates(0), 32))
