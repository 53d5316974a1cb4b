"""LR6xx: a run that is taken up again from a checkpoint, and does not do what the new code says."""

import dataclasses
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property, partial
from itertools import islice

from lrcli.checks.case import shown
from lrcli.checks.fix import Change, Fix, changed, changed_run
from lrcli.checks.rule import NOTE, WARNING, Problem, rule
from lrcli.engine import filled, rates
from lrcli.errors import InputError
from lrcli.resume import LOAD, NEW, NOTHING, OLD, Resumed, Seam, height, seam
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Composite
from lrcli.schedules.param import Param
from lrcli.text import plural, significant

ALIKE = 1e-6
"""Share of the highest rate within which two curves are the same."""

NOTICED = 1.2
"""Factor between two rates from which on a jump is one."""

SEEN = 0.01
"""Share of the highest rate that makes a difference."""

ZERO = 1e-9
"""Share of the highest rate that is nothing any more."""

DIGITS = 6
"""Of a rate in a fix."""


class ResumeCase:
    """A run that is taken up again, with the curves that tell what becomes of it."""

    def __init__(self, resumed: Resumed) -> None:
        self.resumed = resumed
        lrs = resumed.new.run.lrs
        self.group = max(range(len(lrs)), key=lrs.__getitem__)

    def changed(self, fix: Fix) -> "ResumeCase":
        """The case after a fix to NEW, its run, or what is loaded. Raises InputError where a value is refused."""
        resumed = self.resumed
        load = next((change.value for change in fix if change.declared is LOAD), resumed.load)
        rest = tuple(change for change in fix if change.declared is not LOAD)
        schedule, run = changed(resumed.new.schedule, rest), changed_run(resumed.new.run, rest)
        return ResumeCase(dataclasses.replace(resumed, new=resumed.new._replace(schedule=schedule, run=run), load=load))

    @cached_property
    def seam(self) -> Seam:
        """Where the new process takes over."""
        return seam(self.resumed, self.group)

    @cached_property
    def happens(self) -> list[float]:
        """The rates from the seam on."""
        resumed = self.resumed
        left = islice(resumed.rates(self.group), resumed.at, None)
        return filled(left, range(resumed.at, resumed.length), resumed.after)

    def plan_of(self, which: str, start: int) -> list[float]:
        """The rates that OLD or NEW has from `start` on, for as long as there are rates after the seam; fewer where it
        raises."""
        resumed, found = self.resumed, list[float]()
        plan, schedule = (resumed.old, resumed.before) if which == OLD else (resumed.new, resumed.after)
        with suppress(ArithmeticError, ValueError, InputError):
            found.extend(islice(rates(schedule, plan.run.lrs, self.group), start, start + len(self.happens)))
        return found

    @cached_property
    def old(self) -> list[float]:
        """What OLD goes on to do."""
        return self.plan_of(OLD, self.resumed.at)

    @cached_property
    def new(self) -> list[float]:
        """What NEW does in the same ticks."""
        return self.plan_of(NEW, self.resumed.at)

    @cached_property
    def again(self) -> list[float]:
        """What NEW does from its tick 0 on."""
        return self.plan_of(NEW, 0)

    @cached_property
    def highest(self) -> float:
        """The highest rate of the curves."""
        return max(max(map(abs, curve), default=0.0) for curve in (self.happens, self.old, self.new, self.again))

    def is_like(self, plan: list[float], start: int = 1) -> bool:
        """Whether the rates are those of `plan`; at the seam itself they may still be the checkpoint's."""
        pairs = list(zip(self.happens, plan, strict=False))[start:]
        return len(plan) == len(self.happens) and all(abs(one - other) <= ALIKE * self.highest for one, other in pairs)

    @cached_property
    def starts_again(self) -> bool:
        """Whether the new scheduler begins at its tick 0, and that is not where it should be."""
        if not self.resumed.at or not self.is_like(self.again) or self.is_like(self.new):
            return False
        left = self.resumed.length - self.resumed.at
        horizon = self.resumed.after.horizon
        if horizon is None:
            return self.resumed.new.schedule == self.resumed.old.schedule
        return horizon > left

    @cached_property
    def ignored(self) -> list[tuple[Param, object, object]]:
        """The values of NEW that the checkpoint's replace: the parameter, NEW's value, the checkpoint's."""
        lrs = self.resumed.new.run.lrs
        ticker = self.resumed.restored(self.group)[0]
        return list(differences(self.resumed.after.bind(self.group, lrs), ticker.in_force))

    def over_the_rest(self, lrs: tuple[float, ...] = ()) -> tuple[Fix, ...]:
        """The fix that makes NEW a schedule of the ticks that are left, from these rates on, with nothing loaded."""
        lrs = lrs or self.rates_to_go_on
        resumed, schedule, run = self.resumed, self.resumed.new.schedule, self.resumed.new.run
        length = schedule.given(role.LENGTH)
        if length is None or schedule.horizon is None or isinstance(schedule, Composite) or run.warmup:
            return ()
        if not all(rate > 0 for rate in lrs) or schedule.rewrites_base_rate:
            return ()
        warmup, left = schedule.given(role.WARMUP), resumed.length - resumed.at
        lr = run.params()["lr"]
        changes = [Change(length[0], length[1] + left - schedule.horizon)]
        if warmup and warmup[1]:
            changes.append(Change(warmup[0], 0))
        changes.append(Change(LOAD, NOTHING, None))
        kept = tuple(float(significant(rate, DIGITS)) for rate in lrs)
        changes.append(Change(lr, kept if len(kept) > 1 else kept[0], None))
        if run.total is None:
            changes.append(Change(run.params()["ticks"], resumed.length, None))
        return (tuple(changes),)

    @property
    def rates_to_go_on(self) -> tuple[float, ...]:
        """The rates that the checkpoint's optimizer holds; where nothing is left of them, those of the new plan."""
        lrs = self.resumed.new.run.lrs
        saved = tuple(self.resumed.saved(group)[0]["lr"] for group in range(len(lrs)))
        if saved[self.group] > ZERO * self.highest:
            return saved
        share = self.new[0] / lrs[self.group] if self.new and lrs[self.group] else 0.0
        return tuple(lr * share for lr in lrs) if share > ZERO else lrs


