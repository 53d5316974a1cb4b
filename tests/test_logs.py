"""Logs as trainers and spreadsheets write them."""

import io
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrcli.errors import InputError
from lrcli.logs import open_log, per_epoch, source
from lrcli.logs.folder import find_log
from lrcli.logs.source import LONGEST_LINE, LogBytes

REAL = Path(__file__).parent / "data" / "logs"


def read(path: Path, column: str | None = None) -> list[tuple[float, float]]:
    log = open_log(str(path))
    chosen = log.choose_metric(column, "--metric")
    return [pair for block in per_epoch(log, chosen) for pair in zip(block.epochs, block.values, strict=True)]


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "log"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


PLAIN = [(0, 0.5), (1, 0.25)]

FORMATS = {
    "comma": "epoch,val_loss\n0,0.5\n1,0.25\n",
    "semicolon": "epoch;val_loss\n0;0.5\n1;0.25\n",
    "tab": "epoch\tval_loss\n0\t0.5\n1\t0.25\n",
    "crlf": "epoch,val_loss\r\n0,0.5\r\n1,0.25\r\n",
    "no last line end": "epoch,val_loss\n0,0.5\n1,0.25",
    "blank lines": "\n\nepoch,val_loss\n\n0,0.5\n\n1,0.25\n\n",
    "UTF-8 with BOM": b"\xef\xbb\xbfepoch,val_loss\n0,0.5\n1,0.25\n",
    "UTF-16 from Excel": "epoch\tval_loss\r\n0\t0.5\r\n1\t0.25\r\n".encode("utf-16"),
    "quoted": '"epoch","val_loss","note"\n"0","0.5","a,b"\n"1","0.25","two\nlines"\n',
    "padded (YOLO)": "                  epoch,   val_loss\n                      0,        0.5\n        1,      0.25\n",
    "Keras with NA": "epoch,loss,val_loss\n0,1.0,0.5\n1,1.0,0.25\n2,1.0,NA\n",
    "fastai, header again": "epoch,val_loss,time\n0,None,00:03\nepoch,val_loss,time\n0,0.5,00:03\n1,0.25,1:02:03\n",
    "timm, short rows": "epoch,train_loss,val_loss,lr\n0,1.0,0.5,0.1\n1,1.0,0.25,0.1\n2,1.0\n",
    "Lightning": "epoch,lr-SGD,step,val_loss\r\n,0.1,0,\r\n0,,3,0.75\r\n0,,3,0.5\r\n,0.1,4,\r\n1,,7,0.25\r\n1,,7,\r\n",
    "Weights & Biases": '"Step","run - val_loss","run - val_loss__MIN","run - val_loss__MAX"\n'
    '"0","0.5","0.5","0.5"\n"1","0.25","0","1"\n',
    "TensorBoard": "Wall time,Step,Value\n1.7e9,0,0.5\n1.7e9,1,0.25\n",
    "JSON lines": '{"epoch": 0, "loss": 1}\n{"epoch": 0, "val_loss": 0.5}\n\n'
    '{"epoch": 1, "val_loss": 0.25, "x": {"y": [1]}}\n',
    "trainer_state.json": json.dumps(
        {"log_history": [{"epoch": 0.0, "eval_loss": 0.5}, {"epoch": 1.0, "eval_loss": 0.25}]}
    ),
    "a list of records": json.dumps([{"epoch": 0, "val_loss": 0.5}, {"epoch": 1, "val_loss": 0.25}], indent=2),
    "one column": "val_loss\n0.5\n0.25\n",
}


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_says_the_same(format: str, tmp_path: Path) -> None:
    assert read(written(tmp_path, FORMATS[format])) == PLAIN


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("keras-3.15-csvlogger-1.csv", 3, (0, 0.022143680602312088)),
        ("keras-3.15-csvlogger-3.csv", 2, (1, 0.014796417206525803)),
        ("lightning-2.6-metrics.csv", 3, (0, 0.052449844777584076)),
        ("transformers-5.23-trainer_state.json", 2, (1, 0.4962368905544281)),
    ],
)
def test_real_logs(name: str, count: int, first: tuple[float, float]) -> None:
    found = read(REAL / name)
    assert len(found) == count
    assert found[0] == first


def test_what_is_missing_and_what_is_not_a_number_is_counted(tmp_path: Path) -> None:
    log = open_log(
        str(written(tmp_path, "epoch,val_loss\n0,nan\n1,\n2,inf\n3,-Infinity\n4, N/A \n5,NaN\n6,-\n7,<NA>\n"))
    )
    values = [value for block in log.blocks("val_loss") for value in block.values]
    assert [repr(value) for value in values] == ["nan", "inf", "-inf", "nan"]
    assert (log.missing, log.nans) == (4, 2)


