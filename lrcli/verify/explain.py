"""Why a log does not follow its schedule: the commonest mistakes are tried, the most specific first."""

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from lrcli.errors import InputError
from lrcli.fit.numbers import typed
from lrcli.record import Record
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Sequential
from lrcli.schedules.family import STEP
from lrcli.text import significant
from lrcli.verify.alike import UNEXPLAINED, nearest, other_schedule, same_scheduler
from lrcli.verify.case import Case
from lrcli.verify.changes import Change, Changed, early_or_late, explained_by, is_plain, of_base_lr, words_of
from lrcli.verify.late import MOST_SKIPPED, SKIPPED, shifted_from, waited, waited_evenly
from lrcli.verify.others import more_drops, one_value, other_value, other_values, strange_values
from lrcli.verify.resumed import another_drop, changed, changed_value, restarted, set_on_the_way, state_not_loaded
from lrcli.verify.slots import all_slots, applied, counts_ticks
from lrcli.verify.swapped import swapped, swapped_from
from lrcli.verify.verdict import Explanation, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ticks = NDArray[np.int64]

MOST_STEPS_PER_TICK = 64
"""Calls of step() per tick that are tried as an explanation, beside those that the log itself suggests."""

MOST_PROCESSES = 8
FEW_CALLS = (2, 3)
"""Calls of step() per epoch that are made by mistake."""

MOST_CALLS = 20_000
"""Calls of step() per tick beyond which no epoch of batches is thought of."""

FARTHEST_CALL = 200_000
MOST_TRIED = 12
FEW_ROWS = 4
MOST_EPOCH_LENGTHS = 8
MOST_READINGS = 4

Attempt = Callable[[Case], Iterator[Explanation]]


