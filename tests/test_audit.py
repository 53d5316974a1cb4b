"""What a run did, beside what its configuration says."""

import dataclasses
import json
import math
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lrcli.audit import audit
from lrcli.checks import RULES
from lrcli.checks.audits import AuditCase
from lrcli.cli.commands.audit import found_config
from lrcli.configs.file_spec import FileSpec
from lrcli.configs.reading import Reading
from lrcli.logs.series import Shown
from lrcli.logs.table import Facts
from lrcli.record import Record, rates_at
from lrcli.run import Run
from lrcli.spec import parse
from lrcli.verify.skips import but_for_skips
from tests.conftest import Invoke

Audited = Callable[..., Any]

DOCUMENTED = [
    (code, heading, line)
    for code, rule in RULES.items()
    if rule.subject is AuditCase
    for heading in ("Bad", "Good")
    for line in rule.sections[heading]
]
EPOCHS = 30


def rows_of(spec: str, per_epoch: int) -> list[float]:
    """The rate of the last batch of each epoch, as ultralytics writes it."""
    schedule, run, _ = parse(spec).in_run(Run())
    ticks = [(epoch + 1) * per_epoch - 1 for epoch in range(EPOCHS)]
    return [float(f"{rate:.6g}") for rate in rates_at(schedule, run.lrs, ticks)]


def trained(folder: Path, spec: str, per_epoch: int, **args: object) -> Path:
    """The folder of a run."""
    rates = rows_of(spec, per_epoch)
    (folder / "results.csv").write_text(
        "epoch,lr/pg0\n" + "".join(f"{row + 1},{rate:.6g}\n" for row, rate in enumerate(rates))
    )
    usual = {"task": "detect", "epochs": EPOCHS, "batch": 16, "optimizer": "auto", "lr0": 0.01, "lrf": 0.01}
    text = "".join(f"{key}: {value}\n" for key, value in {**usual, "channels_last": "false", **args}.items())
    (folder / "args.yaml").write_text(text)
    return folder


@pytest.fixture
def audited(invoke: Invoke) -> Audited:
    """Give `lrsched audit` these words: the document that it writes."""
    return lambda *words: json.loads(invoke("audit", *map(str, words), "--json")[1])


@pytest.mark.parametrize(("code", "heading", "line"), DOCUMENTED)
def test_the_examples_of_a_rule_are_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke, code: str, heading: str, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in line.split("; "):
        program, *words = shlex.split(command)
        if program == "lrsched":
            status, out, error = invoke(*words)
            assert status in (0, 1), error
        else:
            subprocess.run(["bash", "-c", command], check=True)
    codes = [word for word in out.split() if word.startswith("LR8")]
    assert codes == ([code] if heading == "Bad" else []), out


def test_a_rate_that_the_trainer_chose_itself(tmp_path: Path, invoke: Invoke) -> None:
    folder = trained(tmp_path, "ultralytics --num-epochs 30 --nb 40 --lr 0.000556", 40)
    status, out, _ = invoke("audit", str(folder), "--format", "json")
    document = json.loads(out)
    assert status == 1
    assert document["spec"] == "ultralytics --num-epochs 30 --nb 40 --lr 0.000556"
    assert document["follows"] is True
    [finding] = [one for one in document["findings"] if one["code"] == "LR801"]
    assert "lr0 0.01 is not used: the run trained at 0.000556, the rate of nc 14" in finding["message"]


@pytest.mark.parametrize(("lr", "classes"), [("0.000098", ", the rate of nc 98"), ("0.000081", "")])
def test_classes_that_the_rate_leaves_open_are_not_named(
    tmp_path: Path, lr: str, classes: str, audited: Audited
) -> None:
    folder = trained(tmp_path, f"ultralytics --num-epochs 30 --nb 40 --lr {lr}", 40)
    [finding] = audited(folder)["findings"]
    assert finding["message"].endswith(f"the run trained at {float(lr):g}{classes}")


def test_a_run_that_did_what_its_configuration_says(tmp_path: Path, invoke: Invoke) -> None:
    folder = trained(tmp_path, "ultralytics --num-epochs 30 --nb 40 --lr 0.01", 40, optimizer="SGD")
    status, out, error = invoke("audit", str(folder))
    assert status == 0, out + error
    assert "It followed its configuration" in out


