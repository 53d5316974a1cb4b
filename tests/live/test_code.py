"""Generated code is executed against the live framework, and uses the rates that lrsched prints."""

import importlib
import importlib.util
import json
import random
import warnings
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from lrcli import spec
from lrcli.code import write
from lrcli.engine import Selection, rates, simulate
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import DEEPSPEED, HUGGING_FACE
from tests.code_runs import DRAWS, RUNS, SEED, TRUE_REASONS, drawn_run, settled
from tests.draws import draw, same_bits
from tests.live.deepspeed_run import deepspeed_schedules
from tests.live.late import late
from tests.live.timm_run import timm_scheduler_module

torch = late("torch")

STREAMED = [cls for cls in every().values() if not cls.follows_metric]


def expected_updates(schedule: Schedule, run: Run) -> list[tuple[float, ...]]:
    """The rates of all groups at each optimizer step of a settled run."""
    rows = simulate(schedule, run, Selection())
    start = len(run.axes)
    each = [row for block in rows.blocks for row in zip(*block[start : start + len(run.lrs)], strict=True)]
    return each if run.interval == "step" else [row for row in each for _ in range(run.steps_per_epoch or 1)]


def rates_used(
    source: str, monkeypatch: pytest.MonkeyPatch, used: list[tuple[float, ...]] | None = None
) -> list[tuple[float, ...]]:
    """The rates of all groups at each optimizer step that the code makes; `used` has them as they are made."""
    used = [] if used is None else used
    if "accelerate" in source:  # an Accelerator keeps the precision of the one before it
        importlib.import_module("accelerate.state").AcceleratorState._reset_state(reset_partial_state=True)
    with monkeypatch.context() as patch:
        for optimizer in (torch.optim.SGD, torch.optim.AdamW):

            def recorded(self: Any, *arguments: Any, step: Any = optimizer.step, **named: Any) -> Any:
                used.append(tuple(float(group["lr"]) for group in self.param_groups))
                return step(self, *arguments, **named)

            patch.setattr(optimizer, "step", recorded)
        # The loop calls step() once more after the last epoch, as loops do; a schedule may end there.
        with suppress(ArithmeticError, ValueError), warnings.catch_warnings(action="ignore"):
            exec(compile(source, "generated", "exec"), {"__name__": "generated"})
    return used


def assert_executed(
    schedule: Schedule, run: Run, target: str | None, monkeypatch: pytest.MonkeyPatch, amp: bool = False
) -> bool:
    """Whether the target could express it; if so, that it uses the same rates."""
    try:
        run = settled(schedule, run)
        expected = expected_updates(schedule, run)
    except (InputError, ArithmeticError, ValueError):  # the framework's own refusals, of lengths and of values
        return False
    try:
        source = write(schedule, run, target, amp=amp)
    except InputError as error:
        assert any(reason in str(error) for reason in TRUE_REASONS), error
        return False
    # fp16 wants a GPU, and Accelerate says so; Accelerate's bf16 is the same loop.
    found = rates_used(source.replace('"fp16"', '"bf16"'), monkeypatch)
    assert len(found) == len(expected), source
    for tick, (ours, theirs) in enumerate(zip(expected, found, strict=True)):
        assert all(map(same_bits, ours, theirs)), f"{source}\n at tick {tick}: {ours} not {theirs}"
    return True


