"""A run that is taken up again from a checkpoint: the rates that are really trained at.

OLD ran for so many ticks and was saved. A new process makes an optimizer at NEW's base rate and NEW's scheduler on it,
and restores the states that were asked for, the optimizer's first.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice, repeat
from typing import Any, NamedTuple

from lrcli.engine import (
    AXES,
    RUN,
    SCHEDULE,
    Selection,
    at_rows,
    describe,
    filled,
    numbered,
    rates,
    refuse_to_walk,
    run_document,
)
from lrcli.errors import InputError
from lrcli.plan import Planned
from lrcli.rows import Block, Mark, Panel, Rows, parts
from lrcli.schedules import family
from lrcli.schedules.base import Absolute, Schedule
from lrcli.schedules.family import REFUSED
from lrcli.schedules.param import Declared, ParamError, declaration, param
from lrcli.schedules.plateau import Plateau
from lrcli.schedules.role import EXPRESSION, PARTS
from lrcli.schedules.ticker import Group, State, Ticker

BOTH, OPTIMIZER, SCHEDULER, NOTHING, LAST_EPOCH = LOADS = ("both", "optimizer", "scheduler", "nothing", "last-epoch")
"""What the new process restores: both states, one of them, none; or the optimizer's, and the scheduler is made with
last_epoch, the last tick that was trained."""

CURVES = 4
"""Schedules that are walked for a row: OLD twice, NEW, and what happens."""

RAISED = (ArithmeticError, AssertionError, LookupError, TypeError, ValueError)
"""What frameworks raise where a state does not fit."""


@declaration
class Restored(Declared):
    """What the new process restores."""

    load: str = param(
        "states that are restored; last-epoch: the optimizer's, and the scheduler is made with last_epoch=K-1",
        default=BOTH,
        choices=LOADS,
    )
    override_opt_param_scheduler: bool = param("Megatron-LM: the new code's values count", default=False)
    use_checkpoint_opt_param_scheduler: bool = param("Megatron-LM: the checkpoint's values count", default=False)

    def validate(self) -> None:
        if self.override_opt_param_scheduler and self.use_checkpoint_opt_param_scheduler:
            raise ParamError("--override-opt-param-scheduler", "both override and use-checkpoint are set.")

    @property
    def differing(self) -> str:
        """Whose values count where they differ."""
        if self.override_opt_param_scheduler:
            return family.NEW
        return family.CHECKPOINT if self.use_checkpoint_opt_param_scheduler else REFUSED


LOAD = Restored.params()["load"]
"""The parameter that says what is restored, for a fix to change."""


@dataclass(frozen=True)
class Resumed:
    """OLD up to tick `at`, then NEW with what was loaded."""

    old: Planned
    new: Planned
    at: int
    """Ticks that OLD ran; the first row of the new process."""
    load: str = BOTH
    differing: str = REFUSED
    """Whose hyperparameters count where Megatron-LM's checkpoint and the new code differ."""

    def __post_init__(self) -> None:
        before, after = self.old.run, self.new.run
        if self.load not in LOADS:
            raise ParamError("--load", f"expected one of {', '.join(LOADS)}, found {self.load}")
        if before.total is not None and self.at > before.total:
            raise ParamError("--at", f"expected at most {before.total}, the ticks of the old run, found {self.at}")
        for schedule in (self.before, self.after):
            if schedule.follows_metric and not isinstance(schedule, Plateau):
                name = schedule.reference.name
                raise InputError(
                    f"{name} saves its best metric alone: what it does when it is taken up is not computed"
                )
        if isinstance(self.before, Plateau) != isinstance(self.after, Plateau):
            raise InputError("plateau follows a metric: it is taken up as plateau, and no other schedule as it")
        if not isinstance(self.after, Plateau) and self.at >= self.length:
            raise ParamError(
                "--at",
                f"expected less than {self.length}, the ticks of the new run, found {self.at}: nothing is left to "
                "train. Say how long the new run is, as in --epochs or --ticks",
            )
        if len(before.lrs) != len(after.lrs):
            found = f"the checkpoint has {len(before.lrs)}, the new optimizer {len(after.lrs)}"
            raise ParamError("--lr", f"loaded state dict has a different number of parameter groups: {found}")

    @cached_property
    def before(self) -> Schedule:
        """OLD with its run's warmup."""
        return self.old.run.warmed_up(self.old.schedule)

    @cached_property
    def after(self) -> Schedule:
        """NEW with its run's warmup."""
        return self.new.run.warmed_up(self.new.schedule)

    @cached_property
    def length(self) -> int:
        """Rows: from tick 0 to the end of NEW's run."""
        return self.new.run.length(self.after)

    @property
    def cycles_momentum(self) -> bool:
        """Whether rows have a momentum."""
        return self.before.cycles_momentum or self.after.cycles_momentum

    def saved(self, group: int) -> tuple[Group, State]:
        """The checkpoint: the optimizer's group and the scheduler's state dict after `at` calls of step()."""
        return checkpoint(self.before, self.old.run.lrs, group, self.at)

    def restored(self, group: int) -> tuple[Ticker, Group]:
        """The scheduler of the new process and the optimizer's group, before the first tick of the new process."""
        saved, state = self.saved(group)
        lrs = self.new.run.lrs
        schedule = self.after.bind(group, lrs)
        values: Group = {"lr": lrs[group]}
        with in_the_frameworks_words(self.after):
            if self.load == LAST_EPOCH:
                values = dict(saved)
                ticker = schedule.ticker(values, self.at - 1)
            else:
                ticker = schedule.ticker(values)
            if self.load in (BOTH, OPTIMIZER):
                values.clear()
                values.update(saved)
            if self.load in (BOTH, SCHEDULER):
                ticker.load(state, self.differing)
            ticker.taken_up(self.at)
        return ticker, values

    def rates(self, group: int) -> Iterator[float]:
        """The rates that are trained at, from tick 0 on; it does not end."""
        yield from islice(rates(self.before, self.old.run.lrs, group), self.at)
        ticker, values = self.restored(group)
        yield values["lr"]  # whatever the schedule says: loading a state sets no rate
        ticker.step()
        yield from ticker.stream()

    def momenta(self, group: int) -> Iterator[float | None]:
        """The momenta, likewise; None while no scheduler has said what they are."""
        values: Group = {"lr": self.old.run.lrs[group]}
        ticker = self.before.bind(group, self.old.run.lrs).ticker(values)
        for _ in range(self.at):
            yield values.get("momentum")
            ticker.step()
        ticker, values = self.restored(group)
        while True:
            yield values.get("momentum")
            ticker.step()

    def alone(self, which: str, group: int) -> Iterator[float | None]:
        """The rates of OLD or NEW alone, and None after the end of its run."""
        plan, schedule = (self.old, self.before) if which == OLD else (self.new, self.after)
        return chain(islice(rates(schedule, plan.run.lrs, group), plan.run.length(schedule)), repeat(None))


