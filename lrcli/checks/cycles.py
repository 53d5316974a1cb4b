"""LR11x and LR32x: OneCycleLR, CyclicLR and warm restarts."""

import dataclasses
import math
from collections.abc import Iterator
from itertools import islice

from lrcli.checks.case import Case, Part, schedule_rule, shown
from lrcli.checks.causes import cause
from lrcli.checks.curve import first_rates
from lrcli.checks.fix import rounded
from lrcli.checks.rule import ERROR, NOTE, WARNING, Problem
from lrcli.schedules import role
from lrcli.text import plural, significant

A_BIT = 0.1
"""Share of the peak above which three phases were not all there."""

A_THIRD = 0.3
"""Where in the cycle the rate is highest unless something else is said."""

MOST_RESTARTS = 2**16
"""Restarts that are looked at; a run with more hardly ends at one of them by mistake."""

A_GOOD_END = 0.01
"""Share of the height that the suggested factor leaves at the end."""

A_FEW_TICKS, A_HALF = 10, 0.5
"""Ticks, and another factor, that tell whether a factor is used."""

HIGH = 0.5
"""Share of the peak at which no schedule that comes down should leave a run."""

A_TENTH = 0.1
"""Share of the peak below which a cycle does little."""


@schedule_rule("LR111", "onecycle-overrun", ERROR)
def overrun(case: Case) -> Iterator[Problem]:
    """OneCycleLR is stepped past its end, and raises.

    Cause:
        It takes total_steps calls of step(). The last of them already goes past the end: back up, or below 0 with
        anneal_strategy linear. One more raises ValueError. An epoch more, a batch size that gives more batches, or a
        last batch that is not dropped, and the run crashes at its end.

    Bad:
        lrsched check "onecycle --max-lr 0.1 --total-steps 1000 --epochs 11 --steps-per-epoch 100 --interval step"
        lrsched check "onecycle --max-lr 0.1 --total-steps 100 --ticks 101"
    Good:
        lrsched check "onecycle --max-lr 0.1 --total-steps 1000 --epochs 10 --steps-per-epoch 100 --interval step"
    Source:
        pytorch #38170 #91765; flair #2954; GrowSP #11; PiFold #6; hearai PR #98; Lightning #5449
    """
    for part in case.parts:
        most, length = part.schedule.most_calls, part.schedule.given(role.LENGTH)
        last = case.length if part.stop is None else min(case.length, part.stop - 1)
        # accelerate looks at total_steps itself before each call.
        if most is None or length is None or not case.ticks or case.processes > 1:
            continue
        allowed = part.start + most
        if last > allowed:
            raised = f'"Tried to step {most + 1} times. The specified number of total steps is {most}"'
            again = case.walk.failed_at == allowed + 1
            bounce = f", and that tick is trained at {shown(case.walk.curve.last)}" if again else ""
            yield Problem(
                f"call {allowed + 1} of step(), at the end of {case.when(allowed)}, raises {raised}{bounce}",
                ((part.with_value(length[0], case.end_of(part) - part.start),),),
            )


@schedule_rule("LR112", "onecycle-without-warmup", WARNING)
def no_warmup(case: Case) -> Iterator[Problem]:
    """The rising phase of OneCycleLR has no ticks: it divides by zero, or begins at the top.

    Cause:
        The rate rises until tick pct_start * total_steps - 1. At exactly 1 tick that is tick 0, and the constructor
        raises ZeroDivisionError; below 1 the first phase is skipped.

    Bad:
        lrsched check "onecycle --max-lr 0.1 --total-steps 10 --pct-start 0.1"
        lrsched check "onecycle --max-lr 0.1 --total-steps 20 --pct-start 0.02"
    Good:
        lrsched check "onecycle --max-lr 0.1 --total-steps 20 --pct-start 0.1"
    Source:
        pytorch PR #180187, PR #183386; geti PR #1449; Pointcept #153 #173; axolotl warmup_steps=1
    """
    for part in case.parts:
        schedule = part.schedule
        share, length = schedule.given(role.PEAK_AT), schedule.given(role.LENGTH)
        if not share or not length or not share[1] or schedule.rises_until > 0:
            continue
        product = f"{share[0].name} * {length[0].name} = {significant(share[1], 4)} * {length[1]} is"
        later = part.with_role(role.PEAK_AT, A_THIRD)
        fixes = (later, (part.with_value(length[0], 10), *later))
        if schedule.rises_until == 0:
            yield Problem(f"{product} 1: the constructor raises ZeroDivisionError", fixes, severity=ERROR)
        else:
            began = f", and the rate begins at {case.share(case.walk.curve.first)}" if case.walk.curve.rates else ""
            yield Problem(f"{product} less than 1: there is no warmup{began}", fixes)


