"""Whatever JSON is written has the keys and the types that `lrsched schema` says, and no others."""

import json
import shlex
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lrcli import spec
from lrcli.checks import RULES, Case
from lrcli.checks.resume import ResumeCase
from lrcli.cli import main
from lrcli.cli.command import TOOLS, find, names
from lrcli.cli.commands.schema import row_of, schema_of
from lrcli.cli.output import Output
from lrcli.engine import rates
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schema import schema
from lrcli.verify.verdict import Reason

jsonschema = pytest.importorskip("jsonschema")

LOGS = Path(__file__).parent / "data" / "logs"
SCRIPTS = Path(__file__).parent / "data" / "scripts"
Write = Callable[..., Any]


@cache
def assert_a_schema(text: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(text))


@cache
def validator(name: str, row: bool) -> Any:
    found = schema_of(name, row=row)
    # The parts that all commands share are looked at once.
    for part in ({**found, "properties": {}}, *found.get("properties", {}).values()):
        assert_a_schema(json.dumps(part))
    return jsonschema.Draft202012Validator(found)


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Write:
    """The document that a command line writes, which is as its schema says; and so is each of its rows."""

    def write(*words: str, rows: bool = True) -> Any:
        assert main([*words, "--json"]) in (0, 1), capsys.readouterr().err
        document = json.loads(capsys.readouterr().out)
        validator(words[0], False).validate(document)
        if rows:
            assert main([*words, "-f", "jsonl"]) in (0, 1)
            for line in capsys.readouterr().out.splitlines():
                validator(words[0], True).validate(json.loads(line))
        return document

    return write


@pytest.mark.parametrize("name", names())
def test_whoever_takes_json_says_what_is_in_it(name: str) -> None:
    command = find(name)
    assert command is not None
    writes = "json" in command.params() and name != "explain"
    assert (command.document is not None) == writes, f"{name}: declare document=, the shape of what --json writes"
    if writes:
        validator(name, False)
    if writes and Output in command.sections.values():
        assert row_of(command) is not None, f"{name}: declare row=, the shape of a line of -f jsonl"
        validator(name, True)


def test_a_key_or_a_type_that_is_not_declared_is_refused(written: Write) -> None:
    document = written("cosine", "--t-max", "5", "--lr", "0.1,0.2")
    for place in (document, document["run"], document["schedule"], document["schedule"]["params"], document["rows"][0]):
        place["new"] = 1
        assert not validator("cosine", False).is_valid(document)
        del place["new"]
    document["rows"][0]["lr_0"] = "0.1"
    assert not validator("cosine", False).is_valid(document)
    document["rows"][0].pop("lr_0")
    assert validator("cosine", False).is_valid(document)
    document["schedule"]["params"]["T_max"] = 2.5
    assert not validator("cosine", False).is_valid(document)


@pytest.mark.parametrize("name", [cls.reference.name for cls in every().values() if not cls.follows_metric])
def test_schedules(name: str, written: Write) -> None:
    words = shlex.split(every()[name].example())
    written(*words, "--lr", "0.1,0.2", "--at", "0,1")
    written(*words, "--interval", "step", "--steps-per-epoch", "7", "--stop", "3", rows=False)


def test_pasted_and_of_a_file(written: Write) -> None:
    written("show", "CosineAnnealingLR(opt, T_max=5)")
    written("show", str(LOGS.parent / "configs" / "train.yaml"), "--examples", "52002")
    written("lambda", "--expr", "t * 1e308")  # Infinite, so null.


def test_comparisons(written: Write) -> None:
    run = ["--warmup", "10%", "--epochs", "60"]
    assert written("compare", "cosine", "step --step-size 10 --lr 0.1,0.2", *run)["run"]["warmup"] == "10%"
    written("compare", "hf-cosine --num-warmup-steps 3 --num-training-steps 9", "step --step-size 10")
    run = ["--epochs", "3", "--steps-per-epoch", "4"]
    written("compare", "hf-cosine --num-warmup-steps 3", "step --step-size 2", *run)


def documented(subject: type) -> Iterator[str]:
    """The command lines of the examples of the rules about `subject`."""
    for rule in RULES.values():
        if rule.subject is subject:
            for heading in ("Bad", "Good"):
                yield from (line.strip() for line in rule.sections.get(heading, []))


def test_findings(written: Write) -> None:
    lines = [shlex.split(line)[2:] for line in documented(Case) if line.startswith("lrsched check")]
    assert len(lines) > 50
    found = sum(len(written("check", *line, rows=False)["findings"]) for line in lines)
    assert found > 25
    assert len(written("check", "--rules", rows=False)["rules"]) == len(RULES)
    scripts = written("check", str(SCRIPTS), "cosine --t-max 50", "--epochs", "90", rows=False)
    assert len(scripts["scripts"]) > 10
    assert scripts["schedules"][0]["right_length"]


