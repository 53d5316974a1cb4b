"""lrsched from Python."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lrcli
from lrcli import api
from lrcli.schedules.pytorch import Cosine


def test_rates_are_an_array_of_the_bits_that_the_command_line_prints() -> None:
    found = lrcli.rates("cosine --t-max 50")
    assert found.dtype == np.float64 and found.shape == (50,)
    done = subprocess.run([sys.executable, "-m", "lrcli", "cosine", "--t-max", "50"], capture_output=True, text=True)
    assert [repr(rate) for rate in found.tolist()] == [line.split(",")[1] for line in done.stdout.split()[1:]]
    assert lrcli.rates(Cosine(T_max=50)).tolist() == found.tolist()


def test_groups_are_the_second_axis_and_lengths_are_the_runs() -> None:
    found = lrcli.rates("cosine", lr=(0.1, 0.01), epochs=90, warmup=5)
    assert found.shape == (90, 2)
    assert lrcli.parse("cosine", epochs=90, warmup="10%").spec == "cosine --t-max 81 --epochs 90 --warmup 9"
    assert len(lrcli.parse("hf-linear --num-warmup-steps 3%", examples=52002, batch_size=16, epochs=3)) == 9753
    assert lrcli.rates("onecycle --max-lr 0.1 --total-steps 10").shape == (10,)
    assert lrcli.rates("CosineAnnealingLR(opt, T_max=9)").shape == (9,)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lrcli.rates("cosine"), "missing T_max"),
        (lambda: lrcli.rates("cosine --t-max 5", lr=-1), "lr: Invalid learning rate: -1.0"),
        (lambda: lrcli.rates("cosine --t-max 5", epoch=3), "no such argument: epoch; expected lr, ticks, epochs"),
        (lambda: lrcli.rates("hf-linear --num-warmup-steps 1", epochs=3), "give steps_per_epoch, batches_per_epoch"),
        (lambda: lrcli.rates("cosine --t-max 0"), "fails at tick 1"),
        (lambda: api.replay([[1.0]]), "shape (epochs,), found (1, 1)"),
        (lambda: api.replay([1.0], "cosine --t-max 5"), "expected a plateau"),
        (lambda: Cosine(T_max="a"), "expected a whole number"),
    ],
)
def test_errors_are_in_the_callers_terms(call: object, words: str) -> None:
    with pytest.raises(lrcli.InputError) as raised:
        call()  # type: ignore[operator]
    assert words in str(raised.value)


def test_a_schedule_is_checked() -> None:
    found = lrcli.check("cosine --t-max 50", epochs=90)
    assert [finding.code for finding in found] == ["LR103"]
    assert lrcli.check("cosine", epochs=90) == []


def test_a_plateau_is_replayed() -> None:
    found = api.replay([1.0] * 6, "plateau --patience 1", lr=0.1)
    assert found["lr"].tolist() == [0.1, 0.1, 0.1, 0.010000000000000002, 0.010000000000000002, 0.0010000000000000002]
    assert found["event"].tolist() == ["improved", "", "reduced", "", "reduced", ""]


def test_rates_are_verified_and_fitted() -> None:
    used = lrcli.rates("cosine --t-max 50")
    assert api.verify(used, "cosine --t-max 50").follows
    verdict = api.verify(used, "cosine --t-max 60")
    assert not verdict.follows and verdict.explanation is not None
    assert verdict.explanation.name == "other_values"
    assert api.fit(used)[0].spec == "cosine --t-max 50"
    assert api.verify(used[::10], "cosine --t-max 50", steps=range(0, 50, 10)).follows
    with pytest.raises(lrcli.InputError, match=r"steps: expected the shape \(rows,\), found \(3,\)"):
        api.verify(used, "cosine --t-max 50", steps=[1, 2, 3])


def test_a_notebook_shows_the_curve() -> None:
    plan = lrcli.parse("cosine --t-max 50")
    assert plan._repr_html_().startswith(("<svg", "<pre>"))
    assert repr(plan) == "lrcli.parse('cosine --t-max 50')"


def test_the_import_costs_nothing_until_it_is_used() -> None:
    code = "import sys; before = set(sys.modules); import lrcli; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["lrcli"]
    assert {"rates", "parse", "check", "replay", "verify", "fit"} <= set(dir(lrcli))
    code = "import lrcli; lrcli.rates('cosine --t-max 5'); print(all(map(callable, (lrcli.fit, lrcli.replay))))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True\n"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        lrcli.nothing  # noqa: B018


def test_a_file_stands_for_a_schedule(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("{max_steps: 4, num_train_epochs: 1, learning_rate: 0.1}")
    assert (
        lrcli.rates(str(path)).tolist()
        == lrcli.rates("hf-linear --num-warmup-steps 0 --num-training-steps 4", lr=0.1).tolist()
    )
