"""LR3xx: drops, decays and floors."""

from collections.abc import Iterator
from itertools import pairwise

from lrcli.checks.case import NOTHING, ZERO, Case, schedule_rule, shown
from lrcli.checks.causes import alive_until, cause, dies, drops_of, gamma_of, idle, period_of
from lrcli.checks.fix import Fix, rounded
from lrcli.checks.horizon import LONG_TAIL
from lrcli.checks.rule import ERROR, NOTE, WARNING, Problem
from lrcli.schedules import role
from lrcli.text import significant

A_GOOD_END = 0.01
"""Share of the rate that the suggested gamma leaves at the end."""

FLOORS = (role.FLOOR, role.FLOOR_OF_OPTIMIZER, role.FLOOR_SHARE)
"""What says how low the rate goes."""


@schedule_rule("LR301", "drop-never-comes", WARNING)
def never_comes(case: Case) -> Iterator[Problem]:
    """A milestone or step_size at or past the end of the run: the drop never comes.

    Cause:
        Ticks are counted from 0: a run of N ticks has drops at 1 to N - 1. Configurations of a longer run are reused,
        or the milestones are in steps and the run in epochs.

    Bad:
        lrsched check "multistep --milestones 30,60,90 --epochs 90"
        lrsched check "step --step-size 100 --epochs 90"
    Good:
        lrsched check "multistep --milestones 30,60,80 --epochs 90"
        lrsched check "step --step-size 30 --epochs 90"
    Source:
        Pointcept #379; BasicSR #731; Smooth_AP #13; confidence-calibrated-AT #5; Tacotron #3
    """
    if case.ticks is None or cause(case) in ("LR101", "LR105"):
        return
    for part in case.parts:
        drops = drops_of(part)
        end = case.end_of(part)
        late = [tick for tick in drops.ticks if tick >= end] if drops else []
        if drops is None or not late or part.start >= case.ticks:
            continue
        ticks = ", ".join(map(str, late[:5])) + (", ..." if len(late) > 5 else "")
        kept = tuple(value for value, tick in zip(drops.values, drops.ticks, strict=True) if tick < end)
        if drops.repeated:
            message = f"the first drop would be at tick {ticks}, the rate never drops"
            fixes, hint = drops.moved((max(1, (end - part.start) // 3),)), ""
        else:
            which = f"drops at ticks {ticks} never come" if len(late) > 1 else f"drop at tick {ticks} never comes"
            message = f"the {which}" if kept else f"the {which}, the rate never drops"
            fixes = drops.moved(kept)
            hint = "" if fixes else f"drops before tick {end}"
        yield Problem(f"{message}: the last tick is {end - 1}", fixes, hint)


@schedule_rule("LR302", "milestones-of-drops", WARNING)
def odd_milestones(case: Case) -> Iterator[Problem]:
    """A milestone given twice drops the rate twice at once; one at 0 drops it from the start; a negative one never.

    Cause:
        MultiStepLR counts how often a milestone is listed and multiplies by gamma as often. timm's searches the list
        as if it were sorted.

    Bad:
        lrsched check "multistep --milestones 30,60,60"
        lrsched check "multistep --milestones 0,30,60"
        lrsched check "timm-multistep --decay-t 60,30 --decay-rate 0.1"
    Good:
        lrsched check "multistep --milestones 30,60,80"
        lrsched check "timm-multistep --decay-t 30,60 --decay-rate 0.1"
    Source:
        measured with torch 2.13 and timm 1.0.31
    """
    for part in case.parts:
        declared, ticks = part.schedule.given(role.DROPS_AT) or (None, ())
        if declared is None or not isinstance(ticks, tuple) or not ticks:
            continue
        option = declared.option
        kept = tuple(sorted({tick for tick in ticks if tick > 0}))
        fixes = ((part.with_value(declared, kept),),) if kept else ()
        repeated = sorted({tick for tick in ticks if ticks.count(tick) > 1})
        if repeated:
            yield Problem(
                f"{option} lists {', '.join(map(str, repeated))} more than once: the rate drops that often at once",
                fixes,
            )
        if min(ticks) <= 0:
            effect = "drops the rate from the start" if 0 in ticks else "never comes"
            yield Problem(f"{option} {0 if 0 in ticks else min(ticks)} {effect}", fixes)
        if list(ticks) != sorted(ticks):
            if part.schedule.drops_in_any_order:
                framework = part.schedule.reference.family.name
                yield Problem(f"{option} does not increase; {framework} takes it in any order", fixes, severity=NOTE)
            else:
                message = f"{option} does not increase, but is searched as a sorted list: drops come at wrong ticks"
                yield Problem(message, fixes)


@schedule_rule("LR303", "rate-dies", WARNING)
def rate_dies(case: Case) -> Iterator[Problem]:
    """So many drops that next to nothing is left of the rate.

    Cause:
        gamma acts at every tick, or every step_size ticks: 0.95 leaves 0.6 % after 100 ticks, and nothing after 1000.
        The gamma that leaves the share r after k drops is r^(1/k).

    Bad:
        lrsched check "exponential --gamma 0.9 --epochs 200"
        lrsched check "step --step-size 5 --epochs 90"
    Good:
        lrsched check "exponential --gamma 0.97 --epochs 200"
        lrsched check "step --step-size 30 --epochs 90"
    Source:
        hazdzz/STGCN #18; coreference-resolution #22; detectron2 #1923
    """
    if case.ticks is None or case.used is None or cause(case) or not dies(case):
        return
    since = alive_until(case)
    idle_share = significant(100 * (case.length - since) / case.length, 3)
    nothing = f"from {case.when(since)} on, {idle_share} % of the run, it is below {NOTHING:g} of its peak"
    gamma = gamma_of(case)
    drops = sum(after != before for before, after in pairwise(case.used.rates))
    fixes: tuple[Fix, ...] = ()
    if gamma and 0 < gamma.value < 1 and drops:
        period = period_of(gamma.part)
        often = drops if period is None or gamma.part.schedule.drops_in_steps else drops / period.value
        fixes = gamma.becoming(A_GOOD_END ** (1 / often), 4 if drops < 1000 else 8)
    yield Problem(f"the rate falls to {case.share(case.used.last)}: {nothing}", fixes)


@schedule_rule("LR304", "gamma-does-not-decay", WARNING)
def no_decay(case: Case) -> Iterator[Problem]:
    """A gamma of 1 changes nothing, a larger one raises the rate, 0 or less ends the training.

    Cause:
        torch does not check gamma. timm's decay_rate is 1 unless it is given.

    Bad:
        lrsched check "exponential --gamma 1.05 --epochs 50"
        lrsched check "timm-step --decay-t 30 --epochs 90"
    Good:
        lrsched check "exponential --gamma 0.95 --epochs 50"
        lrsched check "timm-step --decay-t 30 --decay-rate 0.1 --epochs 90"
    Source:
        measured with torch 2.13: ExponentialLR(gamma>1) is accepted silently; timm 1.0.31
    """
    gamma = gamma_of(case)
    if gamma is None or 0 < gamma.value < 1:
        return
    each = f"{gamma.declared.option} {gamma.value:g}"
    if gamma.value <= 0:
        made = "0" if gamma.value == 0 else "negative"
        yield Problem(f"{each} makes the rate {made} at the first drop", gamma.becoming(0.1), severity=ERROR)
    elif gamma.value == 1:
        yield Problem(f"{each}: the rate never changes", gamma.becoming(0.1))
    else:
        always = not gamma.part.schedule.fields(role.DROP_EVERY, role.DROPS_AT) and case.peak > 0
        grown = f" to {shown(case.peak)}" if always else ""
        yield Problem(f"{each} raises the rate{grown}", gamma.becoming(1 / gamma.value))


@schedule_rule("LR305", "ends-at-zero", WARNING)
def ends_at_zero(case: Case) -> Iterator[Problem]:
    """The last epoch, or the last ticks, are trained at rate 0.

    Cause:
        A run of N ticks uses the rates of ticks 0 to N - 1. A schedule that is 0 at tick N - 1 (T_max = N - 1, or 1 -
        t / (N - 1)) spends the last tick on nothing: per epoch, a whole epoch.

    Bad:
        lrsched check "cosine --t-max 89 --epochs 90"
        lrsched check "lambda --expr '1 - t / 89' --epochs 90"
    Good:
        lrsched check "cosine --t-max 90 --epochs 90"
        lrsched check "lambda --expr '1 - t / 90' --epochs 90"
    Source:
        Unsup_Recycle_GAN #14; mmcv #519; ultralytics PR #10160; pytorch #47560; LANfactory PR #124; AReaL PR #1289
    """
    gamma = gamma_of(case)
    explained = (
        case.ticks is None
        or (gamma is not None and gamma.value == 0)
        or cause(case)
        or dies(case)
        or idle(case) > max(1, LONG_TAIL * case.length)
    )
    if explained or case.used is None or not case.peak or abs(case.used.last) > ZERO * case.peak:
        return
    zeros = case.length - case.used.after_last(lambda rate: rate > ZERO * case.peak)
    unit = "step" if case.per_step else "epoch"
    lost = unit if zeros == 1 else f"{zeros} {unit}s"
    fixes = case.plan.ending_at(case.length) if case.plan else ()
    hint = "" if fixes else f"a schedule that ends at tick {case.length}"
    severity = WARNING if case.is_for_sure_per_epoch or zeros > max(1, A_GOOD_END * case.length) else NOTE
    since = case.when(case.length - zeros)
    yield Problem(f"the rate is 0 in the last {lost} of the run, from {since} on", fixes, hint, severity)


@schedule_rule("LR306", "floor-above-rate", WARNING)
def floor_above_rate(case: Case) -> Iterator[Problem]:
    """The lowest rate is not below the rate: it rises, or nothing changes.

    Cause:
        eta_min is a rate, not a share of it, and is kept when --lr is lowered. Shares and rates are mistaken for each
        other.

    Bad:
        lrsched check "cosine --t-max 50 --eta-min 0.001 --lr 0.0003"
        lrsched check "cyclic --base-lr 0.1 --max-lr 0.001 --step-size-up 10"
    Good:
        lrsched check "cosine --t-max 50 --eta-min 0.00001 --lr 0.0003"
    Source:
        katsura-jp #14; hi-ml #611; measured with torch 2.13: CosineAnnealingLR(eta_min>lr) is accepted silently
    """
    if case.walk.failure:
        return
    for part in case.parts:
        schedule = part.schedule
        for declared, floor in [] if schedule.is_warmup else schedule.all_given(*FLOORS):
            is_share = declared.role is role.FLOOR_SHARE
            highest = 1.0 if is_share else case.lr
            if isinstance(floor, float) and floor >= highest > 0:
                what = "the whole rate" if is_share else f"--lr {shown(case.lr)}"
                effect = "the rate does not fall" if floor == highest else "the rate rises to it"
                # Whoever gives the rate itself as the lowest one may want a constant rate.
                severity = NOTE if floor == highest else WARNING
                yield Problem(
                    f"{declared.option} {shown(floor)} is not below {what}: {effect}",
                    ((part.with_value(declared, rounded(declared, highest / 100)),),),
                    severity=severity,
                )
        low, high = schedule.given(role.START), schedule.given(role.PEAK)
        if low and high and isinstance(low[1], float) and isinstance(high[1], float) and low[1] >= high[1]:
            message = f"{low[0].option} {shown(low[1])} is not below {high[0].option} {shown(high[1])}"
            yield Problem(message, ((part.with_value(low[0], high[1]), part.with_value(high[0], low[1])),))