def test_a_file_that_was_edited_afterwards(tmp_path: Path) -> None:
    folder = trained(tmp_path, "ultralytics --num-epochs 30 --nb 40 --lr 0.01", 40, optimizer="SGD", lr0=0.02)
    config = FileSpec("args.yaml", str(folder / "args.yaml"), {}, Reading())
    rates = rows_of("ultralytics --num-epochs 30 --nb 40 --lr 0.01", 40)
    made = audit(Record.of_values(rates, epochs=range(1, EPOCHS + 1), shown=Shown(6, None)), config)
    assert made.follows is False
    assert [finding.code for finding in made.findings] == ["LR801"]


def test_three_rows_decide_nothing() -> None:
    made = audit(Record.of_values([3.6e-6, 7.6e-6, 1.16e-5], steps=[10, 20, 30]), None)
    assert made.spec is None
    assert not made.findings


def test_a_log_that_goes_back() -> None:
    steps = [*range(60), *range(40, 100)]
    rates = rates_at(parse("cosine --t-max 100").schedule, (0.1,), steps).tolist()
    made = audit(Record.of_values(rates, steps=steps), None)
    assert [finding.code for finding in made.findings] == ["LR804"]


def state(tmp_path: Path, rates: list[tuple[int, float]], length: int) -> Path:
    """A trainer_state.json."""
    path = tmp_path / "trainer_state.json"
    history = [{"step": step, "learning_rate": rate, "loss": 1.0, "epoch": step / 100} for step, rate in rates]
    path.write_text(json.dumps({"max_steps": length, "log_history": history}))
    return path


@pytest.mark.parametrize("name", ["hf-linear", "hf-cosine"])
def test_a_run_of_transformers_in_which_steps_were_skipped(tmp_path: Path, name: str, audited: Audited) -> None:
    text = f"{name} --num-warmup-steps 57 --num-training-steps 1000 --lr 0.0003"
    rates = rates_at(parse(text).schedule, (3e-4,), range(1000)).tolist()
    skipped = [2, 3, 20, 400, 850]
    shown = [(step, rates[step - 1 - sum(at < step - 1 for at in skipped)]) for step in range(25, 1001, 25)]
    document = audited(state(tmp_path, shown, 1000))
    assert document["spec"] == text
    assert document["facts"]["skipped"] == 5
    assert [finding["code"] for finding in document["findings"]] == ["LR805"]
    record = Record.of_values([rate for _, rate in shown], steps=[step for step, _ in shown])
    fitted = but_for_skips(dataclasses.replace(record, facts=Facts("trainer_state", max_steps=1000)))
    assert fitted is not None
    assert fitted.candidate.spec == text
    assert "at least 5 steps after which the schedule was not advanced" in fitted.words


def test_a_schedule_that_transformers_has_not_is_no_certain_claim(tmp_path: Path, audited: Audited) -> None:
    shown = [(step, 3e-9 * step) for step in range(1, 900)]
    document = audited(state(tmp_path, shown, 2000))
    assert document["spec"] is None or document["spec"].startswith("hf-")


def test_the_group_in_the_column_is_no_difference_from_the_configuration(tmp_path: Path, audited: Audited) -> None:
    text = "ultralytics --num-epochs 30 --nb 40 --bias-group 0 --lr 0.01"
    folder = trained(tmp_path, text, 40, optimizer="SGD")
    document = audited(folder)
    assert document["follows"] is True
    assert document["findings"] == []


def test_a_run_that_was_stopped_early_has_the_length_of_its_configuration(tmp_path: Path, audited: Audited) -> None:
    folder = trained(tmp_path, "ultralytics --num-epochs 740 --nb 40 --lr 0.01", 40, optimizer="SGD", epochs=740)
    document = audited(folder)
    assert document["follows"] is True
    assert document["findings"] == []


@pytest.mark.parametrize(
    ("text", "lr", "steps"),
    [
        ("hf-linear --num-warmup-steps 0 --num-training-steps 3000", 0.02, range(10, 2001, 10)),
        ("hf-linear --num-warmup-steps 62 --num-training-steps 2100", 2e-5, range(100, 2101, 100)),
        ("hf-cosine --num-warmup-steps 866 --num-training-steps 8660", 5e-5, range(10, 1001, 10)),
        ("hf-constant-with-warmup --num-warmup-steps 100", 3e-6, range(10, 2001, 10)),
        ("hf-linear --num-warmup-steps 10 --num-training-steps 846", 2e-4, range(20, 101, 20)),
    ],
)
@pytest.mark.parametrize("before", [0, 1])
def test_a_run_of_known_length_is_known_before_it_ends(
    tmp_path: Path, text: str, lr: float, steps: range, before: int, audited: Audited
) -> None:
    rates = rates_at(parse(text).schedule, (lr,), [step - before for step in steps]).tolist()
    schedule = parse(text).schedule
    length = schedule.horizon or 2000
    path = state(tmp_path, list(zip(steps, rates, strict=True)), length)
    document = audited(path)
    assert document["spec"] == f"{text} --lr {lr}"
    assert document["facts"]["base_lr"] == lr
    assert not document["findings"]


