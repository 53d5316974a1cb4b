"""Plateau over the metrics of a log: what it did to the rate, why, and what other parameters would have done."""

import operator
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, cast

from lrcli.engine import MOST_MARKS, Selection, numbered
from lrcli.errors import InputError
from lrcli.rows import Block, Mark, Panel, Rows
from lrcli.run import BaseRates
from lrcli.schedules.base import parameters
from lrcli.schedules.param import declaration, param
from lrcli.schedules.plateau import Judgement, KerasJudge, MetricDriven, Plateau, Rates, TorchJudge, joined
from lrcli.schedules.pytorch import Linear
from lrcli.text import plural, significant

MOST_EPOCHS_TOLD = 12
"""Epochs of cuts that a sentence names."""

MOST_EPOCHS_NAMED = 1000
"""Epochs of cuts that a summary row names; it says how many more there were."""

Metrics = tuple[Sequence[float], Sequence[float]]
"""A block of a log: the epochs and their metric."""

EVENTS = ("", "improved", "reduced", "blocked", "cooldown", "warmup")

ROW = {
    "epoch": float,
    "metric": float,
    "lr_N": float,
    "next_lr_N": float,
    "best": float,
    "bad_epochs": int,
    "cooldown": int,
    "event": EVENTS,
    "why?": str,
}
"""The shape (see `lrcli.schema`) of a row of `replay`."""


@declaration
class Replay(BaseRates):
    """Where the rate starts, and by whose rule it is cut."""

    warmup: int = param("epochs of linear warmup before the metric is judged", default=0, at_least=0)
    warmup_start_factor: float = param(
        "share of the rate at which the warmup starts", default=1 / 3, above=0, at_most=1
    )
    framework: str = param(
        "whose rule: Keras' threshold is absolute, and it cuts an epoch earlier",
        default="torch",
        choices=("torch", "keras"),
    )
    explain: bool = param("say of each epoch why, in a column of its own", default=False)

    def judge(self, plateau: MetricDriven) -> "WarmedUp":
        """The framework's scheduler at its start. Raises InputError where the schedule has these settings itself."""
        if not isinstance(plateau, Plateau):
            if self.warmup or self.framework != "torch":
                option = "--warmup" if self.warmup else "--framework"
                reason = "torch's rule judges, after a warmup of its own (--warmup-t)"
                raise InputError(f"{option} does not go with {plateau.reference.name}: {reason}")
            ramp = list(plateau.warming_up(self.lrs))
            return WarmedUp(TorchJudge(plateau.judged_by, ramp[-1]), iter(ramp), plateau.own_warmup)
        rule = TorchJudge if self.framework == "torch" else KerasJudge
        linear = Linear(start_factor=self.warmup_start_factor, total_iters=max(self.warmup, 1))
        ramps = zip(*(linear.stream(lr) for lr in self.lrs), strict=True)
        return WarmedUp(rule(plateau, self.lrs), ramps, self.warmup)


class WarmedUp:
    """A judge that is not asked until the warmup is over."""

    def __init__(self, judge: TorchJudge | KerasJudge, ramp: Iterator[Rates], length: int) -> None:
        self.inner = judge
        self.ramp = ramp
        self.left = length
        self.coming = next(ramp)

    def judge(self, metrics: Sequence[float]) -> Judgement:
        """What a block of metrics does."""
        warming = min(self.left, len(metrics))
        if not warming:
            return self.inner.judge(metrics)
        self.left -= warming
        left = list(islice(self.ramp, warming))
        used, self.coming = [self.coming, *left[:-1]], left[-1]
        if not self.left:
            left[-1] = self.inner.rates
        warmed = Judgement(
            used, left, [self.inner.nothing_yet] * warming, [0] * warming, [0] * warming, ["warmup"] * warming
        )
        return joined(warmed, self.inner.judge(metrics[warming:]))


def replay(plateau: MetricDriven, given: Replay, log: Iterable[Metrics], selection: Selection, title: str) -> Rows:
    """A row per epoch of the log: `epoch, metric, lr, next_lr, best, bad_epochs, cooldown, event`.

    `lr` was used in the epoch, `next_lr` is what step(metric) left; with parameter groups they are numbered. The marks
    are those of the first cuts in the blocks read so far.
    """
    rates, left = numbered("lr", given.lrs), numbered("next_lr", given.lrs)
    marks: list[Mark] = []
    columns = ("epoch", "metric", *rates, *left, "best", "bad_epochs", "cooldown", "event")
    return Rows(
        columns=(*columns, "why") if given.explain else columns,
        blocks=_blocks(plateau, given, log, selection, marks),
        length=None,
        title=title,
        panels=(Panel(("metric",), rate=False), Panel(rates, log_if_wide=True)),
        marks=marks,
        document={
            "schedule": {"name": plateau.reference.name, "params": parameters(plateau), "spec": plateau.spec},
            "run": parameters(given),
        },
        selected=not selection.is_all,
    )


