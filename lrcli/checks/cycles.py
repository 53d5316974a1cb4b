"""LR11x and LR32x: OneCycleLR, CyclicLR and warm restarts."""

import math
from collections.abc import Iterator

from lrcli.checks.case import Case, Part, schedule_rule, shown
from lrcli.checks.causes import cause
from lrcli.checks.rule import ERROR, WARNING, Problem
from lrcli.schedules.pytorch_cycles import CosineRestarts, OneCycle
from lrcli.text import significant

A_BIT = 0.1
"""Share of the peak above which three phases were not all there."""

HIGH = 0.5
"""Share of the peak at which no schedule that comes down should leave a run."""


def one_cycles(case: Case) -> Iterator[tuple[Part, OneCycle]]:
    """The parts that are OneCycleLR."""
    return ((part, part.schedule) for part in case.parts if isinstance(part.schedule, OneCycle))


@schedule_rule("LR111", "onecycle-overrun", ERROR)
def overrun(case: Case) -> Iterator[Problem]:
    """OneCycleLR is stepped past its end, and raises.

    Cause:
        It takes total_steps calls of step(); the last of them already jumps back up, one more raises ValueError. An
        epoch more, a batch size that gives more batches, or a last batch that is not dropped, and the run crashes at
        its end.

    Bad:
        lrsched check "onecycle --max-lr 0.1 --total-steps 1000 --epochs 11 --steps-per-epoch 100 --interval step"
        lrsched check "onecycle --max-lr 0.1 --total-steps 100 --epochs 101"
    Good:
        lrsched check "onecycle --max-lr 0.1 --total-steps 1000 --epochs 10 --steps-per-epoch 100 --interval step"
    Source:
        pytorch #38170 #91765; flair #2954; GrowSP #11; PiFold #6; hearai PR #98; Lightning #5449
    """
    for part, schedule in one_cycles(case):
        allowed = part.start + schedule.total_steps
        last = case.length if part.stop is None else min(case.length, part.stop - 1)
        # accelerate looks at total_steps itself before each call.
        if case.ticks and last > allowed and case.facts.num_processes == 1:
            total = schedule.total_steps
            raised = f'"Tried to step {total + 1} times. The specified number of total steps is {total}"'
            again = case.walk.failed_at == allowed + 1
            bounce = f", after that was trained at {shown(case.walk.curve.last)} again" if again else ""
            yield Problem(
                f"call {allowed + 1} of step(), at the end of {case.when(allowed)}, raises {raised}{bounce}",
                f"--total-steps {case.end_of(part) - part.start}",
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
    for _, schedule in one_cycles(case):
        ticks = float(schedule.pct_start * schedule.total_steps)
        if schedule.pct_start == 0 or ticks > 1:
            continue
        product = f"pct_start * total_steps = {significant(schedule.pct_start, 4)} * {schedule.total_steps} is"
        fix = "--pct-start 0.3" if schedule.total_steps > 3 else "--total-steps 10"
        if ticks == 1:
            yield Problem(f"{product} 1: the constructor raises ZeroDivisionError", fix, ERROR)
        else:
            began = f", and the rate begins at {case.share(case.walk.curve.first)}" if case.walk.curve.rates else ""
            yield Problem(f"{product} less than 1: there is no warmup{began}", fix)


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
    for _, schedule in one_cycles(case):
        for option, value in (("--div-factor", schedule.div_factor), ("--final-div-factor", schedule.final_div_factor)):
            if 0 < value < 1:
                highest = f": the rate goes up to {shown(case.peak)}" if case.used else ""
                yield Problem(
                    f"{option} {shown(value)} multiplies the rate by {shown(1 / value)}{highest}",
                    f"{option} {shown(1 / value)}",
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
    schedule, start = case.parts[-1].schedule, case.parts[-1].start
    if not isinstance(schedule, CosineRestarts) or case.ticks is None or case.used is None or cause(case):
        return
    cycle, closed, following = schedule.T_0, 0, start + schedule.T_0
    if schedule.T_mult == 1:
        closed = (case.length - start) // cycle * cycle + start if following <= case.length else 0
        following = max(closed, start) + cycle
    while following <= case.length:
        cycle, closed, following = cycle * schedule.T_mult, following, following + cycle * schedule.T_mult
    if closed and closed < case.length and case.used.last > HIGH * case.peak:
        message = f"the last restart is at {case.when(closed)}: the run ends at {case.share(case.used.last)}"
        per_epoch = case.steps_per_epoch * case.facts.num_processes if case.per_step else case.facts.num_processes
        nearest = [str(tick // per_epoch) for tick in (closed, following) if tick % per_epoch == 0]
        yield Problem(
            message, f"--epochs {' or '.join(nearest)}" if nearest else f"a run of {closed} or {following} ticks"
        )


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
        cycles = getattr(part.schedule, "num_cycles", None)
        if "restarts" in part.schedule.reference.name and cycles is not None and cycles <= 1:
            yield Problem(
                f"with --num-cycles {cycles} nothing restarts: it is a plain cosine", "--num-cycles 3, or hf-cosine"
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
    schedule = plan.part.schedule
    shape = "num_cycles" if hasattr(schedule, "num_cycles") else "pct_start"
    never_down = getattr(schedule, "three_phase", False) and last > A_BIT * case.peak
    if getattr(schedule, shape, 0) > HIGH and (last > HIGH * case.peak or never_down):
        option, value = schedule.params()[shape].option, getattr(schedule, shape)
        message = f"with {option} {value:g} the schedule ends at {case.share(last)}"
        yield Problem(message, f"{option} {0.3 if shape == 'pct_start' else math.floor(value) + 0.5:g}")
