"""A schedule and a run become rows."""

import dataclasses
import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcli import spec
from lrcli.engine import Selection, rates, simulate
from lrcli.errors import InputError
from lrcli.rows import BLOCK, MOST_CELLS, Rows
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from tests.draws import draw, same_bits

STREAMED = [cls for cls in every().values() if not cls.follows_metric]


def rows_of(text: str, selection: Selection | None = None, **run: object) -> Rows:
    plan = spec.parse(text).in_run(Run(**run))  # type: ignore[arg-type]
    return simulate(plan.schedule, plan.run, selection or Selection())


def column(rows: Rows, name: str) -> list[float]:
    place = rows.columns.index(name)
    return [value for block in rows.blocks for value in block[place]]  # type: ignore[misc]


def ticks(schedule: Schedule) -> Iterator[float]:
    group = {"lr": 0.3}
    ticker = schedule.ticker(group)
    while True:
        yield group["lr"]
        ticker.step()


def outcome(values: Iterator[object], most: int) -> tuple[list[str], str]:
    """The first values, and what ended them early."""
    found: list[str] = []
    try:
        found.extend(map(repr, itertools.islice(values, most)))
    except (ArithmeticError, ValueError) as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize("cls", STREAMED, ids=lambda cls: cls.reference.name)
def test_the_stream_is_the_ticks(cls: type[Schedule]) -> None:
    rng = random.Random(cls.reference.name)
    for _ in range(25):
        schedule = draw(rng, cls).bind(0, (0.3,))
        assert outcome(schedule.stream(0.3), 100) == outcome(ticks(schedule), 100), schedule.spec


@pytest.mark.parametrize("name", ["cyclic", "onecycle"])
def test_the_stream_with_momentum_is_the_ticks(name: str) -> None:
    rng = random.Random(name)
    for _ in range(100):
        schedule = dataclasses.replace(draw(rng, every()[name]), cycle_momentum=True)
        expected = outcome(Schedule.stream_with_momentum(schedule, 0.3), 320)
        assert outcome(schedule.stream_with_momentum(0.3), 320) == expected, schedule.spec


@pytest.mark.parametrize("cls", STREAMED, ids=lambda cls: cls.reference.name)
def test_a_selection_never_changes_a_value(cls: type[Schedule]) -> None:
    schedule = spec.parse(cls.example()).schedule
    whole = column(simulate(schedule, Run(epochs=90), Selection()), "lr")
    for selection in (Selection(start=7), Selection(stop=5), Selection(start=3, stop=80, every=7), Selection(every=40)):
        rows = simulate(schedule, Run(epochs=90), selection)
        assert column(rows, "lr") == whole[selection.start : selection.stop : selection.every]
    assert column(simulate(schedule, Run(epochs=90), Selection(at=(89, 3, 3, 0))), "lr") == [
        whole[0],
        whole[3],
        whole[89],
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3 * BLOCK), st.integers(1, 50), st.integers(1, 700))
def test_blocks_hold_every_row_once(epochs: int, start: int, step: int) -> None:
    rows = rows_of("exponential --gamma 0.999", Selection(start=min(start, epochs - 1), every=step), epochs=epochs)
    expected = list(range(min(start, epochs - 1), epochs, step))
    blocks = list(rows.blocks)
    assert [tick for block in blocks for tick in block[0]] == expected  # type: ignore[union-attr]
    assert rows.length == len(expected)
    assert all(len(block[0]) <= BLOCK and len(block[0]) == len(block[1]) for block in blocks)