def test_runs_that_are_taken_up_again(written: Write) -> None:
    lines = [shlex.split(line)[2:] for line in documented(ResumeCase) if line.startswith("lrsched resume")]
    assert len(lines) > 5
    assert sum(len(written("resume", *line, rows=False)["findings"]) for line in lines) > 5
    written("resume", *lines[0])
    log = str(LOGS / "keras-3.15-csvlogger-5.csv")
    written("resume", "plateau --patience 0", "--at", "2", "--metrics", log, "--lr", "0.1,0.2")


def test_replays(written: Write) -> None:
    log = str(LOGS / "keras-3.15-csvlogger-5.csv")
    written("plateau", log, "--lr", "0.1,0.01", "--min-lr", "0.1,0", "--explain")
    written("plateau", log, "--patience", "0,1", "--mode", "min,max", "--warmup", "2")
    written("timm-plateau", log, "--decay-rate", "0.5")


def log_of(path: Path, text: str, keep: slice = slice(None), factor: float = 1.0) -> str:
    """A log of some of the rates of a schedule."""
    plan = spec.parse(text).in_run(Run())
    source = rates(plan.schedule, plan.run.lrs)
    found = [next(source) for _ in range(40)][keep]
    path.write_text("epoch,lr\n" + "".join(f"{row},{rate * factor!r}\n" for row, rate in enumerate(found)))
    return str(path)


def test_verdicts(written: Write, tmp_path: Path) -> None:
    cosine, log = "cosine --t-max 40", tmp_path / "log.csv"
    seen = {
        written("verify", log_of(log, text, keep, factor), meant, rows=False)["explanation"]
        for text, keep, factor, meant in (
            (cosine, slice(None), 1, cosine),
            (cosine, slice(1, None), 1, cosine),
            (cosine, slice(0, None, 2), 1, cosine),
            (cosine, slice(None), 0.3, cosine),
            ("constant --factor 1", slice(9), 1, cosine),
            ("cosine --t-max 50", slice(None), 1, cosine),
            ("step --step-size 7", slice(None), 1, cosine),
            ("cosine --t-max 45", slice(None), 1, "sequential linear 'cosine --t-max 45' --milestones 5"),
            ("cosine-restarts --t-0 20", slice(None), 1, "cosine --t-max 20"),
        )
    }
    assert len(seen) >= 7, seen
    log.write_text("epoch,lr/pg0,lr/pg1\n" + "".join(f"{row},{0.9**row},{0.5 * 0.9**row}\n" for row in range(9)))
    columns = written("verify", str(log), "exponential --gamma 0.9 --lr 1,0.5", "--column", "lr/pg0,lr/pg1")["columns"]
    assert [one["column"] for one in columns] == ["lr/pg0", "lr/pg1"]
    plateau = str(LOGS / "keras-3.15-csvlogger-5.csv")
    assert written("verify", plateau, "plateau --patience 3 --lr 0.3")["explanation"] == "unknown"


def test_every_reason_has_its_place_in_the_schema() -> None:
    assert schema(Reason)["enum"] == schema_of("verify")["properties"]["explanation"]["anyOf"][0]["enum"]


def test_fits_audits_lists_and_cooldowns(written: Write, tmp_path: Path) -> None:
    log = str(LOGS / "lightning-2.6-metrics.csv")
    for words in (["fit", log], ["audit", log], ["verify", log, "cosine --t-max 3"]):
        written(*words)
    written("audit", log_of(tmp_path / "log.csv", "cosine --t-max 40", slice(3)), rows=False)
    written("list")
    written("cooldown", "hf-constant-with-warmup --num-warmup-steps 100", "--end", "10k", "--decay", "20%")


def test_the_command_lists_and_writes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["schema"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"verify", "check", "cosine"} <= set(listed) <= {*TOOLS, *every()}
    assert main(["schema", "CosineAnnealingLR", "-o", str(tmp_path / "a.json")]) == 0
    assert json.loads((tmp_path / "a.json").read_text()) == schema_of("cosine")
    assert main(["schema", "completion"]) == 2
    assert main(["schema", "check", "--row"]) == 2
    assert main(["schema", "cosin"]) == 2
    said = capsys.readouterr().err
    assert "completion writes no JSON" in said
    assert "check writes no rows" in said
    assert "did you mean" in said or "'cosine'" in said or "cosine" in said


def test_what_is_no_shape_is_refused() -> None:
    for wrong in (object(), object, complex):
        with pytest.raises(TypeError, match="no shape"):
            schema(wrong)
