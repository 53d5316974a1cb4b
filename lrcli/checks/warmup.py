"""LR20x and LR21x: the warmup, and what comes after it."""

from collections.abc import Iterator

from lrcli.checks.case import ZERO, Case, schedule_rule, shown
from lrcli.checks.causes import cause, drops_of
from lrcli.checks.curve import first_rates
from lrcli.checks.horizon import ending
from lrcli.checks.rule import ERROR, NOTE, WARNING, Problem
from lrcli.schedules import role
from lrcli.schedules.family import STEP
from lrcli.text import plural, significant

A_THIRD = 1 / 3
"""Share of the rate at which torch's warmups start where nothing else is said."""

A_PERCENT, A_TENTH = 0.01, 0.1
"""Shares of the rate by which it may drop at the end of a warmup: hardly seen, surely not meant."""

A_JUMP = 1.1
"""Factor between two ticks that no warmup makes on its way."""


@schedule_rule("LR201", "warmup-not-added-up", WARNING)
def not_added_up(case: Case) -> Iterator[Problem]:
    """Warmup and decay do not add up to the run: the warmup is counted twice, or not at all.

    Cause:
        Conventions differ. The child of a SequentialLR counts from its milestone: after W ticks of warmup its length
        is N - W. Lengths of Hugging Face, Megatron-LM and nanoGPT include the warmup; timm's do without warmup_prefix.

    Bad:
        lrsched check "cosine --t-max 90 --epochs 90 --warmup 5"
        lrsched check "hf-linear --num-warmup-steps 100 --num-training-steps 900 --epochs 10 --steps-per-epoch 100 \
--interval step"
    Good:
        lrsched check "cosine --t-max 85 --epochs 90 --warmup 5"
        lrsched check "hf-linear --num-warmup-steps 100 --num-training-steps 1000 --epochs 10 --steps-per-epoch 100 \
--interval step"
    Source:
        AReaL PR #1289; Megatron-LM #2258; timm #1242, PR #2312; optax #835, PR #1781; lightly PR #1842
    """
    plan, ramp = case.plan, case.ramp
    if cause(case) != "LR201" or plan is None or ramp is None:
        return
    before = ramp.end if ramp.own else plan.part.start
    span = f"{plan.given} and a warmup of {before}, in a run of {plural(case.length, 'tick')}"
    if plan.end > case.length:
        message = f"{span}: the decay is cut off {before} before its end{ending(case)}"
    else:
        message = f"{span}: the decay is over at {case.when(plan.end)}, {before} too early{ending(case)}"
    yield Problem(message, plan.ending_at(case.length))


