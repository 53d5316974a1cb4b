"""A log that still grows, on a terminal: what is seen before it ends."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from lrcli.logs.series import Lines, Series, Shown
from lrcli.logs.table import Facts
from lrcli.record import Record
from lrcli.render.live import View
from lrcli.render.style import Style
from lrcli.replay import Told
from lrcli.rows import Mark, Panel, Rows
from lrcli.run import Run
from lrcli.schedules.plateau import Plateau
from lrcli.spec import parse
from lrcli.verify.following import Following
from tests.processes import started

COLUMNS = ("epoch", "metric", "lr", "next_lr", "best", "bad_epochs", "cooldown", "event")


def view(style: list[Style], marks: list[Mark]) -> View:
    panels = (Panel(("metric",), rate=False), Panel(("lr",)))
    rows = Rows(COLUMNS, [], None, "plateau --patience 3", panels, marks)
    told = Told(Plateau(patience=3), COLUMNS)
    return View(rows, lambda: style[-1], told.events, told.coming)


def test_the_picture_grows_with_the_rows_and_follows_the_size_of_the_terminal() -> None:
    style, marks = [Style(80, 24)], []
    seen = view(style, marks)
    assert seen.text().plain == "waiting for the first row"
    seen.read(([0, 1], [1.0, 0.5], [0.1, 0.1], [0.1, 0.1], [1.0, 0.5], [0, 0], [0, 0], ["improved", "improved"]))
    first = seen.text().plain.splitlines()
    assert first[-1] == "epoch 1, best 0.5, rate 0.1: 0 of 3 bad epochs tolerated"
    marks.append(Mark(5, ""))
    bad = ([2, 3, 4, 5], [0.5] * 4, [0.1] * 4, [0.1, 0.1, 0.1, 0.01], [0.5] * 4, [1, 2, 3, 0], [0] * 4)
    seen.read((*bad, ["", "", "", "reduced"]))
    second = seen.text().plain.splitlines()
    assert second[-2:] == [
        "epoch 5: cut, 0.1 becomes 0.01",
        "epoch 5, best 0.5, rate 0.01: 0 of 3 bad epochs tolerated",
    ]
    assert len(first) == len(second) == 22
    assert seen.text() is seen.text()
    style.append(Style(60, 16))
    small = seen.text().plain.splitlines()
    assert len(small) == 14
    assert max(map(len, small)) <= 60


def test_what_is_coming() -> None:
    told = Told(Plateau(patience=3), COLUMNS)
    assert told.coming(([7], [1.0], [0.1], [0.1], [0.5], [2], [0], [""])) == [
        "epoch 7, best 0.5, rate 0.1: 2 of 3 bad epochs tolerated"
    ]
    assert told.coming(([7], [1.0], [0.1], [0.1], [0.5], [0], [2], [""]))[0].endswith("2 more epochs not judged")


def test_plateau_follow_draws_before_the_log_ends(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("epoch,val_loss\n0,1.0\n1,0.9\n2,0.9\n")
    ours, theirs = pty.openpty()
    words = ["plateau", str(log), "--patience", "3", "--follow"]
    size = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    process = started(*words, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **size})
    os.close(theirs)
    seen = ""

    def until(words: str) -> None:
        nonlocal seen
        end = time.monotonic() + 20
        while words not in seen and time.monotonic() < end:
            seen += os.read(ours, 65536).decode(errors="replace")
        assert words in seen

    try:
        until("of 3 bad epochs tolerated")
        with log.open("a") as file:
            file.write("3,0.9\n4,0.9\n5,0.9\n6,0.9\n")
        until("epoch 5: cut, 0.1 becomes 0.01")
        process.send_signal(signal.SIGINT)
        until("1 cut, after epoch 5; final 0.01")
        assert "┌" in seen
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_verify_follow_ends_at_the_first_row_that_does_not_follow(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("epoch,lr\n0,0.1\n1,0.05\n2,0.025\n")
    command = [sys.executable, "-m", "lrcli", "verify", str(log), "exponential --gamma 0.5", "--follow"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in range(4)]
    assert seen == ["tick,expected,logged\n", "0,0.1,0.1\n", "1,0.05,0.05\n", "2,0.025,0.025\n"]
    with log.open("a") as more:
        more.write("3,0.0125\n4,0.01\n5,0.0001\n")
    rest, said = process.communicate(timeout=60)
    assert rest == "3,0.0125,0.0125\n4,0.00625,0.01\n"
    assert process.returncode == 1
    assert "tick 4 (line 6 of the log) has 0.01, expected 0.00625" in said


def test_verify_follow_waits_until_it_is_known_how_the_log_rounds() -> None:
    following = Following(parse("exponential --gamma 0.9").schedule, Run())
    series = [
        Series("lr", Lines(), None, None, np.array([0.1, 0.09, 0.081, 0.073, 0.066][:count]), Shown(2, None))
        for count in range(1, 6)
    ]
    for each in series:
        each.lines.extend(range(1, len(each) + 1))
    blocks = list(following.blocks(Record.of_series(each, Facts("csv")) for each in series))
    assert [row for block in blocks for row in block[0]] == [0, 1, 2, 3, 4]
    assert following.verdict is not None
    assert following.verdict.follows
    assert following.coming(blocks[-1]) == ["tick 4, rate 0.066: follows so far, 5 rows read"]