@schedule_rule("LR113", "onecycle-divisors", WARNING)
def divisors(case: Case) -> Iterator[Problem]:
    """A divisor of OneCycleLR below 1: the rate begins or ends higher than it should.

    Cause:
        div_factor and final_div_factor are divided by: the first rate is max_lr / div_factor, the last is that over
        final_div_factor. Written as a share (1e-4) they multiply.

    Bad:
        lrsched check "onecycle --max-lr 0.1 --total-steps 100 --final-div-factor 1e-4"
    Good:
        lrsched check "onecycle --max-lr 0.1 --total-steps 100 --final-div-factor 1e4"
    Source:
        ultralytics #8400 (a final share and a divisor mistaken for each other); measured with torch 2.13
    """
    for part in case.parts:
        for declared, value in part.schedule.all_given(role.START_DIVISOR, role.FLOOR_DIVISOR):
            if 0 < value < 1:
                highest = f": the rate goes up to {shown(case.peak)}" if case.used else ""
                yield Problem(
                    f"{declared.option} {shown(value)} multiplies the rate by {shown(1 / value)}{highest}",
                    ((part.with_value(declared, rounded(declared, 1 / value)),),),
                )


@schedule_rule("LR321", "ends-in-mid-cycle", WARNING)
def ends_in_mid_cycle(case: Case) -> Iterator[Problem]:
    """The run ends soon after a restart, at a high rate.

    Cause:
        A cycle of CosineAnnealingWarmRestarts ends after T_0, T_0 * (1 + T_mult), T_0 * (1 + T_mult + T_mult^2), ...
        ticks. Only there is the model trained at a low rate.

    Bad:
        lrsched check "cosine-restarts --t-0 10 --t-mult 2 --epochs 80"
    Good:
        lrsched check "cosine-restarts --t-0 10 --t-mult 2 --epochs 70"
    Source:
        pytorch #95122 #62640 #49630, PR #110497; katsura-jp #4
    """
    part = case.parts[-1]
    if case.ticks is None or case.used is None or part.chained or cause(case):
        return
    bounds = restarts_around(part, case.length)
    if bounds is None:
        return
    closed, following = bounds
    height = case.used.since(closed).highest
    if case.used.last <= HIGH * height or height < A_TENTH * case.peak:
        return
    message = f"the last restart is at {case.when(closed)}: the run ends at {case.share(case.used.last)}"
    fixes = tuple(fix for tick in bounds if (fix := case.run_of(tick)))
    yield Problem(message, fixes, "" if fixes else f"a run of {closed} or {following} ticks")


def restarts_around(part: Part, length: int) -> tuple[int, int] | None:
    """The last restart before the end of the run and the next one; None where there is none, or too many."""
    before = part.start
    for restart in islice(part.schedule.restarts(), MOST_RESTARTS):
        tick = part.start + math.ceil(restart)
        if tick >= length:
            return (before, tick) if before > part.start and tick > length else None
        before = tick
    # After the last restart there is one more cycle, up to the horizon.
    end = part.start + (part.schedule.horizon or 0)
    return (before, end) if part.start < before < length < end else None


@schedule_rule("LR322", "nothing-restarts", WARNING)
def nothing_restarts(case: Case) -> Iterator[Problem]:
    """A schedule with restarts that has none: there is one cycle only.

    Cause:
        num_cycles of transformers' cosine with hard restarts is 1 unless it is given, and then it is a plain cosine.

    Bad:
        lrsched check "hf-cosine-with-restarts --num-warmup-steps 10 --num-training-steps 100"
    Good:
        lrsched check "hf-cosine-with-restarts --num-warmup-steps 10 --num-training-steps 100 --num-cycles 3"
    Source:
        diffusers #3195, PR #3606; kohya_ss #1889
    """
    for part in case.parts:
        cycles = part.schedule.given(role.CYCLES)
        if part.schedule.meant_to_restart and cycles and cycles[1] <= 1:
            yield Problem(
                f"with {cycles[0].option} {cycles[1]} nothing restarts: there is one cycle only",
                ((part.with_value(cycles[0], 3),),),
            )