def _blocks(
    plateau: MetricDriven, given: Replay, log: Iterable[Metrics], selection: Selection, marks: list[Mark]
) -> Iterator[Block]:
    judge = given.judge(plateau)
    best: float | None = None
    stop, last = 0, selection.stop if selection.at is None else max(selection.at) + 1
    # Rows that were asked for one by one are shown when all of them are there.
    held: list[Block] = []
    for epochs, metrics in log:
        there = range(stop, stop := stop + len(epochs))
        judged = judge.judge(metrics)
        marks += [Mark(int(epoch), "") for epoch in cuts(epochs, judged)[: MOST_MARKS - len(marks)]]
        shown = selection.within(there)
        if shown:
            why = [list(_reasons(plateau.judged_by, given, metrics, judged, best))] if given.explain else []
            block: Block = (epochs, metrics, *by_group(judged.rates), *by_group(judged.next_rates), *judged[2:], *why)
            places = [row - there.start for row in shown]
            block = (
                block if len(shown) == len(there) else tuple([column[place] for place in places] for column in block)
            )
            if selection.at is None:
                yield block
            else:
                held.append(block)
        best = judged.best[-1]
        if last is not None and stop >= last:
            break
    selection.rows(stop)  # Raises for rows that the log does not have.
    yield from held


def by_group(rates: Sequence[Rates]) -> list[list[float]]:
    """A column for each parameter group. Unlike zip(*rates), it makes no iterator for each row."""
    return [list(map(operator.itemgetter(group), rates)) for group in range(len(rates[0]))]


def cuts(epochs: Sequence[float], judged: Judgement) -> list[float]:
    """The epochs after which the rate was cut."""
    if "reduced" not in judged.event:
        return []
    return [epoch for epoch, event in zip(epochs, judged.event, strict=True) if event == "reduced"]


def _reasons(
    plateau: Plateau, given: Replay, metrics: Sequence[float], judged: Judgement, best: float | None
) -> Iterator[str]:
    """Why each epoch was judged as it was, from the best value before it."""
    word, past = ("below", "above") if plateau.mode == "min" else ("above", "below")
    rates = zip(judged.rates, judged.next_rates, strict=True)
    for metric, after, bad, event, (used, left) in zip(
        metrics, judged.best, judged.bad_epochs, judged.event, rates, strict=True
    ):
        before, best = best, after
        if event == "warmup":
            yield "warmup: the metric is not judged yet"
        elif before is None or before in (float("inf"), float("-inf")):
            yield "the first value that counts" if event == "improved" else "nothing to compare with yet"
        elif metric != metric:
            yield f"NaN is never better: {consequence(plateau, given, bad, event, used, left)}"
        else:
            limit = limit_of(plateau, given, before)
            missed = significant(abs(metric - limit))
            if event == "improved":
                yield f"{missed} {word} the limit {significant(limit)} (best was {significant(before)})"
            else:
                far = f"{missed} {past} the limit {significant(limit)}"
                yield f"{far}: {consequence(plateau, given, bad, event, used, left)}"


class Result:
    """What a replay came to, summed up as its rows go by."""

    def __init__(self, plateau: MetricDriven) -> None:
        self.plateau = plateau.judged_by
        self.cuts = 0
        self.epochs: list[float] = []
        """After which the first cuts came."""
        self.longest = 0
        self.rates: Rates = ()

    def watching(self, blocks: Iterable[Block], columns: Sequence[str]) -> Iterator[Block]:
        """The blocks as they are, which must be all that there are."""
        bad, event = columns.index("bad_epochs"), columns.index("event")
        rates = [place for place, name in enumerate(columns) if name.startswith("next_lr")]
        for block in blocks:
            cut = [cast(float, epoch) for epoch, what in zip(block[0], block[event], strict=True) if what == "reduced"]
            self.cuts += len(cut)
            self.epochs += cut[: MOST_EPOCHS_TOLD - len(self.epochs)]
            self.longest = max(self.longest, *cast(Sequence[int], block[bad]))
            self.rates = tuple(cast(float, block[place][-1]) for place in rates)
            yield block

    @property
    def sentence(self) -> str:
        """The cuts and the rate at the end, or how near it came to a cut."""
        if not self.cuts:
            return f"no cut; longest bad streak {self.longest}, patience {self.plateau.patience}"
        told = " ".join(f"{epoch:g}" for epoch in self.epochs)
        further = self.cuts - len(self.epochs)
        more = f" and {further} more" if further else ""
        final = " ".join(map(significant, self.rates))
        return f"{plural(self.cuts, 'cut')}, after epoch{'s' if self.cuts > 1 else ''} {told}{more}; final {final}"


