"""What the checks say will happen, happens in the live framework, and does not in the nearest case that is clean."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest

from lrcli.checks import RULES
from lrcli.checks.case import Case
from tests.live.late import late
from tests.live.runs import Construct, live_rows
from tests.live.torch_run import Row, optimizer_of, torch_scheduler
from tests.test_checks import checked, parts_of

torch = late("torch")


Rates = list[float]


def rows_of(line: str, construct: Construct = torch_scheduler) -> tuple[list[Row], str]:
    """The rates of all groups in a loop that calls step() after every tick, and what the framework raised."""
    case = Case(*parts_of(line))
    return live_rows(construct, case.schedule, case.run.lrs, case.length + 1, told_epoch=False)


def used(line: str, construct: Construct = torch_scheduler) -> Rates:
    """The rates of the first group that are trained with."""
    return [row[0] for row in rows_of(line, construct)[0]][: Case(*parts_of(line)).length]


CRASHES = [
    ("LR108", "step --step-size 0 -n 9", "step --step-size 3 -n 9", 1),
    ("LR108", "cosine --t-max 0 -n 9", "cosine --t-max 9 -n 9", 1),
    ("LR108", "constant --factor 0 -n 20", "constant --factor 0.001 -n 20", 5),
    (
        "LR108",
        "sequential linear 'linear --total-iters 0' --milestones 5",
        "sequential linear linear --milestones 5",
        5,
    ),
    (
        "LR108",
        "sequential linear 'chained \"step --step-size 3\"' --milestones 5",
        "sequential 'chained \"step --step-size 3\"' linear --milestones 5",
        5,
    ),
    (
        "LR108",
        "onecycle --max-lr 1 --total-steps 9 --pct-start 1 --ticks 9",
        "onecycle --max-lr 1 --total-steps 9 --ticks 9",
        9,
    ),
    (
        "LR111",
        "onecycle --max-lr 1 --total-steps 99 --ticks 100",
        "onecycle --max-lr 1 --total-steps 100 --ticks 100",
        100,
    ),
    (
        "LR111",
        "onecycle --max-lr 1 --total-steps 100 --ticks 101",
        "onecycle --max-lr 1 --total-steps 101 --ticks 101",
        101,
    ),
    ("LR112", "onecycle --max-lr 1 --total-steps 10 --pct-start 0.1", "onecycle --max-lr 1 --total-steps 10", 0),
    ("LR112", "onecycle --max-lr 1 --total-steps 2 --pct-start 0.5", "onecycle --max-lr 1 --total-steps 4", 0),
]


@pytest.mark.parametrize(("code", "bad", "good", "call"), CRASHES)
def test_it_raises_at_that_call_of_step(code: str, bad: str, good: str, call: int) -> None:
    rows, refusal = rows_of(bad)
    assert refusal and len(rows) == call
    found = checked(bad)[code]
    assert found.severity == "error"
    assert f"call {call} of step()" in found.message if call else "constructor" in found.message
    assert not rows_of(good)[1]
    assert code not in checked(good)


def climbs(rates: Rates) -> bool:
    """Whether the rate rises again by more than a hundredth of the peak, from its lowest point on."""
    return rates[-1] - min(rates) > 0.01 * max(rates)


def jumps(rates: Rates) -> bool:
    """Whether the rate more than doubles from one tick to the next."""
    return any(after > 2 * before for before, after in pairwise(rates))


def never_changes(rates: Rates) -> bool:
    """Whether the rate is the same all the time."""
    return len(set(rates)) == 1


def ends_at_nothing(rates: Rates) -> bool:
    """Whether the last rate is less than a ten thousandth of the highest."""
    return abs(rates[-1]) < 1e-4 * max(rates)


def has_zero(rates: Rates) -> bool:
    """Whether a tick is trained at rate 0."""
    return any(abs(rate) < 1e-12 * max(rates) for rate in rates)


def stays_low(rates: Rates) -> bool:
    """Whether the rate of 0.1 is never reached."""
    return max(rates) < 0.0999


def drops_are(*ticks: int) -> Callable[[Rates], bool]:
    """Whether the rate falls at these ticks and at no other."""

    def fits(rates: Rates) -> bool:
        return tuple(tick for tick in range(1, len(rates)) if rates[tick] < rates[tick - 1]) == ticks

    return fits


CLAIMS: list[tuple[str, str, str, Callable[[Rates], bool]]] = [
    (
        "LR101",
        "onecycle --max-lr 0.1 --total-steps 1000 --epochs 10 --interval epoch --steps-per-epoch 100",
        "onecycle --max-lr 0.1 --total-steps 1000 --epochs 10 --steps-per-epoch 100 --interval step",
        stays_low,
    ),
    (
        "LR101",
        "cyclic --base-lr 0.001 --max-lr 0.1 --ticks 100",
        "cyclic --base-lr 0.001 --max-lr 0.1 --ticks 4000",
        stays_low,
    ),
    (
        "LR102",
        "exponential --gamma 0.95 --epochs 100 --steps-per-epoch 50 --interval step",
        "exponential --gamma 0.95 --epochs 100 --steps-per-epoch 50",
        ends_at_nothing,
    ),
    (
        "LR102",
        "multistep --milestones 30,60,80 --epochs 90 --steps-per-epoch 10 --interval step",
        "multistep --milestones 300,600,800 --epochs 90 --steps-per-epoch 10 --interval step",
        drops_are(30, 60, 80),
    ),
    ("LR103", "cosine --t-max 50 -n 90", "cosine --t-max 90 -n 90", climbs),
    ("LR103", "cosine --t-max 50 -n 90 --warmup 5", "cosine --t-max 85 -n 90 --warmup 5", lambda r: r[-1] > r[55]),
    (
        "LR110",
        "polynomial --total-iters -4 -n 9",
        "polynomial --total-iters 9 -n 9",
        never_changes,
    ),
    ("LR110", "step --step-size -3 -n 10", "step --step-size 4 -n 10", drops_are(3, 6, 9)),
    (
        "LR115",
        "sequential 'constant --factor 1' 'swa --swa-lr 0.05' --milestones 95 -n 100",
        "sequential 'constant --factor 1' 'swa --swa-lr 0.05 --anneal-epochs 2' --milestones 95 -n 100",
        lambda r: r[-1] > 0.051,
    ),
    (
        "LR227",
        "sequential linear 'cosine --t-max 40' 'constant --factor 1' --milestones 5,45 -n 60",
        "sequential linear 'cosine --t-max 40' 'constant --factor 0.01 --total-iters 99' --milestones 5,45 -n 60",
        lambda r: r[-1] == 0.1,
    ),
    (
        "LR228",
        "multistep --milestones 30,60 --warmup 5 -n 90",
        "multistep --milestones 30,60 -n 90",
        drops_are(35, 65),
    ),
    (
        "LR308",
        "polynomial --total-iters 90 --power 0 -n 90",
        "polynomial --total-iters 90 --power 1 -n 90",
        never_changes,
    ),
    ("LR324", "cosine-restarts --t-0 100 -n 60", "cosine-restarts --t-0 20 -n 60", lambda r: sorted(r)[::-1] == r),
    (
        "LR325",
        "cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10 --mode exp_range -n 100",
        "cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10 --mode exp_range --gamma 0.98 -n 100",
        lambda r: r[90] == r[10],
    ),
    ("LR504", "cosine --t-max 50 --lr 0", "cosine --t-max 50 --lr 0.1", never_changes),
    ("LR104", "polynomial --total-iters 60 -n 90", "polynomial --total-iters 90 -n 90", has_zero),
    ("LR109", "lambda --expr '1 - t / 50' -n 100", "lambda --expr '1 - t / 100' -n 100", lambda r: min(r) < 0),
    (
        "LR112",
        "onecycle --max-lr 0.1 --total-steps 20 --pct-start 0.02",
        "onecycle --max-lr 0.1 --total-steps 20 --pct-start 0.1",
        lambda r: r[0] > 0.09,
    ),
    (
        "LR113",
        "onecycle --max-lr 0.1 --total-steps 20 --final-div-factor 1e-4",
        "onecycle --max-lr 0.1 --total-steps 20",
        lambda r: max(r) > 1,
    ),
    ("LR201", "cosine --t-max 90 --warmup 5 -n 90", "cosine --t-max 85 --warmup 5 -n 90", lambda r: r[-1] > 1e-3),
    ("LR202", "cosine --t-max 9 --warmup 10 -n 10", "cosine --t-max 8 --warmup 2 -n 10", stays_low),
    (
        "LR203",
        "sequential 'linear --start-factor 0.1 --total-iters 10' 'cosine --t-max 45' --milestones 5",
        "sequential 'linear --start-factor 0.1 --total-iters 5' 'cosine --t-max 45' --milestones 5",
        lambda r: r[5] > 2 * r[4],
    ),
    ("LR211", "constant -n 90", "constant --factor 1 -n 90", jumps),
    ("LR211", "linear --total-iters 0 -n 90", "linear --start-factor 0.1 -n 90", stays_low),
    ("LR212", "lambda --expr 'min(1, t / 10)' -n 90", "lambda --expr 'min(1, (t + 1) / 10)' -n 90", has_zero),
    (
        "LR221",
        "sequential 'constant --factor 1' 'step --step-size 2' 'exponential --gamma 0.9' --milestones 9,5 -n 20",
        "sequential 'constant --factor 1' 'step --step-size 2' 'exponential --gamma 0.9' --milestones 5,9 -n 20",
        lambda r: r[7] == 0.1 * 0.9 * 0.9,
    ),
    (
        "LR222",
        "sequential 'constant --factor 1' 'exponential --gamma 0.9' --milestones 50 -n 50",
        "sequential 'constant --factor 1' 'exponential --gamma 0.9' --milestones 40 -n 50",
        never_changes,
    ),
    (
        "LR223",
        "onecycle --max-lr 0.1 --total-steps 45 --warmup 5",
        "onecycle --max-lr 0.1 --total-steps 45",
        lambda r: r[0] == 0.004 / 3,
    ),
    (
        "LR223",
        "chained 'cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10' 'constant --factor 0.5' -n 40",
        "chained 'constant --factor 0.5' 'cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10' -n 40",
        lambda r: r[0] < 0.002,
    ),
    (
        "LR229",
        "sequential linear 'cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10' --milestones 5 -n 85",
        "sequential linear 'cosine --t-max 80' --milestones 5 -n 85",
        lambda r: r[5] == 0.001 < 0.02 * r[4],
    ),
    (
        "LR224",
        "chained 'step --step-size 10' 'cosine-restarts --t-0 10' -n 50",
        "chained 'step --step-size 10' 'exponential --gamma 0.97' -n 50",
        lambda r: r[40] == 0.1,
    ),
    (
        "LR225",
        "chained 'exponential --gamma 0.97' 'cosine --t-max 20' -n 50",
        "chained 'exponential --gamma 0.97' 'cosine --t-max 50' -n 50",
        climbs,
    ),
    (
        "LR226",
        "chained 'linear --total-iters 20' 'cosine --t-max 50' -n 50",
        "sequential 'linear --total-iters 20' 'cosine --t-max 30' --milestones 20 -n 50",
        stays_low,
    ),
    ("LR301", "step --step-size 90 -n 90", "step --step-size 89 -n 90", never_changes),
    ("LR301", "multistep --milestones 30,90 -n 90", "multistep --milestones 30,89 -n 90", drops_are(30)),
    (
        "LR302",
        "multistep --milestones 30,30,60 -n 90",
        "multistep --milestones 30,60 -n 90",
        lambda r: r[30] == pytest.approx(0.001),
    ),
    ("LR303", "step --step-size 5 -n 90", "step --step-size 30 -n 90", ends_at_nothing),
    ("LR304", "exponential --gamma 1.05 -n 50", "exponential --gamma 0.95 -n 50", lambda r: r[-1] > 1),
    ("LR305", "cosine --t-max 89 -n 90", "cosine --t-max 90 -n 90", has_zero),
    ("LR305", "lambda --expr '1 - t / 89' -n 90", "lambda --expr '1 - t / 90' -n 90", has_zero),
    (
        "LR306",
        "cosine --t-max 50 --eta-min 0.001 --lr 0.0003",
        "cosine --t-max 50 --eta-min 0.00001 --lr 0.0003",
        lambda r: r[-1] > r[0],
    ),
    (
        "LR321",
        "cosine-restarts --t-0 10 --t-mult 2 -n 80",
        "cosine-restarts --t-0 10 --t-mult 2 -n 70",
        lambda r: r[-1] > 0.05,
    ),
    (
        "LR323",
        "onecycle --max-lr 0.1 --total-steps 99 --pct-start 1.0",
        "onecycle --max-lr 0.1 --total-steps 99",
        lambda r: r[-1] > 0.09,
    ),
    (
        "LR503",
        "onecycle --max-lr 0.1 --total-steps 9 --lr 0.03",
        "cosine --t-max 9 --lr 0.03",
        lambda r: max(r) != 0.03,
    ),
]


@pytest.mark.parametrize(("code", "bad", "good", "holds"), CLAIMS)
def test_it_happens_in_torch(code: str, bad: str, good: str, holds: Callable[[Rates], bool]) -> None:
    assert code in checked(bad) and code not in checked(good)
    assert holds(used(bad))
    assert not holds(used(good))


def test_the_numbers_of_a_message_are_torchs() -> None:
    rates = used("cosine --t-max 50 -n 90")
    assert f"{rates[89]:.3g}" in checked("cosine --t-max 50 -n 90")["LR103"].message
    line = "cosine --t-max 90 --warmup 5 -n 90"
    assert f"{used(line)[-1]:.3g}" in checked(line)["LR201"].message


def test_a_floor_lifts_a_group_and_one_rate_flattens_them() -> None:
    rows, _ = rows_of("cosine --t-max 50 --eta-min 0.001 --lr 0.1,0.0001")
    assert rows[49][0] < rows[0][0] and rows[49][1] > rows[0][1]
    assert "LR501" in checked("cosine --t-max 50 --eta-min 0.001 --lr 0.1,0.0001")
    rows, _ = rows_of("onecycle --max-lr 0.1 --total-steps 100 --lr 0.1,0.001")
    assert all(first == second for first, second in rows)
    assert "LR502" in checked("onecycle --max-lr 0.1 --total-steps 100 --lr 0.1,0.001")


def plateau_rates(line: str, metrics: list[float]) -> Rates:
    """The rates that torch's ReduceLROnPlateau uses for `metrics`."""
    schedule, run = parts_of(line)
    optimizer = optimizer_of(run.lrs)
    options = {declared.name: value for declared, value in schedule.items()}
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    rates = []
    for metric in metrics:
        rates.append(float(optimizer.param_groups[0]["lr"]))
        scheduler.step(metric)
    return rates


