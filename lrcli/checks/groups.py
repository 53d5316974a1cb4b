"""LR5xx: parameter groups, and the optimizer's own rate."""

from collections.abc import Iterator

from lrcli.checks.case import Case, schedule_rule, shown
from lrcli.checks.curve import first_rates
from lrcli.checks.fix import rounded
from lrcli.checks.rule import NOTE, WARNING, Problem
from lrcli.run import Run
from lrcli.schedules import role

FEW = 4
"""Ticks that tell whether two rates make a difference."""


@schedule_rule("LR501", "floor-above-a-group", WARNING)
def floor_above_a_group(case: Case) -> Iterator[Problem]:
    """The lowest rate is above the rate of a parameter group: that group rises.

    Cause:
        eta_min is one number for all groups. A group with a small rate of its own, as for a pretrained backbone, is
        drawn up to it.

    Bad:
        lrsched check "cosine --t-max 50 --eta-min 0.001 --lr 0.1,0.0001"
    Good:
        lrsched check "cosine --t-max 50 --eta-min 0.00001 --lr 0.1,0.0001"
    Source:
        Lightning #4983; katsura-jp #14; flair PR #2641; DeepSpeed PR #8201
    """
    for part in case.parts:
        for declared in part.schedule.fields(role.FLOOR):
            floor = part.schedule.value(role.FLOOR)
            below = [(group, lr) for group, lr in enumerate(case.run.lrs) if isinstance(floor, float) and lr < floor]
            if below and case.lr > floor:
                group, lowest = min(below, key=lambda pair: pair[1])
                message = (
                    f"{declared.option} {shown(floor)} is above the rate of group {group}: "
                    f"it rises from {shown(lowest)} to it"
                )
                yield Problem(message, (part.with_role(role.FLOOR, lowest / 10),))


@schedule_rule("LR502", "one-rate-for-all-groups", WARNING)
def one_rate_for_all(case: Case) -> Iterator[Problem]:
    """One max_lr for several parameter groups: their own rates are overwritten.

    Cause:
        OneCycleLR and CyclicLR replace the optimizer's rates. A single number is the rate of every group.

    Bad:
        lrsched check "onecycle --max-lr 0.1 --total-steps 100 --lr 0.1,0.001"
    Good:
        lrsched check "onecycle --max-lr 0.1,0.001 --total-steps 100 --lr 0.1,0.001"
    Source:
        Lightning #4983; hi-ml #611
    """
    if len(set(case.run.lrs)) == 1:
        return
    own = " and ".join(shown(lr) for lr in case.run.lrs)
    for part in case.parts:
        cycle = part.schedule.fields(role.START, role.PEAK)
        single = {
            declared: value
            for declared, value in part.schedule.items()
            if declared in cycle and declared.is_per_group and isinstance(value, float)
        }
        if single:
            given = " and ".join(f"{declared.option} {shown(value)}" for declared, value in single.items())
            fix = tuple(
                part.with_value(declared, tuple(rounded(declared, value * lr / case.lr) for lr in case.run.lrs))
                for declared, value in single.items()
            )
            yield Problem(f"{given} {'is' if len(single) == 1 else 'are'} every group's: {own} are overwritten", (fix,))


@schedule_rule("LR503", "optimizer-rate-ignored", NOTE)
def optimizer_rate_ignored(case: Case) -> Iterator[Problem]:
    """The optimizer's rate has no effect: the schedule sets its own.

    Cause:
        OneCycleLR, CyclicLR, noam and a range test compute the rate from their own
        parameters.

    Bad:
        lrsched check "onecycle --max-lr 0.1 --total-steps 100 --lr 0.03"
    Good:
        lrsched check "onecycle --max-lr 0.1 --total-steps 100 --lr 0.1"
    Source:
        measured with torch 2.13
    """
    lr, default = case.run.lr, Run.params()["lr"].default
    first = case.parts[0].schedule
    curve = case.walk.curve
    if len(case.parts) > 1 or lr == default or not curve.rates or case.lr in (case.peak, curve.first):
        return
    if len(case.run.lrs) == 1 and first_rates(first, (case.lr,), 0, FEW) == first_rates(first, (2 * case.lr,), 0, FEW):
        yield Problem(
            f"--lr {shown(case.lr)} has no effect: the rate goes from {shown(curve.first)} to {shown(case.peak)}"
        )
