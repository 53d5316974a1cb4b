"""LR40x: ReduceLROnPlateau by its parameters, without a metric."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from lrcli.checks.case import shown
from lrcli.checks.fix import Change, Fix, changed, rounded
from lrcli.checks.rule import ERROR, WARNING, Find, Problem, rule
from lrcli.schedules.kind import resolved
from lrcli.schedules.plateau import MetricDriven, Plateau
from lrcli.text import plural

ROUNDING = 1e-9
"""Share by which two rates differ that are the same but for rounding."""

MOST_CUTS = 10_000
"""Cuts that are followed to see where they end."""


class PlateauCase(NamedTuple):
    """A plateau, the rates that it starts from, and the epochs of the run (None where nobody knows)."""

    given: MetricDriven
    lrs: tuple[float, ...]
    epochs: int | None
    framework: str = "torch"

    @property
    def plateau(self) -> Plateau:
        """What judges."""
        return self.given.judged_by

    def option(self, name: str) -> str:
        """The option that gives ReduceLROnPlateau its parameter `name`."""
        return self.given.own_option(name)

    @property
    def floors(self) -> list[float]:
        """The lowest rate of each group."""
        return [resolved(self.plateau.bind(group, self.lrs).min_lr) for group in range(len(self.lrs))]

    def changed(self, fix: Fix) -> "PlateauCase":
        """The case after the fix. Raises InputError where a value is refused."""
        after = changed(self.given, fix)
        assert isinstance(after, MetricDriven)
        return self._replace(given=after)


def with_value(plateau: MetricDriven, name: str, value: Any) -> tuple[Fix, ...]:
    """The fix that gives ReduceLROnPlateau's parameter `name` another value; none where it cannot be given."""
    declared = plateau.own_field(name)
    return ((Change(declared, value, (), plateau.reference.name),),) if declared else ()


plateau_rule: Callable[[str, str, str], Callable[[Find], Find]] = partial(rule, subject=PlateauCase)


