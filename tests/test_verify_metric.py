"""A log against a plateau: it is replayed over the log's own metric; what was otherwise is named where that is sure."""

import itertools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrcli.cli.commands.verify import Verified, judged
from lrcli.logs import open_log
from lrcli.logs.series import Shown
from lrcli.record import Reading, Record, tolerance_of
from lrcli.replay import Replay
from lrcli.run import Run
from lrcli.schedules.family import EPOCH
from lrcli.schedules.plateau import Plateau, float32
from lrcli.spec import parse
from lrcli.verify.plateaus import may_come
from lrcli.verify.replayed import Evaluated, Held
from tests.conftest import Invoke

EPOCHS = 90


def metrics(seed: int, count: int = EPOCHS) -> list[float]:
    """A loss that falls in stages, with noise."""
    rng, level, value, found = random.Random(seed), 1.0, 3.0, []
    for epoch in range(count):
        level *= 0.6 if epoch % 30 == 29 else 1.0
        value = level + (value - level) * 0.7
        found.append(value * (1 + rng.gauss(0, 0.003)))
    return found


def rates(losses: Sequence[float], lr: float = 0.1, **values: Any) -> list[float]:
    return [used[0] for used in Replay(lr=lr).judge(Plateau(**values)).judge(losses).rates]


def verdict(
    tmp_path: Path, losses: Sequence[Any], found: Sequence[float], spec: str, **columns: Sequence[float]
) -> Any:
    names = ["epoch", "val_loss", *columns, "lr"]
    rows = zip(range(len(found)), losses, *columns.values(), map(repr, found), strict=True)
    log = tmp_path / "log.csv"
    log.write_text("\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]) + "\n")
    planned, asked = parse(spec).in_run(Run()), Verified(log=str(log), schedule=spec, metric="val_loss")
    assert isinstance(planned.schedule, Plateau)
    return judged(planned.schedule, planned.run, open_log(str(log)), "lr", asked).as_document()


MEANT = "plateau --factor 0.5 --patience 3 --lr 0.1"
OTHERS = [
    ("--factor", 0.3, {"factor": 0.3, "patience": 3}),
    ("--patience", 5, {"factor": 0.5, "patience": 5}),
    ("--threshold", 0.01, {"factor": 0.5, "patience": 3, "threshold": 0.01}),
    ("--mode", "max", {"factor": 0.5, "patience": 3, "mode": "max"}),
    ("--cooldown", 2, {"factor": 0.5, "patience": 3, "cooldown": 2}),
    ("--min-lr", 0.02, {"factor": 0.5, "patience": 3, "min_lr": 0.02}),
]


@pytest.mark.parametrize(("option", "found", "values"), OTHERS, ids=[option for option, *_ in OTHERS])
def test_the_only_other_value_that_gives_the_log_is_named(
    tmp_path: Path, option: str, found: object, values: dict[str, Any]
) -> None:
    losses = metrics(1)
    document = verdict(tmp_path, losses, rates(losses, **values), MEANT)
    assert document["explanation"] == "other_values"
    assert [(change["option"], change["found"]) for change in document["changes"]] == [(option, found)]


def test_another_metric_is_named(tmp_path: Path) -> None:
    losses, others = metrics(2), metrics(3)
    found = rates(others, factor=0.5, patience=3)
    document = verdict(tmp_path, losses, found, MEANT, train_loss=others)
    assert document["explanation"] == "other_values"
    assert document["changes"] == [{"option": "--metric", "meant": "val_loss", "found": "train_loss"}]
    assert document["spec"].endswith("--metric train_loss")


def called(losses: Sequence[float], of_epoch: Callable[[int], Sequence[float]]) -> list[float]:
    """The rates where step() is called with these metrics in each epoch."""
    judge, found = Replay(lr=0.1).judge(Plateau(factor=0.5, patience=3)), []
    for epoch in range(len(losses)):
        found.append(judge.inner.rates[0])
        judge.inner.judge(of_epoch(epoch))
    return found


def test_how_it_was_called_is_named(tmp_path: Path) -> None:
    losses = metrics(4)
    calls: dict[str, tuple[Any, str, Any]] = {
        "shifted": (lambda epoch: losses[epoch - 1 : epoch], "shift", -1),
        "stepped_k_times": (lambda epoch: losses[epoch : epoch + 1] * (epoch % 2), "k", 0.5),
        "never_stepped": (lambda epoch: [], "rows", EPOCHS),
    }
    for name, (of_epoch, figure, value) in calls.items():
        document = verdict(tmp_path, losses, called(losses, of_epoch), MEANT)
        assert (document["explanation"], document[figure]) == (name, value)
    document = verdict(tmp_path, losses, rates(losses, lr=0.03, factor=0.5, patience=3), MEANT)
    assert (document["explanation"], document["base_lr"]) == ("base_lr", 0.03)


def test_a_state_that_was_not_loaded(tmp_path: Path) -> None:
    losses = metrics(5)
    before = rates(losses, factor=0.5, patience=3)
    place = next(row for row, (one, two) in enumerate(itertools.pairwise(before)) if two < one and row > 20)
    rest = rates(losses[place - 1 :], lr=before[place - 1], factor=0.5, patience=3)
    document = verdict(tmp_path, losses, [*before[: place - 1], *rest], MEANT)
    assert document["explanation"] == "state_not_loaded"
    assert abs(document["at"] - (place - 1)) <= 3


def test_what_a_log_does_not_decide_is_not_decided(tmp_path: Path) -> None:
    losses = metrics(1)
    document = verdict(tmp_path, losses, rates(losses, factor=0.5, patience=3, cooldown=4), MEANT)
    assert document["explanation"] == "unknown"
    assert document["detail"].startswith("the log does not decide: --cooldown was 3 to 20, not 0; or --min-lr was ")


def test_a_metric_whose_digits_hide_what_was_better_accuses_nobody(tmp_path: Path) -> None:
    hidden = 0
    for seed in range(3):
        losses = [loss / 2 for loss in metrics(seed)]
        found, shown = rates(losses, factor=0.5, patience=3), [f"{loss:.3f}" for loss in losses]
        hidden += found != rates(list(map(float, shown)), factor=0.5, patience=3)
        assert verdict(tmp_path, shown, found, MEANT)["follows"]
    assert hidden > 1
    assert not verdict(tmp_path, shown, rates(losses, factor=0.5, patience=6), MEANT)["follows"]


def test_rates_in_float32_may_be_those_of_keras(tmp_path: Path) -> None:
    losses = metrics(6)
    judged = Replay(lr=0.1, framework="keras").judge(Plateau(factor=0.5, patience=3)).judge(losses)
    assert verdict(tmp_path, losses, [used[0] for used in judged.rates], MEANT)["follows"]
    assert not verdict(tmp_path, losses, [round(used[0], 6) for used in judged.rates], MEANT)["follows"]


def test_the_metric_stands_in_no_epoch_with_a_rate(tmp_path: Path, invoke: Invoke) -> None:
    log = tmp_path / "log.csv"
    log.write_text("epoch,val_loss,lr\n1,0.5,\n2,,0.1\n")
    status, _, error = invoke("verify", str(log), MEANT)
    assert status == 2
    assert "no epoch with both lr and val_loss" in error


def test_the_metric_may_stand_in_the_spec_as_it_stands_on_the_command_line(tmp_path: Path, invoke: Invoke) -> None:
    losses, others = metrics(2), metrics(3)
    verdict(tmp_path, losses, rates(others, factor=0.5, patience=3), MEANT, train_loss=others)
    log = str(tmp_path / "log.csv")
    specs = (f"{MEANT} --metric=train_loss", MEANT.replace("plateau", "plateau --metric train_loss"), MEANT)
    assert [invoke("verify", log, text, "--metric", "val_loss")[0] for text in specs[2:]] == [1]
    assert [invoke("verify", log, text)[0] for text in specs[:2]] == [0, 0]


def test_a_rate_in_float32_that_never_moves(tmp_path: Path) -> None:
    document = verdict(tmp_path, metrics(3), [float32(0.2)] * EPOCHS, "plateau --patience 3 --lr 0.2")
    assert document["explanation"] == "never_stepped"


def test_a_metric_of_few_digits_leaves_enough_to_try_every_option(tmp_path: Path) -> None:
    losses = metrics(7)
    rounded = [f"{loss:.4f}" for loss in losses]
    found = verdict(
        tmp_path, rounded, rates(losses, factor=0.2, patience=2, cooldown=3), "plateau --factor 0.2 --patience 2"
    )
    assert found["changes"] == [{"option": "--cooldown", "meant": 0, "found": 3}]


def test_a_range_is_said_where_the_log_leaves_one(tmp_path: Path) -> None:
    losses = [1.0 / (1 + min(epoch, 10)) for epoch in range(40)]
    found = verdict(tmp_path, losses, rates(losses, patience=5, cooldown=9), "plateau --patience 5")
    assert [change["option"] for change in found["changes"]] == ["--cooldown"]


def test_limits_of_which_several_give_the_log_are_a_range(tmp_path: Path) -> None:
    losses = [2.0 * 0.9**epoch + 0.3 for epoch in range(60)]
    found = verdict(tmp_path, losses, rates(losses, patience=5, threshold=0.05), "plateau --patience 5")
    assert [change["option"] for change in found["changes"]] == ["--threshold"]
    assert found["changes"][0]["found"] == 0.05 or " to " in found["detail"]


def written(tmp_path: Path, losses: Sequence[float], found: Sequence[float]) -> str:
    log = tmp_path / "log.csv"
    rows = zip(range(len(found)), losses, found, strict=True)
    log.write_text("epoch,val_loss,lr\n" + "".join(f"{epoch},{loss!r},{rate!r}\n" for epoch, loss, rate in rows))
    return str(log)


CUT = [
    ("plateau --factor 0.5 --patience 3", {"factor": 0.5, "patience": 3}),
    ("plateau --factor 0.5 --patience 1 --cooldown 3", {"factor": 0.5, "patience": 1, "cooldown": 3}),
    ("plateau --factor 0.2 --patience 2 --threshold 0.01", {"factor": 0.2, "patience": 2, "threshold": 0.01}),
]


@pytest.mark.parametrize(("spec", "values"), CUT, ids=[spec for spec, _ in CUT])
def test_fit_names_the_plateau_whose_cuts_the_metric_explains(
    spec: str, values: dict[str, Any], tmp_path: Path, invoke: Invoke
) -> None:
    """A list of the same drops is no more than possible beside it, and verify accepts what is named."""
    losses = metrics(3)
    log = written(tmp_path, losses, rates(losses, **values))
    _, found, said = invoke("fit", log)
    first, *others = found.splitlines()[1:]
    assert first.split(",") == [spec, "possible", "0.0"]
    assert others and all(",possible," in line for line in others), "the drops themselves"
    assert "--metric val_loss is taken from" in said
    assert invoke("verify", log, spec)[0] == 0


def test_fit_takes_drops_that_the_metric_does_not_explain_for_no_plateau(tmp_path: Path, invoke: Invoke) -> None:
    log = written(tmp_path, metrics(4, 60), [0.1 * 0.1 ** (epoch // 15) for epoch in range(60)])
    assert "plateau" not in invoke("fit", log)[1]


def test_no_plateau_is_ruled_out_by_what_the_digits_of_its_metric_hide() -> None:
    hidden = 0
    for seed in range(80):
        drawing, losses, decimals = random.Random(seed), metrics(seed), (None, 3, 3, 4)[seed % 4]
        plateau = Plateau(
            mode=drawing.choice(["min", "min", "max"]),
            patience=drawing.choice([0, 2, 5]),
            cooldown=drawing.choice([0, 0, 3]),
            threshold=drawing.choice([1e-4, 0.0, 0.01]),
            threshold_mode=drawing.choice(["rel", "abs"]),
        )
        made = Replay(lr=0.1).judge(plateau).judge(losses)
        cuts = [epoch for epoch, event in enumerate(made.event) if event == "reduced"]
        shown = losses if decimals is None else [round(loss, decimals) for loss in losses]
        hidden += made.event != Replay(lr=0.1).judge(plateau).judge(shown).event
        record = Record.of_values([used for (used,) in made.rates], epochs=range(EPOCHS))
        log = Evaluated(
            record, Reading(np.arange(EPOCHS), EPOCH, 0), shown, Shown(17 if decimals is None else 6, decimals)
        )
        held = Held(log, tolerance_of(record), 1)
        assert may_come(cuts, held, plateau), (seed, plateau)
        if decimals is None:
            assert not may_come([*cuts[:-1], cuts[-1] + 1], held, plateau), (seed, plateau)
    assert hidden > 20