def test_steps_belong_to_epochs() -> None:
    rows = rows_of("cosine --t-max 10", epochs=4, steps_per_epoch=3, interval="step")
    assert rows.columns == ("step", "epoch", "lr")
    assert column(rows, "epoch") == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_stepping_per_epoch_has_a_row_per_epoch() -> None:
    rows = rows_of("cosine --t-max 10", epochs=4, steps_per_epoch=3)
    assert rows.columns == ("epoch", "lr")
    assert rows.length == 4


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("cosine --t-max 50", 50),
        ("exponential --gamma 0.9", 100),
        ("step --step-size 30", 100),
        ("multistep --milestones 30,80", 100),
        ("multistep --milestones 150,250", 300),
        ("linear --total-iters 7", 7),
        ("onecycle --max-lr 1 --total-steps 12", 12),
        ("cosine-restarts --t-0 10 --t-mult 2", 150),
        ("cyclic --base-lr 0.1 --max-lr 1", 4000),
        ("sequential 'linear' 'cosine --t-max 45' --milestones 5", 50),
        ("sequential 'linear' 'exponential --gamma 0.9' --milestones 5", 100),
        ("sequential 'linear' 'exponential --gamma 0.9' --milestones 500", 600),
        ("chained 'linear --total-iters 5' 'cosine --t-max 45'", 45),
        ("cosine --t-max 0", 100),
        ("cosine --t-max -4", 100),
    ],
)
def test_a_run_is_as_long_as_the_schedule_unless_told(text: str, length: int) -> None:
    schedule = spec.parse(text).schedule
    assert Run().length(schedule) == length
    assert Run(interval="step", steps_per_epoch=7).length(schedule) == length
    assert Run(epochs=3, interval="step", steps_per_epoch=7).length(schedule) == 21


def test_warmup_is_a_sequence_with_linear() -> None:
    warmed = rows_of("cosine --t-max 45", warmup=5, warmup_start_factor=0.1)
    written = rows_of("sequential 'linear --start-factor 0.1 --total-iters 5' 'cosine --t-max 45' --milestones 5")
    assert warmed.length == written.length == 50
    assert column(warmed, "lr") == column(written, "lr")
    assert warmed.marks == written.marks
    assert warmed.document["schedule"]["spec"] == "cosine --t-max 45 --warmup 5 --warmup-start-factor 0.1"


def test_groups_and_momenta_have_columns_of_their_own() -> None:
    assert rows_of("cosine --t-max 5", lr=(0.1, 0.01)).columns == ("epoch", "lr_0", "lr_1")
    assert rows_of("onecycle --max-lr 1 --total-steps 5").columns == ("step", "lr", "momentum")
    both = rows_of("onecycle --max-lr 1,2 --total-steps 10", lr=(0.1, 0.01))
    assert both.columns == ("step", "lr_0", "lr_1", "momentum_0", "momentum_1")
    assert [block[2][2] for block in both.blocks] == [2.0]


@pytest.mark.parametrize(
    ("text", "run", "words"),
    [
        ("step --step-size 0", {}, "StepLR fails at tick 1 (ZeroDivisionError: integer modulo by zero)"),
        ("cosine --t-max 0", {}, "CosineAnnealingLR fails at tick 1"),
        ("constant --factor 0 --total-iters 3", {"epochs": 9}, "ConstantLR fails at tick 3"),
        ("onecycle --max-lr 1 --total-steps 10", {"ticks": 12}, "Tried to step 11 times. The specified number of"),
        ("onecycle --max-lr 1 --total-steps 10 --pct-start 0.1", {}, "fails at tick 0 (ZeroDivisionError"),
        ("lambda --expr '1/(t-3)'", {}, "fails at t=3"),
        (
            "chained 'linear' 'onecycle --max-lr 1,2 --total-steps 10'",
            {},
            "max_lr must have the same length as optimizer",
        ),
        ("plateau", {}, "follows a metric"),
        ("exponential --gamma 2", {"epochs": 10**9 + 1}, "at most 1000000000 ticks"),
        ("cosine --t-max 100000001", {}, "ticks to compute of this schedule"),
        ("sequential 'linear' 'chained linear' --milestones 2", {}, "NotImplementedError"),
        ("cosine --t-max 5", {"lr": -1.0}, "Invalid learning rate: -1.0"),
    ],
)
def test_what_cannot_run_says_why_in_the_frameworks_words(text: str, run: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as raised:
        list(rows_of(text, **run).blocks)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"at": (3, 50)}, "--at: row 50 is not in the run: the run has rows 0 to 49"),
        ({"start": 50}, "--start: no rows are left from row 50 on"),
        ({"start": 9, "stop": 9}, "--start: no rows are left"),
    ],
)
def test_a_selection_of_nothing_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        rows_of("cosine --t-max 50", Selection(**values))  # type: ignore[arg-type]


