"""The command line as scripts and people meet it: in whole processes, where streams, signals and start count."""

import io
import itertools
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lrcli.cli import output
from lrcli.render import progress
from lrcli.version import VERSION
from tests.conftest import Invoke
from tests.hostile import Terminal
from tests.processes import lrsched, shell, started, wait_until

COSINE = ("cosine", "--t-max", "50")


def test_a_pipe_gets_csv() -> None:
    done = lrsched(*COSINE)
    assert done.returncode == 0
    assert done.stdout.splitlines()[:2] == ["epoch,lr", "0,0.1"]
    assert len(done.stdout.splitlines()) == 51
    assert done.stderr == ""


def test_json_has_schedule_run_and_rows(invoke: Invoke) -> None:
    document = json.loads(invoke(*COSINE, "--lr", "0.2", "-f", "json")[1])
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
    (["plateau", "completions"], ["completions", "directory"]),
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


CLOSED = [">&-", "2>&-", "<&- >&- 2>&-", "> /dev/null 2> /dev/full", "<&-", ">&- 2>&-", "| cat"]


@pytest.mark.parametrize(
    ("command", "redirection"),
    [
        *itertools.product(["lrsched cosine --t-max 50", "lrsched cosine --t-max x"], CLOSED),
        *itertools.product(["lrsched plateau", "lrsched --version"], CLOSED[:4]),
    ],
)
def test_streams_may_be_closed(command: str, redirection: str) -> None:
    done = shell(f"{command} {redirection}")
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    "environment",
    [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, {"HOME": ""}],
)
def test_python_may_start_in_an_odd_environment(environment: dict[str, str]) -> None:
    for format in ("table", "plot", "csv") if "PYTHONIOENCODING" in environment else ("plot",):
        done = lrsched(*COSINE, "-f", format, environment=environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout
        if environment.get("PYTHONIOENCODING") == "ascii":
            assert done.stdout.isascii()


@pytest.mark.parametrize(
    "environment",
    [
        {"COLUMNS": "0"},
        {"COLUMNS": "-5"},
        {"COLUMNS": "many", "LINES": "\u0663"},
        {"TERM": "dumb"},
        {"NO_COLOR": "1", "FORCE_COLOR": "1"},
    ],
)
def test_a_terminal_may_say_odd_things_of_itself(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, invoke: Invoke
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for format in ("table", "plot", "csv"):
        status, out, error = invoke(*COSINE, "-f", format)
        assert (status, error) == (0, "")
        assert out


@pytest.mark.parametrize(
    ("words", "environment", "is_coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_a_choice(
    words: list[str],
    environment: dict[str, str],
    is_coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
    invoke: Invoke,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b" in invoke(*COSINE, "-f", "plot", *words)[1]) == is_coloured


@pytest.mark.parametrize(
    ("words", "columns", "width"), [([], "60", 60), (["--width", "120"], "60", 120), ([], None, 80)]
)
def test_width_is_a_choice(
    words: list[str], columns: str | None, width: int, monkeypatch: pytest.MonkeyPatch, invoke: Invoke
) -> None:
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    lines = invoke(*COSINE, "-f", "plot", *words)[1].splitlines()
    assert max(map(len, lines)) == width


def test_a_file_is_whole_or_not_there(tmp_path: Path, invoke: Invoke) -> None:
    target = tmp_path / "lr.csv"
    assert invoke(*COSINE, "-o", str(target)) == (0, "", "")
    written = target.read_text()
    assert written.count("\n") == 51
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask()
    status, _, _ = invoke("lambda", "--expr", "1/(t-9000)", "-n", "9999", "-o", str(target))
    assert status == 2
    assert target.read_text() == written
    assert [path.name for path in tmp_path.iterdir()] == ["lr.csv"]


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_link_is_written_through_and_permissions_stay(tmp_path: Path, invoke: Invoke) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    assert invoke(*COSINE, "-o", str(link)) == (0, "", "")
    assert link.is_symlink()
    assert real.read_text().startswith("epoch,lr\n")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("name", "beginning"), [("a.svg", "<?xml"), ("a.json", "{"), ("a.md", "| epoch"), ("a", "epoch,lr")]
)
def test_the_suffix_decides_the_format_of_a_file(tmp_path: Path, name: str, beginning: str, invoke: Invoke) -> None:
    assert invoke(*COSINE, "-o", str(tmp_path / name)) == (0, "", "")
    assert (tmp_path / name).read_text().startswith(beginning)


ENDLESS = ("exponential", "--gamma", "0.5", "-n", "90000000")


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_a_killed_run_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "lr.csv"
    target.write_text("old")
    with started(*ENDLESS, "-o", str(target)) as process:
        wait_until(lambda: len(os.listdir(tmp_path)) == 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert target.read_text() == "old"


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_ctrl_c_exits_with_130(tmp_path: Path) -> None:
    written = tmp_path / "written"
    with written.open("wb") as file, started(*ENDLESS, stdout=file, stderr=subprocess.PIPE) as process:
        wait_until(lambda: written.stat().st_size)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said == b""


@pytest.mark.parametrize("words", [["--version"], ["--version", "--help"]])
def test_the_version(words: list[str], invoke: Invoke) -> None:
    assert invoke(*words) == (0, f"lrsched {VERSION}\n", "")


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["cosine", "-h"], ["sequential", "--help"], ["compare", "--help"]]
)
def test_help_begins_with_examples_and_fits(words: list[str], monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = invoke(*words)
    assert status == 0
    assert out.index("Examples:") < out.index("Options:" if words[0].startswith("-") else "Output:")
    assert max(map(len, out.splitlines())) <= 80
    assert out.isascii()


def test_two_sequential_children_take_their_options_in_any_order(invoke: Invoke) -> None:
    one = invoke("sequential", "linear --start-factor 0.1", "cosine --t-max 45", "--milestones", "5")
    other = invoke("sequential", "--milestones", "5", "linear --start-factor 0.1", "cosine --t-max 45")
    assert one == other
    assert one[1].splitlines()[-1].startswith("49,0.000121797")


def test_compare_aligns_by_row(invoke: Invoke) -> None:
    assert invoke("compare", "cosine --t-max 2", "exponential --gamma 0.5 -n 3")[1].splitlines() == [
        "epoch,cosine --t-max 2,exponential --gamma 0.5 --ticks 3",
        "0,0.1,0.1",
        "1,0.05,0.05",
        "2,,0.025",
    ]


def test_compare_summarises_in_json(invoke: Invoke) -> None:
    summary = json.loads(invoke("compare", "cosine --t-max 50", "-f", "json")[1])["summary"][0]
    assert summary["peak"] == 0.1
    assert summary["half_life"] == 25
    assert summary["area"] == pytest.approx(2.55), "a sum of rounded terms"


def test_list_feeds_scripts(invoke: Invoke) -> None:
    rows = {row["name"]: row for row in json.loads(invoke("list", "-f", "json")[1])["rows"]}
    assert rows["cosine"]["family"] == "PyTorch"


def test_explain_tells_from_the_declaration(invoke: Invoke) -> None:
    text = invoke("explain", "CosineAnnealingLR")[1]
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