def test_a_rate_that_never_moves_says_no_more_than_that(tmp_path: Path, invoke: Invoke, audited: Audited) -> None:
    document = audited(state(tmp_path, [(401, 1e-5), (802, 1e-5)], 802))
    assert document["spec"] is None
    assert document["facts"] == {"rows": 2, "base_lr": 1e-5}
    assert "The rate never moved." in invoke("audit", str(tmp_path))[1]


def test_of_several_runs_in_one_log_the_last_one_counts(tmp_path: Path) -> None:
    first = rates_at(parse("cosine --t-max 40").schedule, (0.1,), range(30)).tolist()
    second = rates_at(parse("cosine --t-max 100").schedule, (0.1,), range(100)).tolist()
    made = audit(Record.of_values([*first, *second], steps=[*range(30), *range(100)]), None)
    assert made.spec == "cosine --t-max 100"
    [finding] = made.findings
    assert "the first 30 rows of the log are those of a run before this one" in finding.message


@pytest.mark.parametrize(
    ("args", "lr", "further"),
    [
        ({"lrf": 0.4, "optimizer": "AdamW", "lr0": 0.001}, 0.001, "--lrf 0.4 --bias-group 0"),
        ({"optimizer": "SGD", "lr0": 0.01, "cos_lr": "true"}, 0.01, "--cos-lr"),
    ],
)
def test_what_the_configuration_says_is_not_sought(
    tmp_path: Path, args: dict[str, object], lr: float, further: str, audited: Audited
) -> None:
    text = f"ultralytics --num-epochs 30 --nb 152 {further} --lr {lr}"
    document = audited(trained(tmp_path, text, 152, **args))
    assert document["spec"] == text
    assert document["facts"]["batches_per_epoch"] == [152, 152]
    assert document["findings"] == []


def test_batches_that_the_log_leaves_open_are_a_range(tmp_path: Path, audited: Audited) -> None:
    folder = trained(tmp_path, "ultralytics --num-epochs 30 --nb 4864 --lr 0.01", 4864, optimizer="SGD")
    document = audited(folder)
    fewest, most = document["facts"]["batches_per_epoch"]
    assert fewest < 4864 < most
    assert "length" not in document["facts"]
    assert document["follows"] is True


def test_a_warmup_without_an_end_is_told_by_its_configuration(tmp_path: Path, audited: Audited) -> None:
    text = "ultralytics --num-epochs 30 --nb 2 --warmup-version 8.3 --lr 0.001667"
    folder = trained(tmp_path, text, 2)
    (folder / "args.yaml").write_text((folder / "args.yaml").read_text().replace("channels_last: false\n", ""))
    document = audited(folder, "--trainer", "ultralytics==8.3")
    assert document["spec"] == text
    assert document["facts"]["warmup"] == 50


def test_a_part_of_a_configuration_is_none(tmp_path: Path, audited: Audited) -> None:
    folder = trained(tmp_path, "ultralytics --num-epochs 30 --nb 40 --lr 0.01", 40)
    (folder / "args.yaml").rename(folder / "hyp.yaml")
    document = audited(folder)
    assert document["config"] is None
    assert document["findings"] == []


def test_of_the_configurations_of_several_runs_in_a_folder_a_run_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second_3"):
        folder = trained(tmp_path, "ultralytics --num-epochs 30 --nb 40 --lr 0.01", 40)
        (folder / "args.yaml").rename(f"{name}_args.yaml")
        (folder / "results.csv").rename(f"{name}_results.csv")
    Path("third.csv").write_text(Path("first_results.csv").read_text())
    assert config_of("first_results.csv") == "first_args.yaml"
    assert config_of("second_3_results.csv") == "second_3_args.yaml"
    assert config_of("third.csv") is None  # Two lie there, and none says that it is meant.
    Path("third.yaml").write_text(Path("first_args.yaml").read_text())
    assert config_of("third.csv") == "third.yaml"


def config_of(log: str) -> str | None:
    found = found_config(log, log, Reading())
    return found and found.path


def test_one_row_is_no_reason_to_say_that_no_schedule_gives_it(tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "log.csv").write_text("step,lr\n500,4e-08\n")
    status, out, _ = invoke("audit", str(tmp_path / "log.csv"))
    assert (status, out.splitlines()[0]) == (0, "The log has too few rows to say which schedule it was.")


