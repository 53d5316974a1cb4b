"""Which column of a log is what, and its values as arrays."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from lrcli.errors import InputError
from lrcli.logs import Log, open_log

REAL = Path(__file__).parent / "data" / "logs"

RATES = (
    "lr", "LR", "learning_rate", "learning rate", "learning-rate", "learningRate", "Learning Rate", "train/lr",
    "train_lr", "lr-AdamW", "lr-Adam/pg1", "optimizer/lr", "lr/pg0", "lr_group0", "opt/lr", "current_lr", "base_lr",
    "last_lr", "param_groups.0.lr", "param_groups[0].lr", "run-1 - train/learning_rate", "event_lr", "lrate",
    "lr-DecoupledAdamW/group0", "optim/learning_rate_group0", "lr_step", "train/lr_epoch", "epoch/learning_rate",
    "epoch_learning_rate", "batch/learning_rate", "scheduler/lr", "policy/lr", "loss/lr",
    "info/learner/default_policy/learner_stats/cur_lr", "learners/p0/default_optimizer_learning_rate",
)  # fmt: skip
NO_RATES = ("val_loss", "mlr", "lr_scale", "lr_decay", "lr_warmup_steps", "lr__MIN", "alr", "color", "clr_loss",
    "config/lr", "lr_step_size", "lr_steps", "lr_drop", "learning rate epoch", "lr_policy", "optimizer/lr_schedule",
)  # fmt: skip
METRICS = (
    "val_loss", "validation_loss", "valid_loss", "val/loss", "eval/loss", "eval_loss", "dev_loss", "test_loss",
    "val_acc", "Loss/val", "valLoss", "val loss", "Val Loss", "run-1 - eval/loss", "validation/accuracy", "val_f1",
)  # fmt: skip
NO_METRICS = ("grad_norm", "eval_runtime", "eval_samples_per_second", "tokens_per_second_per_gpu", "time", "loss scale")
STEPS = (
    "step", "Step", "_step", "global_step", "train/global_step", "trainer/global_step", "iter", "iteration",
    "num_updates", "current_steps", "optimizer_step", "iterations",
)  # fmt: skip
EPOCHS = ("epoch", "Epoch", "epochs", "train/epoch", "current_epoch")


def log_of(folder: Path, *columns: str, rows: int = 3) -> Log:
    path = folder / "log.csv"
    lines = [",".join(columns), *(",".join(str(row + place) for place in range(len(columns))) for row in range(rows))]
    path.write_text("\n".join(lines) + "\n")
    return open_log(str(path))


@pytest.mark.parametrize("name", RATES)
def test_a_rate_under_any_of_its_names(name: str, tmp_path: Path) -> None:
    log = log_of(tmp_path, "epoch", "loss", name, "grad_norm")
    assert log.choose_rate(None, "--column") == name
    assert log.choose_metric(None, "--metric") == "loss"


@pytest.mark.parametrize("name", NO_RATES)
def test_what_is_no_rate(name: str, tmp_path: Path) -> None:
    assert log_of(tmp_path, "epoch", "loss", name).rates == []


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("beside", [(), ("loss", "accuracy"), ("train_loss", "train/acc", "time")])
def test_a_metric_under_any_of_its_names(name: str, beside: tuple[str, ...], tmp_path: Path) -> None:
    log = log_of(tmp_path, "epoch", *beside, name, "lr", *NO_METRICS)
    assert log.choose_metric(None, "--metric") == name


@pytest.mark.parametrize("rate", RATES)
def test_a_rate_is_never_taken_for_a_metric(rate: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has rates .* but no metric"):
        log_of(tmp_path, "epoch", rate).choose_metric(None, "--metric")


@pytest.mark.parametrize(("table", "kind"), [(STEPS, "step"), (EPOCHS, "epoch")])
def test_an_axis_under_any_of_its_names(table: tuple[str, ...], kind: str, tmp_path: Path) -> None:
    for name in table:
        log = log_of(tmp_path, "lr", name)
        assert getattr(log, kind) == name
        assert log.value_columns == ["lr"]


@pytest.mark.parametrize(
    ("columns", "step"),
    [
        ("_step,train/global_step,train/lr", "train/global_step"),
        ("epoch,iter,step,lr", "step"),
        ("num_updates,update,lr", "num_updates"),
        ("batch,global_step,lr", "global_step"),
        ("current_steps,total_steps,lr", "current_steps"),
    ],
)
def test_the_optimizer_step_is_told_from_other_counts(columns: str, step: str, tmp_path: Path) -> None:
    assert log_of(tmp_path, *columns.split(",")).step == step


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("lr/pg2,lr/pg1,lr/pg0", "lr/pg0"),
        ("lr-Adam/pg2,lr-Adam/pg1", "lr-Adam/pg1"),
        ("base_lr,lr", "lr"),
        ("train_min_lr,train_lr", "train_lr"),
        ("learning-rate vs samples,learning-rate", "learning-rate"),
        ("step,Value", "Value"),
        ("lr_epoch,lr_step", "lr_step"),
        ("epoch/learning_rate,batch/learning_rate", "batch/learning_rate"),
        ("config/lr,info/learner/p0/learner_stats/cur_lr", "info/learner/p0/learner_stats/cur_lr"),
    ],
)
def test_of_several_rates_the_likeliest(columns: str, found: str, tmp_path: Path) -> None:
    assert log_of(tmp_path, *columns.split(",")).choose_rate(None, "--column") == found


@pytest.mark.parametrize("columns", ["lr-Adam,lr-SGD", "run-1 - lr,run-2 - lr", "epoch,a,b", "epoch,val_loss"])
def test_rates_that_are_not_clear_are_listed(columns: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--column: "):
        log_of(tmp_path, *columns.split(",")).choose_rate(None, "--column")


@pytest.mark.parametrize("path", sorted(REAL.iterdir()), ids=lambda path: path.name)
def test_a_series_is_what_the_blocks_say(path: Path) -> None:
    for column in open_log(str(path)).value_columns:
        try:
            blocks = list(open_log(str(path)).blocks(column))
        except InputError:
            continue
        [series] = open_log(str(path)).series(column)
        rows = [row for block in blocks for row in zip(*block, strict=True)]
        assert [series.lines[row] for row in range(len(series))] == [line for line, *_ in rows]
        assert [value.hex() for value in series.values.tolist()] == [float(value).hex() for *_, value in rows]
        for axis, place in ((series.steps, 1), (series.epochs, 2)):
            expected = [np.nan if row[place] is None else row[place] for row in rows]
            found = [np.nan] * len(rows) if axis is None else axis
            assert np.array_equal(found, expected, equal_nan=True)


def test_several_series_in_one_reading(tmp_path: Path) -> None:
    rates, losses = log_of(tmp_path, "epoch", "loss", "lr", rows=100_000).series("lr", "loss")
    assert rates.values.tolist() == list(range(2, 100_002))
    assert losses.values.tolist() == list(range(1, 100_001))
    assert rates.steps is None
    assert rates.epochs is not None
    assert rates.epochs[-1] == 99_999
    assert (rates.lines[0], rates.lines[99_999]) == (2, 100_001)


def test_epochs_are_positions(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("epoch,lr\n0.25,0.1\n0.5,0.2\n")
    [series] = open_log(str(path)).series("lr")
    assert series.epochs is not None
    assert series.epochs.tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    ("cells", "digits", "decimals"),
    [
        (["0.100000", "0.012345"], 6, 6),
        (["1.000000E-04", "2.990872E-04"], 7, None),
        (["0.1", "0.0975"], 3, None),
        (["0.05", "0.049863047384206834"], 17, None),
        (["5e-05", "4.861e-05"], 4, None),
        (["0.10", "0.05", "0.00"], 2, 2),
    ],
)
def test_how_values_are_written(cells: list[str], digits: int, decimals: int | None, tmp_path: Path) -> None:
    text = "lr\n" + "\n".join(cells) + "\n"
    records = "".join(json.dumps({"lr": cell}) + "\n" for cell in cells)
    for content in (text, records):
        path = tmp_path / "log"
        path.write_text(content)
        [series] = open_log(str(path)).series("lr")
        assert tuple(getattr(series.shown, name) for name in ("digits", "decimals")) == (digits, decimals)


def test_lines_are_kept_where_rows_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("lr\n" + "".join(f"{'' if row % 7 < 3 else row}\n" for row in range(50)))
    [series] = open_log(str(path)).series("lr")
    assert [series.lines[row] for row in range(len(series))] == [row + 2 for row in range(50) if row % 7 >= 3]
    assert len(series.lines) == len(list(itertools.filterfalse(lambda row: row % 7 < 3, range(50))))


def test_the_facts_of_a_trainer_state() -> None:
    log = open_log(str(REAL / "transformers-5.23-trainer_state.json"))
    log.series("learning_rate")
    assert log.facts.kind == "trainer_state"
    assert (log.facts.max_steps, log.facts.num_train_epochs) == (6, 2)


def test_steps_that_are_samples_are_counted_in_steps(tmp_path: Path) -> None:
    """DeepSpeed's monitors write a rate at the samples that were seen: 32 of them are a step here."""
    path = tmp_path / "Train_Samples_lr.csv"
    path.write_text("step,lr\n32,0.1\n64,0.2\n96,0.3\n")
    log = open_log(str(path))
    [series] = log.series("lr")
    assert series.steps is not None
    assert series.steps.tolist() == [1, 2, 3]
    assert log.remarks == ["Train_Samples_lr.csv: its steps are samples: 32 are taken for a step"]
