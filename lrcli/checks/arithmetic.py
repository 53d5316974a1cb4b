"""LR108 and LR109: where the framework's arithmetic fails, or gives what is no rate."""

import math
from collections.abc import Iterator

from lrcli.checks.case import ZERO, Case, Part, schedule_rule, shown
from lrcli.checks.fix import Fix
from lrcli.checks.rule import ERROR, Problem
from lrcli.schedules import role


@schedule_rule("LR108", "raises", ERROR)
def raises(case: Case) -> Iterator[Problem]:
    """The framework raises: at construction, or in the middle of the run.

    Cause:
        Most hyperparameters are not checked when the scheduler is made. StepLR and CosineAnnealingLR with a length of 0
        divide by zero at the first step, a ConstantLR with factor 0 when it is to restore the rate, a polynomial decay
        whose warmup takes the whole run at its end.

    Bad:
        lrsched check "step --step-size 0"
        lrsched check "constant --factor 0 --total-iters 5 --epochs 20"
        lrsched check "hf-polynomial --num-warmup-steps 100 --num-training-steps 100"
    Good:
        lrsched check "step --step-size 1"
        lrsched check "constant --factor 0.001 --total-iters 5 --epochs 20"
        lrsched check "hf-polynomial --num-warmup-steps 40 --num-training-steps 100"
    Source:
        measured with torch 2.13: StepLR(0) and CosineAnnealingLR(T_max=0) are constructed without complaint
    """
    _, tick, failure = case.walk
    # The rules about one cycle know why.
    if not failure or any(tick in failures_of(part) for part in case.parts):
        return
    where = f"call {tick} of step(), at the end of {case.when(tick - 1)}, raises" if tick else "it cannot be made"
    zeros = (
        (part, declared)
        for part in case.parts
        for declared, value in part.schedule.items()
        if value == 0 and not isinstance(value, bool) and declared.default != 0
    )
    fixes: tuple[Fix, ...] = ()
    hint = ""
    if found := next(zeros, None):
        part, declared = found
        hint = f"{declared.option} with a value above 0"
        if declared.role and declared.role.scales_with_run:
            ticks = max(1, case.end_of(part) - part.start)
            often = max(1, ticks // 3) if declared.role is role.DROP_EVERY else ticks
            fixes = ((part.with_value(declared, declared.take(often)),),)
    if case.ramp and case.plan and case.ramp.own and case.ramp.end >= case.plan.end:
        fixes = case.ramp.lasting(max(1, case.plan.end // 20))
        hint = f"a warmup of less than {case.plan.in_ticks}"
    yield Problem(f"{where}: {failure}", fixes, hint)


def failures_of(part: Part) -> tuple[int, ...]:
    """The ticks at which a cycle raises for want of a rise, and past its end."""
    schedule = part.schedule
    if schedule.most_calls is None:
        return ()
    past = part.start + schedule.most_calls + 1
    return (0, past) if schedule.fields(role.PEAK_AT) and schedule.rises_until == 0 else (past,)


@schedule_rule("LR109", "not-a-rate", ERROR)
def not_a_rate(case: Case) -> Iterator[Problem]:
    """The rate becomes negative, infinite or not a number.

    Cause:
        torch checks the rate only when the optimizer is made. With a negative rate it goes up the gradient.

    Bad:
        lrsched check "lambda --expr '1 - t / 50' --epochs 100"
    Good:
        lrsched check "lambda --expr 'max(0.001, 1 - t / 50)' --epochs 52"
    Source:
        measured with torch 2.13: no scheduler validates its result
    """
    curve = case.walk.curve.before(case.length)
    least = -ZERO * case.peak
    if math.isfinite(sum(curve.rates)) and min(curve.rates, default=0.0) >= least:
        return  # Most are fine, and this is quick.
    tick = curve.where(lambda rate: not least <= rate < math.inf)
    if tick is not None:
        yield Problem(f"the rate is {shown(curve.at(tick))} at {case.when(tick)}")