def test_a_restarted_count_begins_new_epochs(tmp_path: Path) -> None:
    assert read(written(tmp_path, "epoch,val_loss\n0,1\n0,2\n1,3\n0,4\n")) == [(0, 2.0), (1, 3.0), (0, 4.0)]


HOSTILE = [
    (b"", "is empty"),
    (b"\n\n  \n", "is empty"),
    (b"epoch,val_loss\n", "no rows"),
    (b"epoch,val_loss\n0,\n", "no value"),
    (b"epoch,val_loss\n0,1\n1,x\x1b[31m\n", "line 3, column 'val_loss': expected a number, found 'x\\x1b[31m'"),
    (b"epoch,val_loss\n0,1_0\n", "found '1_0'"),
    (b"epoch;val_loss\n0;0,5\n", "write decimals with a point"),
    (b"epoch,val_loss\n0,1,2,3\n", "line 2: expected 2 cells as in the header, found 4"),
    (b"0,1\n1,2\n", "expected the names of the columns"),
    (b'epoch,val_loss\n0,"1\n2,3\n', "not closed"),
    (b"\x1f\x8b\x08\x00", "is empty"),
    (b"\x1f\x8b\x00\x00" * 5, "damaged gzip"),
    (b"PK\x03\x04", "zip archive"),
    (b"epoch,val_loss\n0,\x00\n", "NUL"),
    (b"epoch,val_loss\n0,\xff\n", "line 2, column 'val_loss': expected a number"),
    (b"{]", "not JSON"),
    (b'{"a": 1}', "no column|expected the name|has no|'val_loss'"),
    (b"[1, 2]", "expected a list of objects"),
    (b'{"loss": 1}\n3\n', "line 2: expected a JSON object"),
    (b"[" * 100_000, "not JSON"),
    (b"val_loss\n" + b"1" * (LONGEST_LINE + 1), "a line of more than"),
    (b"," * 300_000 + b"\n1\n", "columns"),
]


TEXT = "epoch,Verlust für\n0,0.5\n1,0.25\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "marked"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "latin-1"])
def test_text_in_any_encoding_that_windows_writes(encoding: str, mark: str, tmp_path: Path) -> None:
    if encoding == "latin-1" and mark:
        return
    log = open_log(str(written(tmp_path, (mark + TEXT.replace("\n", "\r\n")).encode(encoding))))
    [series] = log.series("Verlust für")
    assert series.values.tolist() == [0.5, 0.25]
    assert any("is not UTF-8 at byte 16 (0xfc)" in remark for remark in log.remarks) == (encoding == "latin-1")


@pytest.mark.parametrize("chunk", [1, 7, 1 << 18])
def test_a_stray_byte_does_not_lose_a_log(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrcli.logs.source.CHUNK", chunk)
    rows = [f"epoch {epoch} loss {0.5**epoch} lr 0.1 é\n".encode() for epoch in range(9)]
    log = open_log(str(written(tmp_path, b"".join([*rows[:5], b"\xffcaf\xe9\xfe\n", *rows[5:]]))))
    [series] = log.series("loss")
    assert series.values.tolist() == [0.5**epoch for epoch in range(9)]
    assert len([remark for remark in log.remarks if "UTF-8" in remark]) == 1


@pytest.mark.parametrize(("data", "words"), HOSTILE, ids=lambda value: repr(value)[:40])
def test_hostile_logs_are_named(data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read(written(tmp_path, data), "val_loss")
    assert any(part in str(raised.value) for part in words.split("|"))
    assert str(raised.value).isprintable()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="directory"):
        read(tmp_path)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
@example(b"-")
def test_any_bytes_are_a_log_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = written(tmp_path_factory.getbasetemp(), data)
    try:
        read(path, "val_loss")
    except InputError as error:
        assert str(error).isprintable()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats()), min_size=1, max_size=30),
    st.sampled_from(",;\t"),
    st.booleans(),
)
def test_any_table_reads_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, float]], delimiter: str, quoting: bool
) -> None:
    import csv

    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoting else csv.QUOTE_MINIMAL)
    writer.writerows([("epoch", "a", "val_loss"), *((epoch, "", repr(value)) for epoch, value in rows)])
    log = open_log(str(written(tmp_path_factory.getbasetemp(), text.getvalue())))
    found = [value for block in log.blocks("val_loss") for value in block.values]
    assert [value.hex() for value in found] == [value.hex() for _, value in rows]