def differences(meant: Schedule, found: Schedule) -> Iterator[tuple[Param, object, object]]:
    """The parameters that have another value in `found`, also those of the parts."""
    for (declared, one), (_, other) in zip(meant.items(), found.items(), strict=True):
        if isinstance(one, tuple) and one and isinstance(one[0], Schedule):
            for part, own in zip(one, other, strict=True):
                yield from differences(part, own)
        elif one != other:
            yield declared, one, other


resume_rule = partial(rule, subject=ResumeCase)


@resume_rule("LR601", "jump-at-the-seam", WARNING)
def jump_at_the_seam(case: ResumeCase) -> Iterator[Problem]:
    """The rate jumps where the run is taken up again.

    Cause:
        The scheduler's state has the tick, and often the base rate, but not what the new code computes from it.
        LambdaLR, and with it every schedule of Transformers, does not save its function: the lengths are the new
        code's, and the rate goes to where the new curve is at that tick. That happens one tick after the seam, because
        loading a state sets no rate.

    Bad:
        lrsched resume "hf-linear --num-warmup-steps 0 --num-training-steps 1500" \
"hf-linear --num-warmup-steps 0 --num-training-steps 3000" --at 1200
        lrsched resume "cosine --t-max 100" --at 50 --load scheduler
        lrsched resume "cosine --t-max 100" --at 50 --load nothing --epochs 200
    Good:
        lrsched resume "hf-linear --num-warmup-steps 0 --num-training-steps 1500" \
"hf-linear --num-warmup-steps 0 --num-training-steps 1800 --lr 0.02" --at 1200 --load nothing -n 3000
        lrsched resume "cosine --t-max 100" --at 50 --load both
    Source:
        transformers #4383, #27749, #34053; open_clip #413; OneTrainer #1604
    """
    tick, before, after = case.seam.jump
    if case.starts_again or height(before, after) < height(1.0, NOTICED):
        return
    if abs(after - before) < SEEN * case.highest:
        return
    place = tick - case.resumed.at
    for plan in (case.old, case.new, case.again):
        own = plan[place - 1 : place + 1] if place else []
        if len(own) == 2 and abs(height(*own) - height(before, after)) < ALIKE:
            return  # the plan itself has this step here
    ratio = f", x{significant(after / before, 3)}" if before else ""
    yield Problem(
        f"the rate jumps from {shown(before)} to {shown(after)} at tick {tick}{ratio}",
        case.over_the_rest(),
        # Whoever loads nothing and gives another rate means it.
        severity=NOTE if case.resumed.load == NOTHING and case.resumed.new.run.lrs != case.resumed.old.run.lrs else "",
    )


