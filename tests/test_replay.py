"""Plateau over a log: rows, reasons, what-if, on whole processes where it matters."""

import csv
import io
import json
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from lrcli.engine import MOST_MARKS, Selection
from lrcli.errors import InputError
from lrcli.replay import Replay, replay, what_if
from lrcli.rows import Rows
from lrcli.schedules.plateau import Plateau
from tests.conftest import Invoke
from tests.processes import started

FLAT = [1.0] * 10
LOG = "epoch,val_loss\n" + "".join(f"{epoch},{value}\n" for epoch, value in enumerate(FLAT))


Found = list[dict[str, object]]


def replayed(metrics: list[float], selection: Selection | None = None, **given: object) -> tuple[Rows, Found]:
    options = {name: given.pop(name) for name in list(given) if name in Plateau.params()}
    parts = [slice(start, start + 3) for start in range(0, len(metrics), 3)]
    log = [(range(len(metrics))[part], metrics[part]) for part in parts]
    rows = replay(Plateau(**options), Replay(**given), log, selection or Selection(), "title")  # type: ignore[arg-type]
    cells = (row for block in rows.blocks for row in zip(*block, strict=True))
    return rows, [dict(zip(rows.columns, row, strict=True)) for row in cells]


def test_a_flat_metric_is_cut_after_patience_bad_epochs() -> None:
    rows, found = replayed(FLAT, patience=2)
    assert rows.columns == ("epoch", "metric", "lr", "next_lr", "best", "bad_epochs", "cooldown", "event")
    assert [row["event"] for row in found] == ["improved", "", "", "reduced", "", "", "reduced", "", "", "reduced"]
    assert [row["lr"] for row in found][3:5] == [0.1, 0.010000000000000002]
    assert [mark.row for mark in rows.marks] == [3, 6, 9]


def test_a_selection_never_changes_a_row() -> None:
    _, whole = replayed(FLAT, patience=1)
    assert replayed(FLAT, Selection(start=2, stop=9, every=3), patience=1)[1] == whole[2:9:3]
    assert replayed(FLAT, Selection(at=(0, 7)), patience=1)[1] == [whole[0], whole[7]]


def test_warmup_comes_before_the_metric_is_judged() -> None:
    _, found = replayed(FLAT, patience=1, warmup=4, warmup_start_factor=0.5)
    assert [row["event"] for row in found[:6]] == ["warmup"] * 4 + ["improved", ""]
    assert found[0]["lr"] == 0.05
    assert found[3]["next_lr"] == found[4]["lr"] == 0.1


def test_groups_have_columns_and_floors_of_their_own() -> None:
    _, found = replayed(FLAT, patience=0, lr=(0.1, 0.01), min_lr=(0.0, 0.005))
    assert (found[-1]["next_lr_1"], found[1]["next_lr_0"]) == (0.005, 0.010000000000000002)


@pytest.mark.parametrize(
    ("metrics", "options", "reason"),
    [
        ([1.0, 1.0], {}, "0.0001 above the limit 0.9999: bad epoch 1, 10 are tolerated"),
        ([1.0, 0.5], {}, "0.4999 below the limit 0.9999 (best was 1)"),
        ([1.0, 1.0], {"patience": 0}, "more than 0 bad epochs in a row, so 0.1 becomes 0.01"),
        ([1.0, float("nan")], {}, "NaN is never better"),
        ([1.0, 1.0, 1.0], {"patience": 0, "cooldown": 2}, "the last cut is too recent"),
        ([1.0, 1.0], {"patience": 0, "min_lr": 0.1}, "is not more than eps 1e-08"),
        ([1.0], {"warmup": 1}, "warmup: the metric is not judged yet"),
        ([1.0], {}, "the first value that counts"),
    ],
)
def test_each_epoch_says_why(metrics: list[float], options: dict[str, object], reason: str) -> None:
    _, found = replayed(metrics, explain=True, **options)
    assert reason in str(found[-1]["why"])


def test_what_if_reads_the_log_once() -> None:
    blocks = iter([(range(10), FLAT)])
    rows = what_if([Plateau(patience=1), Plateau(patience=3)], Replay(), blocks, ["patience"])
    assert list(zip(*rows.blocks[0], strict=True)) == [  # type: ignore[index]
        (1, 4, "2 4 6 8", 0.1 * 0.1 * 0.1 * 0.1 * 0.1),
        (3, 2, "4 8", 0.1 * 0.1 * 0.1),
    ]


def test_standard_input_and_json(invoke: Invoke) -> None:
    _, out, error = invoke("plateau", "-", "--patience", "2", "-f", "json", stdin=LOG)
    document = json.loads(out)
    assert document["schedule"]["params"]["patience"] == 2
    assert [row["epoch"] for row in document["rows"] if row["event"] == "reduced"] == [3, 6, 9]
    assert "--metric val_loss is taken from standard input" in error


def test_several_values_give_a_row_per_combination(invoke: Invoke) -> None:
    out = invoke("plateau", "-", "--patience", "1,3", "--factor", "0.1,0.5", stdin=LOG)[1]
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["factor"], row["patience"], row["cuts"]) for row in rows] == [
        ("0.1", "1", "4"),
        ("0.1", "3", "2"),
        ("0.5", "1", "4"),
        ("0.5", "3", "2"),
    ]


def test_following_ends_cleanly_at_ctrl_c(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,val_loss\n0,1\n1,1\n")
    words = ["plateau", str(path), "--follow", "-f", "csv"]
    process = started(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("epoch,metric")
    assert process.stdout.readline().startswith("0,1.0,")
    with path.open("a") as file:
        file.write("2,0.5\n")
    assert process.stdout.readline().startswith("1,1.0,")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=10)
    assert rest.startswith("2,0.5,")
    assert process.returncode == 130
    assert "Traceback" not in said


def test_without_a_log_it_explains_itself_on_a_terminal() -> None:
    script = f"script -qec '{sys.executable} -m lrcli plateau' /dev/null"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    assert "Traceback" not in done.stdout
    assert done.returncode == 2


@pytest.mark.parametrize("chosen", [Selection(at=(5,)), Selection(at=(1, 5)), Selection(start=4)])
def test_rows_that_the_log_does_not_have_are_refused(chosen: Selection) -> None:
    with pytest.raises(InputError, match="the run has rows 0 to 3"):
        replayed([1.0] * 4, chosen)


def test_a_log_of_cuts_does_not_fill_the_memory_with_marks() -> None:
    rows, found = replayed(FLAT * 30, patience=0, factor=0.999)
    assert sum(row["event"] == "reduced" for row in found) > len(rows.marks) == MOST_MARKS


def test_a_warmup_of_any_length_takes_no_memory() -> None:
    log = [([0, 1, 2], [1.0, 0.5, 0.4]), ([3], [0.3])]
    rows = replay(Plateau(), Replay(warmup=10**9), log, Selection(), "")
    assert [event for block in rows.blocks for event in block[-1]] == ["warmup"] * 4


def test_rows_that_are_asked_for_are_all_there_or_none_is_shown() -> None:
    log = [([0], [1.0]), ([1], [0.5])]
    blocks = iter(replay(Plateau(), Replay(), log, Selection(at=(0, 999)), "").blocks)
    with pytest.raises(InputError, match="row 999 is not in the run"):
        next(blocks)
    endless = (([epoch], [1.0]) for epoch in count())
    found = list(replay(Plateau(), Replay(), endless, Selection(at=(0, 5)), "").blocks)
    assert [block[0][0] for block in found] == [0, 5]
