"""Logs that are made to take time or memory: refused, or read within bounds."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lrcli.errors import InputError
from lrcli.logs import open_log, per_epoch
from lrcli.logs.lines import LONGEST_TEXT, TextLines
from tests.processes import started

MOST_SECONDS = 6
"""Of CPU; what hung took minutes."""

MOST_MEMORY = 200 << 20
"""Bytes of address space that reading a log may add; what was mended took up to 2.3 GB."""


def limited(path: Path, metric: str) -> None:
    """Read the log, with a limit on what it may take."""
    space = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (space + MOST_MEMORY, before[1]))
    start = time.process_time()
    try:
        log = open_log(str(path))
        for _ in per_epoch(log, log.choose(metric, "--metric")):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
        assert time.process_time() - start < MOST_SECONDS


LARGE: dict[str, Callable[[], str]] = {
    "a header of quoted line breaks": lambda: '"' + "\n" * 400_000 + '",lr\n1,0.1\n',
    "a header of many quotes": lambda: '"\n",' * 90_000 + "lr\n1,0.1\n",
    "a balanced quote": lambda: 'a,lr\n"' + "x\n" * 5_000_000 + '",1\n',
    "objects in a list": lambda: "[" + "{},\n" * 8_000_000 + "{}]",
    "objects in a list of an object": lambda: '{"lr": [' + "{},\n" * 8_000_000 + "1]}",
    "objects in an object": lambda: '{"a": {"b": [' + "{},\n" * 3_000_000 + "1]}}",
    "objects on lines": lambda: "{}\n" * 1_000_000,
    "an object on a long line": lambda: '{"lr": 1, "a": [' + "{}," * 3_000_000 + '1]}\n{"lr": 2}\n',
    "nothing, for long": lambda: "lr\n" + "\n" * (1 << 25),
}
REFUSED = sorted(LARGE)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit on memory is Linux's")
@pytest.mark.parametrize("form", REFUSED)
def test_what_is_too_large_is_refused_in_time(form: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(LARGE[form]())
    with pytest.raises(InputError):
        limited(path, "lr")


def test_a_long_document_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "log"
    record = '{\n"epoch": 1,\n"note": {},\n"val_loss": 0.5\n},\n'
    path.write_text(f'{{"log_history": [{record * 50_000}{{}}]}}')
    limited(path, "val_loss")


NASTY_LINES = (
    "ab ",
    "a-",
    "lr/",
    "a [",
    "1",
    "1, ",
    " ",
    "[1]",
    "1/",
    "a=",
    "'a': ",
    "100%|",
    "1:",
    ".",
    "lr=[1, ",
    "e1",
)


@pytest.mark.parametrize("part", NASTY_LINES)
def test_no_line_takes_more_than_linear_time(part: str) -> None:
    line = "epoch 1: loss 2 lr=[" + part * (LONGEST_TEXT // len(part) - 20)
    reader = TextLines("log", iter(["epoch 1: loss 2\n"]))
    reader.record(line)
    start = time.process_time()
    for _ in range(3):
        reader.record(line)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("number", ["1" + "0" * 400, "-1" + "0" * 400, "1" + "0" * 5000, str(2**53 + 1)])
def test_a_json_integer_of_any_size(number: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(f'{{"epoch": 0, "val_loss": {number}}}\n{{"epoch": 1, "val_loss": 1}}\n')
    log = open_log(str(path))
    values = [value for block in log.blocks("val_loss") for value in block.values]
    assert values == [float(number), 1.0]


def test_an_incomplete_last_character_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes("epoch,val_loss\n0,0.5\n1,0.25\n# é".encode()[:-1])
    log = open_log(str(path))
    assert [value for block in log.blocks("val_loss") for value in block.values] == [0.5, 0.25]
    assert log.remarks == ["log ends within a character: its last bytes are left out"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_following_a_pipe_ends_at_the_first_interrupt(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    words = ["plateau", str(pipe), "--follow", "-f", "csv"]
    running = started(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    writer = os.open(pipe, os.O_WRONLY)
    try:
        os.write(writer, b"epoch,val_loss\n0,1\n1,2\n")
        assert running.stdout is not None
        assert [running.stdout.readline()[:2] for _ in range(2)] == ["ep", "0,"]
        time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=10)
    finally:
        os.close(writer)
        running.kill()
    assert running.returncode == 130
    assert out.count("\n") == 1  # The last row is whole now.


def test_text_is_followed_and_read_from_standard_input(tmp_path: Path) -> None:
    text = "".join(f"epoch {epoch}: val_loss {1 / (epoch + 1)}\n" for epoch in range(3))
    done = subprocess.run(
        [sys.executable, "-m", "lrcli", "plateau", "-", "-f", "json"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [row["metric"] for row in json.loads(done.stdout)["rows"]] == [1, 1 / 2, 1 / 3]