@plateau_rule("LR401", "patience-outlasts-run", WARNING)
def patience_outlasts_run(case: PlateauCase) -> Iterator[Problem]:
    """The run is too short for the rate ever to be cut.

    Cause:
        torch cuts after patience + 1 bad epochs, and the first epoch is never bad: the first lower rate is used at
        index patience + 2. Keras is one epoch earlier.

    Bad:
        lrsched check "plateau --patience 10 --epochs 12"
    Good:
        lrsched check "plateau --patience 10 --epochs 13"
    Source:
        pytorch #2545 #119763, PRs #7151 #7242 #119872; fastai PR #2355
    """
    patience = case.plateau.patience
    torchs, kerass = max(-1, patience) + 2, max(1, patience) + 1
    earliest = case.given.own_warmup + (torchs if case.framework == "torch" else kerass)
    if case.epochs is not None and case.epochs <= earliest:
        option = case.option("patience")
        message = f"with {option} {patience} the first lower rate is that of epoch {earliest}: a run of"
        shorter = max(0, (case.epochs - case.given.own_warmup) // 4)
        yield Problem(
            f"{message} {plural(case.epochs, 'epoch')} never uses it",
            with_value(case.given, "patience", shorter) if shorter < patience else (),
            "" if case.epochs > 2 else "a longer run",
        )


@plateau_rule("LR402", "min-lr-not-below-rate", ERROR)
def min_lr_not_below(case: PlateauCase) -> Iterator[Problem]:
    """min_lr is not below the rate: it is never cut.

    Cause:
        A cut sets the rate to max(rate * factor, min_lr), and only if that is lower. min_lr is a rate, not a share.

    Bad:
        lrsched check "plateau --min-lr 0.001 --lr 0.0003"
    Good:
        lrsched check "plateau --min-lr 0.00001 --lr 0.0003"
    Source:
        measured with torch 2.13; joeynmt PR #163
    """
    above = [(floor, lr) for floor, lr in zip(case.floors, case.lrs, strict=True) if floor >= lr]
    if above:
        floor, lr = above[0]
        option = case.option("min_lr")
        message = f"{option} {shown(floor)} is not below the rate of {shown(lr)}: it is never cut"
        lower = rounded(Plateau.params()["min_lr"], min(case.lrs) / 100)
        severity = ERROR if len(above) == len(case.lrs) else WARNING
        yield Problem(message, with_value(case.given, "min_lr", lower), severity=severity)


@plateau_rule("LR403", "eps-blocks-every-cut", ERROR)
def eps_blocks(case: PlateauCase) -> Iterator[Problem]:
    """The first cut is already smaller than eps: the rate never changes.

    Cause:
        torch makes a cut only if it lowers the rate by more than eps, 1e-8. A blocked cut still resets the count.

    Bad:
        lrsched check "plateau --factor 0.5 --lr 1e-8"
    Good:
        lrsched check "plateau --factor 0.5 --lr 1e-8 --eps 0"
    Source:
        joeynmt PR #163; nitrain #110; keras #8781, PR #8828
    """
    plateau = case.plateau
    cuts = [lr - max(lr * plateau.factor, floor) for lr, floor in zip(case.lrs, case.floors, strict=True) if floor < lr]
    if case.framework == "torch" and cuts and max(cuts) <= plateau.eps:
        yield Problem(
            f"the first cut, by {shown(max(cuts))}, is not more than {case.option('eps')} {plateau.eps:g}: the rate "
            "stays",
            with_value(case.given, "eps", 0.0),
        )


@plateau_rule("LR404", "min-lr-out-of-reach", WARNING)
def out_of_reach(case: PlateauCase) -> Iterator[Problem]:
    """The rate gets stuck above min_lr, and what waits for min_lr waits for ever.

    Cause:
        A cut of eps, 1e-8, or less is not made: with factor f the rate ends between eps * f / (1 - f) and
        eps / (1 - f).

    Bad:
        lrsched check "plateau --min-lr 1e-9 --lr 0.001"
    Good:
        lrsched check "plateau --min-lr 1e-6 --lr 0.001"
    Source:
        joeynmt PR #163; keras #8781
    """
    plateau = case.plateau
    if case.framework != "torch" or not plateau.factor > 0 or not plateau.eps > 0:
        return
    for lr, floor in zip(case.lrs, case.floors, strict=True):
        stuck = lowest(lr, plateau.factor, floor, plateau.eps)
        if 0 < floor * (1 + ROUNDING) < stuck < lr:
            message = f"{case.option('min_lr')} {shown(floor)} is never reached: the rate sticks at {shown(stuck)}"
            fixes = with_value(case.given, "eps", 0.0)
            yield Problem(f"{message}, where a cut is not more than {case.option('eps')} {plateau.eps:g}", fixes)
            return


def lowest(lr: float, factor: float, floor: float, eps: float) -> float:
    """Where cuts by a factor end, as torch makes them; the rate as it is where there are too many to follow."""
    rate = lr
    for _ in range(MOST_CUTS):
        lower = max(rate * factor, floor)
        if rate - lower <= eps:
            return rate
        rate = lower
    return lr


@plateau_rule("LR405", "factor-not-positive", ERROR)
def odd_factor(case: PlateauCase) -> Iterator[Problem]:
    """A factor of 0 or less: the first cut leaves nothing of the rate.

    Cause:
        torch only checks that factor is below 1.

    Bad:
        lrsched check "plateau --factor 0"
    Good:
        lrsched check "plateau --factor 0.1"
    Source:
        measured with torch 2.13
    """
    if case.plateau.factor <= 0:
        left = max(min(case.lrs) * case.plateau.factor, max(case.floors))
        message = f"{case.option('factor')} {case.plateau.factor:g}: the first cut leaves a rate of {shown(left)}"
        yield Problem(message, with_value(case.given, "factor", 0.1))