@pytest.mark.parametrize(
    ("code", "bad", "good"),
    [
        ("LR401", "plateau --patience 10 -n 12", "plateau --patience 10 -n 13"),
        ("LR402", "plateau --min-lr 0.001 --lr 0.0003 -n 90", "plateau --min-lr 0.0001 --lr 0.0003 -n 90"),
        ("LR403", "plateau --factor 0.5 --lr 1e-8 -n 90", "plateau --factor 0.5 --lr 1e-8 --eps 0 -n 90"),
    ],
)
def test_such_a_plateau_never_cuts(code: str, bad: str, good: str) -> None:
    assert code in checked(bad) and code not in checked(good)
    flat = [1.0] * (parts_of(bad)[1].total or 0)
    assert never_changes(plateau_rates(bad, flat))
    assert not never_changes(plateau_rates(good, [1.0] * (parts_of(good)[1].total or 0)))


def test_min_lr_is_out_of_reach_and_a_factor_of_zero_leaves_nothing() -> None:
    sticks = plateau_rates("plateau --min-lr 1e-9 --lr 0.001 --patience 0", [1.0] * 50)[-1]
    assert f"{sticks:.3g}" in checked("plateau --min-lr 1e-9 --lr 0.001")["LR404"].message
    assert plateau_rates("plateau --min-lr 1e-6 --lr 0.001 --patience 0", [1.0] * 50)[-1] == pytest.approx(1e-6)
    assert plateau_rates("plateau --factor 0", [1.0] * 50)[-1] == 0 and "LR405" in checked("plateau --factor 0")


