"""Generated code is executed against the live framework, and uses the rates that lrsched prints."""

import dataclasses
import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
import warnings
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from lrcli import spec
from lrcli.code import TARGETS, write
from lrcli.engine import Selection, rates, simulate
from lrcli.errors import InputError
from lrcli.pasted import parse_python
from lrcli.plan import Planned
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import DEEPSPEED, HUGGING_FACE, PYTORCH, TIMM
from lrcli.schedules.huggingface_constant import Constant
from lrcli.schedules.role import LENGTH_OF_CALL, WARMUP
from lrcli.schedules.warmups import STYLES, TORCH
from lrcli.scripts import check_file
from tests.draws import draw, same_bits
from tests.live.deepspeed_run import deepspeed_schedules
from tests.live.timm_run import timm_scheduler_module
from tests.unheard import heard

torch = pytest.importorskip("torch", reason="torch is not installed")

STREAMED = [cls for cls in every().values() if not cls.follows_metric]


def planned(text: str, run: Run | None = None) -> Planned:
    return spec.parse(text).in_run(run or Run())


def settled(schedule: Schedule, run: Run) -> Run:
    return run.settled(schedule.counts_in, schedule.reference.family)


def expected_rows(schedule: Schedule, run: Run) -> list[tuple[float, ...]]:
    rows = simulate(schedule, run, Selection())
    start = len(run.axes)
    return [row for block in rows.blocks for row in zip(*block[start : start + len(run.lrs)], strict=True)]


def rates_used(source: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, ...]]:
    """The rates of all groups at each optimizer step that the code makes."""
    used: list[tuple[float, ...]] = []
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
        expected = expected_rows(schedule, run)
    except (InputError, ArithmeticError, ValueError):  # the framework's own refusals, of lengths and of values
        return False
    try:
        source = write(schedule, run, target, amp=amp)
    except InputError as error:
        assert any(reason in str(error) for reason in TRUE_REASONS), error
        return False
    found = rates_used(source, monkeypatch)
    if run.interval != "step":
        found = found[:: run.steps_per_epoch or 1]
    assert len(found) == len(expected), source
    for tick, (ours, theirs) in enumerate(zip(expected, found, strict=True)):
        assert all(map(same_bits, ours, theirs)), f"{source}\n at tick {tick}: {ours} not {theirs}"
    return True


SEED = os.environ.get("LRSCHED_SEED", "1")
DRAWS = int(os.environ.get("LRSCHED_DRAWS", "1"))
"""Random schedules of each class, each in a random run, beside its example."""

RUNS = [
    Run(lr=0.3, ticks=12),
    Run(lr=0.3, ticks=11, steps_per_epoch=3, interval="step"),
    Run(lr=(0.3, 0.1), ticks=8),
    Run(lr=0.3, epochs=3, batches_per_epoch=7, accumulate=3, interval="step"),
]


def drawn_run(random: random.Random) -> Run:
    """A run with a bit of everything that can be said of one."""
    warmup, style = random.choice([0, 0, 1, 4]), random.choice(STYLES)
    share = random.choice([1 / 3, 0.1] if style == TORCH else [1 / 3, 0.0, 0.1])
    said = {"warmup": warmup, "warmup_style": style, "warmup_start_factor": share} if warmup else {}
    return dataclasses.replace(random.choice(RUNS), interval=random.choice([None, "epoch", "step"]), **said)


TRUE_REASONS = (
    "told the tick",
    "moves the momentum too",
    "no short form",
    "batches left at the end",
    "with the classes of timm",
    "gradients are accumulated",
)
"""What refusals say that are true."""


