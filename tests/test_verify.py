"""A log against a schedule: good runs follow, mistakes are named."""

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lrcli import spec
from lrcli.engine import rates
from lrcli.fit import fit
from lrcli.fit.effort import Effort
from lrcli.logs import open_log
from lrcli.logs.series import Shown
from lrcli.record import Record
from lrcli.render import render
from lrcli.render.style import Style
from lrcli.run import Run
from lrcli.schedules.plateau import float32
from lrcli.verify import Verdict, case, compared, verify
from lrcli.verify.alike import other_schedule
from lrcli.verify.case import WORK
from lrcli.verify.explain import ATTEMPTS
from lrcli.verify.late import waited, waited_evenly
from tests.conftest import Invoke
from tests.processes import lrsched
from tests.unheard import heard

SPECS = [
    "cosine --t-max 50",
    "step --step-size 10",
    "multistep --milestones 10,30",
    "exponential --gamma 0.95",
    "onecycle --max-lr 0.3 --total-steps 60",
    "polynomial --total-iters 55",
    "hf-cosine --num-warmup-steps 5 --num-training-steps 60",
    "sequential linear 'cosine --t-max 45' --milestones 5",
]
EPOCHS = 50


def values(text: str, count: int = 20 * EPOCHS, **run: object) -> list[float]:
    asked = Run(**run) if run else spec.parse(text).in_run(Run()).run  # type: ignore[arg-type]
    source = rates(asked.warmed_up(spec.parse(text).schedule), asked.lrs)
    found = []
    for _ in range(count):
        try:
            found.append(next(source))
        except (ArithmeticError, ValueError):
            break
    return found


def by_epoch(found: Sequence[float], origin: int = 0) -> Record:
    return Record.of_values(found, epochs=range(origin, origin + len(found)))


def by_step(found: Sequence[float], every: int = 1, origin: int = 0, shown: Shown | None = None) -> Record:
    steps = range(origin, origin + len(found))
    return Record.of_values(found[::every], steps=steps[::every], shown=shown)


def held(text: str, record: Record, **run: object) -> Verdict:
    return verify(spec.parse(text).schedule, Run(**run), record)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", SPECS)
def test_a_run_that_did_what_was_meant(text: str) -> None:
    right = values(text, EPOCHS)
    per_step = {"interval": "step"}
    assert held(text, by_step(right), **per_step).follows
    assert held(text, by_step(right, origin=1), **per_step).follows
    assert held(text, by_step(right, every=7, origin=1), **per_step).follows
    assert held(text, by_step(right, every=2, origin=1), **per_step).follows
    assert held(text, by_step(list(map(float32, right))), **per_step).follows
    six = [float(f"{value:.6g}") for value in right]
    assert held(text, by_step(six, shown=Shown(6, None)), **per_step).follows
    fixed = [float(f"{value:.6f}") for value in right]
    assert held(text, by_step(fixed, shown=Shown(6, 6)), **per_step).follows
    assert held(text, Record.of_values(right)).follows
    assert held(text, by_epoch(right)).follows
    assert held(text, by_epoch(right, origin=1)).follows