MMENGINE = """
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=50),
    dict(type='MultiStepLR', by_epoch=True, begin=0, end=6, milestones=[4, 5], gamma=0.1),
]
train_cfg = dict(by_epoch=True, max_epochs=6)
train_dataloader = dict(batch_size=2, dataset=dict(type='CocoDataset'))
"""


def test_a_run_of_mmengine_is_held_to_its_configuration(tmp_path: Path, audited: Audited) -> None:
    spec = parse('chained "linear --start-factor 0.001 --total-iters 49" "multistep --milestones 160,200"')
    steps = range(10, 241, 10)
    rates = rates_at(spec.schedule, (0.01,), [step - 1 for step in steps]).tolist()
    rows = [
        {"lr": rate, "loss": 1.0, "epoch": (step - 1) // 40 + 1, "iter": step, "step": step}
        for step, rate in zip(steps, rates, strict=True)
    ]
    folder = tmp_path / "20260101_000000" / "vis_data"
    folder.mkdir(parents=True)
    (folder / "scalars.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "config.py").write_text(MMENGINE)
    document = audited(tmp_path)
    assert document["config"] == str(folder / "config.py")
    assert document["follows"] is True
    assert document["findings"] == []
    assert document["spec"] is None  # Every tenth step leaves open how many an epoch has, and with it the milestones.


def test_a_schedule_has_the_name_that_torch_has_for_it() -> None:
    rates = rates_at(parse("step --step-size 3 --gamma 0.5").schedule, (0.001,), range(12)).tolist()
    made = audit(Record.of_values(rates, epochs=range(12)), None)
    assert made.spec == "step --step-size 3 --gamma 0.5 --lr 0.001"


def test_a_configuration_in_steps_is_followed_at_any_length_of_an_epoch(tmp_path: Path, audited: Audited) -> None:
    text = "timm-cosine --t-initial 1200 --warmup-t 200 --warmup-lr-init 1e-05"
    rates = rates_at(parse(text).schedule, (0.4,), range(40, 1201, 40)).tolist()
    rows = "".join(f"{epoch},{rate!r}\n" for epoch, rate in enumerate(rates))
    (tmp_path / "summary.csv").write_text(f"epoch,lr\n{rows}")
    (tmp_path / "args.yaml").write_text(
        "sched: cosine\nepochs: 30\nlr: 0.4\nmin_lr: 0\nwarmup_epochs: 5\nwarmup_lr: 1.0e-05\nwarmup_prefix: false\n"
        "cooldown_epochs: 0\nsched_on_updates: true\nopt: sgd\nbatch_size: 128\n"
    )
    document = audited(tmp_path)
    assert document["follows"] is True
    assert document["spec"] is None
    assert document["findings"] == []


def test_of_the_runs_in_a_work_dir_the_log_has_the_configuration_beside_it(tmp_path: Path, invoke: Invoke) -> None:
    for stamp, rate in (("20260101_000000", "0.01"), ("20260102_000000", "0.02")):
        folder = tmp_path / stamp / "vis_data"
        folder.mkdir(parents=True)
        (folder / "config.py").write_text(MMENGINE.replace("0.01", rate))
    log = folder / "scalars.json"
    log.write_text("".join(f'{{"lr": {rate}, "epoch": {epoch}}}\n' for epoch, rate in enumerate([0.02] * 4, 1)))
    for asked in (tmp_path, folder.parent, folder, log):
        document = json.loads(invoke("audit", str(asked), "--json")[1])
        assert document["config"] == str(folder / "config.py")
    (folder / "config.py").rename(tmp_path / "fruit.py")
    assert json.loads(invoke("audit", str(tmp_path), "--json")[1])["config"] == str(tmp_path / "fruit.py")


def test_a_configuration_that_was_printed_is_no_run(tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "config.py").write_text(MMENGINE)
    (tmp_path / "run.log").write_text("sys.platform: linux\nGCC: 9.4\noptimizer = dict(type='SGD', lr=0.01)\n" * 2)
    status, _, said = invoke("audit", str(tmp_path))
    assert status == 2
    assert "run.log, line 3: lr is at no step or epoch and has one value, as in a configuration" in said


def test_an_option_about_a_configuration_that_is_not_there_is_no_silence(tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "log.csv").write_text("step,lr\n0,0.1\n1,0.09\n2,0.08\n")
    status, _, said = invoke("audit", str(tmp_path), "--trainer", "hf")
    assert status == 2
    assert "--trainer: expected a configuration for it; none that is understood was found beside log.csv (args" in said


def test_the_length_of_a_run_that_ends_before_its_schedule(tmp_path: Path, invoke: Invoke) -> None:
    text = MMENGINE.replace("type='MultiStepLR', by_epoch=True, begin=0, end=6, milestones=[4, 5], gamma=0.1",
                            "type='CosineAnnealingLR', by_epoch=False, begin=50, end=350, T_max=300")  # fmt: skip
    (tmp_path / "config.py").write_text(text)
    spec = parse('sequential "linear --start-factor 0.001 --total-iters 49" "cosine --t-max 300" --milestones 50')
    rates = rates_at(spec.schedule, (0.01,), range(240)).tolist()
    rows = "".join(f"{tick // 40 + 1},{tick + 1},{rate!r}\n" for tick, rate in enumerate(rates))
    (tmp_path / "log.csv").write_text(f"epoch,step,lr\n{rows}")
    assert json.loads(invoke("audit", str(tmp_path), "--json")[1])["facts"]["length"] == 240


def test_a_constant_rate_late_in_a_run_is_not_called_its_base(tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "log.csv").write_text("step,lr\n5000,0.001\n5010,0.001\n5020,0.001\n")
    assert "base_lr" not in json.loads(invoke("audit", str(tmp_path), "--json")[1])["facts"]


def test_a_log_that_transformers_wrote_and_none_of_its_schedules_gives(tmp_path: Path, invoke: Invoke) -> None:
    rates = [0.1, 0.07, 0.01, 0.06, 0.02, 0.05]
    history = [{"step": step, "learning_rate": rate} for step, rate in enumerate(rates, 1)]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": history, "max_steps": 6}))
    out = invoke("audit", str(tmp_path))[1]
    assert out.splitlines()[0] == "lrsched found no schedule of transformers that gives this log."


@pytest.mark.parametrize(("writer", "beginning"), [("", "The rates are those of"), ("trainer_state", "The run was")])
def test_only_who_wrote_the_log_tells_what_made_its_rates(
    writer: str, beginning: str, tmp_path: Path, invoke: Invoke
) -> None:
    """A loop that someone wrote has other names for the same line."""
    rates = [3e-4 * (1 - step / 30) for step in range(30)]
    rows = [{"step": step, "learning_rate": rate} for step, rate in enumerate(rates, 1)]
    document = {"log_history": rows, "max_steps": 30} if writer else rows
    (tmp_path / "log.json").write_text(json.dumps(document))
    assert invoke("audit", str(tmp_path / "log.json"))[1].startswith(f"{beginning} ")


def test_a_base_rate_is_one_that_somebody_typed(tmp_path: Path, invoke: Invoke) -> None:
    """A cosine with two skipped steps, of which the first row shows 4.999995936372264e-05."""
    ticks = [step - (step > 110) - (step > 112) for step in range(5, 8712, 5)]
    rates = [5e-5 * 0.5 * (1 + math.cos(math.pi * tick / 8712)) for tick in ticks]
    rows = [{"step": step, "learning_rate": rate} for step, rate in zip(range(5, 8712, 5), rates, strict=True)]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": rows, "max_steps": 8712}))
    document = json.loads(invoke("audit", str(tmp_path), "--json")[1])
    assert (document["facts"]["base_lr"], document["facts"]["skipped"]) == (5e-5, 2)
    assert "--lr 5e-05" in document["spec"]


def test_rows_of_several_runs_in_one_file_are_no_resumes(tmp_path: Path, invoke: Invoke) -> None:
    steps = [10, 20, *(step for pair in zip(range(30, 230, 10), range(20, 220, 10), strict=True) for step in pair)]
    rates = "".join(f"{step},{1e-4 * (1 - step / 400):g}\n" for step in steps)
    (tmp_path / "log.csv").write_text(f"step,lr\n{rates}")
    out = invoke("audit", str(tmp_path / "log.csv"))[1]
    assert "goes back at 20 places, as where several runs write into one file" in out
    assert "taken up again" not in out


def test_the_base_rate_of_musgd_is_in_its_second_group(tmp_path: Path, invoke: Invoke) -> None:
    folder = trained(tmp_path, "ultralytics --num-epochs 30 --nb 1500 --lr 0.01", 1500)
    rows = [line.split(",") for line in (folder / "results.csv").read_text().split()[1:]]
    groups = ",".join(f"lr/pg{group}" for group in range(8))
    (folder / "results.csv").write_text(
        f"epoch,{groups}\n" + "".join(f"{epoch},{','.join([f'{3 * float(lr):g}', lr] * 4)}\n" for epoch, lr in rows)
    )
    document = json.loads(invoke("audit", str(folder), "--json")[1])
    assert document["follows"] is True
    assert document["facts"]["base_lr"] == 0.01
    assert "LR801" not in [finding["code"] for finding in document["findings"]]


def test_a_script_beside_the_log_is_no_configuration(tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "log.csv").write_text("step,lr\n0,0.1\n1,0.1\n2,0.1\n")
    (tmp_path / "train.py").write_text("import transformers\nargs = TrainingArguments('o', learning_rate=2e-4)\n")
    assert json.loads(invoke("audit", str(tmp_path), "--json")[1])["config"] is None


YOLOV5 = "{epochs: 30, batch_size: 16, weights: yolov5s.pt, hyp: %s%s}"
HYP = "lr0: 0.01\nlrf: 0.2\nwarmup_epochs: 3.0\nwarmup_bias_lr: 0.1\n"


@pytest.mark.parametrize(
    ("keys", "further", "least"),
    [
        ("", "--cos-lr --warmup-version yolov5-6.1", 1000),
        (", linear_lr: true", "--warmup-version yolov5-6.0", 1000),
        (", cos_lr: false", "--warmup-version yolov5-6.1", 1000),
        (", cos_lr: false", "--warmup-version 8.1", 100),
        (", cos_lr: false, seed: 0", "--warmup-version 8.1", 100),
    ],
)
def test_a_run_of_yolov5_is_held_to_its_options(
    tmp_path: Path, invoke: Invoke, keys: str, further: str, least: int
) -> None:
    spec = f"ultralytics --num-epochs 30 --nb 20 --lrf 0.2 {further} --lr 0.01"
    schedule, run, _ = parse(spec).in_run(Run())
    rates = rates_at(schedule, run.lrs, range(19, 600, 20)).tolist()
    rows = "".join(f"{epoch:>14},{rate:>14.5g}\n" for epoch, rate in enumerate(rates))
    (tmp_path / "results.csv").write_text(f"{'epoch':>14},{'x/lr0':>14}\n{rows}")
    (tmp_path / "opt.yaml").write_text(YOLOV5 % ("data/hyp.scratch.yaml", keys))
    (tmp_path / "hyp.yaml").write_text(HYP)
    document = json.loads(invoke("audit", str(tmp_path), "--json")[1])
    assert (document["config"], document["spec"]) == (str(tmp_path / "opt.yaml"), spec)
    [finding] = document["findings"]
    assert finding["message"].startswith(f"{tmp_path / 'hyp.yaml'} line 3: 3 epochs of warmup (warmup_epochs, line 3)")
    assert f"are 60 iterations, and at least {least} are done" in finding["message"]
    (tmp_path / "opt.yaml").write_text(YOLOV5 % (HYP.replace("\n", ", ").join(("{", "}")), keys))
    (tmp_path / "hyp.yaml").unlink()
    assert json.loads(invoke("audit", str(tmp_path), "--json")[1])["spec"] == spec


def test_five_digits_of_rates_on_a_grid_are_no_seven_decimals(tmp_path: Path, invoke: Invoke) -> None:
    """A line of YOLOv5 from 0.01 in 500 epochs: below the first rows each rate has seven decimals by itself."""
    spec = "ultralytics --num-epochs 500 --nb 132 --bias-group 0 --warmup-version 8.1 --lr 0.01"
    schedule, run, _ = parse(spec).in_run(Run())
    rates = rates_at(schedule, run.lrs, range(131, 66000, 132)).tolist()
    rows = "".join(f"{epoch},{rate:.5g}\n" for epoch, rate in enumerate(rates))
    (tmp_path / "results.csv").write_text(f"epoch,x/lr0\n{rows}")
    hyp = HYP.replace("0.2", "0.01").replace("\n", ", ").join(("{", "}"))
    (tmp_path / "opt.yaml").write_text(YOLOV5.replace("30", "500") % (hyp, ", cos_lr: false"))
    assert json.loads(invoke("audit", str(tmp_path), "--json")[1])["spec"] == spec


def test_a_fixed_rate_of_yolov9_still_warms_up(tmp_path: Path, invoke: Invoke) -> None:
    keys = ", cos_lr: false, fixed_lr: true, seed: 0"
    (tmp_path / "opt.yaml").write_text(YOLOV5 % (HYP.replace("\n", ", ").join(("{", "}")), keys))
    out = invoke(str(tmp_path / "opt.yaml"), "--batches-per-epoch", "200", "-f", "csv")[1]
    rates = [line.rpartition(",")[2] for line in out.split()[1:]]
    assert (rates[0], set(rates[600:])) == ("0.0", {"0.01"})


def test_a_shape_of_yolov5_that_is_not_computed_is_no_configuration_that_a_run_left(
    tmp_path: Path, invoke: Invoke
) -> None:
    (tmp_path / "results.csv").write_text("epoch,x/lr0\n0,0.01\n1,0.01\n2,0.01\n3,0.01\n")
    (tmp_path / "opt.yaml").write_text(YOLOV5 % ("{lr0: 0.01, lrf: 0.2}", ", flat_cos_lr: true"))
    document = json.loads(invoke("audit", str(tmp_path), "--json")[1])
    assert (document["follows"], document["findings"]) == (None, [])


CARD = """# whisper-small

## Training procedure

The following hyperparameters were used during training:
- learning_rate: 1e-05
- train_batch_size: 16
- seed: 42
- optimizer: Use adamw_torch with betas=(0.9,0.999) and epsilon=1e-08 and optimizer_args=No additional arguments
- lr_scheduler_type: linear
- lr_scheduler_warmup_steps: 50
- training_steps: 400
"""


def test_the_model_card_beside_a_state_is_its_configuration(tmp_path: Path, invoke: Invoke) -> None:
    schedule, run, _ = parse("hf-linear --num-warmup-steps 50 --num-training-steps 400 --lr 1e-05").in_run(Run())
    history = [
        {"step": tick + 1, "epoch": (tick + 1) / 100, "learning_rate": rate}
        for tick, rate in enumerate(rates_at(schedule, run.lrs, range(400)).tolist())
    ]
    state = {"log_history": history, "max_steps": 400, "num_train_epochs": 4, "logging_steps": 1}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state))
    (tmp_path / "README.md").write_text(CARD)
    document = json.loads(invoke("audit", str(tmp_path), "--json")[1])
    assert (document["config"], document["follows"]) == (str(tmp_path / "README.md"), True)
    (tmp_path / "README.md").write_text(CARD.replace("learning_rate: 1e-05", "learning_rate: 2e-05"))
    [finding] = json.loads(invoke("audit", str(tmp_path), "--json")[1])["findings"]
    assert (finding["code"], "the base rate of the run was 1e-05, not 2e-05" in finding["message"]) == ("LR801", True)
    (tmp_path / "README.md").write_text("# whisper-small\n")
    assert json.loads(invoke("audit", str(tmp_path), "--json")[1])["config"] is None


