"""What is said: where it is folded, and findings as programs of others read them."""

import io
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcli.cli import main, say
from lrcli.text import folded
from tests.hostile import Terminal, streams

SCRIPTS = Path(__file__).parent / "data" / "scripts"
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string", "minLength": 1},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id"],
                                            "properties": {"shortDescription": {"required": ["text"]}},
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["message", "ruleId"],
                            "properties": {
                                "message": {"required": ["text"], "properties": {"text": {"minLength": 1}}},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "locations": {
                                    "type": "array",
                                    "items": {"properties": {"physicalLocation": {"$ref": "#/$defs/physicalLocation"}}},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
    "$defs": {
        "physicalLocation": {
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "pattern": "^[A-Za-z0-9/._~:%-]+$"}},
                },
                "region": {
                    "properties": {
                        name: {"type": "integer", "minimum": 1}
                        for name in ("startLine", "startColumn", "endLine", "endColumn")
                    },
                },
            },
        }
    },
}
"""What SARIF 2.1.0 (OASIS, sarif-schema-2.1.0.json) requires of the parts that are written."""


def said(text: str, width: int, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    with streams(io.StringIO(), stream):
        say(text)
    return stream.getvalue()


def test_a_message_is_folded_at_words_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "lrsched: --epochs: step() is called every optimizer step here: give --steps-per-epoch, or --steps instead\n"
    seen = said(text, 60, monkeypatch, Terminal())
    assert seen.splitlines() == [
        "lrsched: --epochs: step() is called every optimizer step",
        "         here: give --steps-per-epoch, or --steps instead",
    ]
    assert said(text, 60, monkeypatch, io.StringIO()) == text


def test_what_is_copied_from_a_message_stays_in_one_line() -> None:
    fix = "      fix: --interval step and --load nothing --lr 0.05, or --t-max 90\n"
    assert folded(fix, 40, 6).splitlines() == [
        "      fix: --interval step and",
        "            --load nothing --lr 0.05, or",
        "            --t-max 90",
    ]
    assert folded("the rates of this run are those of 'cosine --t-max 50 --lr 0.1', and torch's own\n", 50, 2) == (
        "the rates of this run are those of\n  'cosine --t-max 50 --lr 0.1', and torch's own\n"
    )


@given(st.text(alphabet="ab '\"-\n.", max_size=200), st.integers(20, 80), st.integers(0, 9))
def test_folding_loses_nothing_and_is_done_once(text: str, width: int, indent: int) -> None:
    once = folded(text, width, indent)
    assert "".join(once.split()) == "".join(text.split())
    assert all(len(line) <= width for line in once.splitlines() if line.startswith(" " * 10) is False)
    assert folded(once, width, indent) == once


@pytest.mark.parametrize("format", ["sarif", "github"])
def test_findings_for_other_programs(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my scripts").mkdir()
    for path in SCRIPTS.glob("wrong_*.py"):
        shutil.copy(path, tmp_path / "my scripts" / f"ü{path.name}")
    notebook = {"cells": [{"cell_type": "code", "source": (SCRIPTS / "wrong_before_optimizer.py").read_text()}]}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    words = ["my scripts", "a.ipynb", str(SCRIPTS / "wrong_no_metric.py"), "cosine --t-max 50 --ticks 90"]
    assert main(["check", *words, "-f", format]) == 1
    text = capsys.readouterr().out
    if format == "github":
        lines = text.splitlines()
        assert len(lines) > 20
        assert all(line.startswith(("::warning ", "::error ", "::notice ")) for line in lines)
        assert sum("%0Afix: " in line for line in lines) >= 1
        assert not any("%0Afix: " in line.partition("::")[0] for line in lines)
        return
    document = json.loads(text)
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(document, SARIF)
    (run,) = document["runs"]
    assert len(run["results"]) > 20
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == known
    uris = {
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
        for location in result.get("locations", ())
    }
    assert "my%20scripts/%C3%BCwrong_no_metric.py" in uris
    assert any(uri.startswith("file:///") for uri in uris)


def test_a_family_is_listed_and_a_table_fits(capsys: pytest.CaptureFixture[str]) -> None:
    def names(*words: str) -> list[str]:
        assert main(["list", *words, "-f", "csv"]) == 0
        return [line.split(",")[0] for line in capsys.readouterr().out.splitlines()[1:]]

    assert names("PyTorch", "huggingface") == [name for name in names() if name in names("pytorch", "Hugging Face")]
    assert all(name.startswith("timm-") for name in names("timm"))
    assert {"cosine", "hf-cosine", "keras-cosine-decay"} < set(names("cosine"))
    assert names("OneCycleLR") == ["onecycle"]
    assert main(["list", "-f", "table"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 130