@schedule_rule("LR202", "warmup-outlasts-run", ERROR)
def outlasts_run(case: Case) -> Iterator[Problem]:
    """The warmup is as long as the run, or takes most of it.

    Cause:
        The warmup is in steps of a larger run, in batches where optimizer steps are counted, or in steps where epochs
        are. The peak is never reached, or hardly used.

    Bad:
        lrsched check "cosine --t-max 10 --epochs 10 --warmup 10"
        lrsched check "hf-linear --num-warmup-steps 2000 --num-training-steps 1000"
    Good:
        lrsched check "cosine --t-max 8 --epochs 10 --warmup 2"
        lrsched check "hf-linear --num-warmup-steps 100 --num-training-steps 1000"
    Source:
        GPT2-Chinese #60; mmdetection #7789; prime-rl #968; Search-R1 #28; deepmd-kit PR #5134
    """
    ramp = case.ramp
    ends = [case.ticks] if case.ticks else []
    if ramp is None or cause(case) in ("LR105", "LR106"):
        return
    if ramp.own and case.plan:
        ends.append(case.plan.end)
    if not ends:
        return
    end = min(ends)
    if ramp.end >= end:
        reached = f"{case.when(end - 1)} is the last, at {shown(case.used.at(end - 1))}" if case.used else ""
        message = f"the warmup takes {plural(ramp.end, 'tick')} and there are {end}: the peak is never reached"
        per_step = case.stepped(STEP)
        fixes = (*per_step, *ramp.lasting(max(1, end // 20)))
        yield Problem(f"{message}; {reached}" if reached else message, fixes)
    elif 2 * ramp.end > end:
        share = significant(100 * ramp.end / end, 3)
        message = f"the warmup takes {share} % of {plural(end, 'tick')}"
        # A default that is long in a short run was not chosen.
        is_default = all(change.value == change.declared.default for change in ramp.lengths)
        yield Problem(message, ramp.lasting(max(1, end // 20)), severity=NOTE if is_default else WARNING)


@schedule_rule("LR203", "warmup-cut-short", WARNING)
def cut_short(case: Case) -> Iterator[Problem]:
    """The milestone is inside the warmup: the rate jumps to the peak before the warmup is over.

    Cause:
        At its milestone the next schedule starts from its own base rate, whatever the rate was. The milestone must be
        the warmup's total_iters, and the warmup must end at the full rate (end_factor 1).

    Bad:
        lrsched check "sequential 'linear --start-factor 0.1 --total-iters 10' 'cosine --t-max 45' --milestones 5"
        lrsched check "sequential 'linear --end-factor 0.5 --total-iters 5' 'cosine --t-max 45' --milestones 5"
    Good:
        lrsched check "sequential 'linear --start-factor 0.1 --total-iters 5' 'cosine --t-max 45' --milestones 5"
    Source:
        threestudio #226; measured with torch 2.13
    """
    if any(part.schedule.rewrites_base_rate for part in case.parts):
        return
    for part, following in zip(case.parts, case.parts[1:], strict=False):
        gap = following.start - part.start
        if part.chained or gap < 1 or case.used is None or following.start >= case.length:
            continue
        alone = first_rates(part.schedule, case.run.lrs, case.group, gap + 1)
        rises = alone.rates and alone.first < alone.last == alone.highest
        before, after = case.used.at(following.start - 1), case.used.at(following.start)
        if rises and after > A_JUMP * alone.last:
            message = (
                f"the warmup is not at the full rate at {case.when(following.start)}, where the next schedule takes "
                f"over: the rate jumps from {shown(before)} to {shown(after)}"
            )
            length, end = part.schedule.given(role.LENGTH), part.schedule.given(role.FLOOR_SHARE)
            sooner = ((part.with_value(length[0], gap),),) if length and length[1] > gap else ()
            whole = ((part.with_value(end[0], 1.0),),) if end and not sooner else ()
            yield Problem(message, (*sooner, *whole))


@schedule_rule("LR210", "warmup-ignored", WARNING)
def warmup_ignored(case: Case) -> Iterator[Problem]:
    """A warmup is given, but the rate does not rise.

    Cause:
        The plain constant of Hugging Face takes num_warmup_steps and never reads it: constant_with_warmup does.
        Elsewhere the warmup starts at or above the rate that it is to lead to.

    Bad:
        lrsched check "hf-constant --num-warmup-steps 10 --ticks 100"
        lrsched check "timm-cosine --t-initial 50 --warmup-t 5 --warmup-lr-init 0.2 --lr 0.1"
    Good:
        lrsched check "hf-constant-with-warmup --num-warmup-steps 10 --ticks 100"
        lrsched check "timm-cosine --t-initial 50 --warmup-t 5 --warmup-lr-init 0.001 --lr 0.1"
    Source:
        unsloth #8269; ms-swift #491; accelerate #2124; DeepSpeed #7303; transformers #22751 #29348
    """
    ramp = case.ramp
    if ramp is None or case.used is None or ramp.end >= case.length or not case.peak:
        return
    first, after = case.used.first, case.used.at(ramp.end)
    if ramp.own and first == case.used.before(ramp.end + 1).highest:
        message = (
            f"the warmup of {plural(ramp.end, 'tick')} does not rise: {shown(first)} at first, {shown(after)} after it"
        )
        first_rate = case.parts[0].schedule.fields(role.START)
        lower = (case.parts[0].with_role(role.START, case.lr / 100),) if first_rate else ()
        yield Problem(message, lower, "" if lower else "a schedule that warms up, or no warmup")


@schedule_rule("LR211", "a-third-of-the-rate", NOTE)
def a_third(case: Case) -> Iterator[Problem]:
    """ConstantLR or LinearLR alone: part of the rate for some ticks, and then all of it.

    Cause:
        Their defaults are a third of the rate and 5 ticks. ConstantLR is not constant: it jumps to three times the
        rate. With total_iters 0 the full rate is never restored.

    Bad:
        lrsched check "constant --epochs 90"
        lrsched check "linear --total-iters 0 --epochs 90"
    Good:
        lrsched check "constant --factor 1 --epochs 90"
        lrsched check "linear --start-factor 0.1 --total-iters 10 --epochs 90"
    Source:
        pytorch #86454, PR #86695; makani PR #100
    """
    for part in (part for part in case.parts if part.schedule.is_warmup):
        length, low = part.schedule.given(role.LENGTH), part.schedule.given(role.START_SHARE)
        if length is None or low is None:
            continue
        high = part.schedule.given(role.FLOOR_SHARE)
        constant = (part.with_value(low[0], 1.0),)
        share = f"{significant(100 * low[1], 3)} % of --lr"
        if length[1] <= 0:
            message = f"with {length[0].option} {length[1]} the rate stays at {share} for ever"
            ramp = (part.with_value(low[0], 0.1), part.with_value(length[0], 5))
            yield Problem(message, (ramp if high else constant,), severity=WARNING)
        elif len(case.parts) == 1 and case.ticks:
            most = length[1] > case.ticks or (low[1] == A_THIRD and 2 * length[1] >= case.ticks)
            severity = WARNING if most or not part.schedule.words() else NOTE
            then = f"at {case.when(length[1])}" if length[1] < case.ticks else "after the run"
            if high is None:
                message = f"the rate is {share} and jumps to all of it {then}"
                yield Problem(message, (constant,), "linear for a warmup", severity)
            elif severity == WARNING:
                message = f"the rate rises from {share} to all of it {then}, and does not come down"
                decay = (*constant, part.with_value(high[0], 0.01))
                yield Problem(message, (decay,), severity=severity)


@schedule_rule("LR212", "starts-at-zero", NOTE)
def starts_at_zero(case: Case) -> Iterator[Problem]:
    """The first tick trains at rate 0: a whole epoch is lost where step() is called per epoch.

    Cause:
        A warmup of t / W begins at 0. Per optimizer step that costs one step; per epoch, a whole epoch.

    Bad:
        lrsched check "timm-cosine --t-initial 100 --warmup-t 5 --epochs 100"
        lrsched check "hf-linear --num-warmup-steps 5 --num-training-steps 90 --epochs 90 --steps-per-epoch 500 \
--interval epoch"
    Good:
        lrsched check "timm-cosine --t-initial 100 --warmup-t 5 --warmup-lr-init 1e-4 --epochs 100"
    Source:
        google-research/bert #1293; big_transfer #58; nanoGPT PR #578; tinygrad PR #10981; marian #156
    """
    zeros = case.walk.curve.where(lambda rate: rate > ZERO * min(case.peak, case.lr or case.peak)) or 0
    if zeros:
        unit = "epoch" if case.is_for_sure_per_epoch else "step"
        lost = f"the first {unit} is" if zeros == 1 else f"the first {zeros} {unit}s are"
        higher = case.parts[0].schedule.fields(role.START)
        fixes = (case.parts[0].with_role(role.START, case.lr / 100),) if higher else ()
        hint = "" if fixes or unit == "step" else "a warmup of (t + 1) / W, or step() after every optimizer step"
        yield Problem(f"{lost} trained at rate 0", fixes, hint, WARNING if unit == "epoch" else NOTE)


@schedule_rule("LR213", "phases-overlap", WARNING)
def phases_overlap(case: Case) -> Iterator[Problem]:
    """Warmup and decay together are longer than the schedule: the rate jumps at the end of the warmup.

    Cause:
        transformers gives the stable phase what the others leave. Where that is negative, the decay begins part-way
        down.

    Bad:
        lrsched check "hf-warmup-stable-decay --num-warmup-steps 60 --num-decay-steps 60 --num-training-steps 100"
    Good:
        lrsched check "hf-warmup-stable-decay --num-warmup-steps 10 --num-decay-steps 20 --num-training-steps 100"
    Source:
        measured with transformers 5.23
    """
    for part in case.parts:
        schedule = part.schedule
        length, decay = schedule.horizon, schedule.given(role.DECAY)
        if length is None or not decay or schedule.given(role.HOLD):
            continue
        over = (schedule.value(role.WARMUP) or 0) + decay[1] - length
        if over > 0:
            message = f"warmup and decay take {over} more ticks than the schedule has: the decay begins part-way down"
            shorter = (part.with_value(decay[0], decay[1] - over),)
            yield Problem(message, (shorter,) if decay[1] > over else (), "a shorter warmup or decay")


@schedule_rule("LR214", "drops-after-warmup", NOTE)
def drops_after_warmup(case: Case) -> Iterator[Problem]:
    """The warmup is aimed at the full rate, but the curve is below it by then: the rate drops at the end of the warmup.

    Cause:
        timm's warmup takes the place of the curve's beginning unless warmup_prefix is set. The same happens to
        milestones that are inside the warmup.

    Bad:
        lrsched check "timm-cosine --t-initial 100 --warmup-t 20 --warmup-lr-init 1e-4 --epochs 100"
        lrsched check "timm-multistep --decay-t 10,60 --decay-rate 0.1 --warmup-t 20 --warmup-lr-init 1e-4 \
--no-warmup-prefix --epochs 90"
    Good:
        lrsched check "timm-cosine --t-initial 80 --warmup-t 20 --warmup-lr-init 1e-4 --warmup-prefix --epochs 100"
        lrsched check "timm-multistep --decay-t 30,60 --decay-rate 0.1 --warmup-t 5 --warmup-lr-init 1e-4 \
--no-warmup-prefix --epochs 90"
    Source:
        timm #1242; Swin-Transformer #277; measured with timm 1.0.31
    """
    part, ramp = case.parts[0], case.ramp
    prefix = part.schedule.given(role.PREFIX)
    if not ramp or not ramp.own or not prefix or prefix[1] or case.used is None or ramp.end + 1 >= case.length:
        return
    before, after = case.used.at(ramp.end - 1), case.used.at(ramp.end)
    if ramp.end < 2 or after >= (1 - A_PERCENT) * before:
        return
    drops = drops_of(part)
    inside = drops is not None and not drops.repeated and min(drops.ticks) <= ramp.end
    message = f"the warmup ends at {case.when(ramp.end)}, and the rate drops from {shown(before)} to {shown(after)}"
    plan = case.plan
    first = (part.with_value(prefix[0], True),)
    shorter = (part.with_value(plan.declared, plan.value - ramp.end),) if plan and plan.value > ramp.end else ()
    fixes = ((*first, *shorter),) if shorter or not plan else ()
    severity = WARNING if inside or after < (1 - A_TENTH) * before else NOTE
    yield Problem(message, fixes, "a first drop after the warmup" if inside else "", severity)