def test_a_run_that_only_waited_followed_its_configuration(tmp_path: Path, invoke: Invoke) -> None:
    schedule, run, _ = parse("hf-linear --num-warmup-steps 50 --num-training-steps 400 --lr 1e-05").in_run(Run())
    ticks = [*range(100), *range(99, 399)]
    rates = rates_at(schedule, run.lrs, ticks).tolist()
    history = [{"step": step, "learning_rate": rates[step - 1]} for step in range(10, 401, 10)]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": history, "max_steps": 400}))
    (tmp_path / "README.md").write_text(CARD)
    out = invoke("audit", str(tmp_path))[1]
    assert f"But for skipped steps it followed its configuration, {tmp_path / 'README.md'}.\n" in out
    status, out, _ = invoke("audit", str(tmp_path), "--json")
    document = json.loads(out)
    assert (status, document["follows"]) == (0, True)
    assert [finding["code"] for finding in document["findings"]] == ["LR805"]


@pytest.mark.parametrize("skipped", [(0,), (0, 1), (100,), (3, 250)])
@pytest.mark.parametrize("warmup", [0, 50])
def test_skipped_steps_are_seen_where_every_step_is_logged(
    tmp_path: Path, warmup: int, skipped: tuple[int, ...], audited: Audited
) -> None:
    spec = f"hf-cosine --num-warmup-steps {warmup} --num-training-steps 400 --lr 1e-05"
    schedule, run, _ = parse(spec).in_run(Run())
    ticks = [step - sum(late < step for late in skipped) for step in range(400)]
    path = state(tmp_path, list(enumerate(rates_at(schedule, run.lrs, ticks).tolist(), 1)), 400)
    document = audited(path)
    assert (document["spec"], document["facts"]["skipped"]) == (spec, len(skipped))