MISTAKES = {
    "stepped first": (lambda found: found[1 : EPOCHS + 1], "shifted"),
    "stepped late": (lambda found: [found[0], *found[: EPOCHS - 1]], "shifted"),
    "two processes": (lambda found: found[: 2 * EPOCHS : 2], "stepped_k_times"),
    "four processes": (lambda found: found[: 4 * EPOCHS : 4], "stepped_k_times"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("text", ["cosine --t-max 400", "exponential --gamma 0.99", "polynomial --total-iters 400"])
def test_mistakes_are_named(text: str, mistake: str) -> None:
    make, name = MISTAKES[mistake]
    verdict = held(text, by_epoch(make(values(text))))
    assert not verdict.follows
    assert verdict.explanation is not None
    assert verdict.explanation.name == name
    if name == "stepped_k_times":
        assert verdict.as_document()["k"] == (2 if "two" in mistake else 4)


def test_another_base_rate() -> None:
    verdict = held("cosine --t-max 50", by_epoch(values("cosine --t-max 50", EPOCHS, lr=0.03)))
    assert verdict.explanation is not None
    assert verdict.explanation.name == "base_lr"
    assert verdict.as_document()["base_lr"] == 0.03


def test_a_forgotten_warmup() -> None:
    bare = values("cosine --t-max 45", EPOCHS)
    for text, run in (
        ("cosine --t-max 45", {"warmup": 5}),
        ("sequential linear 'cosine --t-max 45' --milestones 5", {}),
    ):
        verdict = held(text, by_epoch(bare), **run)
        assert verdict.explanation is not None
        assert verdict.explanation.name == "no_warmup"


def test_per_batch_instead_of_per_epoch_and_the_reverse() -> None:
    found = values("cosine --t-max 500")
    per_batch = held("cosine --t-max 500", by_epoch(found[: 10 * EPOCHS : 10]), steps_per_epoch=10)
    per_epoch = held(
        "cosine --t-max 500", by_step([found[step // 10] for step in range(200)]), steps_per_epoch=10, interval="step"
    )
    for verdict in (per_batch, per_epoch):
        assert verdict.explanation is not None
        assert verdict.explanation.name == "wrong_interval"


@pytest.mark.parametrize(
    ("log", "text", "status"),
    [
        ("lightning-2.6-metrics.csv", "cosine --t-max 3 --lr 0.1", 0),
        ("lightning-2.6-metrics.csv", "cosine --t-max 4 --lr 0.1", 1),
        (
            "transformers-5.23-trainer_state.json",
            "hf-cosine --num-warmup-steps 2 --num-training-steps 6 --lr 5e-5",
            0,
        ),
        ("keras-3.15-csvlogger-5.csv", "multistep --milestones 2,3,4 --lr 0.01", 0),
    ],
)
def test_real_logs(log: str, text: str, status: int, invoke: Invoke) -> None:
    found, out, error = invoke("verify", f"tests/data/logs/{log}", text)
    assert found == status, out + error


def test_a_plateau_is_replayed_over_the_metric_of_the_log(tmp_path: Path, invoke: Invoke) -> None:
    metrics = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    rates = [0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01]
    log = tmp_path / "log.csv"
    rows = enumerate(zip(metrics, rates, strict=True))
    log.write_text("epoch,val_loss,lr\n" + "".join(f"{epoch},{metric},{rate}\n" for epoch, (metric, rate) in rows))
    assert invoke("verify", str(log), "plateau --patience 2")[0] == 0
    status, out, _ = invoke("verify", str(log), "plateau --patience 1", "-f", "json")
    assert status == 1
    assert json.loads(out)["first_difference"]["row"] == 4


MEANT = [
    ("cosine --t-max 50", "cosine --t-max 60", "--t-max", 60),
    ("cosine --t-max 50", "cosine --t-max 50 --eta-min 0.001", "--eta-min", 0.001),
    ("step --step-size 30", "step --step-size 20", "--step-size", 20),
    ("step --step-size 30", "step --step-size 30 --gamma 0.5", "--gamma", 0.5),
    ("exponential --gamma 0.95", "exponential --gamma 0.9", "--gamma", 0.9),
    (
        "onecycle --max-lr 0.1 --total-steps 60",
        "onecycle --max-lr 0.1 --total-steps 60 --pct-start 0.2",
        "--pct-start",
        0.2,
    ),
    (
        "sequential 'linear --total-iters 5' 'cosine --t-max 95' --milestones 5",
        "sequential 'linear --total-iters 5' 'cosine --t-max 45' --milestones 5",
        "--t-max",
        45,
    ),
]


@pytest.mark.parametrize(("meant", "done", "option", "value"), MEANT)
def test_other_hyperparameters_are_named(meant: str, done: str, option: str, value: float) -> None:
    document = held(meant, by_epoch(values(done, 60)), interval="epoch").as_document()
    assert document["explanation"] == "other_values"
    [change] = document["changes"]
    assert (change["option"], change["found"]) == (option, value)


def test_a_schedule_that_nobody_has_heard_of_is_explained_and_found() -> None:
    with heard():
        found = values("gadget-decay --gadzook 100 --frobnicate 10 --wibble 0.1", 100)
        document = held("gadget-decay --gadzook 80 --frobnicate 10 --wibble 0.1", by_step(found)).as_document()
        assert document["explanation"] == "other_values"
        assert document["changes"][0] == {"option": "--gadzook", "meant": 80, "found": 100}
        specs = [one.spec for one in fit(by_step(values("gadget-drops --xyzzy 20 --plugh 0.5", 100)))]
        assert any(one.startswith("gadget-drops --xyzzy 20 --plugh 0.5") for one in specs)


def test_a_period_that_is_another() -> None:
    found = values("cosine-restarts --t-0 10", 60)
    document = held("cosine-restarts --t-0 12", by_epoch(found), interval="epoch").as_document()
    assert document["explanation"] == "other_values"
    assert document["changes"] == [{"option": "--t-0", "meant": 12, "found": 10}]


def skipped(text: str, count: int, ticks: set[int]) -> list[float]:
    """A run in which step() is not called at some ticks, as AMP does."""
    source, rates, at = values(text, count + 1), [], 0
    for tick in range(count):
        rates.append(source[at])
        at += tick not in ticks
    return rates


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize(
    "text",
    [
        "hf-cosine --num-warmup-steps 30 --num-training-steps 300",
        "wsd --warmup-steps 30 --stable-steps 200 --decay-steps 70",
    ],
)
def test_ticks_that_were_skipped_one_by_one(text: str, every: int) -> None:
    record = by_step(skipped(text, 300, {3, 4, 15, 22, 260}), every)
    document = held(text, record).as_document()
    assert document["explanation"] == "shifted_from"
    assert document["shift"] == (-5)


def test_a_resume_from_a_far_older_state() -> None:
    found = values("cosine --t-max 400", 400)
    document = held("cosine --t-max 400", by_epoch([*found[:250], *found[130:250]])).as_document()
    assert (document["explanation"], document["at"], document["shift"]) == ("shifted_from", 250, -120)


@pytest.mark.parametrize("batches", [24, 391])
def test_stepped_after_every_batch_of_an_epoch_whose_length_nobody_says(batches: int) -> None:
    found = values("exponential --gamma 0.9999", 30 * batches)
    document = held("exponential --gamma 0.9999", by_epoch(found[::batches])).as_document()
    assert (document["explanation"], document["steps_per_epoch"]) == ("wrong_interval", batches)


@pytest.mark.parametrize(("first", "run"), [(0, {"steps_per_epoch": 20}), (19, {"steps_per_epoch": 20}), (20, {})])
def test_a_row_an_epoch_of_a_schedule_that_counts_steps(first: int, run: dict[str, int]) -> None:
    text = "onecycle --max-lr 0.1 --total-steps 600"
    rates = values(text, 601)
    in_steps, other = Run(interval="step", **run), "onecycle --max-lr 0.1 --total-steps 700"
    assert compared(spec.parse(text).schedule, in_steps, by_epoch(rates[first::20][:30], origin=1)).follows
    assert not compared(spec.parse(other).schedule, in_steps, by_epoch(rates[first::20][:29])).follows


def test_fractions_of_epochs_say_exactly_how_many_steps_an_epoch_has() -> None:
    found = values("cosine --t-max 500", 500)
    steps = range(9, 500, 10)
    record = Record.of_values(
        found[9::10], steps=[step + 1 for step in steps], epochs=[(step + 1) / 25 for step in steps]
    )
    document = held("cosine --t-max 500", record, interval="epoch").as_document()
    assert (document["explanation"], document["steps_per_epoch"]) == ("wrong_interval", 25)


def test_either_way_of_reading_a_log_may_be_the_one_that_is_explained() -> None:
    text = "hf-linear --num-warmup-steps 20 --num-training-steps 200"
    found = values(text, 201, lr=0.3)
    for first in (9, 10):  # the rate that was used at step 10, or the one that is used next
        record = Record.of_values(found[first:200:10], steps=range(10, 200 + (first == 9), 10))
        document = held(text, record).as_document()
        assert (document["explanation"], document["base_lr"]) == ("base_lr", 0.3)


@pytest.mark.parametrize(
    ("meant", "later"),
    [
        ("exponential --gamma 0.97", "exponential --gamma 0.9"),
        ("step --step-size 7", "step --step-size 7 --gamma 0.7"),
        ("cosine --t-max 60", "cosine --t-max 90"),
    ],
)
def test_a_hyperparameter_that_is_set_in_the_middle_of_a_run(meant: str, later: str) -> None:
    before = values(meant, 21)
    after = spec.parse(later).schedule.advance(20, before[20], 0.1)
    document = held(meant, by_epoch([*before[:20], *(next(after) for _ in range(40))])).as_document()
    assert (document["explanation"], document["spec"]) == ("changed", later)
    assert document["at"] in (21, 28)


def test_a_schedule_that_is_begun_in_the_middle_of_a_run() -> None:
    rest = values("cosine --t-max 40 --lr 0.02", 40)
    document = held("cosine --t-max 60 --lr 0.1", by_epoch([*values("cosine --t-max 60", 30), *rest])).as_document()
    assert (document["explanation"], document["at"]) == ("changed", 30)
    assert document["spec"] == "cosine --t-max 40 --lr 0.02"


def test_zeros_at_the_end_show_that_decimals_are_fixed() -> None:
    record = by_epoch([3e-4, 3e-5, 0.0], origin=0)
    shown = Record.of_values(record.values.tolist(), epochs=range(3), shown=Shown(3, 6, padded=True))
    assert held("exponential --gamma 0.01 --lr 3e-4", shown, lr=3e-4).explanation is not None
    assert held("multistep --milestones 1,2 --lr 3e-4", shown, lr=3e-4).first_difference.row == 2  # type: ignore[union-attr]
    small = Record.of_values([3e-4, 3e-5, 0.0], epochs=range(3), shown=Shown(3, 6, padded=True))
    assert held("lambda --expr '0.1**t if t < 2 else 0.001'", small, lr=3e-4).follows


def resumed(first: str, at: int, rest: str, skip: int = 0) -> Record:
    return by_epoch([*values(first, at), *values(rest, EPOCHS)[skip:]])


def test_seams_are_named() -> None:
    text = "cosine --t-max 100"
    kept = values(text, 41)[40]
    seams = {
        "restarted": resumed(text, 40, text),
        "state_not_loaded": resumed(text, 40, f"{text} --lr {kept!r}"),
        "shifted_from": resumed(text, 40, text, 39),
    }
    for name, record in seams.items():
        document = held(text, record).as_document()
        assert document["explanation"] == name
        assert document["at"] == 40
    assert held(text, by_epoch([0.1] * 20)).as_document()["explanation"] == "never_stepped"


def written(tmp_path: Path, columns: str, rows: Sequence[Sequence[float]]) -> str:
    log = tmp_path / "log.csv"
    log.write_text("\n".join([columns, *(",".join(map(repr, row)) for row in rows)]) + "\n")
    return str(log)


def test_the_columns_of_parameter_groups(tmp_path: Path, invoke: Invoke) -> None:
    rates = [[tick, 0.1 * 0.5**tick, 0.01 * 0.5**tick] for tick in range(5)]
    log = written(tmp_path, "step,lr/pg0,lr/pg1", rates)
    for columns in ([], ["--column", "lr/pg0,lr/pg1"], ["--column", "pg0", "--column", "pg1"]):
        status, out, error = invoke("verify", log, "exponential --gamma 0.5 --lr 0.1,0.01", *columns)
        assert status == 0, error
        assert out.count("5 of 5 rates are equal") == 2
    status, out, _ = invoke("verify", log, "exponential --gamma 0.5 --lr 0.1,0.015", "--json")
    document = json.loads(out)
    assert status == 1
    assert (document["explanation"], document["base_lr"]) == ("base_lr", 0.01)
    assert [one["follows"] for one in document["columns"]] == [True, False]
    status, _, error = invoke("verify", log, "exponential --gamma 0.5 --lr 0.1,0.01,0.2")
    assert status == 2
    assert "has 3 parameter groups" in error


def test_the_row_where_they_part_is_shown() -> None:
    found = values("cosine --t-max 1000", 1000)
    found[737] *= 1.1
    schedule, run, _ = spec.parse("cosine --t-max 1000").in_run(Run())
    verdict = compared(schedule, run, by_epoch(found))
    assert verdict.as_document()["first_difference"]["row"] == 737
    table = "".join(render("table", verdict.rows(""), Style(80, 24)))
    assert "737" in [line.split()[0] for line in table.splitlines()]


def test_rates_that_are_next_to_infinite_are_explained_by_nothing_and_make_no_noise(
    tmp_path: Path, invoke: Invoke
) -> None:
    log = written(tmp_path, "epoch,lr", [(0, 0.1), (1, 1e200), (2, 1e-300), (3, 1e308), (4, 0.0)])
    done = lrsched("verify", log, "cosine --t-max 5", "--json")
    assert done.returncode == 1
    assert "Warning" not in done.stderr
    document = json.loads(done.stdout)
    assert (document["explanation"], document["first_difference"]["row"]) == ("unknown", 3)
    infinite = written(tmp_path, "epoch,lr", [(0, 0.1), (1, float("inf"))])
    status, _, error = invoke("verify", infinite, "cosine --t-max 5")
    assert status == 2
    assert "line 3: expected a learning rate, found inf" in error


def test_a_plateau_whose_rate_is_logged_after_the_step(tmp_path: Path, invoke: Invoke) -> None:
    rows = [(0, 1.0, 0.1), (1, 0.9, 0.1), (2, 0.9, 0.1), (3, 0.9, 0.1), (4, 0.9, 0.01), (5, 0.9, 0.01)]
    status, out, _ = invoke("verify", written(tmp_path, "epoch,val_loss,lr", rows), "plateau --patience 2")
    assert status == 0, out


def test_drops_of_a_new_scheduler_are_no_other_milestones() -> None:
    meant = "multistep --milestones 10,11,33 --gamma 0.2"
    before = values(meant, 22)
    after = values(f"{meant} --lr {before[21]!r}", 20)
    document = held(meant, by_epoch([*before[:21], *after])).as_document()
    assert (document["explanation"], document["at"]) == ("state_not_loaded", 21)
    more = held("multistep --milestones 10,20", by_epoch(values("multistep --milestones 10,20,30", 40))).as_document()
    assert more["explanation"] == "other_values"
    assert more["changes"][0]["found"] == (10, 20, 30)


def test_another_schedule_that_is_begun_between_two_rows() -> None:
    first = values("exponential --gamma 0.995", 200)
    rest = values("hf-linear --num-warmup-steps 50 --num-training-steps 300 --lr 0.02", 300)
    record = by_step([*first[:193], *rest], every=10)
    document = held("exponential --gamma 0.995", record, interval="step").as_document()
    assert (document["explanation"], document["at"]) == ("changed", 200)
    assert "begun at tick 193" in document["detail"]
    assert "--num-training-steps 300" in document["spec"]


def test_what_is_tried_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = []

    class Counted(Effort):
        def take(self, count: int) -> None:
            spent.append(count)
            super().take(count)

    monkeypatch.setattr(case, "Effort", Counted)
    monkeypatch.setattr(case, "WORK", WORK // 4)
    rng = random.Random(0)
    strange = by_step([0.1 * 0.999**tick * rng.uniform(0.9, 1) for tick in range(3000)], every=10)
    assert held("exponential --gamma 0.998", strange, interval="step").as_document()["explanation"] == "unknown"
    assert sum(spent) < 1.1 * WORK // 4


RIGHT = [
    *SPECS,
    "timm-cosine --t-initial 60 --warmup-t 5 --warmup-lr-init 1e-4",
    "wsd --warmup-steps 5 --stable-steps 30 --decay-steps 25",
    "noam --d-model 64 --warmup-steps 20",
    "cyclic --base-lr 0.01 --max-lr 0.1 --step-size-up 8",
    "cosine-restarts --t-0 7 --t-mult 2",
    "hf-linear --num-warmup-steps 7 --num-training-steps 60",
    "nanogpt --warmup-iters 6 --lr-decay-iters 55 --min-lr 0.01",
]


def shown(rng: random.Random, rates: Sequence[float]) -> tuple[list[float], Shown | None]:
    """The rates as some logger writes them."""
    digits = rng.choice([4, 5, 6, 7])
    as_written: dict[str, tuple[list[float], Shown | None]] = {
        "full": (list(rates), None),
        "float32": (list(map(float32, rates)), None),
        "significant": ([float(f"{rate:.{digits}g}") for rate in rates], Shown(digits, None)),
        "scientific": ([float(f"{rate:.{digits - 1}e}") for rate in rates], Shown(digits, None)),
        "fixed": ([round(rate, digits) for rate in rates], Shown(digits, digits)),
        "noise": ([rate * (1 + rng.uniform(-1e-7, 1e-7)) for rate in rates], None),
    }
    return as_written[rng.choice(list(as_written))]


@pytest.mark.parametrize("seed", range(60))
def test_a_right_run_follows_however_it_is_logged(seed: int) -> None:
    rng = random.Random(seed)
    text = rng.choice(RIGHT)
    right = values(text, 55)
    every, origin = rng.choice([1, 1, 5, 10]), rng.choice([0, 1])
    rows = range(rng.choice([0, every - 1]), 54, every)
    used = rng.random() < 0.6 or rows[0] == 0  # Else the rate that is used next.
    kept, how = shown(rng, [right[row if used else row + 1] for row in rows])
    counted = [row + (origin if used else 1) for row in rows]
    length = rng.choice([5, 11])
    forms = {
        "steps": (counted, None),
        "both": (counted, [tick // length for tick in counted]),
        "epochs": (None, counted),
        "fractions": (counted, [tick / length for tick in counted]),
    }
    steps, epochs = forms[rng.choice(list(forms))]
    record = Record.of_values(kept, steps=steps, epochs=epochs, shown=how)
    assert held(text, record, interval="epoch" if steps is None else "step").follows, (text, steps, epochs)


def test_the_length_of_an_epoch_follows_from_all_rows() -> None:
    found, steps = values("step --step-size 5", 240), range(4, 240, 5)
    record = Record.of_values([found[step] for step in steps], steps=list(steps), epochs=[step // 12 for step in steps])
    document = held("step --step-size 5", record).as_document()
    assert (document["explanation"], document["steps_per_epoch"]) == ("wrong_interval", 12)


def test_several_rows_in_each_epoch_and_no_steps() -> None:
    found = values("cosine --t-max 120", 121)[9:120:10]
    record = Record.of_values(found, epochs=[1 + row // 4 for row in range(12)])
    assert held("cosine --t-max 120", record, interval="step").follows


def test_ticks_that_are_skipped_in_a_short_warmup() -> None:
    text = "sequential 'linear --start-factor 0.01 --total-iters 2' 'cosine --t-max 28' --milestones 2"
    document = held(text, by_epoch(skipped(text, 30, {1, 2}))).as_document()
    assert (document["explanation"], document["shift"]) == ("shifted_from", -2)


def test_ticks_that_are_skipped_before_the_first_drop() -> None:
    text = "step --step-size 33 --gamma 0.2"
    document = held(text, by_step(skipped(text, 100, {0, 1, 5, 6, 7, 9})), interval="step").as_document()
    assert (document["explanation"], document["shift"]) == ("shifted", -6)
    again = by_epoch([*values(text, 12), *values(text, 88)])  # No epoch is skipped.
    assert held(text, again).as_document()["explanation"] == "state_not_loaded"


def test_a_resume_from_an_older_state_of_a_schedule_that_costs_more() -> None:
    text = "cyclic --base-lr 5e-06 --max-lr 5e-05 --step-size-up 166"
    found = values(text, 1000)
    document = held(text, by_step([*found[:430], *found[424:900]], every=10)).as_document()
    assert (document["explanation"], document["at"], document["shift"]) == ("shifted_from", 430, -6)


def test_nobody_meant_a_fraction_of_a_tick() -> None:
    text = "timm-step --decay-t 22 --decay-rate 0.1 --warmup-t 3 --warmup-lr-init 5e-4"
    found = values(text, 90)
    document = held(text, by_epoch([*found[:20], *found[19:89]])).as_document()
    assert "22." not in document["detail"]


def test_a_hyperparameter_that_is_set_between_two_rows() -> None:
    before = values("cosine --t-max 300 --lr 0.02", 126)
    after = spec.parse("cosine --t-max 450").schedule.advance(125, before[125], 0.02)
    record = by_step([*before[:125], *(next(after) for _ in range(175))][9:], every=10, origin=9)
    document = held("cosine --t-max 300", record, interval="step", lr=0.02).as_document()
    assert (document["explanation"], document["at"]) == ("changed", 126)
    assert "--t-max was 450, not 300" in document["detail"]


def test_how_often_is_said_as_far_as_the_log_shows_it() -> None:
    document = held("step --step-size 10", by_epoch(values("step --step-size 10", 640)[::32][:8]), interval="epoch")
    assert document.as_document()["explanation"] in ("stepped_k_times", "wrong_interval")
    assert "30 to 33 times" in document.as_document()["detail"]


def test_an_optimizer_that_begins_again_after_the_last_drop() -> None:
    found = values("multistep --milestones 4,5,11", 15)
    document = held("multistep --milestones 4,5,11", by_epoch([*found, *[0.1] * 12])).as_document()
    assert document["explanation"] == "state_not_loaded"
    assert document["at"] == 15


def test_a_value_that_is_set_in_a_log_of_six_digits() -> None:
    before = values("cosine --t-max 120 --lr 2e-5", 40)
    after = spec.parse("cosine --t-max 180").schedule.advance(39, before[39], 2e-5)
    found = [float(f"{rate:.6g}") for rate in [*before[:39], *(next(after) for _ in range(81))]]
    record = Record.of_values(found, epochs=range(120), shown=Shown(6, None))
    document = held("cosine --t-max 120", record, lr=2e-5).as_document()
    assert (document["explanation"], document["at"]) == ("changed", 40)


def test_a_longer_schedule_is_likelier_than_seldom_calls_where_no_row_shows_a_rate_that_stayed() -> None:
    longer = values("cosine --t-max 200", 200)
    explanation = held("cosine --t-max 100", by_step(longer, every=10)).explanation
    assert explanation is not None
    assert explanation.figures["spec"] == "cosine --t-max 200"


@pytest.mark.parametrize("every", [10, 15, 30, 64, 200])
@pytest.mark.parametrize("digits", [2, 4])
def test_rows_that_say_their_part_of_an_epoch_and_no_step(every: int, digits: int) -> None:
    """Transformers prints so, the first step too where it is asked to, and a run taken up again from there on."""
    text = f"hf-linear --num-warmup-steps {3 * every + 5} --num-training-steps {30 * every + 7}"
    found, length = values(text, 30 * every + 7), 10 * every + 3
    for steps in (
        [1, *range(every, 31 * every, every)],
        range(every, 31 * every, every),
        range(9 * every, 31 * every, every),
    ):
        steps = [step for step in steps if step <= len(found)]
        epochs = [round(step / length, digits) for step in steps]
        verdict = held(text, Record.of_values([found[step - 1] for step in steps], epochs=epochs))
        assert verdict.follows, verdict.as_document()
        assert verdict.reading.every == every


def test_zeros_before_an_exponent_show_that_digits_are_rounded(tmp_path: Path) -> None:
    text = "sequential 'linear --start-factor 0.001 --total-iters 5' 'step --step-size 16' --milestones 5 --lr 2e-05"
    log = tmp_path / "train.log"
    log.write_text(
        "".join(f"Epoch {epoch}/50: lr={rate:.2e}\n" for epoch, rate in enumerate(values(text, 15), start=1))
    )
    assert lrsched("verify", str(log), text).returncode == 0


def explanation_of(text: str, record: Record, **run: object) -> dict[str, object]:
    document = held(text, record, **run).as_document()
    return {
        name: document[name] for name in document if name not in ("rows", "first_difference", "tolerance", "detail")
    }


@pytest.mark.parametrize("done", ["hf-linear", "hf-polynomial"])
def test_another_scheduler_with_the_numbers_that_were_meant(done: str) -> None:
    meant = "hf-cosine --num-warmup-steps 12 --num-training-steps 96"
    wrong = values(f"{done} --num-warmup-steps 12 --num-training-steps 96", 96)
    whole = explanation_of(meant, by_step(wrong))
    assert whole["explanation"] == "other_schedule"
    assert str(whole["spec"]).startswith(done.split()[0])
    taken_up = explanation_of(meant, by_step([*values(meant, 61), *wrong[61:]], every=2, origin=1))
    assert (taken_up["explanation"], taken_up["at"]) == ("changed", 62)
    assert str(taken_up["spec"]).startswith(done.split()[0])


@pytest.mark.parametrize("text", ["cosine --t-max 50", "polynomial --total-iters 400", "exponential --gamma 0.98"])
@pytest.mark.parametrize("after", [0, 1])
def test_stepped_after_every_batch_where_rows_show_the_end_of_an_epoch(text: str, after: int) -> None:
    rows = values(text, 4 * EPOCHS + 1)[3 + after :: 4]
    found = explanation_of(text, by_epoch(rows[:EPOCHS]))
    assert (found["explanation"], found["steps_per_epoch"]) == ("wrong_interval", 4)


def test_a_longer_step_is_likelier_than_seldom_calls() -> None:
    found = explanation_of("step --step-size 25 --gamma 0.5", by_epoch(values("step --step-size 50 --gamma 0.5", 100)))
    assert found["changes"] == [{"option": "--step-size", "meant": 25, "found": 50}]


SEQUENCE = "sequential 'linear --start-factor {} --total-iters {}' 'cosine --t-max 1140 --eta-min 1e-5' --milestones {}"


def test_other_values_of_the_parts_of_a_sequence() -> None:
    meant = SEQUENCE.format(0.01, 60, 60)
    warmup = explanation_of(meant, by_step(values(SEQUENCE.format(0.01, 48, 48), 1200), every=50), interval="step")
    assert warmup["changes"] == [
        {"option": "--total-iters", "meant": 60, "found": 48},
        {"option": "--milestones", "meant": (60,), "found": (48,)},
    ]
    start = explanation_of(meant, by_step(values(SEQUENCE.format(1e-6, 60, 60), 1200)), interval="step")
    assert start["changes"] == [{"option": "--start-factor", "meant": 0.01, "found": 1e-6}]


def test_drops_of_another_schedule_that_is_begun_in_the_middle() -> None:
    second = "step --step-size 10 --gamma 0.2"
    found = explanation_of("cosine --t-max 90", by_epoch([*values("cosine --t-max 90", 39), *values(second, 51)]))
    assert (found["explanation"], found["at"], found["spec"]) == ("changed", 39, second)


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize("text", ["cosine --t-max 400", "hf-cosine --num-warmup-steps 20 --num-training-steps 400"])
def test_a_resume_from_a_checkpoint_before_the_crash(text: str, every: int) -> None:
    right, at, crash = values(text, 400), 150, 183
    rows, again = range(0, crash, every), range(-(-at // every) * every, 400, every)
    steps = [*rows, *again]

    def taken_up(rest: Callable[[int], float]) -> Record:
        return Record.of_values([*(right[row] for row in rows), *map(rest, again)], steps=steps)

    assert held(text, taken_up(lambda row: right[row]), interval="step").follows
    anew = explanation_of(text, taken_up(lambda row: right[row - at]), interval="step")
    assert (anew["explanation"], anew["at"]) == ("restarted", at)
    new = values(f"{text} --lr {right[at]!r}", 400)
    lost = explanation_of(text, taken_up(lambda row: new[row - at]), interval="step")
    assert (lost["explanation"], lost["at"]) == ("state_not_loaded", at)


def test_what_to_do_is_said(tmp_path: Path, invoke: Invoke) -> None:
    right = values("cosine --t-max 50", EPOCHS)
    log = written(tmp_path, "epoch,lr", [*enumerate([*right[:20], *right[:30]])])
    status, told, _ = invoke("verify", log, "cosine --t-max 50")
    assert status == 1
    assert "left the schedule after 20 rows" in told
    assert "lrsched resume" in told


def test_a_value_that_would_give_the_same_log_is_said_beside_the_calls() -> None:
    verdict = held("cosine --t-max 100", by_epoch(values("cosine --t-max 50", 100)))
    assert verdict.explanation is not None
    assert (verdict.explanation.name, verdict.as_document()["k"]) == ("stepped_k_times", 2)
    assert "2 times a tick; or --t-max was 50, not 100" in verdict.explanation.sentence


def test_a_printed_run_that_was_taken_up_again_for_longer() -> None:
    meant, longer = (f"hf-linear --num-warmup-steps 10 --num-training-steps {length}" for length in (200, 300))
    found = [*values(meant, 60)[9::10], *values(longer, 300)[69::10]]
    record = Record.of_values(found, epochs=[round(10 * row / 52, 2) for row in range(1, 31)])
    explanation = explanation_of(meant, record)
    assert explanation["explanation"] == "changed"
    assert explanation["spec"] == longer


def sentence_of(text: str, record: Record) -> str:
    return str(held(text, record).as_document()["detail"])


WSD = "hf-warmup-stable-decay --num-warmup-steps {} --num-training-steps {} --num-decay-steps {}"


def test_several_lengths_that_are_others_where_the_end_is_not_seen() -> None:
    every = 10
    meant = WSD.format(50, 500, 100)
    found = explanation_of(meant, by_step(values(WSD.format(50, 750, 200), 650), every=every))
    assert {change["option"]: change["found"] for change in found["changes"]} == {
        "--num-training-steps": 750,
        "--num-decay-steps": 200,
    }
    longer = sentence_of(meant, by_step(values(WSD.format(80, 1000, 50), 600), every=every))
    assert "--num-training-steps was at least" in longer


def test_rows_that_leave_two_lengths_open() -> None:
    done = by_step(values(WSD.format(50, 1500, 50), 1463), every=10)  # One row is in its decay.
    assert "the log does not decide" in sentence_of(WSD.format(50, 1000, 100), done)


def test_a_rate_that_stays_where_it_was_meant_to_until_the_end_of_the_log() -> None:
    rows = Record.of_values(values(WSD.format(5, 280, 56), 140)[9::10], steps=range(10, 150, 10))
    assert explanation_of(WSD.format(5, 140, 28), rows)["explanation"] == "never_stepped"
    assert "is never called" not in sentence_of(WSD.format(5, 140, 28), rows)


def test_a_schedule_that_is_as_long_as_the_run_is_likelier_than_more_calls() -> None:
    short = explanation_of("cosine --t-max 100", by_epoch(values("cosine --t-max 50", 50)))
    assert short["changes"] == [{"option": "--t-max", "meant": 100, "found": 50}]
    twice = explanation_of("cosine --t-max 100", by_epoch(values("cosine --t-max 50", 40)))
    assert (twice["explanation"], twice["k"]) == ("stepped_k_times", 2)
    assert twice["changes"] == short["changes"]


def test_few_digits_of_another_base_rate() -> None:
    rows = [float(f"{rate:.3e}") for rate in values("cosine --t-max 500 --eta-min 5e-7 --lr 2.5e-5", 500)]
    record = by_step(rows, shown=Shown(4, None))
    found = explanation_of("cosine --t-max 500 --eta-min 5e-7 --lr 5e-5", record, lr=5e-5, interval="step")
    assert (found["explanation"], found["base_lr"]) == ("base_lr", 2.5e-5)


def test_an_optimizer_that_begins_again_where_the_schedule_then_stays() -> None:
    floor = "sequential 'linear --start-factor 0.01 --total-iters 5' 'cosine --t-max 45 --eta-min 0.001' --milestones 5"
    found = explanation_of(floor, by_epoch([*values(floor, 26), *[0.001] * 24]))
    assert (found["explanation"], found["at"]) == ("state_not_loaded", 26)


def test_another_schedule_of_few_rates_after_a_jump() -> None:
    meant, second = (
        "linear --start-factor 1.0 --end-factor 0.1 --total-iters 30",
        "multistep --milestones 4,14 --gamma 0.2",
    )
    record = by_epoch([rate / 100 for rate in values(meant, 9)] + values(second, 21))
    found = explanation_of(meant, record, lr=0.001)
    assert (found["explanation"], found["at"]) == ("changed", 9)


def test_skipped_steps_are_likelier_than_another_length_than_the_log_says() -> None:
    meant = WSD.format(23, 235, 47)
    ticks = [step - sum(late < step for late in (100, 120, 190)) for step in range(235)]
    right = values(meant, 235)
    record = Record.of_values([right[tick] for tick in ticks[9::10]], steps=range(10, 236, 10))
    record.facts.max_steps = 235
    assert explanation_of(meant, record)["explanation"] == "shifted_from"


def test_a_value_that_stays_may_be_one_that_is_rounded() -> None:
    """Four decimals of a rate that moves by less; the same four digits of one that should have moved by more."""
    meant = "ds-range-test --lr-range-test-min-lr 0.0015 --lr-range-test-step-size 5000"
    record = Record.of_values([0.0015] * 100, steps=range(100), shown=Shown(2, 4))
    verdict = held(meant, record)
    assert (verdict.follows, verdict.tolerance.kind) == (True, "4 decimals")
    assert held("exponential --gamma 0.99", record, lr=0.0015, interval="step").explanation.name == "never_stepped"  # type: ignore[union-attr]
    steps = Record.of_values([0.15] * 10 + [0.03] * 10, epochs=range(20), shown=Shown(2, 2))
    assert not held("step --step-size 10 --gamma 0.21", steps, lr=0.15).follows


def test_a_rate_that_needs_more_digits_than_the_log_has() -> None:
    """0.1 / 3 in three digits; 0.03 is another rate than 0.031, and 0.033 another than 0.0331."""
    third = Record.of_values([0.0333] * 20, epochs=range(20), shown=Shown(3, None))
    assert held("constant --total-iters 50", third).follows
    assert not held("constant --factor 0.331 --total-iters 50", third).follows
    assert not held("constant --factor 0.3334 --total-iters 50", third).follows


def test_a_zero_with_decimals_shows_that_they_are_fixed(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,lr\n" + "".join(f"{epoch},{0.00025 * 0.1 ** (epoch // 5):.5f}\n" for epoch in range(15)))
    log = open_log(path)
    [series] = log.series("lr")
    record = Record.of_series(series, log.facts)
    assert held("step --step-size 5", record, lr=0.00025).follows


@pytest.mark.parametrize(
    ("meant", "found"),
    [
        ("hf-constant --lr 0.0025", [0.00250244140625]),
        ("multistep --milestones 10 --gamma 0.2 --lr 0.0005", [0.000499725341796875, 0.00010013580322265625]),
    ],
)
def test_few_values_in_bfloat16_that_nobody_typed(meant: str, found: list[float]) -> None:
    rates = [rate for rate in found for _ in range(10)]
    record = Record.of_values(rates, steps=range(len(rates)), shown=Shown(12, None))
    planned = spec.parse(f"{meant} --interval step").in_run(Run())
    verdict = verify(planned.schedule, planned.run, record)
    assert (verdict.follows, verdict.tolerance.kind) == (True, "bfloat16")


@pytest.mark.parametrize(
    ("meant", "rounded", "kind"),
    [
        (
            "hf-cosine --num-warmup-steps 14 --num-training-steps 141 --lr 0.001",
            lambda rate: round(rate, 4),
            "4 decimals",
        ),
        (
            "hf-linear --num-warmup-steps 14 --num-training-steps 141 --lr 2e-05",
            lambda rate: round(rate, 7),
            "7 decimals",
        ),
        ("cosine --t-max 141 --lr 0.05", lambda rate: round(rate, 6), "6 decimals"),
        ("cosine --t-max 141 --lr 0.05", lambda rate: float(f"{rate:.4g}"), "4 significant digits"),
        ("exponential --gamma 0.99 --lr 0.3", lambda rate: float(f"{rate:.6g}"), "6 significant digits"),
        ("step --step-size 20 --gamma 0.5 --lr 0.1", lambda rate: rate, "5 significant digits"),
    ],
)
def test_decimals_whose_zeros_are_not_written(meant: str, rounded: Callable[[float], float], kind: str) -> None:
    """As in JSON: Python writes a number as short as it can."""
    found = [rounded(rate) for rate in values(meant, 141)]
    digits = max(len(f"{rate:.15g}".split("e")[0].replace(".", "").lstrip("0")) for rate in found)
    record = Record.of_values(found, steps=range(141), shown=Shown(digits, None))
    planned = spec.parse(f"{meant} --interval step").in_run(Run())
    verdict = verify(planned.schedule, planned.run, record)
    assert (verdict.follows, verdict.tolerance.kind) == (True, kind)


def test_six_digits_of_bfloat16() -> None:
    found = [0.100098, 0.0976562, 0.090332, 0.0795898, 0.0654297, 0.0500488]
    record = Record.of_values(found, steps=range(0, 30, 5), shown=Shown(6, None))
    verdict = held("cosine --t-max 50", record, interval="step")
    assert (verdict.follows, verdict.tolerance.kind) == (True, "bfloat16")


def test_the_last_of_two_drops_is_by_another_factor() -> None:
    document = explanation_of("multistep --milestones 5,13 --gamma 0.1", by_epoch([0.1] * 5 + [0.01] * 8 + [0.007] * 7))
    assert (document["explanation"], document["at"]) == ("changed", 13)
    assert document["spec"] == "multistep --milestones 5,13 --gamma 0.7"


def test_drops_that_are_written_as_text_are_no_number_of_ticks() -> None:
    """A log that follows none: the search for other values took the text for a number, and failed."""
    rng = random.Random(0)
    record = by_step([0.1 * 0.98**tick * rng.uniform(0.8, 1) for tick in range(60)])
    assert held("piecewise --step-rules 1:20,0.1:40,0.01", record, interval="step").as_document()["explanation"]


def test_the_length_of_a_warmup_is_one_number_in_few_digits() -> None:
    """fit names another scheduler of the same rates."""
    meant, run = SEQUENCE.format(0.01, 10, 10), SEQUENCE.format(0.01, 5, 5)
    record = Record.of_values(
        [float(f"{rate:.2e}") for rate in values(run, 100)], epochs=range(1, 101), shown=Shown(3, None, padded=True)
    )
    changes = explanation_of(meant, record)["changes"]
    assert [(change["option"], change["found"]) for change in changes] == [("--total-iters", 5), ("--milestones", (5,))]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("late", "name", "words"),
    [
        ((10, 21, 31), "shifted_from", "from tick 20 on every rate is 1 tick late"),
        ((10, 25, 35), "other_values", "--milestones was 10,25,35, not 10,20,30"),
        ((10, 20, 36), "other_values", "; or from tick 30 on every rate is 6 ticks late"),
    ],
)
def test_drops_that_are_late(late: tuple[int, ...], name: str, words: str) -> None:
    run = values(f"multistep --milestones {','.join(map(str, late))}", 50)
    verdict = held("multistep --milestones 10,20,30", by_epoch(run))
    assert verdict.explanation and (verdict.explanation.name, words in verdict.explanation.sentence) == (name, True)


@pytest.mark.parametrize(("calls", "name"), [(2, "stepped_k_times"), (4, "stepped_k_times"), (5, "wrong_interval")])
def test_a_few_calls_in_an_epoch_are_those_of_its_batches_if_nobody_makes_so_many(calls: int, name: str) -> None:
    many = values("exponential --gamma 0.99", 200)
    assert explanation_of("exponential --gamma 0.99", by_epoch(many[::calls]))["explanation"] == name


def test_a_rate_that_never_moves_from_where_the_schedule_does_not_begin() -> None:
    verdict = held("step --step-size 5", by_epoch([0.02] * 20))
    words = "although the schedule begins at 0.1: there was no scheduler, or another base rate"
    assert verdict.explanation and words in verdict.explanation.sentence


def test_a_schedule_that_ends_a_little_earlier_is_another_from_the_start() -> None:
    """The first rows, in six digits, are those of both."""
    sequence = SEQUENCE.format(0.1, 22, 22)
    meant, run = sequence.replace("1140", "428"), sequence.replace("1140", "425")
    found = [float(f"{rate:g}") for rate in values(run, 450)]
    record = by_step(found, shown=Shown(6, None))
    assert explanation_of(meant, record, interval="step")["explanation"] == "other_values"


def test_rows_of_unknown_steps_lie_within_the_run() -> None:
    meant, done = WSD.format(62, 625, 125), WSD.format(0, 625, 125)
    record = Record.of_values(values(done, 625)[9::10], epochs=[round(10 * row / 125, 2) for row in range(1, 63)])
    assert explanation_of(meant, record)["explanation"] == "no_warmup"


def test_a_warmup_twice_as_long_is_not_a_run_that_skips_steps_in_row_after_row() -> None:
    """Skipped steps would explain it, but what fit knows is asked before."""
    sequence = 'sequential "linear --start-factor 0.01 --total-iters {0}" "cosine --t-max 180" --milestones {0}'
    record = by_step(values(sequence.format(40), 200), every=10)
    meant, run = spec.parse(sequence.format(20)).schedule, Run(interval="step")
    late = case.Case(meant, run, compared(meant, run, record))
    assert not list(waited(late))
    assert list(waited_evenly(late))
    assert ATTEMPTS.index(waited_evenly) > ATTEMPTS.index(other_schedule)


def test_a_longer_schedule_and_a_step_that_was_skipped_look_alike_in_two_decimals() -> None:
    log = by_step([0.1, 0.09, 0.08, 0.08, 0.07, 0.06, 0.05, 0.04], shown=Shown(2, 2))
    found = held("hf-linear --num-warmup-steps 0 --num-training-steps 10", log).explanation
    assert found and found.name == "other_values"
    assert found.sentence.endswith("--num-training-steps 12; or from tick 3 on every rate is 1 tick late")