@lru_cache(maxsize=64)
def checkpoint(schedule: Schedule, lrs: tuple[float, ...], group: int, ticks: int) -> tuple[Group, State]:
    """What is saved of a parameter group and of its scheduler after `ticks` calls of step(); not to be changed."""
    values: Group = {"lr": lrs[group]}
    with in_the_frameworks_words(schedule):
        ticker = schedule.bind(group, lrs).ticker(values)
        if ticks and isinstance(schedule, Absolute) and ticker.follows_its_tick:
            ticker.last_epoch, ticker.step_count = ticks - 1, ticks
            ticker.step()
        else:
            for _ in range(ticks):
                ticker.step()
        return values, ticker.state()


OLD, NEW = "old", "new"


@contextmanager
def in_the_frameworks_words(schedule: Schedule) -> Iterator[None]:
    """What a framework raises while a state is restored, as an InputError that says so."""
    try:
        yield
    except InputError:
        raise
    except RAISED as error:
        where = f"{schedule.reference.symbol} cannot be taken up"
        raise InputError(f"{where} ({type(error).__name__}: {error}): {schedule.spec}") from None


class Origins(NamedTuple):
    """What comes from the checkpoint and what from the new code, in words."""

    checkpoint: tuple[str, ...]
    code: tuple[str, ...]


def origins(resumed: Resumed) -> Origins:
    """Where the new process has its values from."""
    state, optimizer = resumed.load in (BOTH, SCHEDULER), resumed.load in (BOTH, OPTIMIZER, LAST_EPOCH)
    found = {"the rate in force": optimizer, "the tick": state}
    for part in leaves_of(resumed.after):
        kept = part.checkpoint
        assert kept is not None
        disputed = kept.must_agree and resumed.differing != family.CHECKPOINT
        values = state and (kept.hyperparameters or kept.must_agree) and not disputed
        if not part.rewrites_base_rate:
            found["the base rate"] = (state and kept.base_rates) or resumed.load == LAST_EPOCH or values
        for declared in part.params().values():
            written = part.saved_as.get(declared.name) == ""
            is_function = declared.role is EXPRESSION
            found[declared.option] = optimizer if written else values and not is_function
    return Origins(
        tuple(name for name, saved in found.items() if saved), tuple(name for name, saved in found.items() if not saved)
    )


def leaves_of(schedule: Schedule) -> list[Schedule]:
    """The schedules that are not made of others."""
    parts = schedule.value(PARTS)
    return [leaf for part in parts for leaf in leaves_of(part)] if parts else [schedule]