COLUMNS = "epoch,val_loss,val_acc,train/loss,train/acc,lr-SGD\n0,1,2,3,4,5\n"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [(None, "val_loss"), ("val_acc", "val_acc"), ("VAL_ACC", "val_acc"), ("lr", "lr-SGD"), ("train/l", "train/loss")],
)
def test_a_column_by_name_or_unambiguous_part(wanted: str | None, found: str, tmp_path: Path) -> None:
    assert open_log(str(written(tmp_path, COLUMNS))).choose_metric(wanted, "--metric") == found


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("acc", "may be val_acc, train/acc"), ("val_los", "val_loss"), ("zzz", "There are val_loss, val_acc")],
)
def test_a_column_that_is_not_clear(wanted: str, words: str, tmp_path: Path) -> None:
    log = open_log(str(written(tmp_path, COLUMNS)))
    if wanted == "val_los":
        assert log.choose(wanted, "--metric") == words
        return
    with pytest.raises(InputError) as raised:
        log.choose(wanted, "--metric")
    assert words in str(raised.value)
    assert "--metric" in str(raised.value)


def test_following_a_file_that_grows_is_cut_and_is_replaced(tmp_path: Path) -> None:
    path = written(tmp_path, "epoch,val_loss\n0,1\n")
    said: list[str] = []
    log = open_log(
        "", source=LogBytes(str(path), follow=True, announce=said.append, sleep=lambda seconds: time.sleep(0.01))
    )
    seen: list[float] = []

    def follow() -> None:
        for block in log.blocks("val_loss"):
            seen.extend(block.values)
            if 4.0 in seen:
                return

    reader = threading.Thread(target=follow, daemon=True)
    reader.start()

    def wait_for(value: float) -> None:
        until = time.monotonic() + 5
        while value not in seen and time.monotonic() < until:
            time.sleep(0.01)
        assert value in seen

    wait_for(1.0)
    with path.open("a") as file:
        file.write("1,2\n2,")
    wait_for(2.0)
    path.write_text("epoch,val_loss\n0,3\n")
    wait_for(3.0)
    other = tmp_path / "other"
    other.write_text("epoch,val_loss\n0,4\n")
    os.replace(other, path)
    wait_for(4.0)
    assert len(said) == 2
    assert "truncated" in said[0]
    assert "replaced" in said[1]


@pytest.mark.parametrize("epoch", ["9" * 400, "nan", "-inf"])
def test_an_epoch_that_is_no_finite_number_is_missing(tmp_path: Path, epoch: str) -> None:
    log = f"epoch,val_loss\n0,0.5\n{epoch},0.25\n"
    assert read(written(tmp_path, log)) == [(0, 0.5), (1, 0.25)]


def test_rows_of_another_width_are_not_mistaken_for_plain_ones(tmp_path: Path) -> None:
    log = "epoch,val_loss,lr\n0,1,0.1\n1,2\n3,4,0.1,\n"
    assert read(written(tmp_path, log)) == [(0, 1), (1, 2), (3, 4)]


@pytest.mark.parametrize("size", [1, 7, 64, 300])
@pytest.mark.parametrize("path", sorted(REAL.iterdir()), ids=lambda path: path.name)
def test_where_a_chunk_ends_changes_nothing(path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def everything() -> list[object]:
        columns = open_log(str(path)).value_columns
        found: list[object] = []
        for column in columns:
            try:
                blocks = list(open_log(str(path)).blocks(column))
            except InputError as error:
                found.append(str(error))
                continue
            rows = (row for block in blocks for row in zip(*block, strict=True))
            found += [[value if value is None else repr(float(value)) for value in row] for row in rows]
        return found

    expected = everything()
    monkeypatch.setattr(source, "CHUNK", size)
    assert everything() == expected


def test_a_folder_that_vanishes_while_it_is_searched_ends_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanishing(self: Path, pattern: str) -> Iterator[Path]:
        yield from ()
        raise FileNotFoundError(pattern)

    monkeypatch.setattr(Path, "glob", vanishing)
    with pytest.raises(InputError, match="is a directory without a log"):
        find_log(str(tmp_path), [])


def test_a_state_without_a_rate_says_why(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text('{"global_step": 15, "log_history": [], "logging_steps": 500, "max_steps": 15}')
    with pytest.raises(InputError, match="has no rate: one is logged every 500 steps, and the run had 15"):
        open_log(str(path)).choose_rate(None, "--column")


def test_what_mmcv_writes_after_a_validation_is_no_step_of_the_run(tmp_path: Path) -> None:
    path = tmp_path / "run.log.json"
    rows = [{"mode": "train", "epoch": 1, "iter": step, "lr": 0.1, "loss": 1.0} for step in (10, 20)]
    rows.append({"mode": "val", "epoch": 1, "iter": 7, "lr": 0.1, "mAP": 0.5})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    log = open_log(str(path))
    [rates, score] = log.series("lr", "mAP")
    assert rates.steps is not None
    assert rates.steps.tolist() == [10, 20]
    assert (len(rates), score.values.tolist()) == (2, [0.5])
