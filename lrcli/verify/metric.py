"""Why a log does not follow a plateau that is replayed over its own metric.

A cut shows little of what led to it. What is explained is the only change that gives every rate of the log.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from lrcli.errors import InputError
from lrcli.fit.numbers import typed
from lrcli.record import Record, tolerance_of
from lrcli.record.tolerance import FULL
from lrcli.replay import Replay
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.param import shell_word
from lrcli.schedules.plateau import MetricDriven, float32
from lrcli.text import plural, significant
from lrcli.verify.changes import Change, is_plain, of_base_lr, of_other_values
from lrcli.verify.replayed import CONVENTIONS, NEXT, USED, Evaluated, Held, Metrics
from lrcli.verify.slots import Slot, applied
from lrcli.verify.verdict import Explanation, Verdict

OtherMetrics = Callable[[], Mapping[str, Metrics]]
"""The other columns of the log that may have been the metric, with a value for each of its evaluations."""

MOST_JUDGED = 600_000
"""Epochs, for each kind of explanation: a second."""

MOST_CALLS = 16
MOST_LATE = 2
MOST_LONG = 300
"""Epochs of patience, cooldown or warmup that are tried."""

LIMITS = (0.0, *(float(f"{digit}e-{power}") for digit in (1, 5, 2) for power in range(9)))
"""Thresholds that people type."""

FAR = 1e3
"""Factor of its default, up to which a threshold is tried."""

FEW_EPOCHS = 4
NEAR = 1e-4
"""Relative, of a number that somebody typed to what the log shows of it."""

TORCH, KERAS = Replay.params()["framework"].choices

UNEXPLAINED = "the rate is not what these parameters make of the metric"


class Case:
    """The log, and what was meant."""

    def __init__(self, plateau: MetricDriven, run: Run, log: Evaluated, metric: str, others: OtherMetrics) -> None:
        self.plateau, self.run = plateau, run
        self.log, self.metric, self.others = log, metric, others
        self.values = log.record.values
        self.held = Held(log, tolerance_of(log.record), MOST_JUDGED)
        self.rule, self.convention, self.place = TORCH, USED, 0
        self.expected = self.values

    def replay(self, run: Run) -> Replay:
        """Where a replay starts."""
        return Replay(lr=run.lr, warmup=run.warmup, warmup_start_factor=run.warmup_start_factor, framework=self.rule)

    def gives(self, plateau: Schedule, run: Run, metrics: Metrics | None = None, start: int = 0) -> bool:
        """Whether the plateau in this run, begun at the row `start`, gives the rates of the log from there on."""
        assert isinstance(plateau, MetricDriven)
        metrics = self.log.metrics if metrics is None else metrics
        return self.held.gives(plateau, self.replay(run), metrics, self.convention, start)


class Found(NamedTuple):
    """What gives the log, and whether the log decides its value."""

    explanation: Explanation
    is_sure: bool = True


def verify_metric(
    plateau: MetricDriven, run: Run, log: Evaluated, metric: str, others: OtherMetrics, rtol: float | None = None
) -> Verdict:
    """Hold the rates of a log to a plateau, replayed over the column `metric`, and explain a difference."""
    import numpy as np

    case = Case(plateau, run, log, metric, others)
    case.held.tolerance = tolerance = tolerance_of(log.record, rtol)
    rules = [KERAS, TORCH] if is_of_keras(log.record) else [TORCH]
    verdicts = []
    for case.rule, case.convention in itertools.product(rules, CONVENTIONS):
        expected = case.held.expected(plateau, case.replay(run), log.metrics, case.convention)
        wrong = np.flatnonzero(~tolerance.equal(expected, log.record.values))
        verdict = Verdict(log.record, log.reading, expected, tolerance, int(wrong[0]) if len(wrong) else None)
        if verdict.follows:
            return verdict
        verdicts.append((verdict, case.rule, case.convention))
    best = max(verdicts, key=lambda one: one[0].place or 0)[0]
    found = _explained(case, verdicts)
    return dataclasses.replace(best, explanation=found)


def is_of_keras(record: Record) -> bool:
    """Whether the rates are those of float32, in which Keras holds them, written in full."""
    rates = record.values.tolist()
    return all(float32(rate) == rate for rate in rates) and len(set(rates)) > 1


def _explained(case: Case, verdicts: list[tuple[Verdict, str, str]]) -> Explanation:
    """The only explanation of the first kind of which there are any."""
    is_cut_short = False
    for attempt in ATTEMPTS:
        if is_cut_short:
            break  # It may have been what was not tried.
        for verdict, case.rule, case.convention in verdicts:
            case.place, case.expected = verdict.place or 0, verdict.expected
            case.held.left = MOST_JUDGED
            found = list(attempt(case))
            is_cut_short = is_cut_short or case.held.left < 0
            if len(found) == 1 and found[0].is_sure:
                return _with_doubts(case, found[0].explanation) if attempt is one_change else found[0].explanation
            if found:
                several = "; or ".join(one.explanation.sentence for one in found)
                return Explanation("unknown", f"the log does not decide: {several}", {"nearest": None})
    return Explanation("unknown", UNEXPLAINED, {"nearest": None})


def _with_doubts(case: Case, explanation: Explanation) -> Explanation:
    """The explanation, with the calls of step() that would have given the same log, although they are less likely."""
    other = next(itertools.chain(late(case), calls(case)), None)
    if other is None:
        return explanation
    return dataclasses.replace(explanation, sentence=f"{explanation.sentence} (or {other.explanation.sentence})")


def never_stepped(case: Case) -> Iterator[Found]:
    """The rate stays where it began."""
    first = float(case.values[0])
    begun = math.isclose(first, case.run.lrs[0], rel_tol=FULL)
    if len(case.values) < FEW_EPOCHS or (case.values != first).any() or not begun:
        return
    sentence = f"the rate never moves from {significant(first)}: step(metric) is never called, or it waits for longer"
    yield Found(Explanation("never_stepped", sentence))


def one_change(case: Case) -> Iterator[Found]:
    """Another value of one option, or another metric."""
    for name, metrics in case.others().items():
        if case.gives(case.plateau, case.run, metrics):
            changes = [Change("--metric", case.metric, name)]
            yield Found(of_other_values(case.plateau, case.run, changes, beside=over(name)))
    found = [(slot, one) for slot in _slots(case) for one in _changed(case, slot, case.plateau, case.run, [])]
    # One cut by another factor may also have ended at a floor, which would be a stranger number.
    by_factor = any(slot.declared.role is role.DROP_FACTOR for slot, _ in found)
    yield from (one for slot, one in found if not (by_factor and slot.declared.role is role.FLOOR))


def over(metric: str) -> str:
    """The words that name the metric behind the spec of a plateau."""
    return f" --metric {shell_word(metric)}"


def two_changes(case: Case) -> Iterator[Found]:
    """Another value that the rates themselves show, and of another option beside it."""
    every = list(_slots(case))
    for shown in every:
        # A rate that only stays where it is shows no floor.
        for value in [] if _is_judged(shown) or shown.declared.role is role.FLOOR else _values(case, shown):
            try:
                plateau, run = applied(case.plateau, case.run, shown, value)
            except InputError:
                continue
            for slot in every:
                if slot != shown and (_is_judged(slot) or every.index(slot) > every.index(shown)):
                    yield from _changed(case, slot, plateau, run, [Change(shown.declared.option, shown.value, value)])


def _changed(case: Case, slot: Slot, plateau: Schedule, run: Run, before: list[Change]) -> Iterator[Found]:
    """What gives the log with another value of a slot: the plainest, and whether the log decides for it."""
    giving = _giving(case, slot, plateau, run)
    if not giving:
        return
    value = giving[0] if slot.declared.annotation is int else min(giving, key=lambda one: _strangeness(one, slot.value))
    changes = [*before, Change(slot.declared.option, slot.value, value)]
    changed = applied(plateau, run, slot, value)
    if slot.of_run and not before and slot.declared.name == "lr":
        yield Found(of_base_lr(value, case.run.lrs[0]))
        return
    explanation = of_other_values(*changed, changes)
    if len(giving) > 1:
        is_open = slot.declared.annotation is int and giving[-1] >= _longest(case, slot)
        range_of = f"at least {giving[0]}" if is_open else f"{min(giving)} to {max(giving)}"
        sentence = f"{slot.declared.option} was {range_of}, not {slot.value}"
        yield Found(dataclasses.replace(explanation, sentence=sentence))
    else:
        # A cut that did not come says little; a floor stops two of them.
        is_floor = slot.declared.role is role.FLOOR
        below = {rate for rate in case.expected.tolist() if rate < value} if is_floor else ()
        yield Found(_beside(case, slot, plateau, run, explanation), is_sure=not is_floor or len(below) > 1)


def _beside(case: Case, slot: Slot, plateau: Schedule, run: Run, explanation: Explanation) -> Explanation:
    """The explanation, with the value that it would be if the log showed the rate that step() left."""
    if case.convention == NEXT or slot.declared.annotation is not int:
        return explanation
    case.convention = NEXT
    other = _giving(case, slot, plateau, run)
    case.convention = USED
    if not other:
        return explanation
    sentence = f"{explanation.sentence} ({other[0]} if the log shows the rate after step())"
    return dataclasses.replace(explanation, sentence=sentence)


def _giving(case: Case, slot: Slot, plateau: Schedule, run: Run) -> list[Any]:
    """The values of a slot that give the log: all whole numbers and limits, or the first of others."""
    found = []
    for value in _values(case, slot):
        try:
            changed = applied(plateau, run, slot, value)
        except InputError:
            continue
        if value != slot.value and case.gives(*changed):
            found.append(value)
            if slot.declared.annotation is not int and (
                slot.declared.role is not role.JUDGEMENT or slot.declared.choices
            ):
                break
    return found


def _strangeness(limit: Any, meant: Any) -> tuple[bool, float]:
    """How unlikely a limit is that gives the log: powers of ten are typed most, and what is near what was meant."""
    if not isinstance(limit, float) or not limit > 0:
        return False, 0.0
    return not math.log10(limit).is_integer(), abs(math.log10(limit / abs(meant or limit)))


def _slots(case: Case) -> Iterator[Slot]:
    """The options that decide the rate."""
    owner = type(case.plateau)
    for declared, value in case.plateau.items():
        yield Slot((), declared, value, owner)
    for declared, value in case.run.items():
        if declared.name == "lr" or (declared.role is role.WARMUP and case.run.warmup):
            yield Slot((), declared, value, owner, of_run=True)


def _is_judged(slot: Slot) -> bool:
    """Whether no rate shows the value."""
    return slot.declared.role in (role.JUDGEMENT, role.WARMUP)


def _values(case: Case, slot: Slot) -> list[Any]:
    """Values of an option that are worth trying."""
    declared, rates = slot.declared, case.values.tolist()
    if isinstance(slot.value, tuple):
        return []
    if declared.choices:
        return list(declared.choices)
    if declared.annotation is int:
        return list(range(_longest(case, slot) + 1))
    if declared.role is role.JUDGEMENT:
        usual = float(declared.default)
        return [usual, *(limit for limit in LIMITS if limit <= FAR * usual)]
    if declared.role is role.DROP_FACTOR:
        shown = [after / before for before, after in itertools.pairwise(rates) if after < before]
    elif declared.role is role.FLOOR:
        shown = [0.0, min(rates)]
    else:
        shown = [rates[0]]
    return [one for value in dict.fromkeys(shown) for one in typed(value, NEAR) if is_plain(one)]


def _longest(case: Case, slot: Slot) -> int:
    """The longest that it may wait: as long as the shortest time from one cut to the next, where there are several."""
    rates = case.values.tolist()
    cuts = [row for row in range(1, len(rates)) if rates[row] < rates[row - 1]]
    waits = (
        [after - before for before, after in itertools.pairwise(cuts)] if slot.declared.role is role.JUDGEMENT else []
    )
    return min(len(rates), MOST_LONG, *waits)


def no_warmup(case: Case) -> Iterator[Found]:
    """The warmup is missing."""
    if case.run.warmup and case.gives(case.plateau, dataclasses.replace(case.run, warmup=0)):
        yield Found(Explanation("no_warmup", "the run has no warmup"))


def late(case: Case) -> Iterator[Found]:
    """step() has the metric of an earlier epoch."""
    worst = math.inf if case.plateau.judged_by.mode == "min" else -math.inf
    for shift in range(1, MOST_LATE + 1):
        metrics = case.log.metrics[:-shift]
        first_is_worst = case.gives(case.plateau, case.run, [*[worst] * shift, *metrics])
        if first_is_worst or _called(case, metrics, first=shift):
            sentence = (
                f"every rate is {plural(shift, 'tick')} late: step() is called with the metric of an epoch before"
            )
            yield Found(Explanation("shifted", sentence, {"shift": -shift}))
            return


def calls(case: Case) -> Iterator[Found]:
    """Several calls of step() a tick, or one in several."""
    metrics, count = case.log.metrics, len(case.values)
    several = [
        k for k in range(2, MOST_CALLS + 1) if _called(case, [metric for metric in metrics for _ in range(k)], each=k)
    ]
    if several:
        times = f"{several[0]} to {several[-1]}" if len(several) > 1 else f"{several[0]}"
        yield Found(Explanation("stepped_k_times", f"step(metric) is called {times} times a tick", {"k": several[0]}))
        return
    for k in range(2, min(MOST_CALLS, count // 2) + 1):
        for place in (k - 1, 0):
            if _called(case, metrics[place::k], first=place, every=k):
                yield Found(Explanation("stepped_k_times", f"step(metric) is called once in {k} ticks", {"k": 1 / k}))
                return


def _called(case: Case, metrics: Metrics, each: int = 1, first: int = 0, every: int = 1) -> bool:
    """Whether the log has the rates of so many calls of step() in the epoch `first` and in each `every` after it."""
    rates = case.held.after_calls(case.plateau, case.replay(case.run), metrics)
    epochs = range(len(case.values)) if case.convention == NEXT else range(-1, len(case.values) - 1)
    return case.held.same([rates[max((epoch - first) // every + 1, 0) * each] for epoch in epochs])


def resumed(case: Case) -> Iterator[Found]:
    """It was taken up again with a new scheduler, at the rate that it had or at the base rate."""
    places: dict[str, list[int]] = {}
    for at in range(1, case.place + 1):
        rate = float(case.values[at if case.convention == USED else at - 1])
        for name, lr in (("state_not_loaded", rate), ("restarted", case.run.lrs[0])):
            run = dataclasses.replace(case.run, lr=lr, warmup=0)
            if case.gives(case.plateau, run, start=at):
                places.setdefault(name, []).append(at)
                break
    for name, found in places.items():
        where = f"from tick {found[0]} on" if len(found) == 1 else f"from one of the ticks {found[0]} to {found[-1]} on"
        if name == "restarted":
            yield Found(
                Explanation("restarted", f"{where} the plateau starts again from its beginning", {"at": found[-1]})
            )
        else:
            sentence = f"{where} a new scheduler goes on from the rate that it had: the state was not loaded"
            yield Found(Explanation("state_not_loaded", sentence, {"at": found[-1]}))


ATTEMPTS = (never_stepped, no_warmup, one_change, late, calls, resumed, two_changes)
"""In the order in which they are tried."""