def test_absolute_schedules_are_not_walked_to_a_row() -> None:
    schedule = spec.parse("lambda --expr '0.5**t'").schedule
    rows = simulate(schedule, Run(epochs=10**9), Selection(at=(0, 3, 999_999_999)))
    assert column(rows, "lr") == [0.1, 0.0125, 0.0]


@pytest.mark.parametrize("name", ["onecycle", "cyclic"])
def test_nor_are_momenta(name: str) -> None:
    rng = random.Random(name + " alone")
    for _ in range(50):
        schedule = dataclasses.replace(draw(rng, every()[name]), cycle_momentum=True)
        at = tuple(sorted(rng.sample(range(30), 3)))
        try:
            whole = column(simulate(schedule, Run(epochs=30), Selection()), "momentum")
        except InputError:
            continue
        assert column(simulate(schedule, Run(epochs=30), Selection(at=at)), "momentum") == [whole[row] for row in at]


def test_a_restart_of_every_tick_is_not_sought_to_the_end() -> None:
    schedule = spec.parse("cosine-restarts --t-0 1").schedule
    assert column(simulate(schedule, Run(epochs=10**9), Selection(at=(999_999_999,))), "lr") == [0.1]


@pytest.mark.parametrize("cls", STREAMED, ids=lambda cls: cls.reference.name)
def test_any_row_alone_is_the_row_of_the_whole_run(cls: type[Schedule]) -> None:
    rng = random.Random(cls.reference.name + " alone")
    for _ in range(20):
        schedule = draw(rng, cls)
        try:
            whole = column(simulate(schedule, Run(lr=0.3, epochs=40), Selection()), "lr")
        except InputError:
            continue
        chosen = column(simulate(schedule, Run(lr=0.3, epochs=40), Selection(at=(0, 7, 39))), "lr")
        assert all(map(same_bits, chosen, [whole[0], whole[7], whole[39]])), schedule.spec


def test_rates_do_not_need_a_length() -> None:
    assert list(itertools.islice(rates(spec.parse("cosine --t-max 2").schedule, (0.1,)), 3)) == [0.1, 0.05, 0.0]


@pytest.mark.parametrize(
    ("text", "run", "at"),
    [
        ("cosine --t-max 100000000", {"lr": tuple([0.1] * 1000)}, 99_999_999),
        ("chained 'cosine --t-max 5' 'step --step-size 3' linear", {"epochs": 20_000_000}, 19_999_999),
        ("multiplicative --expr '7**1400//7**1399/7'", {"epochs": 10_000_000}, 9_999_999),
        ("cosine --t-max 100000000", {}, 99_999_999),
        ("cosine --t-max 5", {"warmup": 90_000_000, "epochs": 10**8}, 99_999_999),
    ],
)
def test_more_work_than_anybody_waits_for_is_refused(text: str, run: dict[str, Any], at: int) -> None:
    with pytest.raises(InputError, match="ticks to compute of this schedule"):
        rows_of(text, Selection(at=(at,)), **run)


def test_of_many_columns_a_block_has_fewer_rows() -> None:
    block = next(iter(rows_of("cosine --t-max 5000", lr=tuple([0.1] * 1000)).blocks))
    assert len(block) == 1001 and len(block[0]) * len(block) <= 2 * MOST_CELLS


def test_what_torch_refuses_at_a_milestone_is_said_before_the_first_row() -> None:
    with pytest.raises(InputError, match="NotImplementedError"):
        rows_of("chained linear", warmup=8192, epochs=9000)
    assert rows_of("chained linear", warmup=8192, epochs=8192).length == 8192
