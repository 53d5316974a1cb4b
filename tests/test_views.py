"""What a person sees of each command, whole, at four widths: readable golden files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lrcli.cli import main
from tests.hostile import Terminal, streams

LOG = "epoch,val_loss,lr\n" + "".join(
    f"{epoch},{max(0.3, 1 / (epoch + 1)) + epoch % 5 / 100:.4f},{0.1 if epoch < 15 else 0.01}\n" for epoch in range(40)
)

VIEWS = {
    "compare": ["compare", "cosine --t-max 50", "step --step-size 10", "onecycle --max-lr 0.1 --total-steps 100"],
    "plateau": ["plateau", "log.csv", "--patience", "3"],
    "explained": ["plateau", "log.csv", "--patience", "3", "--explain", "--stop", "12", "-f", "table"],
    "what-if": ["plateau", "log.csv", "--patience", "3,5", "--factor", "0.1,0.5"],
    "verify": ["verify", "log.csv", "multistep --milestones 20"],
    "fit": ["fit", "log.csv"],
    "check": ["check", "cosine --t-max 50 --ticks 90", "onecycle --max-lr 0.1 --total-steps 100"],
    "list": ["list"],
    "explain": ["explain", "cosine"],
}


@pytest.mark.parametrize("size", ["60x24", "80x24", "120x40", "200x50"])
@pytest.mark.parametrize("view", VIEWS)
def test_what_a_person_sees(
    view: str, size: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[str, str], None]
) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    monkeypatch.chdir(tmp_path)
    columns, lines = size.split("x")
    for name, value in {"COLUMNS": columns, "LINES": lines, "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    out, error = Terminal(), Terminal()
    with streams(out, error):
        main(VIEWS[view])
    seen = out.getvalue() + error.getvalue()
    assert max(map(len, seen.splitlines())) <= int(columns)
    golden(f"{view}-{columns}.txt", "".join(f"{line.rstrip()}\n" for line in seen.splitlines()))


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize(
    "words",
    [
        *(["explain", name] for name in ("hf-cosine-warmup-with-min-lr", "rsqrt", "LR103", "lambda")),
        *([name, "--help"] for name in ("check", "resume", "cooldown", "hf-warmup-stable-decay")),
        *(["check", "--rules"], ["schema"], ["list", "-f", "table"]),
    ],
    ids=" ".join,
)
def test_no_line_is_cut_by_the_terminal(
    words: list[str], columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for name, value in {"COLUMNS": str(columns), "LINES": "24", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    out, error = Terminal(), Terminal()
    with streams(out, error):
        assert main(words) == 0
    # The values of an option are one word, however many they are.
    lines = [line for line in out.getvalue().splitlines() if "|" not in line]
    assert max(map(len, lines)) <= columns
