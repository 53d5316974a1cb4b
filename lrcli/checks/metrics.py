"""LR41x: what ReduceLROnPlateau did with the metrics of a log."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from lrcli.checks.case import shown
from lrcli.checks.plateau import with_value
from lrcli.checks.rule import NOTE, WARNING, Find, Problem, rule
from lrcli.schedules.plateau import MetricDriven, Plateau
from lrcli.text import plural, significant

MANY_REPEATS = 0.3
"""Share of the metrics that may equal the one before; more are stale values."""

FEW = 4
"""Metrics from which on a trend can be told."""

LOWER_IS_BETTER = (
    "loss",
    "error",
    "err",
    "mae",
    "mse",
    "rmse",
    "ppl",
    "perplexity",
    "wer",
    "cer",
    "nll",
    "fid",
    "bpc",
    "bpb",
)
HIGHER_IS_BETTER = (
    *(
        "acc",
        "acc1",
        "acc5",
        "accuracy",
        "top1",
        "top5",
        "auc",
        "auroc",
        "f1",
        "map",
        "map50",
        "dice",
        "iou",
        "miou",
        "r2",
        "bleu",
        "rouge",
    ),
    *("psnr", "ssim", "recall", "precision", "reward", "ndcg", "mrr", "mcc", "kappa", "spearman", "pearson"),
)
"""Words in the name of a metric, whole, that say which way is better."""


class Observed:
    """What a replay saw, summed up as its rows go by."""

    def __init__(self, column: str) -> None:
        self.column = column
        self.count = self.missing = self.repeats = self.negative = self.reduced = self.blocked = 0
        self.first = self.last = self.lowest = self.highest = math.nan

    def watching(self, blocks: Iterable[Sequence[Any]], columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """The blocks of a replay as they are, each looked at on its way."""
        metric, event = columns.index("metric"), columns.index("event")
        for block in blocks:
            self.add(block[metric], block[event])
            yield block

    def add(self, metrics: Sequence[float], events: Sequence[str]) -> None:
        """Take in a block of metrics and what became of them."""
        self.reduced += events.count("reduced")
        self.blocked += events.count("blocked")
        self.count += len(metrics)
        for metric in metrics:
            if metric != metric:
                self.missing += 1
                continue
            self.repeats += metric == self.last
            self.negative += metric < 0
            self.first = metric if self.first != self.first else self.first
            self.last = metric
            # min and max keep their first argument where the other is not a number.
            self.lowest, self.highest = min(metric, self.lowest), max(metric, self.highest)


class ReplayCase(NamedTuple):
    """A plateau and what it did with the metrics of a log."""

    given: MetricDriven
    observed: Observed
    framework: str = "torch"

    @property
    def plateau(self) -> Plateau:
        """What judges."""
        return self.given.judged_by


replay_rule: Callable[[str, str, str], Callable[[Find], Find]] = partial(rule, subject=ReplayCase)
"""Declare a rule about a plateau and the metrics that it was given."""


@replay_rule("LR411", "wrong-mode", WARNING)
def wrong_mode(case: ReplayCase) -> Iterator[Problem]:
    """The mode does not go with the metric: a metric that gets better all the time looks bad.

    Cause:
        torch's mode is min unless it is given, and there is no auto. With an accuracy the rate is cut every patience +
        1 epochs.

    Bad:
        lrsched plateau metrics.csv --metric val_acc
    Good:
        lrsched plateau metrics.csv --metric val_acc --mode max
    Source:
        md-mohaiminul/ViS4mer #4; keras #11964; Lightning #673
    """
    mode, observed = case.plateau.mode, case.observed
    other, better = ("max", "higher") if mode == "min" else ("min", "lower")
    if better_of(observed.column) == better:
        yield Problem(
            f"of {observed.column}, {better} is better, but the mode is {mode}", with_value(case.given, "mode", other)
        )
        return
    best_first, worst_last = (
        (observed.lowest, observed.highest) if mode == "min" else (observed.highest, observed.lowest)
    )
    away = observed.count >= FEW and (observed.first, observed.last) == (best_first, worst_last) != (
        worst_last,
        best_first,
    )
    if away and not better_of(observed.column):
        way = f"from {shown(observed.first)}, its best by --mode {mode}, to {shown(observed.last)}, its worst"
        message = f"{observed.column} goes {way}"
        yield Problem(message, with_value(case.given, "mode", other), f"only if {better} is better")


def better_of(column: str) -> str:
    """Which way is better by the name of a metric: "lower", "higher", or nothing where it does not say."""
    words = set("".join(letter if letter.isalnum() else " " for letter in column.lower()).split())
    # A loss is lower whatever it is of: dice_loss, iou_error.
    if words & set(LOWER_IS_BETTER):
        return "lower"
    return "higher" if words & set(HIGHER_IS_BETTER) else ""


@replay_rule("LR412", "negative-metric", WARNING)
def negative_metric(case: ReplayCase) -> Iterator[Problem]:
    """With a negative metric a relative threshold lies on the wrong side of the best: cuts come late, or never.

    Cause:
        Lower by 1e-4 of best means below best * (1 - 1e-4), and for a best below 0 that is above it: equal, and worse
        by less than that, counts as better. A metric that stands still never cuts the rate. Keras' threshold is
        absolute.

    Bad:
        lrsched plateau metrics.csv --metric elbo --mode max
    Good:
        lrsched plateau metrics.csv --metric elbo --mode max --threshold-mode abs
    Source:
        pytorch #47513 #38622; optax PR #1767
    """
    plateau, observed = case.plateau, case.observed
    if case.framework == "torch" and plateau.threshold_mode == "rel" and plateau.threshold > 0 and observed.negative:
        message = (
            f"{plural(observed.negative, 'value')} of {observed.column} below 0 (down to {shown(observed.lowest)}): "
            "with a relative threshold equal and slightly worse values count as better, and the rate was cut "
            f"{plural(observed.reduced, 'time')}"
        )
        yield Problem(message, with_value(case.given, "threshold_mode", "abs"))


@replay_rule("LR413", "metric-missing", WARNING)
def missing(case: ReplayCase) -> Iterator[Problem]:
    """NaN in the metric: such an epoch counts as bad.

    Cause:
        No comparison with NaN is true, so it is never better. After a NaN in the first epoch there is still no best.

    Bad:
        lrsched plateau diverged.csv --metric val_loss
    Source:
        Lightning #5943 #10496 #1156 #2316 #20829 #1598
    """
    observed = case.observed
    if observed.missing:
        whose = "torch" if case.framework == "torch" else "Keras"
        count = f"{observed.missing} of {plural(observed.count, 'value')} of {observed.column}"
        yield Problem(
            f"{count} are not a number: {whose} counts each as a bad epoch", hint="call step() only with a value"
        )


@replay_rule("LR414", "stale-metric", WARNING)
def stale(case: ReplayCase) -> Iterator[Problem]:
    """The metric repeats itself: it is computed less often than step() is called.

    Cause:
        Between validations the last value is given again, and each time counts as a bad epoch.

    Bad:
        lrsched plateau metrics.csv --metric val_loss
    Source:
        Lightning #5943 #10496 #20829
    """
    observed = case.observed
    if (
        observed.count >= FEW
        and observed.repeats > MANY_REPEATS * observed.count
        and observed.lowest < observed.highest
    ):
        share = significant(100 * observed.repeats / observed.count, 3)
        yield Problem(
            f"{share} % of the values of {observed.column} equal the one before",
            hint="call step() only after a validation",
        )


@replay_rule("LR415", "cuts-blocked", NOTE)
def blocked(case: ReplayCase) -> Iterator[Problem]:
    """Cuts were due but not made: the rate was at min_lr, or the cut smaller than eps.

    Cause:
        torch makes a cut only if it lowers the rate by more than eps. The count of bad epochs starts again all the
        same.

    Bad:
        lrsched plateau metrics.csv --patience 2 --min-lr 0.05
    Source:
        joeynmt PR #163; nitrain #110
    """
    if case.observed.blocked:
        lowest, eps = map(case.given.own_option, ("min_lr", "eps"))
        floor = f"{lowest}, or a cut not more than {eps} {case.plateau.eps:g}"
        yield Problem(f"{plural(case.observed.blocked, 'cut')} due but not made: {floor}")
