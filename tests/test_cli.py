"""The command line as scripts and people meet it: whole processes."""

import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrcli.cli import output
from lrcli.render import progress
from tests.conftest import Invoke
from tests.hostile import Terminal

COSINE = ("cosine", "--t-max", "50")


def lrsched(
    *words: str, environment: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lrcli", *words],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        env={**os.environ, **(environment or {})},
    )


def shell(command: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which `lrsched` is the program."""
    defined = f'lrsched() {{ {sys.executable} -m lrcli "$@"; }}\n{command}'
    return subprocess.run(
        ["bash", "-c", defined],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(environment or {})},
    )


def test_a_pipe_gets_csv() -> None:
    done = lrsched(*COSINE)
    assert done.returncode == 0
    assert done.stdout.splitlines()[:2] == ["epoch,lr", "0,0.1"]
    assert len(done.stdout.splitlines()) == 51
    assert done.stderr == ""


def test_json_has_schedule_run_and_rows() -> None:
    document = json.loads(lrsched(*COSINE, "--lr", "0.2", "-f", "json").stdout)
    assert list(document) == ["schedule", "run", "rows"]
    assert document["schedule"] == {
        "name": "cosine",
        "params": {"T_max": 50, "eta_min": 0.0},
        "spec": "cosine --t-max 50 --lr 0.2",
    }
    assert document["rows"][0] == {"epoch": 0, "lr": 0.2}


BAD_INPUT = [
    (["tests/data/configs/train.yaml", "--set", "", "0.1"], ["unexpected word '0.1'"]),
    ([" ", "list"], ["no command or scheduler is called ' '"]),
    (["cosine"], ["--t-max"]),
    (["cosine", "--t-max"], ["--t-max"]),
    (["cosine", "--t-max", "x"], ["--t-max", "whole number", "'x'"]),
    (["cosine", "--t-max", "2.5"], ["--t-max", "whole number"]),
    (["cosine", "--tmax", "5"], ["--tmax", "--t-max"]),
    (["cosin", "--t-max", "5"], ["cosin", "cosine"]),
    (["lsit"], ["lsit", "list"]),
    (["frobnicate"], ["frobnicate", "lrsched list"]),
    ([*COSINE, "--lr", "nan"], ["--lr", "number"]),
    ([*COSINE, "--lr", "inf"], ["--lr", "number"]),
    ([*COSINE, "--lr", "-0.1"], ["--lr", "Invalid learning rate: -0.1"]),
    ([*COSINE, "--lr", "1_0"], ["--lr", "number"]),
    ([*COSINE, "--lr", "0.1,,0.2"], ["--lr", "commas"]),
    ([*COSINE, "--epochs", "0"], ["--epochs", "more than 0"]),
    ([*COSINE, "--steps-per-epoch", "0"], ["--steps-per-epoch"]),
    ([*COSINE, "--interval", "batch"], ["--interval", "epoch or step", "'batch'"]),
    ([*COSINE, "--format", "yaml"], ["--format", "csv", "'yaml'"]),
    (["list", "--format", "plot"], ["--format", "no curve", "csv", "plot"]),
    (["list", "--output", "list.svg"], ["no curve", "svg"]),
    ([*COSINE, "--at", "50"], ["--at", "rows 0 to 49"]),
    ([*COSINE, "--at", "3", "--every", "2"], ["--at", "--every"]),
    ([*COSINE, "--start", "60"], ["--start", "rows 0 to 49"]),
    ([*COSINE, "--every", "0"], ["--every", "at least 1"]),
    ([*COSINE, "--color", "sometimes"], ["--color", "always"]),
    ([*COSINE, "--width", "0"], ["--width"]),
    ([*COSINE, "--precision", "40"], ["--precision", "at most 17"]),
    ([*COSINE, "--output", "/no/such/folder/x.csv"], ["--output", "/no/such/folder/x.csv", "No such file"]),
    ([*COSINE, "--output", "/"], ["--output", "folder"]),
    ([*COSINE, "surplus"], ["surplus"]),
    (["step", "--step-size", "0"], ["StepLR", "integer modulo by zero", "tick 1"]),
    (["linear", "--start-factor", "2"], ["Starting multiplicative factor expected to be greater than 0"]),
    (["onecycle", "--max-lr", "1", "--total-steps", "0"], ["Expected positive integer total_steps, but got 0"]),
    (["onecycle", "--max-lr", "1", "--total-steps", "5", "-n", "7"], ["Tried to step 6 times"]),
    (["cosine-restarts", "--t-0", "5", "--t-mult", "0"], ["Expected integer T_mult >= 1, but got 0"]),
    (["lambda", "--expr", "__import__('os')"], ["--expr", "arithmetic"]),
    (["lambda", "--expr", "9**9**9**9"], ["--expr", "4096 bits"]),
    (["sequential", "cosine --t-max x", "--milestones", "1"], ["cosine --t-max x", "whole number"]),
    (["chained", "plateau"], ["ChainedScheduler does not support `ReduceLROnPlateau`"]),
    (["compare"], ["SPEC"]),
    (["compare", "cosine"], ["cosine", "--t-max"]),
    (["plateau", "/no/such.csv"], ["/no/such.csv", "No such file"]),
    (["plateau", "/"], ["/", "directory"]),
    (["plateau", "-", "--factor", "1"], ["Factor should be < 1.0."]),
    (["plateau", "-", "--mode", "auto"], ["mode auto is unknown!"]),
    (["explain", "nothing"], ["nothing"]),
    (["\x1b[31mred"], ["\\x1b[31mred"]),
    (["cosine", "--\x1b[31mred"], ["31mred"]),
]


@pytest.mark.parametrize(("words", "expected"), BAD_INPUT, ids=lambda value: " ".join(value)[:50])
def test_bad_input_is_named_and_nothing_is_written(words: list[str], expected: list[str], invoke: Invoke) -> None:
    status, out, error = invoke(*words)
    assert (status, out) == (2, "")
    assert "internal error" not in error
    for text in expected:
        assert text in error
    assert all(line.isprintable() for line in error.splitlines())


def test_so_it_is_in_a_process_of_its_own() -> None:
    done = lrsched("cosine", "--t-max", "x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lrsched: --t-max: ")


def test_a_closed_pipe_is_silent() -> None:
    done = shell("lrsched cosine --t-max 500000 -f csv | head -1")
    assert (done.stdout, done.stderr, done.returncode) == ("epoch,lr\n", "", 0)
    assert shell("lrsched list | true; exit ${PIPESTATUS[0]}").stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("command", ["cosine --t-max 50", "--version", "--help", "list", "explain cosine"])
def test_a_full_disk_is_reported(command: str) -> None:
    done = shell(f"lrsched {command} > /dev/full")
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_so_is_one_on_which_a_file_does_not_fit() -> None:
    assert shell("lrsched cosine --t-max 50 -o /dev/full").returncode == 2


@pytest.mark.parametrize(
    "redirection", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-", "| cat", "> /dev/null 2> /dev/full"]
)
@pytest.mark.parametrize(
    "command", ["lrsched cosine --t-max 50", "lrsched cosine --t-max x", "lrsched plateau", "lrsched --version"]
)
def test_streams_may_be_closed(command: str, redirection: str) -> None:
    done = shell(f"{command} {redirection}")
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        {"COLUMNS": "0"},
        {"COLUMNS": "-5"},
        {"COLUMNS": "many", "LINES": "\u0663"},
        {"TERM": "dumb"},
        {"HOME": ""},
        {"NO_COLOR": "1", "FORCE_COLOR": "1"},
    ],
)
def test_odd_environments(environment: dict[str, str]) -> None:
    for format in ("table", "plot", "csv"):
        done = lrsched(*COSINE, "-f", format, environment=environment)
        assert done.returncode == 0
        assert done.stdout
        if environment.get("PYTHONIOENCODING") == "ascii":
            assert done.stdout.isascii()


def test_colour_is_a_choice() -> None:
    plot = (*COSINE, "-f", "plot")
    assert "\x1b" not in lrsched(*plot).stdout
    assert "\x1b" in lrsched(*plot, environment={"FORCE_COLOR": "1"}).stdout
    assert "\x1b" not in lrsched(*plot, environment={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert "\x1b" in lrsched(*plot, "--color", "always", environment={"NO_COLOR": "1"}).stdout
    assert "\x1b" not in lrsched(*plot, "--color", "never", environment={"FORCE_COLOR": "1"}).stdout


def test_width_is_a_choice() -> None:
    for words, environment, width in (
        ((), {"COLUMNS": "60"}, 60),
        (("--width", "120"), {"COLUMNS": "60"}, 120),
        ((), {}, 80),
    ):
        lines = lrsched(*COSINE, "-f", "plot", *words, environment=environment).stdout.splitlines()
        assert max(map(len, lines)) == width


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "lr.csv"
    assert lrsched(*COSINE, "-o", str(target)).returncode == 0
    written = target.read_text()
    assert written.count("\n") == 51
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask()
    failing = lrsched("lambda", "--expr", "1/(t-9000)", "-n", "9999", "-o", str(target))
    assert failing.returncode == 2
    assert target.read_text() == written
    assert [path.name for path in tmp_path.iterdir()] == ["lr.csv"]


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_link_is_written_through_and_permissions_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    assert lrsched(*COSINE, "-o", str(link)).returncode == 0
    assert link.is_symlink()
    assert real.read_text().startswith("epoch,lr\n")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("name", "beginning"), [("a.svg", "<?xml"), ("a.json", "{"), ("a.md", "| epoch"), ("a", "epoch,lr")]
)
def test_the_suffix_decides_the_format_of_a_file(tmp_path: Path, name: str, beginning: str) -> None:
    assert lrsched(*COSINE, "-o", str(tmp_path / name)).returncode == 0
    assert (tmp_path / name).read_text().startswith(beginning)


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_a_killed_run_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "lr.csv"
    target.write_text("old")
    command = [sys.executable, "-m", "lrcli", "exponential", "--gamma", "0.5", "-n", "90000000", "-o", str(target)]
    process = subprocess.Popen(command)
    time.sleep(1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert target.read_text() == "old"


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_ctrl_c_exits_with_130() -> None:
    command = [sys.executable, "-m", "lrcli", "exponential", "--gamma", "0.5", "-n", "90000000"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said == b""


def test_the_version() -> None:
    for words in (["--version"], ["--version", "--help"]):
        assert lrsched(*words).stdout.startswith("lrsched 0.")


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["cosine", "-h"], ["sequential", "--help"], ["compare", "--help"]]
)
def test_help_begins_with_examples_and_fits(words: list[str]) -> None:
    done = lrsched(*words, environment={"COLUMNS": "80"})
    assert done.returncode == 0
    assert done.stdout.index("Examples:") < done.stdout.index("Options:" if words[0].startswith("-") else "Output:")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.isascii()


def test_two_sequential_children_take_their_options_in_any_order() -> None:
    one = lrsched("sequential", "linear --start-factor 0.1", "cosine --t-max 45", "--milestones", "5")
    other = lrsched("sequential", "--milestones", "5", "linear --start-factor 0.1", "cosine --t-max 45")
    assert one.stdout == other.stdout
    assert one.stdout.splitlines()[-1].startswith("49,0.000121797")


def test_compare_aligns_by_row() -> None:
    lines = lrsched("compare", "cosine --t-max 2", "exponential --gamma 0.5 -n 3").stdout.splitlines()
    assert lines == [
        "epoch,cosine --t-max 2,exponential --gamma 0.5 --ticks 3",
        "0,0.1,0.1",
        "1,0.05,0.05",
        "2,,0.025",
    ]


def test_compare_summarises_in_json() -> None:
    summary = json.loads(lrsched("compare", "cosine --t-max 50", "-f", "json").stdout)["summary"][0]
    assert summary["peak"] == 0.1
    assert summary["half_life"] == 25
    assert summary["area"] == pytest.approx(2.55), "a sum of rounded terms"


def test_list_feeds_scripts() -> None:
    rows = json.loads(lrsched("list", "-f", "json").stdout)["rows"]
    assert {"name": "cosine", "family": "PyTorch"}.items() <= rows[
        [row["name"] for row in rows].index("cosine")
    ].items()


def test_explain_tells_from_the_declaration() -> None:
    text = lrsched("explain", "CosineAnnealingLR").stdout
    for part in ("T_max", "climbs back", "scheduler.step()", "last_epoch", "lrsched cosine --t-max 50", "(required)"):
        assert part in text


def test_a_long_wait_shows_that_something_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [(range(4096), [0.1] * 4096)] * 3
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(progress, "PATIENCE", -1)
    assert list(output.watched(blocks, 3 * 4096)) == blocks
    assert "of 12,288 rows" in sys.stderr.getvalue()  # type: ignore[attr-defined]


def test_a_short_one_and_a_log_file_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, patience in ((Terminal(), 60), (io.StringIO(), -1)):
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(progress, "PATIENCE", patience)
        assert len(list(output.watched([([1],)]))) == 1
        assert stream.getvalue() == ""
