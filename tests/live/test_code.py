"""Generated code is executed against the live framework, and uses the rates that lrsched prints."""

import random
from contextlib import suppress
from typing import Any

import pytest

from lrcli import spec
from lrcli.code import TARGETS, write
from lrcli.engine import Selection, simulate
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from tests.draws import draw, same_bits
from tests.live.timm_run import timm_scheduler_module

torch = pytest.importorskip("torch", reason="torch is not installed")

STREAMED = [cls for cls in every().values() if cls.reference.name != "plateau"]


def expected_rows(schedule: Schedule, run: Run) -> list[tuple[float, ...]]:
    rows = simulate(schedule, run, Selection())
    start = len(run.axes)
    return [row for block in rows.blocks for row in zip(*block[start : start + len(run.lrs)], strict=True)]


def rates_used(source: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, ...]]:
    """The rates of all groups at each optimizer step that the code makes; one per epoch where it steps per epoch."""
    used: list[tuple[float, ...]] = []
    step = torch.optim.SGD.step

    def recorded(self: Any, *arguments: Any, **named: Any) -> Any:
        used.append(tuple(float(group["lr"]) for group in self.param_groups))
        return step(self, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.SGD, "step", recorded)
        # The loop calls step() once more after the last epoch, as loops do; a schedule may end there.
        with suppress(ArithmeticError, ValueError):
            exec(compile(source, "generated", "exec"), {"__name__": "generated"})
    return used if run.interval == "step" else used[:: run.steps_per_epoch or 1]


def assert_executed(schedule: Schedule, run: Run, target: str | None, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the target could express it; if so, that it uses the same rates."""
    try:
        expected = expected_rows(schedule, run)
        source = write(schedule, run, target)
    except InputError:
        return False
    found = rates_used(source, run, monkeypatch)[: len(expected)]
    assert len(found) == len(expected), source
    for tick, (ours, theirs) in enumerate(zip(expected, found, strict=True)):
        assert all(map(same_bits, ours, theirs)), f"{source}\n at tick {tick}: {ours} not {theirs}"
    return True


def home_is_there(cls: type[Schedule]) -> None:
    home = cls.reference.family.code[0]
    if home == "timm":
        timm_scheduler_module()
    elif home == "transformers":
        pytest.importorskip("transformers", reason="transformers is not installed")


@pytest.mark.parametrize("cls", STREAMED, ids=lambda cls: cls.reference.name)
@pytest.mark.filterwarnings("ignore")
def test_in_its_own_framework_and_in_torch(cls: type[Schedule], monkeypatch: pytest.MonkeyPatch) -> None:
    home_is_there(cls)
    rng = random.Random(cls.reference.name)
    runs = [
        Run(lr=0.3, epochs=12),
        Run(lr=0.3, epochs=4, steps_per_epoch=3, interval="step"),
        Run(lr=(0.3, 0.1), epochs=8),
    ]
    executed = 0
    for run in runs:
        for schedule in [spec.parse(cls.example()).schedule, *(draw(rng, cls, groups=len(run.lrs)) for _ in range(3))]:
            executed += assert_executed(schedule, run, None, monkeypatch)
            executed += assert_executed(schedule, run, "torch", monkeypatch)
    assert executed >= 4


@pytest.mark.filterwarnings("ignore")
def test_warmup_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(lr=0.3, epochs=12, warmup=4, steps_per_epoch=2)
    assert assert_executed(spec.parse("cosine --t-max 8").schedule, run, "torch", monkeypatch)


def test_plateau_is_stepped_with_its_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(spec.parse("plateau --patience 1").schedule, Run(epochs=6))
    assert "scheduler.step(metric)" in source
    used = rates_used(source, Run(epochs=6), monkeypatch)
    assert used[0] == (0.1,)
    assert used[-1] == (0.1 * 0.1 * 0.1,) or used[-1] == (0.1 * 0.1,)


NEAR = [
    "cosine --t-max 30",
    "exponential --gamma 0.9",
    "step --step-size 4",
    "multistep --milestones 3,3,7",
    "polynomial --total-iters 9 --power 2",
    "linear --total-iters 6",
    "constant --total-iters 4",
    "hf-linear --num-warmup-steps 3 --num-training-steps 12",
    "hf-cosine --num-warmup-steps 3 --num-training-steps 12",
    "inverse-time --decay-steps 5 --decay-rate 0.5",
    "sequential linear 'cosine --t-max 7' --milestones 5",
]


@pytest.mark.parametrize("text", NEAR)
def test_optax(text: str) -> None:
    pytest.importorskip("optax", reason="optax is not installed")
    schedule, run = spec.parse(text).schedule, Run(lr=0.3, epochs=12)
    try:
        source = write(schedule, run, "optax")
    except InputError as refused:
        assert "--to torch" in str(refused)
        assert text.startswith("inverse-time")
        return
    names: dict[str, Any] = {}
    exec(compile(source, "generated", "exec"), names)
    for tick, (expected,) in enumerate(expected_rows(schedule, run)):
        assert float(names["learning_rate"](tick)) == pytest.approx(expected, rel=2e-6, abs=1e-8), "optax has float32"


@pytest.mark.parametrize("text", NEAR)
def test_keras(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keras = pytest.importorskip("keras", reason="keras is not installed")
    schedule, run = spec.parse(text).schedule, Run(lr=0.3, epochs=12)
    try:
        source = write(schedule, run, "keras")
    except InputError as refused:
        assert "--to torch" in str(refused)
        return
    used: list[float] = []
    model = keras.Model

    def fit(self: Any, *arguments: Any, epochs: int, callbacks: list[Any], **named: Any) -> None:
        used.extend(callbacks[0].schedule(epoch) for epoch in range(epochs))

    with monkeypatch.context() as patch:
        patch.setattr(model, "fit", fit)
        exec(compile(source, "generated", "exec"), {})
    for found, (expected,) in zip(used, expected_rows(schedule, run), strict=True):
        assert found == pytest.approx(expected, rel=2e-6, abs=1e-8), "Keras has float32"


@pytest.mark.parametrize("target", TARGETS)
def test_what_cannot_be_written_is_refused_with_what_can(target: str) -> None:
    refused = 0
    for cls in STREAMED:
        try:
            write(spec.parse(cls.example()).schedule, Run(), target)
        except InputError as error:
            refused += 1
            assert f"--to {target}: " in str(error)
            assert "writes" in str(error) or "write" in str(error)
    assert refused == 0 if target == "torch" else refused > 0