MMCV = """
optimizer = dict(type='SGD', lr=0.01, momentum=0.9)
lr_config = dict(policy='step', warmup='linear', warmup_iters=50, warmup_ratio=0.001, step=[4, 5])
total_epochs = 6
"""


def test_a_run_of_mmcv_is_held_to_its_configuration(tmp_path: Path, audited: Audited) -> None:
    spec = parse('chained "linear --start-factor 0.001 --total-iters 50" "multistep --milestones 160,200"')
    steps = range(10, 241, 10)
    rates = rates_at(spec.schedule, (0.01,), [step - 1 for step in steps]).tolist()
    (tmp_path / "20260101_000000.log").write_text(
        "".join(
            f"2026-01-01 00:00:00,000 - mmdet - INFO - Epoch [{(step - 1) // 40 + 1}][{(step - 1) % 40 + 1}/40]\t"
            f"lr: {rate:.3e}, eta: 0:01:00, loss: 1.0\n"
            for step, rate in zip(steps, rates, strict=True)
        )
    )
    (tmp_path / "faster_rcnn.py").write_text(MMCV)
    document = audited(tmp_path)
    assert (document["config"], document["follows"]) == (str(tmp_path / "faster_rcnn.py"), True)
    assert document["spec"].startswith('chained "linear --start-factor 0.001 --total-iters 50" "multistep')
    assert document["facts"]["length"] == 240
    (tmp_path / "faster_rcnn.py").write_text(MMCV.replace("lr=0.01", "lr=0.02"))
    [finding] = audited(tmp_path)["findings"]
    assert "the base rate of the run was 0.01, not 0.02" in finding["message"]


