"""check on scripts: every rule finds what its bad example shows, and nothing in its good one."""

import contextlib
import glob
import io
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from lrcli.checks import RULES
from lrcli.cli import main
from lrcli.scripts import check_file, check_source
from lrcli.scripts.rule import Script
from lrcli.scripts.source import ScriptText

DATA = os.path.join(os.path.dirname(__file__), "data", "scripts")

BEFORE = """\
import torch
import pytorch_lightning as pl
from accelerate import Accelerator
from torch.optim.lr_scheduler import (
    ConstantLR, CosineAnnealingLR, LinearLR, MultiStepLR, OneCycleLR, ReduceLROnPlateau, SequentialLR, StepLR,
)
from timm.scheduler import CosineLRScheduler
from transformers import get_linear_schedule_with_warmup
accelerator = Accelerator()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
CODES = [code for code, rule in RULES.items() if rule.subject is Script]


def codes(text: str) -> list[str]:
    return [finding.code for finding in check_source(ScriptText("train.py", text))]


@pytest.mark.parametrize("code", CODES)
def test_a_rule_finds_its_bad_example_and_not_its_good_one(code: str) -> None:
    sections = RULES[code].sections
    assert codes(BEFORE + "\n".join(sections["Bad"]) + "\n") == [code]
    assert codes(BEFORE + "\n".join(sections["Good"]) + "\n") == []


def path_of(name: str) -> str:
    return os.path.join(DATA, name)


def marked(path: str) -> list[tuple[int, str]]:
    """The lines that a script says are wrong, in a comment, with their codes."""
    with open(path) as file:
        several = ((number, re.search(r"# (LR\d+(?: LR\d+)*)$", line)) for number, line in enumerate(file, 1))
        return [(number, code) for number, match in several if match for code in match[1].split()]


@pytest.mark.parametrize("path", sorted(glob.glob(path_of("*.py"))), ids=os.path.basename)
def test_scripts_of_many_styles(path: str) -> None:
    found = [(finding.place.line, finding.code) for finding in check_file(path)]
    assert found == marked(path)
    assert bool(found) == os.path.basename(path).startswith("wrong_")


WRONG = path_of("wrong_before_optimizer.py")


def checked(*words: str) -> tuple[int, str]:
    """The exit status of `lrsched check`, and what it says on standard output."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            status = main(["check", *words])
        except SystemExit as left:
            status = left.code
    return int(status or 0), out.getvalue()


def complaint(*words: str) -> str:
    """What `lrsched check` says of wrong use, up to a semicolon."""
    said = io.StringIO()
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(said),
        contextlib.suppress(SystemExit),
    ):
        main(["check", *words])
    return said.getvalue().removeprefix("lrsched: ").partition(";")[0]


def test_the_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(WRONG, tmp_path / "train.py")
    (tmp_path / "other.py").write_text("import os\n")
    monkeypatch.chdir(tmp_path)
    status, text = checked("train.py", "other.py")
    assert (status, text.splitlines()[0]) == (
        1,
        "train.py:20:9: LR901 warning: scheduler.step() comes before optimizer.step(): the first rate is skipped",
    )
    assert checked(".", "--select", "LR907") == (0, "2 files: no problems found\n")
    assert checked(".", "--ignore", "LR901")[0] == checked(".", "--exit-zero")[0] == 0
    status, text = checked("train.py", "-f", "github")
    assert text.startswith("::warning file=train.py,line=20,endLine=20,col=9,endColumn=25,title=LR901::sched")
    assert "%0Ahint: call it after optimizer.step()" in text
    document = json.loads(checked("train.py", "-f", "json")[1])
    assert document["scripts"][0]["place"]["line"] == 20
    sarif = json.loads(checked("train.py", "-f", "sarif")[1])
    found = sarif["runs"][0]["results"][0]
    assert found["ruleId"] == "LR901"
    assert found["locations"][0]["physicalLocation"]["region"]["startLine"] == 20


def test_comments_and_the_table_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = Path(WRONG).read_text()
    (tmp_path / "a.py").write_text(text.replace("# LR901", "# lrsched: ignore[LR901]"))
    (tmp_path / "b.py").write_text(text.replace("# LR901", "# lrsched: ignore[LR902]"))
    assert checked("a.py")[0] == 0
    assert checked("b.py")[0] == 1
    (tmp_path / "pyproject.toml").write_text(
        '[tool.lrsched]\nspecs = ["b.py", "cosine --t-max 9"]\n[tool.lrsched.per-file-ignores]\n"b*" = ["LR901"]\n'
    )
    assert checked() == (0, "cosine --t-max 9: no problems found\n1 file: no problems found\n")
    (tmp_path / "pyproject.toml").write_text("[tool.lrsched]\nignores = []\n")
    assert checked("b.py")[0] == 2
    (tmp_path / "pyproject.toml").write_text('[tool.lrsched]\nignore = ["LRX"]\n')
    assert complaint("b.py") == "[tool.lrsched] in pyproject.toml: no rule has the code 'LRX'"


def test_a_syntax_error_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("scheduler = StepLR(optimizer, 30\nprint 'x'\n")
    (finding,) = check_file(str(tmp_path / "a.py"))
    assert (finding.code, finding.place.line) == ("LR900", 1)