@pytest.mark.parametrize("cls", STREAMED, ids=lambda cls: cls.reference.name)
@pytest.mark.filterwarnings("ignore")
def test_every_framework_of_torch_has_the_bits(cls: type[Schedule], monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in a plain run, and draws in drawn runs; the last with one of two, and the slower accelerator."""
    timm_scheduler_module()
    pytest.importorskip("transformers", reason="transformers is not installed")
    drawing = random.Random(f"{SEED} {cls.reference.name}")
    executed = 0
    cases: list[tuple[Schedule, Run]] = [(spec.parse(cls.example()).schedule, drawing.choice(RUNS[:3]))]
    for _ in range(DRAWS):
        run = drawn_run(drawing)
        cases.append((draw(drawing, cls, groups=len(run.lrs)), run))
    slower, amp = "accelerate", drawing.random() < 0.2
    for place, (schedule, run) in enumerate(cases):
        last = place == len(cases) - 1
        others = [drawing.choice(["transformers", "timm"])] if last else ["transformers", "timm"]
        for target in ["torch", *others, *([slower] if last and importlib.util.find_spec(slower) else [])]:
            executed += assert_executed(schedule, run, target, monkeypatch, amp)
    assert executed


@pytest.mark.parametrize("interval", ["epoch", "step"])
@pytest.mark.filterwarnings("ignore")
def test_mixed_precision(interval: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(lr=0.3, epochs=4, steps_per_epoch=3, interval=interval)
    schedule = spec.parse("cosine --t-max 12").schedule
    assert assert_executed(schedule, run, "torch", monkeypatch, amp=True)
    source = write(schedule, run, "torch", amp=True)
    assert source.index("scaler.step(optimizer)") < source.index("scaler.update()") < source.index("scheduler.step()")


@pytest.mark.filterwarnings("ignore")
def test_warmup_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(lr=0.3, epochs=12, warmup=4, steps_per_epoch=2)
    assert assert_executed(spec.parse("cosine --t-max 8").schedule, run, "torch", monkeypatch)


@pytest.mark.parametrize("target", ["torch", "transformers", "timm", "accelerate"])
def test_plateau_is_stepped_with_its_metric(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if target == "timm":
        timm_scheduler_module()
    else:
        pytest.importorskip(target, reason=f"{target} is not installed")
    for text in ("plateau --patience 1", "timm-plateau --patience-t 1 --mode min"):
        source = write(spec.parse(text).schedule, Run(epochs=6), target)
        assert "val_loss)" in source
        source = source.replace("val_loss = loss.item()", "val_loss = 1.0")
        used = rates_used(source, monkeypatch)
        assert used == [(0.1,)] * 3 + [(0.1 * 0.1,)] * 2 + [(0.1 * 0.1 * 0.1,)]


@pytest.mark.filterwarnings("ignore")
def test_accelerate_steps_the_scheduler_with_the_steps_that_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scaler is simulated: there is none without a GPU. It skips the third step and the fourth."""
    accelerate: Any = pytest.importorskip("accelerate", reason="accelerate is not installed")
    run = Run(lr=0.3, epochs=2, steps_per_epoch=4, accumulate=2, interval="step")
    source = write(spec.parse("exponential --gamma 0.5").schedule, run, "accelerate", amp=True)
    used: list[tuple[float, ...]] = []
    skips = property(lambda self: len(used) in (3, 4))
    monkeypatch.setattr(accelerate.optimizer.AcceleratedOptimizer, "step_was_skipped", skips)
    rates_used(source.replace('"fp16"', '"bf16"'), monkeypatch, used)
    assert used == [(0.3 * 0.5**made,) for made in (0, 1, 2, 2, 2, 3, 4, 5)]


HF = [cls for cls in every().values() if cls.reference.family is HUGGING_FACE]


@pytest.mark.parametrize("cls", HF, ids=lambda cls: cls.reference.name)
@pytest.mark.filterwarnings("ignore")
def test_arguments_of_the_trainer(cls: type[Schedule], tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    yaml = pytest.importorskip("yaml")
    rng, written = random.Random(cls.reference.name), 0
    for schedule in [spec.parse(cls.example()).schedule, *(draw(rng, cls) for _ in range(3 * DRAWS))]:
        run = settled(schedule, Run(lr=0.3, accumulate=2))
        try:
            source = write(schedule, run, "hf-args")
        except InputError:
            continue
        names: dict[str, Any] = {}
        exec(source, names)
        arguments = names["arguments"]
        text = source.partition("HfArgumentParser:\n")[2].replace("#   ", "")
        assert {k: getattr(arguments, k) for k in yaml.safe_load(text)} == {
            **yaml.safe_load(text), "lr_scheduler_type": arguments.lr_scheduler_type
        }  # fmt: skip
        model = torch.nn.Linear(1, 1)
        trainer = transformers.Trainer(model=model, args=arguments)
        trainer.create_optimizer()
        scheduler = trainer.create_scheduler(num_training_steps=arguments.max_steps)
        written += 1
        for expected in islice(rates(schedule, run.lrs), min(run.length(schedule), 150)):
            assert same_bits(scheduler.get_last_lr()[0], expected), source
            scheduler.optimizer.step()
            scheduler.step()
    assert written


DS = [cls for cls in every().values() if cls.reference.family is DEEPSPEED]


@pytest.mark.parametrize("cls", DS, ids=lambda cls: cls.reference.name)
def test_deepspeed(cls: type[Schedule]) -> None:
    module = deepspeed_schedules()
    rng = random.Random(cls.reference.name)
    for schedule in [spec.parse(cls.example()).schedule, *(draw(rng, cls) for _ in range(5))]:
        block = json.loads(write(schedule, Run(lr=0.3), "deepspeed"))
        optimizer = torch.optim.AdamW(torch.nn.Linear(1, 1).parameters(), **block["optimizer"]["params"])
        scheduler = getattr(module, block["scheduler"]["type"])(optimizer, **block["scheduler"]["params"])
        with suppress(ArithmeticError):
            for tick, expected in enumerate(islice(rates(schedule, (0.3,)), 50)):
                assert same_bits(float(optimizer.param_groups[0]["lr"]), expected), (schedule.spec, tick)
                scheduler.step()