def explained(schedule: Schedule, run: Run, verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict, of those that differ in how they read the log, with the first explanation that makes it follow."""
    cases = [Case(schedule, run, verdicts[0])]
    cases += [Case(schedule, run, verdict, cases[0]) for verdict in verdicts[1:MOST_READINGS]]
    if cases[0].follows_much:
        cases = [case for case in cases if case.follows_much]  # It is seen how the log is to be read.
    for attempt in ATTEMPTS:
        for case in cases:
            case.begin()
            for explanation in attempt(case):
                return dataclasses.replace(case.verdict, explanation=explanation)
    return dataclasses.replace(verdicts[0], explanation=Explanation("unknown", UNEXPLAINED, {"nearest": None}))


def never_stepped(case: Case) -> Iterator[Explanation]:
    """The rate stays where it began, although the schedule moves."""
    if case.moves or len(case.values) < 2:
        return
    first = float(case.values[0])
    start = float(case.rates(case.schedule, case.run, case.ticks[:1] * 0)[0])
    shown = case.record.shown.decimals
    unit = 0.0 if shown is None else 10.0**-shown
    meant = any(math.isclose(first, rate, rel_tol=1e-5, abs_tol=unit) for rate in (case.run.lrs[0], start))
    moves = not case.tolerance.equal(case.expected, case.expected[:1]).all()
    if meant or (moves and len(case.values) >= FEW_ROWS):
        here, cause = "", "scheduler.step() is never called"
        if not math.isclose(first, start, rel_tol=1e-5, abs_tol=unit):
            cause = "there was no scheduler, or what comes later in it comes after the end of the log"
            if not case.place:
                here = f", although the schedule begins at {significant(start)}"
                cause = "there was no scheduler, or another base rate"
        yield Explanation("never_stepped", f"the rate never moves from {significant(first)}{here}: {cause}")


def shifted(case: Case) -> Iterator[Explanation]:
    """Every rate some ticks early or late."""
    import numpy as np

    moved = np.flatnonzero(case.values != case.values[0])
    least = int(case.ticks.min())
    # Steps may have been skipped before the first row, or before the first rate that is another.
    if len(moved) and _per_step(case):
        least = max(least, int(case.ticks[moved[0] - 1]))
    for shift in (1, -1, 2, -2, *(range(-3, -1 - min(least, MOST_SKIPPED), -1))):
        ticks = np.maximum(case.ticks + shift, 0)
        if case.fits(case.schedule, case.run, ticks):
            cause = (
                "scheduler.step() before optimizer.step(), or the next rate is logged"
                if shift > 0
                else "the rate is logged after the fact, or step() is first called a tick late"
                if shift > -3
                else SKIPPED
            )
            yield Explanation("shifted", f"{early_or_late(shift)}: {cause}", {"shift": shift})


def wrong_interval(case: Case) -> Iterator[Explanation]:
    """Stepped per batch instead of per epoch, or the reverse."""
    per_step = case.run.interval == STEP
    for length in epoch_lengths(case.record, case.run):
        if per_step:
            candidates = [case.ticks // length]
            if case.verdict.reading.length > 1 and case.record.epochs is not None:
                candidates = [case.ticks // case.verdict.reading.length]
            sentence = f"step() was called once an epoch of {length} batches, not after every batch"
        else:
            candidates = [case.ticks * length, case.ticks * length + length - 1]
            if case.record.steps is not None:
                candidates += [(case.record.steps - origin).astype(int) for origin in (0, 1)]
            sentence = f"step() was called after every one of {length} batches, not once an epoch"
        if any(case.fits(case.schedule, case.run, ticks) for ticks in candidates):
            yield Explanation("wrong_interval", sentence, {"steps_per_epoch": length})


def epoch_lengths(record: Record, run: Run) -> list[int]:
    """How many steps an epoch may have, the likeliest first."""
    given = [run.steps_per_epoch] if run.steps_per_epoch else []
    return [length for length in dict.fromkeys([*given, *steps_in_an_epoch(record)]) if length > 1]


def steps_in_an_epoch(record: Record) -> list[int]:
    """How many steps the log itself says that an epoch has, the likeliest first."""
    import numpy as np

    said = [record.facts.steps_per_epoch] if record.facts.steps_per_epoch else []
    if record.steps is None or record.epochs is None:
        return said
    there = ~(np.isnan(record.steps) | np.isnan(record.epochs))
    steps, epochs = record.steps[there], record.epochs[there]
    if (epochs % 1).any():
        # The last row has the most digits, and what is before the first rows of a run that was taken up again counts.
        ratios = steps[epochs > 0] / epochs[epochs > 0]
        return list(dict.fromkeys([*said, round(float(ratios[-1])), round(float(np.median(ratios)))]))
    whole, first = np.unique(epochs, return_index=True)
    starts = dict(zip(whole.astype(int).tolist(), steps[first].tolist(), strict=True))
    lengths = Counter(
        int(starts[epoch + 1] - starts[epoch])
        for epoch in starts
        if epoch + 1 in starts and starts[epoch + 1] > starts[epoch]
    )
    likely = [*_lengths_between(steps, epochs), *(length for length, _ in lengths.most_common())]
    return list(dict.fromkeys([*said, *likely]))[:MOST_EPOCH_LENGTHS]


def _lengths_between(steps: "Floats", epochs: "Floats") -> list[int]:
    """The lengths with which every step lies in its epoch, both counted from 0 or from 1, where they are few."""
    import numpy as np

    before = epochs - epochs[0]
    later = before > 0
    if epochs[0] not in (0, 1) or not later.any():
        return []
    for origin in (0, 1):
        least = int((np.floor((steps - origin) / (before + 1)) + 1).max())
        most = int(np.floor((steps[later] - origin) / before[later]).min())
        if 0 <= most - least < MOST_EPOCH_LENGTHS:
            return list(range(most, least - 1, -1))
    return []


def stepped_k_times(case: Case) -> Iterator[Explanation]:
    """Several calls of step() a tick, or one in several."""
    for epochs, calls in [(0, 0)] if _per_step(case) else [(0, 0), (1, -1), (1, 0)]:  # A row may show an epoch's end.
        fitting = [
            k
            for k in _several_calls(case, epochs, calls)
            if case.fits(case.schedule, case.run, (case.ticks + epochs) * k + calls)
        ]
        if fitting:
            explanation = _several(case, fitting, per_batch=bool(epochs))
            yield _or_other_values(case, explanation) if "k" in explanation.figures else explanation
    yield from _seldom_stepped(case, seen=True)


def _or_other_values(case: Case, explanation: Explanation) -> Explanation:
    """The explanation, with the values that would have given the same log; they are likelier if they make the schedule
    as long as the run.
    """
    case.begin()
    scaled = [*_all_scaled(case, 1 / explanation.figures["k"])]
    for made in chain(one_value(case, 0), scaled):
        changes = made[2]
        if not all(is_plain(change.found) for change in changes):
            continue
        other = explained_by(case, made)
        if len(changes) == 1 and changes[0].found == (case.record.facts.max_steps or int(case.ticks.max()) + 1):
            return dataclasses.replace(other, sentence=f"{other.sentence}; or {explanation.sentence}")
        words = words_of(changes)
        return dataclasses.replace(
            explanation, sentence=f"{explanation.sentence}; or {words}", figures=explanation.figures | other.figures
        )
    return explanation


def _all_scaled(case: Case, factor: float) -> Iterator[Changed]:
    """The schedule with all its numbers of ticks longer or shorter, if that gives the log."""
    schedule, run, changes = case.schedule, case.run, []
    for slot in all_slots(schedule, run):
        listed = isinstance(slot.value, tuple)
        ticks = slot.value if listed else (slot.value,)
        if counts_ticks(slot) and any(ticks) and all(isinstance(one, int | float) for one in ticks):
            scaled = [one * factor for one in ticks]
            if any(one % 1 for one in scaled):
                return
            value = tuple(map(round, scaled)) if listed else round(scaled[0])
            with suppress(InputError, ArithmeticError, ValueError):
                schedule, run = applied(schedule, run, slot, value)
                changes.append(Change(slot.declared.option, slot.value, value))
    if changes and case.fits(schedule, run, case.ticks):
        yield schedule, run, changes


def _several(case: Case, fitting: list[int], per_batch: bool) -> Explanation:
    """So many calls a tick. `per_batch` says that the rate moved before the first tick was over."""
    k, most = fitting[0], fitting[-1]
    times = f"{k}" if len(fitting) == 1 else f"{k} to {most}" if most - k == len(fitting) - 1 else f"{k} or {most}"
    if k <= MOST_PROCESSES and most > k * k:
        times = f"{k}"  # A cosine has the same rates again, many calls later.
    if _per_step(case):
        sentence = f"step() is called {times} times a tick, as accelerate does with {times} processes"
        return Explanation("stepped_k_times", sentence, {"k": k})
    batches = "after every batch, if an epoch has as many"
    if per_batch or not _is_usual(k):
        sentence = f"step() was called {times} times an epoch: {batches}"
        return Explanation("wrong_interval", sentence, {"steps_per_epoch": k})
    sentence = f"step() is called {times} times a tick{'' if k in FEW_CALLS else f' (or {batches})'}"
    return Explanation("stepped_k_times", sentence, {"k": k})


def _is_usual(k: int) -> bool:
    """Whether a schedule that counts epochs is called so often by mistake: in training and in validation, say, or once
    by each process. Other numbers are those of batches.
    """
    return k in FEW_CALLS or (k <= MOST_STEPS_PER_TICK and not k & (k - 1))


def _is_seen(case: Case, ticks: "Ticks", k: int) -> bool:
    """Whether rows lie between two calls, of a schedule that moves with most calls: drops would be late anyway."""
    import numpy as np

    between = (ticks % k != ticks[0] % k).any()
    return bool(between) and 2 * len(np.unique(case.values)) >= len(np.unique(ticks // k))


def perhaps_seldom_stepped(case: Case) -> Iterator[Explanation]:
    """One call of step() in several ticks, though no row shows a rate that stayed: a longer schedule is likelier."""
    yield from _seldom_stepped(case, seen=False)


def _seldom_stepped(case: Case, seen: bool) -> Iterator[Explanation]:
    """One call of step() in k ticks, where `seen` says whether a row lies between two calls."""
    for last in (0, 1):  # in the first of k ticks, or in the last
        for k in _one_call_in(case, last):
            ticks = case.ticks + last * (k - 1)
            if _is_seen(case, ticks, k) == seen and case.fits(case.schedule, case.run, ticks // k):
                explanation = Explanation("stepped_k_times", f"step() is called once in {k} ticks", {"k": 1 / k})
                yield explanation if seen else _or_other_values(case, explanation)


def _several_calls(case: Case, epochs: int = 0, less: int = 0) -> Iterator[int]:
    """Numbers of calls a tick with which the schedule has the rates of some rows, which show so many epochs more."""
    import numpy as np

    ticks = case.ticks + epochs
    moved = np.flatnonzero((ticks > 0) & (case.values != case.values[0]))
    if not len(moved):
        return
    rows = sorted({*moved[:2].tolist(), *moved[-2:].tolist(), case.place}, key=lambda row: int(ticks[row]))
    most = 1 if _per_step(case) else min(MOST_CALLS, FARTHEST_CALL // int(ticks.max()))
    for calls in (np.arange(2, MOST_STEPS_PER_TICK + 1), np.arange(MOST_STEPS_PER_TICK + 1, most + 1)):
        for row in rows[int(ticks[rows[0]] == 0) :]:
            if len(calls):
                expected = case.rates(case.schedule, case.run, calls * int(ticks[row]) + less)
                calls = calls[case.tolerance.equal(expected, np.full(len(calls), case.values[row]))]
        yield from calls[:MOST_TRIED].tolist()


def _one_call_in(case: Case, last: int) -> list[int]:
    """In how many ticks there may be one call, so that the schedule has the rate of the first row that is another."""
    import numpy as np

    calls = np.arange(2, MOST_STEPS_PER_TICK + 1)
    ticks = (int(case.ticks[case.place]) + last * (calls - 1)) // calls
    expected = case.rates(case.schedule, case.run, ticks)
    return [int(k) for k in calls[case.tolerance.equal(expected, np.full(len(calls), case.values[case.place]))]]


def _per_step(case: Case) -> bool:
    """Whether a tick is an optimizer step: accelerate is blamed for nothing else."""
    return (case.run.interval or case.composed.counts_in) == STEP


def no_warmup(case: Case) -> Iterator[Explanation]:
    """The warmup that was meant is missing."""
    for schedule, run in without_warmup(case.schedule, case.run):
        if case.fits(schedule, run, case.ticks):
            yield Explanation("no_warmup", "the run has no warmup")


def without_warmup(schedule: Schedule, run: Run) -> Iterator[tuple[Schedule, Run]]:
    """The schedule as it is when the warmup was forgotten, in the ways in which that happens."""
    if run.warmup:
        yield schedule, dataclasses.replace(run, warmup=0)
        return
    if isinstance(schedule, Sequential) and len(schedule.schedulers) > 1 and schedule.schedulers[0].is_warmup:
        first, *later = schedule.milestones
        rest = schedule.schedulers[1:]
        yield Sequential(schedulers=rest, milestones=tuple(milestone - first for milestone in later)), run
        if len(rest) == 1:
            yield rest[0], run
    for declared, value in schedule.all_given(role.WARMUP):
        if isinstance(value, int) and value > 1:
            for none in (0, 1):
                try:
                    yield dataclasses.replace(schedule, **{declared.name: none}), run
                except Exception:
                    continue


def base_lr(case: Case) -> Iterator[Explanation]:
    """Another base rate."""
    meant = case.run.lrs[0]
    for candidate in _bases(case):
        for base in typed(candidate, 1e-5):
            if 0 < base < math.inf and base != meant and case.fits(case.schedule, case.with_run(lr=base), case.ticks):
                yield of_base_lr(base, meant)


def _bases(case: Case) -> Iterator[float]:
    """Base rates with which the schedule, which is linear in it, has some of the logged rates."""
    import numpy as np

    meant = case.run.lrs[0]
    twice = case.rates(case.schedule, case.with_run(lr=2 * meant), case.ticks)
    for row in (int(case.values.argmax()), 0, len(case.values) // 2):
        low, high = float(case.expected[row]), float(twice[row])
        if np.isfinite([low, high]).all() and high != low:
            yield meant * (1 + (float(case.values[row]) - low) / (high - low))


ATTEMPTS: tuple[Attempt, ...] = (
    never_stepped,
    no_warmup,
    shifted,
    wrong_interval,
    stepped_k_times,
    base_lr,
    restarted,
    other_value,
    swapped,
    perhaps_seldom_stepped,
    waited,
    state_not_loaded,
    shifted_from,
    swapped_from,
    same_scheduler,
    changed_value,
    set_on_the_way,
    another_drop,
    other_values,
    more_drops,
    other_schedule,
    waited_evenly,
    changed,
    strange_values,
    nearest,
)
"""In the order in which they are tried: what explains the whole log before what explains it from a row on."""