class Told:
    """A replay in words while it goes on."""

    def __init__(self, plateau: MetricDriven, columns: Sequence[str]) -> None:
        self.plateau = plateau.judged_by
        self.columns = columns

    def _rows(self, block: Block, start: int = 0) -> Iterator[dict[str, Any]]:
        for row in zip(*(column[start:] for column in block), strict=True):
            found = dict(zip(self.columns, row, strict=True))
            yield found | {
                name: " ".join(significant(found[column]) for column in self.columns if column.startswith(name))
                for name in ("lr", "next_lr")
            }

    def events(self, block: Block) -> list[str]:
        """The cuts, made or not."""
        if not {"reduced", "blocked"} & set(block[self.columns.index("event")]):
            return []
        words = {"reduced": "cut, {lr} becomes {next_lr}", "blocked": "a cut was due and not made, {lr} stays"}
        return [
            f"epoch {row['epoch']:g}: {words[row['event']].format(**row)}"
            for row in self._rows(block)
            if row["event"] in words
        ]

    def coming(self, block: Block) -> list[str]:
        """How near the next cut is."""
        (row,) = self._rows(block, len(block[0]) - 1)
        now = f"epoch {row['epoch']:g}, best {significant(row['best'])}, rate {row['next_lr']}: "
        if row["event"] == "warmup":
            return [now + "warmup, the metric is not judged yet"]
        if row["cooldown"]:
            return [now + f"cooldown, {plural(row['cooldown'], 'more epoch')} not judged"]
        return [now + f"{row['bad_epochs']} of {plural(self.plateau.patience, 'bad epoch')} tolerated"]


def limit_of(plateau: Plateau, given: Replay, best: float) -> float:
    """What a metric must pass to be better than `best`."""
    if given.framework == "torch":
        return plateau.limit(best)
    return best - abs(plateau.threshold) if plateau.mode == "min" else best + abs(plateau.threshold)


def consequence(plateau: Plateau, given: Replay, bad: int, event: str, used: Rates, left: Rates) -> str:
    """What followed from an epoch that was not better."""
    tolerated = f"{plural(plateau.patience, 'bad epoch')} in a row"
    if event == "cooldown":
        return "not counted, the last cut is too recent"
    if event == "reduced":
        reason = f"more than {tolerated}" if given.framework == "torch" else tolerated
        return f"{reason}, so {significant(used[0])} becomes {significant(left[0])}"
    if event == "blocked":
        floor = plateau.min_lr[0] if isinstance(plateau.min_lr, tuple) else plateau.min_lr
        lower = max(used[0] * plateau.factor, floor)
        return f"the cut from {significant(used[0])} to {significant(lower)} is not more than eps {plateau.eps:g}"
    return f"bad epoch {bad}, {plateau.patience} are tolerated"


def document_of(plateau: type[MetricDriven]) -> dict[str, Any]:
    """The shape of what JSON shows of `replay`, and of `what_if`, whose rows have the parameters that were varied."""
    varied = {f"{name}?": (float, str, bool) for name in plateau.params()}
    return {
        "schedule": {"name": (plateau.reference.name,), "params": plateau, "spec": str},
        "run": Replay,
        "rows": [(ROW, {**varied, "cuts": int, "cut_epochs": str, "final_lr_N": float})],
    }


class Outcome(NamedTuple):
    """What one combination of parameters would have done."""

    plateau: MetricDriven
    cuts: int
    epochs: list[float]
    rates: Rates


def what_if(plateaus: Sequence[MetricDriven], given: Replay, log: Iterable[Metrics], varied: Sequence[str]) -> Rows:
    """A row per combination: the `varied` parameters, the cuts, the epochs after which they came, and the final rates.

    The log is read once, for all of them.
    """
    outcomes = _outcomes(plateaus, given, log)
    rates = numbered("final_lr", given.lrs)
    rows = [
        (*(_cell(getattr(outcome.plateau, name)) for name in varied), outcome.cuts, _named(outcome), *outcome.rates)
        for outcome in outcomes
    ]
    return Rows(
        columns=(*varied, "cuts", "cut_epochs", *rates),
        blocks=[tuple(zip(*rows, strict=True))],
        length=len(rows),
        title=plateaus[0].reference.name,
        document={
            "schedule": {
                "name": plateaus[0].reference.name,
                "params": parameters(plateaus[0]),
                "spec": plateaus[0].spec,
            },
            "run": parameters(given),
        },
        selected=True,
    )


def _outcomes(plateaus: Sequence[MetricDriven], given: Replay, log: Iterable[Metrics]) -> list[Outcome]:
    judges = [given.judge(plateau) for plateau in plateaus]
    outcomes = [Outcome(plateau, 0, [], given.lrs) for plateau in plateaus]
    for epochs, metrics in log:
        for place, judge in enumerate(judges):
            judged = judge.judge(metrics)
            cut = cuts(epochs, judged)
            before = outcomes[place]
            named = before.epochs + cut[: MOST_EPOCHS_NAMED - len(before.epochs)]
            outcomes[place] = Outcome(before.plateau, before.cuts + len(cut), named, judged.next_rates[-1])
    return outcomes


def _cell(value: Any) -> Any:
    return ",".join(map(repr, value)) if isinstance(value, tuple) else value


def _named(outcome: Outcome) -> str:
    further = outcome.cuts - len(outcome.epochs)
    return " ".join([*(f"{epoch:g}" for epoch in outcome.epochs), *([f"and {further} more"] if further else [])])