def test_metrics_that_a_plateau_misjudges() -> None:
    assert never_changes(plateau_rates("plateau --patience 2", [-1.0] * 50))
    assert not never_changes(plateau_rates("plateau --patience 2 --threshold-mode abs", [-1.0] * 50))
    rising = [epoch / 50 for epoch in range(1, 50)]
    assert not never_changes(plateau_rates("plateau --patience 2", rising))
    assert never_changes(plateau_rates("plateau --patience 2 --mode max", rising))
    assert not never_changes(plateau_rates("plateau --patience 2", [1.0, *[math.nan] * 20]))


def huggingface() -> Construct:
    """What makes transformers' schedulers."""
    pytest.importorskip("transformers.optimization", reason="transformers is not installed")
    from tests.live.test_huggingface import construct

    return construct


@pytest.mark.parametrize(
    ("code", "bad", "good", "holds"),
    [
        (
            "LR103",
            "hf-cosine --num-warmup-steps 10 --num-training-steps 100 --ticks 150",
            "hf-cosine --num-warmup-steps 10 --num-training-steps 150 --ticks 150",
            lambda r: r[-1] > 0.01,
        ),
        (
            "LR104",
            "hf-linear --num-warmup-steps 10 --num-training-steps 100 --ticks 150",
            "hf-linear --num-warmup-steps 10 --num-training-steps 150 --ticks 150",
            lambda r: r[-1] == 0,
        ),
        (
            "LR202",
            "hf-linear --num-warmup-steps 2000 --num-training-steps 1000",
            "hf-linear --num-warmup-steps 200 --num-training-steps 1000",
            stays_low,
        ),
        (
            "LR213",
            "hf-warmup-stable-decay --num-warmup-steps 40 --num-decay-steps 80 --num-training-steps 100",
            "hf-warmup-stable-decay --num-warmup-steps 10 --num-decay-steps 80 --num-training-steps 100",
            lambda r: min(after - before for before, after in pairwise(r)) < -0.01,
        ),
        (
            "LR322",
            "hf-cosine-with-restarts --num-warmup-steps 10 --num-training-steps 100",
            "hf-cosine-with-restarts --num-warmup-steps 10 --num-training-steps 100 --num-cycles 3",
            lambda r: all(after <= before for before, after in pairwise(r[10:])),
        ),
        (
            "LR323",
            "hf-cosine --num-warmup-steps 10 --num-training-steps 100 --num-cycles 1",
            "hf-cosine --num-warmup-steps 10 --num-training-steps 100",
            lambda r: r[-1] > 0.09,
        ),
    ],
)
def test_it_happens_in_transformers(code: str, bad: str, good: str, holds: Callable[[Rates], bool]) -> None:
    construct = huggingface()
    assert code in checked(bad) and code not in checked(good)
    assert holds(used(bad, construct))
    assert not holds(used(good, construct))