class Seam(NamedTuple):
    """Where the new process takes over. Rates are those of the first parameter group."""

    at: int
    checkpoint: float
    """The rate that the checkpoint's optimizer holds: OLD's at that tick."""
    before: float | None
    """The last rate of the old process; None where it trained nothing."""
    first: float
    """The first rate of the new process."""
    second: float | None
    """The one after its first call of step(): it is only then that some schedulers set the rate."""
    last: float
    """At the end of the run."""
    old_last: float | None
    new_last: float | None
    """At the end of OLD's and NEW's own."""

    @property
    def jump(self) -> tuple[int, float, float]:
        """The tick of the larger step around the seam, and the rates before and after it."""
        steps = [(self.at, self.checkpoint, self.first)]
        if self.second is not None:
            steps.append((self.at + 1, self.first, self.second))
        return max(steps, key=lambda step: height(*step[1:]))

    def as_document(self) -> dict[str, Any]:
        """The seam as JSON shows it."""
        tick, low, high = self.jump
        return {
            **self._asdict(),
            "jump": {"tick": tick, "from": low, "to": high, "ratio": high / low if low else None},
        }


SEAM = {"**": Seam, "jump": {"tick": int, "from": float, "to": float, "ratio": float}}
"""The shape (see `lrcli.schema`) of `Seam.as_document`."""

DOCUMENT = {
    "schedule": {OLD: SCHEDULE, NEW: SCHEDULE},
    "run": RUN,
    "at": int,
    "load": LOADS,
    "rows": [{**AXES, "old_N": float, "new_N": float, "lr_N": float, "momentum_N": float}],
}
"""The shape of what JSON shows of `resume_rows`."""


def height(before: float, after: float) -> float:
    """How far apart two rates are, as a factor."""
    if before == after:
        return 0.0
    if before * after <= 0:
        return math.inf
    return abs(math.log(after / before))


def seam(resumed: Resumed, group: int = 0) -> Seam:
    """What happens at the seam, and where it ends."""
    walked = resumed.rates(group)
    before = next(islice(walked, resumed.at - 1, None)) if resumed.at else None
    rest = filled(walked, range(resumed.at, resumed.length), resumed.after)
    ends = [last_of(resumed, which, group) for which in (OLD, NEW)]
    checkpoint = resumed.saved(group)[0]["lr"]
    return Seam(resumed.at, checkpoint, before, rest[0], rest[1] if len(rest) > 1 else None, rest[-1], *ends)


def last_of(resumed: Resumed, which: str, group: int) -> float | None:
    """The last rate of OLD's or NEW's own run."""
    plan, schedule = (resumed.old, resumed.before) if which == OLD else (resumed.new, resumed.after)
    return next(islice(resumed.alone(which, group), plan.run.length(schedule) - 1, None))


def resume_rows(
    resumed: Resumed,
    selection: Selection,
    *,
    drawn: bool = False,
    document: Mapping[str, Any] | None = None,
) -> Rows:
    """One row per tick: what OLD and NEW alone would do, and the rate that is trained at; the momenta last.

    Where curves are `drawn`, the blocks hold every row, as in `simulate`. Raises InputError, also while they are read.
    """
    length, groups = resumed.length, range(len(resumed.new.run.lrs))
    cost = max(resumed.before.cost, resumed.after.cost)
    refuse_to_walk(length, length * cost * len(groups) * CURVES)
    resumed.after.check_until(length - 1)
    shown, chosen = selection.rows(length), None
    if drawn and not selection.is_all:
        shown, chosen = range(length), selection.within
    lrs = resumed.new.run.lrs
    names = {which: numbered(which, lrs) for which in (OLD, NEW, "lr")}
    momenta = numbered("momentum", lrs) if resumed.cycles_momentum else ()
    for group in groups:  # what is refused at the seam is refused before anything is shown
        resumed.restored(group)
    curves = tuple(name for several in names.values() for name in several)
    return Rows(
        columns=(*resumed.new.run.axes, *curves, *momenta),
        blocks=_blocks(resumed, shown),
        length=len(shown),
        title=f"{resumed.old.text}, taken up at {resumed.at}",
        panels=(Panel(curves), Panel(momenta, rate=False))[: 2 if momenta else 1],
        marks=(Mark(resumed.at, "taken up"),),
        document={
            "schedule": {which: describe(*plan[:2]) for which, plan in ((OLD, resumed.old), (NEW, resumed.new))},
            "run": run_document(resumed.new.run, length),
            "at": resumed.at,
            "load": resumed.load,
            **(document or {}),
        },
        selected=not selection.is_all,
        chosen=chosen,
    )


def _blocks(resumed: Resumed, shown: range | list[int]) -> Iterator[Block]:
    groups = range(len(resumed.new.run.lrs))
    sources: list[Iterator[Any]] = [resumed.alone(which, group) for which in (OLD, NEW) for group in groups]
    sources += [resumed.rates(group) for group in groups]
    if resumed.cycles_momentum:
        sources += [resumed.momenta(group) for group in groups]
    kept = [at_rows(source, shown) for source in sources]
    for ticks in parts(shown, len(kept)):
        axes = resumed.new.run.axis_values(ticks)
        yield (*axes, *(filled(source, ticks, resumed.after) for source in kept))
