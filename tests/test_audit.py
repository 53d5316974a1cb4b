"""What a run did, beside what its configuration says."""

import json
import re
from pathlib import Path

import pytest

from lrcli.audit import Case, audit
from lrcli.checks import RULES
from lrcli.checks.rule import SEVERITIES
from lrcli.configs.file_spec import FileSpec
from lrcli.logs.series import Shown
from lrcli.reading import Reading
from lrcli.record import Record, rates_at
from lrcli.run import Run
from lrcli.spec import parse
from tests.test_cli import lrsched

RULES_OF_AUDITS = [code for code, rule in RULES.items() if rule.subject is Case]
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


@pytest.mark.parametrize("code", RULES_OF_AUDITS)
def test_a_rule_is_explained(code: str) -> None:
    rule = RULES[code]
    assert re.fullmatch(r"LR8\d\d", code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.severity in SEVERITIES
    assert rule.sections.keys() >= {"Cause", "Bad", "Source"}


def test_a_rate_that_the_trainer_chose_itself(tmp_path: Path) -> None:
    folder = trained(tmp_path, "ultralytics --num-epochs 30 --nb 40 --lr 0.000556", 40)
    done = lrsched("audit", str(folder), "--format", "json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document["spec"] == "ultralytics --num-epochs 30 --nb 40 --lr 0.000556"
    assert document["follows"] is True
    [finding] = [one for one in document["findings"] if one["code"] == "LR801"]
    assert "lr0 0.01 is not used: the run trained at 0.000556, nc 14" in finding["message"]


def test_a_run_that_did_what_its_configuration_says(tmp_path: Path) -> None:
    folder = trained(tmp_path, "ultralytics --num-epochs 30 --nb 40 --lr 0.01", 40, optimizer="SGD")
    done = lrsched("audit", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It followed its configuration" in done.stdout


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