def test_transformers_divides_by_zero_at_the_end_of_a_warmup_of_the_whole_run() -> None:
    line = "hf-polynomial --num-warmup-steps 100 --num-training-steps 100"
    rows, refusal = rows_of(line, huggingface())
    assert "ZeroDivisionError" in refusal and len(rows) == 100
    assert "call 100 of step()" in checked(line)["LR108"].message


def test_every_rule_about_a_frameworks_rates_is_confirmed_here() -> None:
    confirmed = {code for code, *_ in (*CRASHES, *CLAIMS)} | {"LR213", "LR214", "LR307", "LR322", "LR501", "LR502"}
    # Batches, epochs and processes are counted, an unfinished run is no mistake, timm warms down as it is told to, and
    # how far a range test goes is a matter of its own numbers.
    others = {"LR105", "LR106", "LR107", "LR116", "LR117", "LR210"}
    declared = {code for code, rule in RULES.items() if rule.subject is Case}
    assert declared == confirmed | others, "give a new rule a line in CRASHES or CLAIMS"


def test_timms_rate_drops_at_the_end_of_a_warmup_without_prefix() -> None:
    from tests.live.timm_run import construct

    for code, bad, good in (
        (
            "LR214",
            "timm-cosine --t-initial 100 --warmup-t 20 --warmup-lr-init 1e-4 -n 100",
            "timm-cosine --t-initial 80 --warmup-t 20 --warmup-lr-init 1e-4 --warmup-prefix -n 100",
        ),
        (
            "LR214",
            "timm-multistep --decay-t 10,60 --decay-rate 0.1 --warmup-t 20 --warmup-lr-init 1e-4 --no-warmup-prefix "
            "-n 90",
            "timm-multistep --decay-t 30,60 --decay-rate 0.1 --warmup-t 20 --warmup-lr-init 1e-4 --no-warmup-prefix "
            "-n 90",
        ),
    ):
        assert code in checked(bad) and code not in checked(good)
        for line, drops in ((bad, True), (good, False)):
            case = Case(*parts_of(line))
            rows, _ = live_rows(construct, case.schedule, case.run.lrs, case.length, told_epoch=True)
            assert (rows[20][0] < 0.98 * rows[19][0]) is drops


def test_a_rate_where_a_factor_is_wanted_is_multiplied_with_the_rate_again() -> None:
    assert "LR307" in checked("lambda --expr 'base_lr * 0.95**t' -n 50")
    assert "LR307" not in checked("lambda --expr '0.95**t' -n 50")
    optimizer = optimizer_of((0.1,))
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 0.1 * 0.95**t)
    assert optimizer.param_groups[0]["lr"] == 0.1 * 0.1