BEFORE_OPTIMIZER = "for epoch in range(90):\n    scheduler.step()\n    for batch in loader:\n        optimizer.step()\n"


@pytest.mark.parametrize(
    ("deep", "expected"),
    [
        ("x = 1\n" + "x = f(x)\n" * 3000, ["LR901"]),
        ("if x == 0:\n    pass\n" + "".join(f"elif x == {i}:\n    pass\n" for i in range(1000)), ["LR901"]),
        ("y = a" + ".b()" * 1000 + "\n", ["LR901"]),
        ("y = " + "+".join(["1"] * 1500) + "\n", ["LR901"]),
        ("y = " + "not " * 1500 + "x\n", ["LR901"]),
        ("y = a" + ".b()" * 5000 + "\n", ["LR900"]),
        ("y = " + "f(" * 1000 + ")" * 1000 + "\n", ["LR900"]),
    ],
)
def test_what_is_deep_is_read_or_said_not_to_be(tmp_path: Path, deep: str, expected: list[str]) -> None:
    (tmp_path / "a.py").write_text(BEFORE + "scheduler = StepLR(optimizer, 30)\n" + deep + BEFORE_OPTIMIZER)
    assert [finding.code for finding in check_file(str(tmp_path / "a.py"))] == expected


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python reads it")
def test_the_strings_of_a_newer_python_are_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("scheduler = StepLR(optimizer, 30)\nprint(f'{log['lr']}')\n")
    (finding,) = check_file(str(tmp_path / "a.py"))
    assert (finding.code, finding.severity) == ("LR900", "note")


def test_lines_are_counted_as_python_counts_them(tmp_path: Path) -> None:
    text = BEFORE + "# a page\x0cand a line\u2028of another kind\nscheduler = StepLR(optimizer)\n"
    (tmp_path / "a.py").write_bytes(text.replace("\n", "\r\n").encode())
    (finding,) = check_file(str(tmp_path / "a.py"))
    assert (finding.code, finding.place.line) == ("LR922", text.count("\n"))


@pytest.mark.parametrize(
    "call",
    ["ReduceLROnPlateau(optimizer, verbose=True)", "StepLR(optimizer, 30, 0.1, -1, True)", "StepLR(optimizer, **more)"],
)
def test_what_an_older_torch_took_is_no_finding(call: str) -> None:
    assert codes(BEFORE + f"scheduler = {call}\n") == []


def test_no_notebook_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text('{"cells": "StepLR("}')
    (finding,) = check_file(str(tmp_path / "a.ipynb"))
    assert (finding.code, finding.message[:11]) == ("LR900", "no notebook")


def test_notebooks_have_cells(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# StepLR("]},
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", "ls data/\n", "!pip install torch \\\n", "   timm\n", BEFORE],
        },
        {"cell_type": "code", "source": "text = (\n    'lr %s'\n    % 3\n)"},
        {"cell_type": "code", "source": "scheduler = ReduceLROnPlateau(optimizer)\nscheduler.step()\n"},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    (finding,) = check_file(str(tmp_path / "a.ipynb"))
    assert (finding.code, finding.place.cell, finding.place.line) == ("LR902", 4, 2)
    cells[-1]["source"] = "\nscheduler = StepLR(optimizer, 30)"
    cells.append({"cell_type": "code", "source": "optimizer = torch.optim.SGD(model.parameters(), 0.1)"})
    cells.append({"cell_type": "code", "source": BEFORE_OPTIMIZER})
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    (finding,) = check_file(str(tmp_path / "a.ipynb"))
    assert (finding.code, finding.place.cell, finding.place.line) == ("LR912", 5, 1)
    assert "(line 2 of cell 4)" in finding.message


def test_a_file_without_a_scheduler_is_not_parsed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("this is not Python\n")
    assert check_file(str(tmp_path / "a.py")) == []


MADE = """\
scheduler = {}
for epoch in range(90):
    for batch in train_loader:
        optimizer.step()
    scheduler.step()
"""


@pytest.mark.parametrize(
    ("call", "at", "message", "fix"),
    [
        ("CosineAnnealingLR(optimizer, T_max=50)", "50", "T_max=50 is over at epoch 50", "T_max=90"),
        ("StepLR(optimizer, 100)", "100", "the first drop would be at tick 100", "step_size=30"),
        ("MultiStepLR(optimizer, [100, 150])", "[100, 150]", "the drops at ticks 100, 150 never come", ""),
        ("OneCycleLR(optimizer, 0.1, total_steps=50)", "50", 'call 51 of step(), at the end of epoch 50, raises "', ""),
        ("LinearLR(optimizer, 0.1, total_iters=100)", "0.1", "the rate rises from 10 % of lr to all of it after", ""),
    ],
)
def test_what_is_said_of_a_schedule_is_said_in_python(call: str, at: str, message: str, fix: str) -> None:
    text = BEFORE + MADE.format(call)
    (finding,) = check_source(ScriptText("train.py", text))
    line = text.split("\n")[finding.place.line - 1]
    assert line[finding.place.column - 1 : finding.place.end_column - 1] == at
    assert finding.message.startswith(message)
    assert "--" not in finding.message + finding.fix + finding.hint
    assert not fix or finding.fix == fix