@resume_rule("LR602", "starts-again", WARNING)
def begins_at_its_start(case: ResumeCase) -> Iterator[Problem]:
    """The rate begins once more as at tick 0, and the schedule does not reach its end.

    Cause:
        A new scheduler counts from 0. Without its state it warms up again, and what is left of the run is too short for
        it. It is the same without the optimizer's state, for a scheduler that multiplies the rate in force.

    Bad:
        lrsched resume "cosine --t-max 100" --at 50 --load nothing
        lrsched resume "hf-linear --num-warmup-steps 10 --num-training-steps 100" --at 50 --load optimizer
    Good:
        lrsched resume "cosine --t-max 100" --at 50 --load both
    Source:
        Lightning #5486, #15462
    """
    if not case.starts_again:
        return
    left = case.resumed.length - case.resumed.at
    horizon = case.resumed.after.horizon
    cut = f", and only {left} of its {horizon} ticks are left" if horizon else ""
    both = case.resumed.old.schedule == case.resumed.new.schedule
    fixes: tuple[Fix, ...] = ((Change(LOAD, "both", None),),) if both else case.over_the_rest()
    yield Problem(f"the rate starts again from the beginning of the new plan, {shown(case.again[0])}{cut}", fixes)


@resume_rule("LR603", "values-of-the-checkpoint", WARNING)
def replaced_values(case: ResumeCase) -> Iterator[Problem]:
    """Values of the new code are ignored: load_state_dict brings back those of the old run.

    Cause:
        torch and timm save all that a scheduler knows but the optimizer: lengths, factors and floors too. A longer run
        keeps the old T_max, and a cosine climbs again after it.

    Bad:
        lrsched resume "cosine --t-max 50" "cosine --t-max 100" --at 25 --epochs 100
        lrsched resume "step --step-size 30" "step --step-size 10" --at 20 --epochs 60
    Good:
        lrsched resume "cosine --t-max 50" "cosine --t-max 75 --lr 0.05" --at 25 --load nothing --epochs 100
        lrsched resume "cosine --t-max 50" --at 25
    Source:
        xtuner #211; measured with torch 2.13
    """
    if not case.ignored:
        return
    words = ", ".join(
        f"{declared.option} {declared.format(meant)} ({declared.format(found)} comes back)"
        for declared, meant, found in case.ignored
    )
    verb = "is" if len(case.ignored) == 1 else "are"
    yield Problem(f"of the new code {words} {verb} ignored", case.over_the_rest())


@resume_rule("LR604", "base-rate-of-the-checkpoint", WARNING)
def replaced_base_rate(case: ResumeCase) -> Iterator[Problem]:
    """The base rate of the new code is ignored: the checkpoint has its own.

    Cause:
        The optimizer's state has the rate in force and initial_lr, and torch's schedulers save their base_lrs. A new
        lr in the code or in the configuration changes nothing.

    Bad:
        lrsched resume "cosine --t-max 50 --lr 0.1" "cosine --t-max 50 --lr 0.01" --at 25
    Good:
        lrsched resume "cosine --t-max 50 --lr 0.1" "cosine --t-max 25 --lr 0.01" --at 25 --load nothing -n 50
    Source:
        kohya_ss #1924; profam #269
    """
    old, new = case.resumed.old.run.lrs[case.group], case.resumed.new.run.lrs[case.group]
    if old == new or case.resumed.after.rewrites_base_rate:
        return
    ticker = case.resumed.restored(case.group)[0]
    if ticker.base_lr != old:
        return
    lrs = case.resumed.new.run.lrs
    yield Problem(
        f"--lr {shown(new)} of the new code is ignored: the checkpoint's base rate {shown(old)} counts",
        case.over_the_rest(lrs),
    )