def test_event_files_of_transformers_hold_their_configuration(tmp_path: Path, audited: Audited) -> None:
    pytest.importorskip("tensorboard")
    pytest.importorskip("torch")
    from torch.utils.tensorboard import SummaryWriter

    schedule, run, _ = parse("hf-linear --num-warmup-steps 12 --num-training-steps 120 --lr 1e-05").in_run(Run())
    rates = rates_at(schedule, run.lrs, range(120)).tolist()
    asked = {"learning_rate": 1e-05, "warmup_steps": 0.1, "num_train_epochs": 3, "lr_scheduler_type": "linear"}
    for name, said in (("right", asked), ("other", asked | {"learning_rate": 2e-05})):
        writer = SummaryWriter(str(tmp_path / name))
        writer.add_text("args", json.dumps(said | {"per_device_train_batch_size": 8}, indent=2))
        for step in range(5, 121, 5):
            writer.add_scalar("train/learning_rate", rates[step - 1], step)
            writer.add_scalar("train/epoch", step / 40, step)
        writer.close()
    [path] = (tmp_path / "right").iterdir()
    document = audited(tmp_path / "right")
    assert (document["config"], document["follows"], document["findings"]) == (str(path), True, [])
    assert document["facts"]["length"] == 120
    [finding] = audited(tmp_path / "other")["findings"]
    assert (finding["code"], "the base rate of the run was 1e-05, not 2e-05" in finding["message"]) == ("LR801", True)


