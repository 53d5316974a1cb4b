"""LR110, LR115, LR116, LR307, LR308, LR504: values that are accepted and cannot have been meant."""

from collections.abc import Iterator

from lrcli.checks.case import Case, schedule_rule, shown
from lrcli.checks.curve import first_rates
from lrcli.checks.fix import Fix
from lrcli.checks.rule import NOTE, WARNING, Problem
from lrcli.schedules import role
from lrcli.text import plural, significant

FEW = 4
"""Ticks that tell what an expression is proportional to."""

TOO_LITTLE, A_DECADE = 2, 10
"""Factors between the first and the last rate of a range test: it shows nothing, it shows one order of magnitude."""

A_RANGE = 100
"""The factor of a range test that shows something."""


@schedule_rule("LR110", "negative-length", WARNING)
def negative_length(case: Case) -> Iterator[Problem]:
    """A negative number of ticks.

    Cause:
        Most frameworks do not check lengths. StepLR and CosineAnnealingLR take a negative one as if it were positive,
        PolynomialLR and LinearLR never change the rate, hf-linear is at 0 from the first tick on. -1 often
        means "not given" in a configuration.

    Bad:
        lrsched check "step --step-size -3 --epochs 9"
        lrsched check "polynomial --total-iters -4 --epochs 9"
        lrsched check "hf-linear --num-warmup-steps 0 --num-training-steps -1 --ticks 9"
    Good:
        lrsched check "step --step-size 3 --epochs 9"
        lrsched check "hf-linear --num-warmup-steps 0 --num-training-steps 9 --ticks 9"
    Source:
        measured with torch 2.13 and transformers 5.23
    """
    for part in case.parts:
        for declared, value in part.schedule.items():
            is_length = declared.role is not None and declared.role.scales_with_run
            if is_length and isinstance(value, int | float) and value < 0:
                to_the_end = declared.take(max(1, case.end_of(part) - part.start))
                right = to_the_end if declared.role is role.LENGTH else declared.take(-value)
                message = f"{declared.option} {declared.format(value)} is a negative number of ticks"
                yield Problem(message, ((part.with_value(declared, right),),))