@schedule_rule("LR323", "ends-at-its-peak", WARNING)
def ends_at_its_peak(case: Case) -> Iterator[Problem]:
    """The schedule ends as high as it was at its peak: it is all rise, or whole waves.

    Cause:
        num_cycles of transformers' cosines counts whole waves: half a wave goes down, 1 comes back up. pct_start 1
        leaves OneCycleLR no time to come down.

    Bad:
        lrsched check "hf-cosine --num-warmup-steps 10 --num-training-steps 100 --num-cycles 1"
        lrsched check "onecycle --max-lr 0.1 --total-steps 100 --pct-start 1.0"
    Good:
        lrsched check "hf-cosine --num-warmup-steps 10 --num-training-steps 100 --num-cycles 0.5"
    Source:
        measured with torch 2.13 and transformers 5.23
    """
    plan = case.plan
    if plan is None or case.used is None or case.length < plan.end or plan.end < 2:
        return
    last = case.used.at(plan.end - 1)
    for wanted, most, better in ((role.PEAK_AT, A_BIT, 0.3), (role.WAVES, HIGH, 0.5)):
        declared, value = plan.part.schedule.given(wanted) or (None, 0)
        if declared and value > HIGH and last > most * case.peak:
            fix = plan.part.with_role(wanted, better + (math.floor(value) if wanted is role.WAVES else 0), 12)
            yield Problem(f"with {declared.option} {value:g} the schedule ends at {case.share(last)}", (fix,))


@schedule_rule("LR324", "first-cycle-outlasts-run", WARNING)
def first_cycle_outlasts_run(case: Case) -> Iterator[Problem]:
    """Warm restarts in a run that ends before the first one.

    Cause:
        T_0 is the length of the first cycle, not of the run, and counts calls of step().

    Bad:
        lrsched check "cosine-restarts --t-0 100 --epochs 60"
    Good:
        lrsched check "cosine-restarts --t-0 20 --epochs 60"
    Source:
        measured with torch 2.13
    """
    part = case.parts[-1]
    cycle, growth = part.schedule.given(role.CYCLE), part.schedule.value(role.CYCLE_GROWTH) or 1
    left = case.length - part.start
    if case.ticks is None or not cycle or not part.schedule.meant_to_restart or not 0 < left <= cycle[1] or cause(case):
        return
    thirds, halves = divmod(left, 1 + growth + growth * growth), divmod(left, 1 + growth)
    fixes = tuple(((part.with_value(cycle[0], ticks),),) for ticks, over in (thirds, halves) if ticks and not over)
    message = f"{cycle[0].option} {cycle[1]} and {plural(left, 'tick')}: nothing restarts"
    # A cycle of exactly the run is a cosine that some prefer to write so.
    severity = NOTE if left == cycle[1] else WARNING
    yield Problem(message, fixes[0] if fixes else (), severity=severity)


@schedule_rule("LR325", "height-never-falls", WARNING)
def height_never_falls(case: Case) -> Iterator[Problem]:
    """A mode whose cycles become lower, with a factor that leaves them as they are.

    Cause:
        exp_range multiplies the height of CyclicLR by gamma^t, and gamma is 1 unless it is given: the cycles are those
        of triangular.

    Bad:
        lrsched check "cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10 --mode exp_range --ticks 100"
    Good:
        lrsched check "cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10 --mode exp_range --gamma 0.98 --ticks 100"
    Source:
        measured with torch 2.13
    """
    for part in case.parts:
        decay, shape = part.schedule.given(role.CYCLE_DECAY), part.schedule.given(role.SHAPE)
        if (
            not decay
            or not shape
            or decay[1] != 1
            or shape[1] == shape[0].default
            or not part.schedule.given(role.CYCLE)
        ):
            continue
        lower = dataclasses.replace(part.schedule, **{decay[0].name: A_HALF})
        count = min(case.length, A_FEW_TICKS)
        rates = first_rates(part.schedule, case.run.lrs, case.group, count)
        if first_rates(lower, case.run.lrs, case.group, count) != rates:
            message = f"{shape[0].option} {shape[1]} with {decay[0].option} 1: no cycle is lower than the one before"
            yield Problem(message, (part.with_role(role.CYCLE_DECAY, A_GOOD_END ** (1 / max(1, case.length)), 8),))