def test_processes_that_a_rate_of_timm_depends_on(tmp_path: Path, audited: Audited) -> None:
    """lr_base is for lr_base_size examples a step, of all processes: how many there were, the log says."""
    text = "sched: cosine\nlr: null\nlr_base: 0.1\nepochs: 40\nwarmup_epochs: 5\nopt: sgd\nbatch_size: 128\n"
    (tmp_path / "args.yaml").write_text(text)
    spec = "timm-cosine --t-initial 40 --cycle-decay 0.5 --warmup-t 5 --warmup-lr-init 1e-05 --lr {}"
    for rate, processes, findings in ((0.05, None, []), (0.1, 2, []), (0.4, 8, []), (0.07, None, ["LR801"])):
        schedule, run, _ = parse(spec.format(rate)).in_run(Run())
        rows = rates_at(schedule, run.lrs, range(40)).tolist()
        lines = "".join(f"{epoch},{lr!r}\n" for epoch, lr in enumerate(rows))
        (tmp_path / "summary.csv").write_text(f"epoch,lr\n{lines}")
        document = audited(tmp_path)
        assert (document["follows"], document["facts"].get("num_processes")) == (not findings, processes)
        assert [finding["code"] for finding in document["findings"]] == findings


def test_hyperparameters_that_name_no_schedule_are_said_to_be_none(tmp_path: Path, invoke: Invoke) -> None:
    """Lightning's save_hyperparameters keeps the arguments of a module, whatever they are."""
    rows = "".join(f"{epoch},{0.1 * 0.9**epoch!r},{epoch}\n" for epoch in range(12))
    (tmp_path / "metrics.csv").write_text(f"epoch,lr-SGD,step\n{rows}")
    (tmp_path / "hparams.yaml").write_text("lr: 0.1\nwidth: 64\n")
    status, out, error = invoke("audit", str(tmp_path))
    assert (status, "exponential --gamma 0.9" in out) == (0, True)
    assert "hparams.yaml beside metrics.csv is no configuration that is understood" in error