@schedule_rule("LR115", "anneal-outlasts-run", WARNING)
def anneal_outlasts_run(case: Case) -> Iterator[Problem]:
    """The rate that is annealed to is never reached: the run is over before.

    Cause:
        SWALR takes anneal_epochs calls of step(), 10 unless something else is said, to come to swa_lr. Weights are
        averaged over rates that still change.

    Bad:
        lrsched check "sequential 'cosine --t-max 95' 'swa --swa-lr 0.05' --milestones 95 --epochs 100"
    Good:
        lrsched check "sequential 'cosine --t-max 95' 'swa --swa-lr 0.05 --anneal-epochs 2' --milestones 95 \
--epochs 100"
    Source:
        measured with torch 2.13
    """
    for part in case.parts:
        target, length = part.schedule.given(role.TARGET), part.schedule.given(role.LENGTH)
        left = case.end_of(part) - part.start
        if case.ticks and target and length and 0 < left <= length[1]:
            message = f"{length[0].option} {length[1]} takes longer than the {plural(left, 'tick')} that are left"
            fixes = ((part.with_value(length[0], left // 2),),)
            yield Problem(f"{message}: {target[0].option} is never reached", fixes)


@schedule_rule("LR116", "range-test-too-short", WARNING)
def range_test_too_short(case: Case) -> Iterator[Problem]:
    """A range test whose rate hardly grows: it cannot show where a rate is too high.

    Cause:
        The rate grows by step_rate times the first rate every step_size ticks: with DeepSpeed's defaults it has doubled
        after 2000 ticks.

    Bad:
        lrsched check "lr-range-test --ticks 1000"
    Good:
        lrsched check "lr-range-test --lr-range-test-step-size 10 --ticks 1000"
    Source:
        Smith, arXiv 1506.01186, section 3.3; DeepSpeed 0.19, deepspeed.runtime.lr_schedules.LRRangeTest
    """
    if case.ticks is None or case.used is None:
        return
    for part in case.parts:
        growth, period = part.schedule.given(role.GROWTH), part.schedule.given(role.TIMESCALE)
        if not growth or not period or not part.schedule.given(role.START) or growth[1] <= 0 or part.chained:
            continue
        first, last = case.used.first, case.used.last
        if 0 < first <= last < A_DECADE * first:
            ticks = int(growth[1] * case.length / (A_RANGE - 1))
            fixes: tuple[Fix, ...] = ((part.with_value(period[0], period[0].take(ticks)),),) if ticks else ()
            message = f"the rate goes from {shown(first)} to {shown(last)} only, {significant(last / first, 3)} times"
            yield Problem(message, fixes, severity=WARNING if last < TOO_LITTLE * first else NOTE)


@schedule_rule("LR307", "expression-is-a-rate", WARNING)
def expression_is_a_rate(case: Case) -> Iterator[Problem]:
    """The expression is a rate where a factor is wanted: the base rate is multiplied by itself.

    Cause:
        LambdaLR and MultiplicativeLR multiply what the function returns with a rate.

    Bad:
        lrsched check "lambda --expr 'base_lr * 0.95**t' --epochs 50"
    Good:
        lrsched check "lambda --expr '0.95**t' --epochs 50"
    Source:
        measured with torch 2.13
    """
    for part in case.parts:
        expression = part.schedule.given(role.EXPRESSION)
        if not expression or not case.lr:
            continue
        once = first_rates(part.schedule, (case.lr,), 0, FEW).rates[1:]
        twice = first_rates(part.schedule, (2 * case.lr,), 0, FEW).rates[1:]
        grown = [after / before for before, after in zip(once, twice, strict=False) if before]
        # Twice the base rate gives twice the rate, not four times.
        if grown and min(grown) > 4 - ROUNDING:
            message = f"{expression[0].option} is a rate, not a factor of it: the rate is {shown(once[0])} at tick 1"
            yield Problem(message, hint="the expression without base_lr")


ROUNDING = 1e-6
"""What a ratio of rates may be off by."""


@schedule_rule("LR308", "time-has-no-effect", WARNING)
def time_has_no_effect(case: Case) -> Iterator[Problem]:
    """An exponent or a growth of 0: the rate does not follow the time.

    Cause:
        Anything to the power of 0 is 1, and 0 times the time is 0.

    Bad:
        lrsched check "polynomial --total-iters 90 --power 0 --epochs 90"
        lrsched check "inverse-time --decay-steps 10 --decay-rate 0 --ticks 90"
    Good:
        lrsched check "polynomial --total-iters 90 --power 1 --epochs 90"
        lrsched check "inverse-time --decay-steps 10 --decay-rate 0.5 --ticks 90"
    Source:
        measured with torch 2.13
    """
    for part in case.parts:
        for declared, value in part.schedule.all_given(role.POWER, role.GROWTH):
            if value == 0 != declared.default:
                fix = (part.with_value(declared, 1.0),)
                yield Problem(f"{declared.option} 0: the rate does not follow the time", (fix,))


@schedule_rule("LR504", "no-rate-at-all", WARNING)
def no_rate(case: Case) -> Iterator[Problem]:
    """The rate is 0 in the whole run: nothing is learned.

    Cause:
        A base rate of 0 is accepted, and every factor of it is 0.

    Bad:
        lrsched check "cosine --t-max 50 --lr 0"
    Good:
        lrsched check "cosine --t-max 50 --lr 0.1"
    Source:
        measured with torch 2.13
    """
    if case.used is not None and case.peak == 0:
        fixes = (case.run_with("lr", 0.1),) if case.lr == 0 else ()
        yield Problem("the rate is 0 in the whole run", fixes)