@resume_rule("LR605", "stays-at-the-floor", WARNING)
def nothing_is_learned(case: ResumeCase) -> Iterator[Problem]:
    """The rate is at its lowest when the run is taken up again, and stays there.

    Cause:
        The old schedule was over. Schedules that change the rate in force multiply what is left of it, and 0 stays 0,
        whatever the new length is.

    Bad:
        lrsched resume "polynomial --total-iters 50" "polynomial --total-iters 100" --at 50 --epochs 100
        lrsched resume "hf-linear --num-warmup-steps 0 --num-training-steps 100" --at 100 --steps 200
        lrsched resume "cosine --t-max 50" --at 50 --load optimizer --epochs 90
    Good:
        lrsched resume "polynomial --total-iters 50" "polynomial --total-iters 50 --lr 0.05" --at 50 --load nothing \
-n 100
    Source:
        Lightning #19865; pytorch #78003; xtuner #211
    """
    left = case.happens[1:]
    if len(left) < 2 or max(map(abs, left)) > ZERO * case.highest:
        return
    yield Problem(
        f"the rate stays at {shown(left[-1])} for the {plural(len(left), 'tick')} that are left",
        case.over_the_rest(),
    )


@resume_rule("LR606", "climbs-again", WARNING)
def climbs_again(case: ResumeCase) -> Iterator[Problem]:
    """The rate climbs after the seam, where the new plan falls.

    Cause:
        The old length came back with the state, and the run is longer: past T_max a cosine climbs to the base rate.

    Bad:
        lrsched resume "cosine --t-max 50" "cosine --t-max 100" --at 45 --epochs 100
        lrsched resume "cosine --t-max 50" "cosine --t-max 100" --at 50 --epochs 100
    Good:
        lrsched resume "cosine --t-max 50" "cosine --t-max 55 --lr 0.002447" --at 45 --load nothing --epochs 100
    Source:
        xtuner #211; CosineAnnealingLR of torch 2.13, measured
    """
    start = min(case.happens[:2])
    highest = max(case.happens)
    place = case.happens.index(highest)
    if case.starts_again or place < 2 or highest <= start * NOTICED + ZERO * case.highest:
        return
    plan = case.again if case.is_like(case.again, 0) else case.new
    if len(plan) < len(case.happens) or plan[place] > plan[0] * (1 + ALIKE):
        return
    if case.is_like(plan):
        return
    fixes = case.over_the_rest()
    yield Problem(
        f"the rate climbs from {shown(start)} to {shown(highest)} at tick {case.resumed.at + place}; "
        f"the new plan has {shown(plan[place])} there",
        fixes,
    )


@resume_rule("LR607", "neither-plan", WARNING)
def neither_plan(case: ResumeCase) -> Iterator[Problem]:
    """The rate follows neither the old plan nor the new one.

    Cause:
        A scheduler that changes the rate in force goes on from what the optimizer holds. With another rate, or with
        values of which only some were restored, that is a third curve.

    Bad:
        lrsched resume "cosine --t-max 50" "cosine --t-max 100" --at 25 --load last-epoch --epochs 100
    Good:
        lrsched resume "cosine --t-max 50" --at 25 --load last-epoch
    Source:
        pytorch #60265, PR #60339
    """
    if len(case.happens) < 3 or any(map(case.is_like, (case.old, case.new, case.again))):
        return
    if len(case.new) < len(case.happens):
        return
    apart = [abs(one - other) for one, other in zip(case.happens, case.new, strict=True)]
    place = apart.index(max(apart))
    if apart[place] < SEEN * case.highest:
        return
    yield Problem(
        f"the rate follows neither plan: at tick {case.resumed.at + place} it is {shown(case.happens[place])}, "
        f"{shown(case.old[place]) if place < len(case.old) else 'nothing'} in the old plan and "
        f"{shown(case.new[place])} in the new one",
        case.over_the_rest(),
    )
