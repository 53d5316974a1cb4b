"""Generated code as a reviewer reads it: tidy, free of findings, read back as the schedule that it was made from."""

import dataclasses
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lrcli import spec
from lrcli.code import TARGETS, write
from lrcli.configs.reading import Reading
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import DEEPSPEED, FAMILIES, HUGGING_FACE, PYTORCH, TIMM, Family
from lrcli.schedules.huggingface_constant import Constant
from lrcli.schedules.role import LENGTH, LENGTH_OF_CALL, WARMUP
from lrcli.schedules.warmups import TORCH
from lrcli.scripts import check_file
from lrcli.scripts.rule import Script
from lrcli.scripts.source import ScriptText
from tests.code_runs import DRAWS, RUNS, SEED, drawn_run, settled
from tests.draws import draw
from tests.unheard import heard

OWN = {
    PYTORCH: ("torch", "lightning", "accelerate"),
    HUGGING_FACE: ("transformers", "lightning", "accelerate", "hf-args"),
    TIMM: ("timm",),
    DEEPSPEED: ("deepspeed",),
}
"""The targets that name the schedules of a family themselves, so that they can be read back."""


def cases(family: Family) -> Iterator[tuple[Schedule, Run, tuple[str, ...], bool]]:
    """Examples for all targets, and draws in drawn runs for some: the schedule, its run, the targets, and amp."""
    for number, cls in enumerate(cls for cls in every().values() if cls.reference.family is family):
        drawing = random.Random(f"{SEED} {cls.reference.name}")
        yield spec.parse(cls.example()).schedule, RUNS[number % 3], TARGETS, number % 2 == 1
        for _ in range(DRAWS):
            run = drawn_run(drawing)
            schedule = draw(drawing, cls, groups=len(run.lrs))
            chosen = {*OWN.get(family, ("torch",)), *drawing.sample(TARGETS, 3 if DRAWS == 1 else len(TARGETS))}
            with suppress(InputError):  # the framework's own refusals, of lengths and of values
                yield schedule, settled(schedule, run), tuple(sorted(chosen)), drawing.random() < 0.3


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_written(family: str, tmp_path: Path) -> None:
    """As linters and formatters want it, without a finding, and read back; a refusal names what can be written."""
    written = 0
    for place, (schedule, run, targets, amp) in enumerate(cases(FAMILIES[family])):
        for target in targets:
            try:
                source = write(schedule, run, target, amp=amp)
            except InputError as error:
                assert_true(str(error), target, schedule, run)
                continue
            written += 1
            suffix = "json" if target == "deepspeed" else "py"
            path = tmp_path / f"{place}_{target}_{schedule.reference.name}.{suffix}".replace("-", "_")
            path.write_text(source, encoding="utf-8")
            assert_sound(path, target)
            if target in OWN.get(schedule.reference.family, ()):
                assert_read_back(path, target, schedule, run)
    assert written
    ruff = shutil.which("ruff") or str(Path(sys.executable).parent / "ruff")
    if not Path(ruff).exists():
        pytest.skip("ruff is not installed")
    for command in (["check", "--select", "E,F,I,UP,B,SIM,W", "--ignore", "SIM108"], ["format", "--diff"]):
        words = [ruff, command[0], "--isolated", "--no-cache", *command[1:], str(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def assert_true(error: str, target: str, schedule: Schedule, run: Run) -> None:
    """A refusal names the target, and others that do write the schedule; or it is about the run, for any target."""
    if not error.startswith(f"--to {target}: "):
        with pytest.raises(InputError) as again:
            write(schedule, run, "optax" if target == "torch" else "torch")
        assert str(again.value) == error
    for other in re.findall(r"--to ([\w-]+)(?= and|s? writes?)", error):
        assert write(schedule, run, other)


def assert_sound(path: Path, target: str) -> None:
    """LR9xx are about scripts; what other codes say is about the schedule that was drawn."""
    if target == "deepspeed":
        return
    found = [finding for finding in check_file(str(path)) if finding.code.startswith("LR9")]
    # A length in steps that happens to be the number of epochs looks like a mistake to everybody.
    found = [finding for finding in found if "as many as there are epochs" not in finding.message]
    assert not found, (path.read_text(encoding="utf-8"), found)


def assert_read_back(path: Path, target: str, schedule: Schedule, run: Run) -> None:
    """The spec, with its warmup, and the rate."""
    source = path.read_text(encoding="utf-8")
    if target in ("hf-args", "deepspeed"):
        yaml = path.with_suffix(".yaml")
        yaml.write_text(source.partition("HfArgumentParser:\n")[2].replace("#   ", ""), encoding="utf-8")
        for written in (path, yaml) if target == "hf-args" else (path,):
            planned = spec.written(str(written), Reading()).in_run(Run(steps=run.length(schedule)))
            # The Trainer gives every schedule the length of its run, also to one that does not ask for it.
            asked = {declared.name: None for declared in schedule.fields(LENGTH) if schedule.value(LENGTH) is None}
            assert same_schedule(dataclasses.replace(planned.schedule, **asked), schedule), source
            assert planned.run.lr == run.lrs[0], source
            assert target == "deepspeed" or planned.run.length(planned.schedule) == run.length(schedule), source
        return
    is_ours = run.warmup_style == TORCH if schedule.reference.family is PYTORCH else schedule.reference.family is TIMM
    if run.warmup and not is_ours:
        return  # its function stands in the script
    text = ScriptText(str(path), source)
    script = Script(text, text.tree())
    (made,) = [scheduler.made for scheduler in script.schedulers if scheduler not in script.children]
    assert made, source
    assert same_schedule(made.schedule, schedule if schedule.follows_metric else run.warmed_up(schedule)), source
    assert made.run.get("lr") == (run.lrs[0] if len(run.lrs) == 1 else None), source


def same_schedule(again: Schedule, schedule: Schedule) -> bool:
    """Whether they are the same but for what is taken and ignored."""
    ignored = {declared.name: None for declared in schedule.fields(LENGTH_OF_CALL)}
    if isinstance(schedule, Constant):  # whose warmup is taken and ignored
        ignored |= {declared.name: None for declared in schedule.fields(WARMUP)}
    return dataclasses.replace(again, **ignored) == dataclasses.replace(schedule, **ignored)


def test_the_header_is_the_whole_spec() -> None:
    schedule, run, _ = spec.parse("cosine --warmup 5 --epochs 90 --lr 0.2").in_run(Run())
    first = write(schedule, run).splitlines()[0]
    assert first == "# lrsched: cosine --t-max 85 --lr 0.2 --epochs 90 --warmup 5"


def test_a_family_that_names_no_target_is_refused() -> None:
    with heard() as unheard:
        for cls in unheard.values():
            schedule = spec.parse(cls.example()).schedule
            for target in (None, *TARGETS):
                with pytest.raises(InputError, match=r"names no code|has no schedules of Unheard"):
                    write(schedule, Run(), target)


def test_a_run_that_the_schedule_does_not_last_is_refused_in_the_frameworks_words() -> None:
    schedule = spec.parse("onecycle --max-lr 0.1 --total-steps 8").schedule
    for target in ("torch", "optax", "keras", "lightning"):
        with pytest.raises(InputError, match="Tried to step 9 times"):
            write(schedule, Run(ticks=11), target)
