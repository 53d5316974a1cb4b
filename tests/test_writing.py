"""What leaves the program: all of it, whole files, and no word of Python's."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrcli.cli import INTERRUPTED, main, output
from tests.conftest import Invoke
from tests.processes import lrsched, shell, started
from tests.test_cli import COSINE

LOG = "epoch,lr,val_loss\n0,0.1,1\n1,0.1,2\n"
ROWS = "epoch,lr\n0,0.1\n1,0.05\n"
SHORT = ("cosine", "--t-max", "2")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_does_not_fit_is_said(tmp_path: Path, unbuffered: str) -> None:
    line = f"ulimit -f 4; lrsched cosine --t-max 300 -n 3000 > {tmp_path}/q.csv"
    done = shell(line, {"PYTHONUNBUFFERED": unbuffered})
    assert (done.returncode, done.stderr) == (2, "lrsched: cannot write to standard output: File too large\n")


def test_unbuffered_output_is_the_same() -> None:
    words = ("cosine", "--t-max", "300", "-n", "9000", "-f", "csv")
    assert lrsched(*words, environment={"PYTHONUNBUFFERED": "1"}).stdout == lrsched(*words).stdout


def test_a_device_that_is_a_descriptor_is_written_to_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    lines = "; ".join(
        f"lrsched cosine --t-max 2 -o {path}" for path in ("/dev/stdout", "/dev/fd/1", f"{tmp_path}/link")
    )
    assert shell(f"(echo before; {lines}) | cat").stdout == "before\n" + 3 * ROWS
    assert shell(f"echo before > {tmp_path}/all; ({lines}) >> {tmp_path}/all").returncode == 0
    assert (tmp_path / "all").read_text() == "before\n" + 3 * ROWS
    assert shell("lrsched cosine --t-max 2 -o /dev/fd/77").returncode == 2


def test_what_must_not_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "read-only").write_text("before")
    (tmp_path / "read-only").chmod(0o444)
    for name, words in {"a": "Too many levels", "read-only": "it is read-only", "new/": "is a folder"}.items():
        assert main([*SHORT, "-o", f"{tmp_path}/{name}"]) == 2
        assert words in capsys.readouterr().err
    assert (tmp_path / "a").is_symlink() and (tmp_path / "read-only").read_text() == "before"
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "read-only"]


@pytest.mark.parametrize("words", [["plateau"], ["verify", "constant"], ["fit"]])
def test_the_log_that_is_read_is_not_written_over(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    log, link = tmp_path / "log.csv", tmp_path / "link.csv"
    log.write_text(LOG)
    link.symlink_to(log)
    for target in (log, link):
        assert main([words[0], str(log), *words[1:], "-o", str(target)]) == 2
        assert "is what is read; expected another file" in capsys.readouterr().err
    assert shell(f"lrsched plateau - -o {log} < {log}").returncode == 2
    assert log.read_text() == LOG


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_leaves_no_draft(tmp_path: Path, name: str) -> None:
    target = tmp_path / "lr.csv"
    words = ["cosine", "--t-max", "300", "-n", "20000000", "-o", str(target)]
    with started(*words, start_new_session=True) as process:
        end = time.monotonic() + 20
        while not os.listdir(tmp_path):
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(getattr(signal, name))
        assert process.wait(20) == -getattr(signal, name)
    assert not os.listdir(tmp_path)


def test_a_file_that_grows_too_large_leaves_nothing(tmp_path: Path) -> None:
    done = shell(f"ulimit -f 4; lrsched cosine --t-max 300 -n 3000 -o {tmp_path}/q.csv")
    assert done.returncode == 2 and "File too large" in done.stderr
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    "line",
    ["list", "check 'cosine --t-max 50' -n 90", "cosine --t-max 5 -n 100000 -f csv", "--help", "-o /dev/stdout cosine"],
)
def test_a_closed_pipe_is_no_error(line: str, tmp_path: Path) -> None:
    words = line if not line.startswith("-o") else "cosine --t-max 5 -n 100000 -o /dev/stdout"
    for least in ("head -c 1", "true"):
        done = shell(f"lrsched {words} | {least} > {tmp_path}/x; exit ${{PIPESTATUS[0]}}")
        if not line.startswith("check"):
            assert (done.returncode, done.stderr) == (0, "")
        assert "Traceback" not in done.stderr


def test_verify_does_not_accuse_when_nobody_reads(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    line = f"sleep 0.2; lrsched verify {tmp_path}/log.csv 'cosine --t-max 4' --column lr"
    assert shell(f"set -o pipefail; exec 2>&-; ({line}) | true").returncode == 0


def test_a_variable_for_completion_is_ignored() -> None:
    for value in ("complete_bash", "1", ""):
        assert lrsched(*SHORT, environment={"_LRSCHED_COMPLETE": value, "_TYPER_COMPLETE_ARGS": "x"}).stdout == ROWS


def test_ctrl_c_at_any_time_is_quiet() -> None:
    """But for Python's own start, which nobody can make so."""
    code = "import sys; from lrcli.__main__ import program; sys.exit(program())"
    for milliseconds in range(40, 300, 20):
        words = [*COSINE, "-n", "4000"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        program = [sys.executable, "-c", code]
        process = started(*words, program=program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
        time.sleep(milliseconds / 1000)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert b"lrcli" not in said and b"typer" not in said, said
        assert said or process.returncode in (0, INTERRUPTED, -signal.SIGINT)


@pytest.mark.parametrize("value", ["²", "٣", "-1", "x", "0"])
def test_a_size_in_the_environment_that_is_none_is_ignored(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", value)
    monkeypatch.setenv("COLUMNS", value)
    assert output.terminal_size() == output.DEFAULT_SIZE


@pytest.mark.parametrize("rate", ["5e-324", "1e-310", "1e-301", "1e308", "0"])
def test_any_rate_is_drawn(rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--log-y"]):
        assert main(["cosine", "--lr", rate, "--t-max", "5", "-f", "plot", *more]) == 0
        assert "epoch" in capsys.readouterr().out


def test_a_log_of_wild_values_is_no_internal_error(invoke: Invoke) -> None:
    status, _, error = invoke("fit", "-", stdin="lr\n0.1\n1e200\n0.1\n0\n")
    assert status in (0, 2)
    assert "internal" not in error


def test_without_docstrings_there_is_less_to_say_and_nothing_fails() -> None:
    lines = [SHORT, ("--help",), ("cosine", "--help"), ("plateau", "--help"), ("explain", "step")]
    code = f"import sys; from lrcli.cli import main; sys.exit(max(main([*words]) for words in {lines}))"
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(ROWS)


def test_no_memory_left_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(output, "render", exhausted)
    assert main([*SHORT]) == 2
    assert "out of memory" in capsys.readouterr().err


def test_json_has_null_for_what_it_has_no_number_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text("epoch,val_loss,lr\n0,inf,inf\n1,nan,nan\n2,1,1\n")
    log = str(tmp_path / "log.csv")
    wild = "exponential --gamma 1e200 --lr 1e100"
    for words in (
        ["plateau", log, "--metric", "val_loss"],
        ["compare", wild, "-n", "4"],
        ["exponential", "--gamma", "1e200", "-n", "4"],
    ):
        for format in ("json", "jsonl"):
            assert main([*words, "-f", format]) == 0
            said = capsys.readouterr()
            assert "null" in said.out and "NaN" not in said.out and "Infinity" not in said.out
            assert "not finite" in said.err


def test_a_cell_of_markdown_is_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text("epoch,val_loss\n0,1\n")
    assert main(["compare", "cosine --t-max 2", r"lambda --expr 1\|2", "-f", "markdown"]) == 2
    from lrcli.render.markdown import escaped

    assert escaped("a\\|b\\") == "a\\\\\\|b\\\\"


def test_an_explanation_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["-f", "csv"], ["--json"]):
        assert main(["explain", "cosine", *words]) == 2
        assert "an explanation is text" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["\x1b[31mred", "\u202etxt", "\x9b1m", "\u2066x", "\x07"])
def test_no_message_carries_what_a_terminal_obeys(
    column: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log.csv").write_text(f'epoch,"{column}"\n0,0.3\n1,-1\n2,0.7\n', encoding="utf-8")
    log = str(tmp_path / "log.csv")
    made = "lambda --lr 1 --expr '0.3 if t < 1 else -1 if t < 2 else 0.7'"
    for words in (["fit", log], ["plateau", log], ["verify", log, made], ["plateau", log, "--metric", column]):
        main(words)
        said = capsys.readouterr()
        assert said.err and column not in said.err
        assert not {char for char in said.err if not char.isprintable()} - {"\n"}
