"""Why the length of a schedule and that of the run differ: the one reason that explains it best.

The rules that name a reason and those that only say what happens ask here, so that one mistake is reported once.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from lrcli.checks.case import NOTHING, Case, Part, PlannedLength, plan_of
from lrcli.checks.fix import Fix
from lrcli.schedules import role
from lrcli.schedules.param import Param

FAR_LONGER = 5
"""A schedule that many times as long as the run was hardly meant to be cut off."""

FAR_SHORTER = 4
"""A run that many times as long as the schedule was hardly meant to go on without it."""

NEARLY_NOTHING = 0.99 * NOTHING
"""Four drops by 0.1 are not below NOTHING, whatever rounding makes of them."""

A_LOT, A_LITTLE = 0.5, 0.1
"""Shares of a run at next to no rate that are a mistake: of any schedule, and of one whose gamma is too small."""

TOLERANCE = 0.01
"""Two counts of steps that differ by less, as a share, mean the same thing."""


def alike(count: int, other: float) -> bool:
    """Whether two counts of steps mean the same thing."""
    return abs(count - other) <= TOLERANCE * other


def reach_of(case: Case) -> PlannedLength | None:
    """The first cycle of the last part; the planned length where it has no cycles."""
    last = case.parts[-1]
    cycle = last.schedule.given(role.CYCLE)
    return PlannedLength(last, *cycle, last.start + cycle[1]) if cycle else case.plan


def rise_of(part: Part) -> float:
    """The tick at which a cycle that starts low is at its highest; 0 for what starts high."""
    rises = part.schedule.rises_until
    return part.start + rises if rises > 0 else 0


class Drops(NamedTuple):
    """When a part lowers the rate: the values of a parameter, each some ticks before the drop."""

    part: Part
    declared: Param
    value: Any
    offset: int
    repeated: bool
    """Whether the one value is the distance from each drop to the next."""

    @property
    def values(self) -> tuple[float, ...]:
        """The values; those that are never counted, at 0 and before, are left out."""
        return (self.value,) if self.repeated else tuple(value for value in self.value if value > 0)

    @property
    def ticks(self) -> list[int]:
        """The ticks of the run at which the rate drops; where they repeat themselves, the first."""
        return [self.offset + math.ceil(value) for value in self.values]

    def moved(self, values: tuple[float, ...]) -> tuple[Fix, ...]:
        """The fix that has the drops at other values; none where they are not a plain list."""
        if self.repeated:
            return ((self.part.with_value(self.declared, self.declared.take(values[0])),),)
        return ((self.part.with_value(self.declared, values),),) if isinstance(self.value, tuple) and values else ()

    def scaled(self, factor: float) -> tuple[Fix, ...]:
        """The fix that multiplies the values."""
        return self.moved(tuple(max(1, round(value * factor)) for value in self.values))


def period_of(part: Part) -> Drops | None:
    """The drops of a part that repeat themselves, or the period in which a rate that always falls is multiplied."""
    every = part.schedule.given(role.DROP_EVERY)
    offset = part.start + part.schedule.drop_offset
    return Drops(part, *every, offset, repeated=True) if every and every[1] > 0 else None


def drops_of(part: Part) -> Drops | None:
    """The drops of a part that has them."""
    schedule, offset = part.schedule, part.start + part.schedule.drop_offset
    if schedule.given(role.DROP_EVERY):
        return period_of(part) if schedule.drops_in_steps else None
    listed = schedule.given(role.DROPS_AT)
    drops = Drops(part, *listed, offset, repeated=False) if listed else None
    return drops if drops and drops.values else None


class Gamma(NamedTuple):
    """The factor of every drop."""

    part: Part
    declared: Param
    value: float

    def becoming(self, value: float, digits: int = 4) -> tuple[Fix, ...]:
        """The fix that gives it another value."""
        return (self.part.with_role(role.DROP_FACTOR, value, digits),)


def gamma_of(case: Case) -> Gamma | None:
    """The factor of every drop of a schedule that has no end, None where there is no such thing."""
    factors = ((part, part.schedule.given(role.DROP_FACTOR)) for part in case.parts)
    return next((Gamma(part, *factor) for part, factor in factors if factor), None)


def alive_until(case: Case) -> int:
    """The tick from which on the rate is next to nothing; the length of the run where there is none."""
    enough = NEARLY_NOTHING * case.peak
    return case.used.after_last(lambda rate: rate >= enough) if case.used else case.length


def dies(case: Case) -> bool:
    """Whether a schedule without an end leaves next to nothing of the rate, for good."""
    if case.used is None or any(map(plan_of, case.parts)) or case.used.last >= NEARLY_NOTHING * case.peak:
        return False
    gamma, alive = gamma_of(case), alive_until(case) / case.length
    if gamma is None:
        return alive < A_LOT
    return 0 < gamma.value < 1 and (alive < 1 - A_LITTLE or case.used.last < A_LITTLE * NOTHING * case.peak)


def idle(case: Case) -> int:
    """Ticks after the end of the plan for which the rate is next to nothing."""
    plan, used = case.plan, case.used
    if plan is None or used is None or not case.peak or case.length <= plan.end:
        return 0
    return case.length - plan.end if used.since(plan.end).highest <= NOTHING * case.peak else 0


def climb(case: Case, plan: PlannedLength | None) -> float:
    """How far the rate rises again between the end of a plan and that of its part, as a share of the peak."""
    if plan is None or case.used is None or not case.peak or case.end_of(plan.part) <= plan.end + 1:
        return 0.0
    after = case.used.before(case.end_of(plan.part)).since(plan.end)
    return (after.highest - after.first) / case.peak


def is_of_one_process(case: Case) -> bool:
    """The length is in optimizer steps, but accelerate ticks once for each process."""
    processes = case.processes
    return processes > 1 and case.plan is not None and alike(case.plan.end, case.length / processes)


def other_epochs(case: Case) -> tuple[Param, int] | None:
    """The parameter that says how many ticks an epoch has, where the run's epochs have another number."""
    found = case.parts[-1].schedule.given(role.PER_EPOCH)
    known = case.per_step and case.run.steps_per_epoch is not None
    return found if found and known and found[1] != case.run.steps_per_epoch else None


