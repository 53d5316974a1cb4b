"""LR22x: what goes wrong where schedules are put together."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from lrcli.checks.case import Case, Part, PlannedLength, plan_of, schedule_rule, shown
from lrcli.checks.causes import TOLERANCE, drops_of
from lrcli.checks.curve import first_rates
from lrcli.checks.rule import ERROR, NOTE, WARNING, Problem
from lrcli.errors import InputError
from lrcli.schedules import role
from lrcli.schedules.base import Absolute, Schedule
from lrcli.text import plural, significant

A_HALF = 0.5
"""Share of a rate below which it has come down."""

BARELY = 0.95
"""Share of the base rate below which the peak of a chain is worth a word."""


def symbols(schedules: Sequence[Schedule]) -> str:
    """The classes of schedules, as in "StepLR and LinearLR"."""
    return " and ".join(schedule.reference.symbol for schedule in schedules)


@schedule_rule("LR221", "milestones-out-of-order", ERROR)
def out_of_order(case: Case) -> Iterator[Problem]:
    """Milestones of SequentialLR that do not increase: a schedule never runs.

    Cause:
        SequentialLR does not check them. It looks for the last milestone that was passed: with equal or falling ones a
        schedule in between is skipped, with 0 the first one is.

    Bad:
        lrsched check "sequential 'linear' 'cosine --t-max 20' 'constant' --milestones 20,5"
        lrsched check "sequential 'linear' 'cosine --t-max 20' 'exponential --gamma 0.9' --milestones 5,5"
    Good:
        lrsched check "sequential 'linear' 'cosine --t-max 20' 'exponential --gamma 0.9' --milestones 5,25"
    Source:
        pytorch #185872; measured with torch 2.13
    """
    for whole in case.composites:
        found = whole.schedule.given(role.TAKES_OVER_AT)
        if found is None:
            continue
        declared, milestones = found
        reached = {bisect_right(milestones, tick) for tick in (0, *milestones) if tick >= 0}
        never = [child.spec for index, child in enumerate(whole.schedule.schedulers) if index not in reached]
        if sorted({*milestones, 0}) != [0, *milestones]:
            given = ",".join(map(str, milestones))
            lost = f": {' and '.join(map(repr, never))} never runs" if never else ""
            ordered = tuple(sorted({milestone for milestone in milestones if milestone > 0}))
            fixes = ((whole.with_value(declared, ordered),),) if len(ordered) == len(milestones) else ()
            hint = "" if fixes else "milestones above 0, each higher than the one before"
            yield Problem(f"--milestones {given} do not increase from above 0{lost}", fixes, hint)


@schedule_rule("LR222", "child-never-runs", WARNING)
def never_runs(case: Case) -> Iterator[Problem]:
    """A milestone of SequentialLR is past the end of the run.

    Cause:
        A milestone in steps in a run that is counted in epochs, or a sequence made for a longer run.

    Bad:
        lrsched check "sequential 'constant --factor 1' 'cosine --t-max 20' --milestones 100 --epochs 50"
    Good:
        lrsched check "sequential 'constant --factor 1' 'cosine --t-max 20' --milestones 30 --epochs 50"
    Source:
        measured with torch 2.13
    """
    if case.ticks is None or (case.ramp and not case.ramp.own and case.ramp.end >= case.ticks):
        return
    for part in case.parts:
        if part.start >= case.ticks:
            where = f"takes over at tick {part.start}, and the run has {case.ticks}"
            yield Problem(f"'{part.schedule.spec}' never runs: it {where}", hint=f"a milestone below {case.ticks}")


@schedule_rule("LR223", "base-rate-rewritten", WARNING)
def base_rate_rewritten(case: Case) -> Iterator[Problem]:
    """OneCycleLR or CyclicLR among others: its constructor changes the rate that all of them start from.

    Cause:
        OneCycleLR writes its own initial rate into the optimizer when it is made. A LinearLR beside it warms up to
        that, not to the optimizer's rate, in whichever order they are made. CyclicLR does so where it is made first.

    Bad:
        lrsched check "onecycle --max-lr 0.1 --total-steps 45 --warmup 5"
        lrsched check "chained 'cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10' 'constant --factor 1' --ticks 40"
    Good:
        lrsched check "onecycle --max-lr 0.1 --total-steps 50"
    Source:
        measured with torch 2.13, in either order of construction
    """
    if len(case.parts) == 1 or not case.walk.curve.rates:
        return
    rewriting = [part.schedule for place, part in enumerate(case.parts) if rewrites(case, part, is_first=not place)]
    if rewriting:
        others = [part.schedule for part in case.parts if part.schedule not in rewriting]
        whom = f"the rate of {symbols(others)}" if others else "each other's rate"
        start = shown(case.walk.curve.first)
        message = f"the constructor of {symbols(rewriting)} rewrites {whom}: the run starts at {start}"
        rises = rewriting[0].given(role.PEAK_AT)
        own = f", it warms up by itself ({rises[0].option})" if rises else ""
        yield Problem(message, hint=f"{rewriting[0].reference.name} alone{own}")


def rewrites(case: Case, part: Part, *, is_first: bool) -> bool:
    """Whether the constructor changes the rate that schedulers start from; others have noted it unless it is first."""
    lr = case.run.lrs[case.group]
    group = {"lr": lr} if is_first else {"lr": lr, "initial_lr": lr}
    try:
        part.schedule.bind(case.group, case.run.lrs).ticker(group)
    except (InputError, ArithmeticError):
        return False  # It cannot be made, and so no run begins.
    return group["initial_lr"] != lr


@schedule_rule("LR224", "overwritten-every-tick", WARNING)
def overwritten(case: Case) -> Iterator[Problem]:
    """In a chain, a schedule that sets the rate outright wipes out what the others do.

    Cause:
        ChainedScheduler lets all of them change one rate, one after another. CosineAnnealingWarmRestarts, LambdaLR,
        CyclicLR, OneCycleLR and those of Hugging Face compute it from the tick alone, whatever it was. It is the same
        with two schedulers that are stepped by hand.

    Bad:
        lrsched check "chained 'step --step-size 10' 'cosine-restarts --t-0 10' --epochs 50"
    Good:
        lrsched check "chained 'constant --total-iters 5' 'exponential --gamma 0.95' --epochs 50"
    Source:
        pytorch #129565, PR #180594; casanovo PR #249
    """
    for schedule in (whole.schedule for whole in case.composites):
        if schedule.fields(role.TAKES_OVER_AT) or len(schedule.schedulers) == 1:
            continue
        absolute = [child for child in schedule.schedulers if isinstance(child, Absolute)]
        if absolute:
            others = [child for child in schedule.schedulers if child is not absolute[-1]]
            message = (
                f"{symbols(absolute[-1:])} sets the rate outright at every tick: what {symbols(others)} did is lost"
            )
            yield Problem(message, hint="sequential, or one lambda with the product of both")


@schedule_rule("LR225", "chained-cosine-starts-again", WARNING)
def starts_again(case: Case) -> Iterator[Problem]:
    """In a chain, a cosine that is past T_max starts again from the base rate: what the others did is lost.

    Cause:
        CosineAnnealingLR works on the rate in force, but the tick after its lowest point starts from the base rate
        again.

    Bad:
        lrsched check "chained 'exponential --gamma 0.97' 'cosine --t-max 20' --epochs 50"
    Good:
        lrsched check "chained 'exponential --gamma 0.97' 'cosine --t-max 50' --epochs 50"
    Source:
        pytorch #129565; measured with torch 2.13
    """
    for part in case.parts:
        plan = plan_of(part)
        if not part.chained or plan is None or case.ticks is None or isinstance(part.schedule, Absolute):
            continue
        if 0 <= plan.end < case.ticks - 1 and case.used:
            after = case.used.since(plan.end)
            if after.highest - after.first > TOLERANCE * case.peak and climbs_alone(case, plan):
                begins = f"{plan.given} is over at {case.when(plan.end)}"
                message = f"{begins}: from the base rate the rate climbs back to {case.share(after.highest)}"
                yield Problem(message, plan.ending_at(case.ticks))


def climbs_alone(case: Case, plan: PlannedLength) -> bool:
    """Whether the part of a plan, without the others, rises again after its end."""
    alone = first_rates(plan.part.schedule, case.run.lrs, case.group, case.length - plan.part.start)
    after = alone.since(plan.end - plan.part.start)
    return bool(after.rates) and after.highest > after.first


@schedule_rule("LR226", "chained-warmup", NOTE)
def chained_warmup(case: Case) -> Iterator[Problem]:
    """In a chain the warmup and the decay run at the same time: the peak is below the base rate.

    Cause:
        ChainedScheduler starts all of them at tick 0. SequentialLR, or --warmup, lets the decay begin after the
        warmup.

    Bad:
        lrsched check "chained 'linear --total-iters 20' 'cosine --t-max 50' --epochs 50"
    Good:
        lrsched check "sequential 'linear --total-iters 20' 'cosine --t-max 30' --milestones 20 --epochs 50"
    Source:
        pytorch #129565; measured with torch 2.13
    """
    rising = [part.schedule for part in case.parts if part.chained and part.schedule.is_warmup]
    absolute = any(isinstance(part.schedule, Absolute) for part in case.parts)
    if rising and not absolute and case.lr and 0 < case.peak < BARELY * case.lr and len(case.parts) > len(rising):
        percent = significant(100 * case.peak / case.lr, 3)
        begun = f"while {symbols(rising)} warms up, the decay has begun"
        message = f"{begun}: the peak is {shown(case.peak)}, {percent} % of --lr"
        ticks = max(schedule.horizon or 0 for schedule in rising)
        yield Problem(message, hint=f"sequential, with a milestone at {plural(ticks, 'tick')}")


@schedule_rule("LR227", "jumps-up-at-a-milestone", WARNING)
def jumps_up(case: Case) -> Iterator[Problem]:
    """After a decay the rate jumps back up at a milestone, and stays there.

    Cause:
        At its milestone the next schedule starts from the base rate, whatever the rate was. A ConstantLR at the end
        holds the base rate, not the rate that was reached.

    Bad:
        lrsched check "sequential linear 'cosine --t-max 40' 'constant --factor 1' --milestones 5,45 --epochs 60"
    Good:
        lrsched check "sequential linear 'cosine --t-max 40' 'constant --factor 0.01 --total-iters 99' \
--milestones 5,45 --epochs 60"
    Source:
        measured with torch 2.13
    """
    if case.used is None:
        return
    for part, following in zip(case.parts, case.parts[1:], strict=False):
        if part.chained or following.chained or part.schedule.is_warmup or not part.start < following.start:
            continue
        if following.start >= case.length:
            continue
        before, after = case.used.at(following.start - 1), case.used.at(following.start)
        end = case.used.at(case.end_of(following) - 1)
        fell = before < A_HALF * case.used.at(part.start)
        if fell and after > 2 * before and end > A_HALF * case.peak:
            jump = f"the rate jumps from {shown(before)} to {shown(after)}"
            message = f"at {case.when(following.start)} {jump}, where '{following.schedule.spec}' takes over"
            yield Problem(message, hint="a last schedule that begins at the rate that was reached")


@schedule_rule("LR228", "drops-shifted-by-warmup", NOTE)
def drops_shifted(case: Case) -> Iterator[Problem]:
    """Milestones are counted from the end of the warmup, not from the start of the run.

    Cause:
        The child of a SequentialLR counts its ticks from its milestone, and so does timm with warmup_prefix. detectron2
        and mmdetection count from the start of the run.

    Bad:
        lrsched check "multistep --milestones 30,60 --warmup 5 --epochs 90"
    Good:
        lrsched check "multistep --milestones 30,60 --epochs 90"
    Source:
        measured with torch 2.13 and timm 1.0.31
    """
    part, ramp = case.parts[-1], case.ramp
    drops = drops_of(part)
    if not ramp or not drops or drops.repeated or part.chained or not isinstance(drops.value, tuple):
        return
    # timm's prefix comes with the drops, a warmup before them with the part.
    shift = part.schedule.drop_offset if ramp.own else part.start
    if shift <= 0 or ramp.end > part.start + max(0, part.schedule.drop_offset) + 1:
        return
    when = ", ".join(map(str, drops.ticks[:5])) + (", ..." if len(drops.ticks) > 5 else "")
    earlier = [value - ramp.end for value in drops.values]
    listed = ",".join(f"{value:g}" for value in earlier)
    hint = f"{drops.declared.option} {listed} if they are ticks of the run" if min(earlier) > 0 else ""
    yield Problem(f"counted from the end of the warmup, the drops are at ticks {when} of the run", hint=hint)


@schedule_rule("LR229", "warmup-to-another-rate", WARNING)
def warmup_to_another_rate(case: Case) -> Iterator[Problem]:
    """After the warmup the rate drops: the schedule that takes over starts low again.

    Cause:
        CyclicLR starts at base_lr, whatever the optimizer's rate is and whatever the warmup has reached. A second
        warmup, and a schedule that has its own, begin at the bottom.

    Bad:
        lrsched check "sequential linear 'cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10' --milestones 5 -n 85"
        lrsched check "hf-cosine --num-warmup-steps 10 --num-training-steps 80 --warmup 5 --ticks 85"
    Good:
        lrsched check "cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10 -n 80"
    Source:
        measured with torch 2.13
    """
    if case.used is None:
        return
    for part, following in zip(case.parts, case.parts[1:], strict=False):
        own = starts_low(following.schedule)
        if not own or part.chained or not part.schedule.is_warmup or not part.start < following.start < case.length:
            continue
        before, after = case.used.at(following.start - 1), case.used.at(following.start)
        if after < A_HALF * before:
            drop = f"the rate drops from {shown(before)} to {shown(after)}"
            message = f"at {case.when(following.start)} {drop}: {following.schedule.reference.symbol} {own}"
            yield Problem(message, hint=f"{following.schedule.reference.name} alone: it rises by itself")


def starts_low(schedule: Schedule) -> str:
    """Why a schedule starts low and rises, in words; empty where it does not."""
    start, warmup = schedule.given(role.START), schedule.given(role.WARMUP)
    if schedule.own_warmup and warmup:
        return f"has a warmup of its own ({warmup[0].option})"
    if start and schedule.given(role.PEAK):
        return f"starts at {start[0].option}, whatever the warmup has reached"
    return "is a warmup itself" if schedule.is_warmup else ""