@pytest.mark.parametrize("cls", STREAMED, ids=lambda cls: cls.reference.name)
@pytest.mark.filterwarnings("ignore")
def test_every_framework_of_torch_has_the_bits(cls: type[Schedule], monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in a plain run, and draws in drawn runs; the accelerator, which is slower, for one of them."""
    timm_scheduler_module()
    pytest.importorskip("transformers", reason="transformers is not installed")
    drawing = random.Random(f"{SEED} {cls.reference.name}")
    executed = 0
    cases: list[tuple[Schedule, Run]] = [(spec.parse(cls.example()).schedule, drawing.choice(RUNS[:3]))]
    for _ in range(DRAWS):
        run = drawn_run(drawing)
        cases.append((draw(drawing, cls, groups=len(run.lrs)), run))
    slower, amp = "accelerate", drawing.random() < 0.1
    for place, (schedule, run) in enumerate(cases):
        last = place == len(cases) - 1 and importlib.util.find_spec(slower)
        for target in ["torch", "transformers", "timm", *([slower] if last else [])]:
            executed += assert_executed(schedule, run, target, monkeypatch, target != slower and amp)
    assert executed


LIGHTNING = [
    ("cosine --t-max 8", Run(lr=0.3, ticks=5)),
    ("onecycle --max-lr 0.1 --total-steps 10", Run(lr=0.3, ticks=10, steps_per_epoch=4)),
    ("hf-linear --num-warmup-steps 2 --num-training-steps 6", Run(epochs=2, batches_per_epoch=7, accumulate=3)),
    ("nanogpt --warmup-iters 2 --lr-decay-iters 7", Run(lr=(0.3, 0.1))),
]


@pytest.mark.parametrize(("text", "run"), LIGHTNING)
@pytest.mark.filterwarnings("ignore")
def test_lightning(text: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("lightning", reason="lightning is not installed")
    monkeypatch.chdir(tmp_path)
    assert assert_executed(spec.parse(text).schedule, run, "lightning", monkeypatch)


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


def test_the_header_is_the_whole_spec() -> None:
    schedule, run, _ = planned("cosine --warmup 5 --epochs 90 --lr 0.2")
    first = write(schedule, run).splitlines()[0]
    assert first == "# lrsched: cosine --t-max 85 --lr 0.2 --epochs 90 --warmup 5"


@pytest.mark.parametrize("target", ["torch", "transformers", "timm", "accelerate"])
def test_plateau_is_stepped_with_its_metric(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if target == "timm":
        timm_scheduler_module()
    else:
        pytest.importorskip(target, reason=f"{target} is not installed")
    source = write(spec.parse("plateau --patience 1").schedule, Run(epochs=6), target)
    assert "val_loss)" in source
    source = source.replace("val_loss = loss.item()", "val_loss = 1.0")
    used = rates_used(source, monkeypatch)
    assert used[:4] == [(0.1,)] * 3 + [(0.1 * 0.1,)]


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


TIDY = (PYTORCH, HUGGING_FACE, TIMM)


@pytest.mark.parametrize(
    "target", ["torch", "transformers", "timm", "accelerate", "lightning", "hf-args", "optax", "keras"]
)
def test_it_is_as_linters_and_formatters_want_it(target: str, tmp_path: Path) -> None:
    ruff = shutil.which("ruff") or str(Path(sys.executable).parent / "ruff")
    if not Path(ruff).exists():
        pytest.skip("ruff is not installed")
    runs = [Run(), Run(ticks=11, steps_per_epoch=3, interval="step"), Run(lr=(0.1, 0.2))]
    for number, cls in enumerate(every().values()):
        for place, run in enumerate(runs) if DRAWS > 1 else [(0, runs[number % 3])]:
            with suppress(InputError):
                schedule = spec.parse(cls.example()).schedule
                source = write(schedule, run, target)
                name = f"{cls.reference.name}_{place}.py".replace("-", "_")
                (tmp_path / name).write_text(source, encoding="utf-8")
    assert any(tmp_path.iterdir())
    # The longest formulas, of other libraries, have lines that we break otherwise or not at all.
    usual = [f"{cls.reference.name}_*.py".replace("-", "_") for cls in every().values() if cls.reference.family in TIDY]
    tidy = [str(path) for pattern in usual for path in tmp_path.glob(pattern)]
    tidy = [] if target in ("optax", "keras") else tidy  # whose lists of pieces are broken otherwise
    checked = ["check", "--select", "E,F,I,W,B"]
    commands = [[*checked, "--ignore", "E501", str(tmp_path)]]
    for command in [*commands, *([[*checked, *tidy], ["format", "--diff", *tidy]] if tidy else [])]:
        words = [ruff, command[0], "--isolated", "--no-cache", *command[1:]]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("target", ["timm", "hf-args", "deepspeed"])
def test_what_cannot_be_written_is_refused_with_what_can(target: str) -> None:
    refused = 0
    for cls in STREAMED:
        try:
            write(spec.parse(cls.example()).schedule, Run(), target)
        except InputError as error:
            refused += 1
            assert f"--to {target}: " in str(error)
    assert refused


def test_a_family_that_names_no_target_is_refused() -> None:
    with heard() as unheard:
        for cls in unheard.values():
            schedule = spec.parse(cls.example()).schedule
            for target in (None, *TARGETS):
                with pytest.raises(InputError, match=r"names no code|has no schedules of Unheard"):
                    write(schedule, Run(), target)


READ_BACK = {PYTORCH: "torch", HUGGING_FACE: "transformers", TIMM: "timm"}
"""The families whose code names the schedule itself."""


@pytest.mark.parametrize("cls", STREAMED, ids=lambda cls: cls.reference.name)
def test_it_is_read_back_and_check_finds_nothing_in_it(cls: type[Schedule], tmp_path: Path) -> None:
    """LR9xx are about scripts; what other codes say is about the schedule that was drawn."""
    drawing = random.Random(f"{SEED} {cls.reference.name}")
    for place in range(2 * DRAWS):
        run = drawn_run(drawing)
        schedule = draw(drawing, cls, groups=len(run.lrs))
        own = READ_BACK.get(cls.reference.family)
        for target in {own or "torch", drawing.choice(["torch", "transformers", "timm", "lightning", "accelerate"])}:
            path = tmp_path / f"{place}_{target}.py"
            with suppress(InputError):
                run = settled(schedule, run)
                path.write_text(write(schedule, run, target), encoding="utf-8")
                found = [finding for finding in check_file(str(path)) if finding.code.startswith("LR9")]
                # A length in steps that happens to be the number of epochs looks like a mistake to everybody.
                found = [finding for finding in found if "as many as there are epochs" not in finding.message]
                assert not found, (path.read_text(encoding="utf-8"), found)
                if target == own and not run.warmup:
                    assert same_schedule(parse_python(path.read_text(encoding="utf-8")).schedule, schedule)


def same_schedule(again: Schedule, schedule: Schedule) -> bool:
    """Whether they are the same but for what is taken and ignored."""
    ignored = {declared.name: None for declared in schedule.fields(LENGTH_OF_CALL)}
    if isinstance(schedule, Constant):  # whose warmup is taken and ignored
        ignored |= {declared.name: None for declared in schedule.fields(WARMUP)}
    return again == dataclasses.replace(schedule, **ignored)