def is_of_other_epochs(case: Case) -> bool:
    """The schedule counts epochs that have another length than the run's."""
    return other_epochs(case) is not None


def is_in_batches(case: Case) -> bool:
    """The length is in batches, but step() is called per optimizer step."""
    batches = (case.epochs or 0) * case.batches_per_epoch
    if not case.per_step or case.batches_per_epoch == case.steps_per_epoch:
        return False
    drops = drops_of(case.parts[-1])
    late = drops is not None and not drops.repeated and case.length <= max(drops.ticks) < batches
    return late or (case.plan is not None and batches in (case.plan.end, case.plan.in_ticks))


def is_in_steps(case: Case) -> bool:
    """The schedule is far longer than the run; most often its length is in steps and step() is called per epoch."""
    ticks, reach, epochs = case.length, reach_of(case), case.epochs or 0
    in_steps = not case.per_step and case.steps_per_epoch > 1
    counts = {epochs * case.steps_per_epoch, epochs * case.batches_per_epoch}
    drops = drops_of(case.parts[-1])
    if in_steps and drops and min(drops.ticks) >= ticks:
        return max(drops.ticks) <= max(counts)
    if reach is None:
        return False
    lengths = (reach.in_ticks, reach.end)
    if in_steps and reach.end > ticks and any(alike(length, count) for length in lengths for count in counts):
        return True
    return reach.end >= FAR_LONGER * ticks or rise_of(reach.part) >= ticks


def is_in_epochs(case: Case) -> bool:
    """The schedule is far shorter than the run: its length is in epochs and step() is called per optimizer step."""
    epochs, reach, drops = case.epochs or 0, reach_of(case), drops_of(case.parts[-1])
    if not case.per_step or case.steps_per_epoch == 1:
        return False
    if reach is not None and reach is not case.plan and not rise_of(reach.part):
        return reach.in_ticks <= min(epochs, case.steps_per_epoch - 1)
    if reach is not None:
        return reach.in_ticks <= epochs and case.length >= FAR_SHORTER * reach.end
    if drops and not drops.repeated:
        return max(drops.values) <= epochs and case.length >= FAR_SHORTER * max(drops.ticks)
    return dies(case) and case.walk.curve.at(epochs - 1) >= NOTHING * case.peak


def counts_warmup_wrongly(case: Case) -> bool:
    """The lengths of warmup and decay do not add up to the run, but would if the warmup were counted once."""
    plan, ramp, ticks = case.plan, case.ramp, case.length
    if plan is None or ramp is None:
        return False
    before = ramp.end if ramp.own else plan.part.start
    early = plan.end == ticks - before and before > 1 and (climb(case, plan) > 0 or idle(case) > 0)
    return plan.end == ticks + before or early


CAUSES: dict[str, Callable[[Case], bool]] = {
    "LR106": is_of_one_process,
    "LR117": is_of_other_epochs,
    "LR105": is_in_batches,
    "LR101": is_in_steps,
    "LR102": is_in_epochs,
    "LR201": counts_warmup_wrongly,
}
"""What may be the reason, the most telling first, by the code of the rule that says so."""


def cause(case: Case) -> str:
    """The code of the rule that explains the difference best; empty where none does, or no length was given."""
    if case.ticks is None:
        return ""
    return next((code for code, applies in CAUSES.items() if applies(case)), "")
