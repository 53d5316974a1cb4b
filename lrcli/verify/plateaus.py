"""Which plateaus give the rates of a log, each replayed over a metric of the same log."""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from lrcli.engine import spec_of
from lrcli.fit.found import NEARLY, POSSIBLE, Candidate, greatest_error, is_typed
from lrcli.fit.numbers import typed
from lrcli.record import Record, tolerance_of
from lrcli.replay import Replay
from lrcli.run import Run
from lrcli.schedules.plateau import Plateau
from lrcli.verify.metric import KERAS, LIMITS, NEAR, TORCH, is_of_keras, over
from lrcli.verify.replayed import CONVENTIONS, NEXT, Evaluated, Held

MOST_JUDGED = 600_000
"""Epochs of one metric: a second."""

MOST_CUTS = 40
"""Of a run."""

TELLING, TELLING_ANYHOW = 2, 4
"""Cuts from which on it is hardly a chance that a plateau gives all of them: with the framework's own threshold and no
cooldown, and with any."""

MOST_SHOWN = 2

PLAIN_FIRST = 2
"""Lists of drops that come before a plateau that may give them by chance."""

COOLDOWNS = (0, 1, 2, 3, 5, 10)
"""Those that people type."""

NEVER = 10**9
"""More patience than any run needs."""


class Told(NamedTuple):
    """A plateau that gives the rates."""

    candidate: Candidate
    is_telling: bool
    """Whether it gives so many cuts that it is hardly a chance."""
    is_hollow: bool
    """Whether no epoch but the first was ever better: then the metric tells nothing, and the cuts come regularly."""

    def over(self, metric: str) -> "Told":
        """The same, with the metric in its spec."""
        return self._replace(candidate=self.candidate._replace(spec=self.candidate.spec + over(metric)))


def may_be_cut(record: Record) -> bool:
    """Whether the rate does nothing but fall now and then, as a plateau cuts it."""
    import numpy as np

    moves = np.diff(record.values)
    return bool(len(moves) > 1 and (moves <= 0).all() and 0 < (moves < 0).sum() <= min(MOST_CUTS, len(moves) - 1))


def plateaus(log: Evaluated, is_better_higher: bool) -> list[Told]:
    """The plateaus that give every rate of the log, of the likeliest threshold and cooldown with which any does.

    They are possible, never exact: a list of drops at the same ticks gives these rates, too.
    """
    import numpy as np

    if not may_be_cut(log.record):
        return []
    rates = log.record.values
    cuts = (np.flatnonzero(np.diff(rates)) + 1).tolist()
    factors = [one for one in _plain(float(rates[cuts[0]] / rates[cuts[0] - 1])) if one < 1]
    shown = list(itertools.product(_plain(float(rates[0])), factors, _floors(rates, cuts)))
    modes = sorted(Plateau.params()["mode"].choices, key=lambda mode: (mode == "max") != is_better_higher)
    rules = [KERAS, TORCH] if is_of_keras(log.record) else [TORCH]
    held = Held(log, tolerance_of(log.record), MOST_JUDGED)
    for mode, cooldown, limits in itertools.product(modes, COOLDOWNS, _limits()):
        fixed = {"mode": mode, "cooldown": cooldown, **limits}
        for rule, convention in itertools.product(rules, CONVENTIONS):
            found = list(itertools.islice(_giving(log, held, cuts, shown, fixed, rule, convention), MOST_SHOWN))
            if found:
                return found
    return []


def _limits() -> Iterator[dict[str, Any]]:
    """Thresholds, the default before others."""
    declared = Plateau.params()
    for threshold in dict.fromkeys([declared["threshold"].default, *LIMITS]):
        for mode in declared["threshold_mode"].choices:
            yield {"threshold": threshold, "threshold_mode": mode}


def may_come(cuts: list[int], held: Held, plateau: Plateau) -> bool:
    """Whether these epochs, and no other before the last of them, may lead to a cut."""
    due, least, most, resting = set(cuts), 0, 0, 0  # the fewest bad epochs that there may have been, and the most
    for epoch, is_better in enumerate(held.better(plateau)[: cuts[-1] + 1]):
        least = least + 1 if is_better is False else 0
        most = 0 if is_better else most + 1
        if resting:
            least, most, resting = 0, 0, resting - 1
        is_due = epoch in due
        if is_due != ((most if is_due else least) > plateau.patience):
            return False
        if is_due:
            least, most, resting = 0, 0, plateau.cooldown
    return True


def _giving(
    log: Evaluated,
    held: Held,
    cuts: list[int],
    shown: list[tuple[float, float, float]],
    fixed: dict[str, Any],
    rule: str,
    convention: str,
) -> Iterator[Told]:
    """Those of one threshold, with the base rate, factor and floor that the cuts show: the first shows the patience."""
    judged = [cut - (convention != NEXT) for cut in cuts]
    usual = {**fixed, "cooldown": 0, "threshold": Plateau.params()["threshold"].default}
    is_telling = len(cuts) >= (TELLING if fixed == usual else TELLING_ANYHOW)
    waiting = Replay(framework=rule).judge(Plateau(patience=NEVER, **fixed))
    waited = waiting.judge(log.metrics[: judged[0] + 1]).bad_epochs[-1] - (rule == TORCH)
    likely = list(dict.fromkeys(max(one, 0) for one in (waited, waited + 1, waited - 1)))
    if rule == TORCH:
        likely = [one for one in likely if may_come(judged, held, Plateau(patience=one, **fixed))]
    for (lr, factor, min_lr), patience in itertools.product(shown, likely):
        replay = Replay(lr=(lr,), framework=rule)
        plateau = Plateau(patience=patience, factor=factor, min_lr=min_lr, **fixed)
        if held.gives(plateau, replay, log.metrics, convention):
            expected = held.expected(plateau, replay, log.metrics, convention)
            is_hollow = "improved" not in replay.judge(plateau).judge(log.metrics).event[1:]
            error = greatest_error(expected, log.record.values)
            candidate = Candidate(spec_of(plateau, Run(lr=(lr,))), POSSIBLE, error)
            yield Told(candidate, is_telling and not is_hollow, is_hollow)


def _plain(value: float) -> list[float]:
    return [one for one in typed(value, NEAR) if is_typed(repr(one))]


def _floors(rates: Any, cuts: list[int]) -> list[float]:
    """No floor, or the last rate, where the last cut is smaller than those before it."""
    shares = [float(rates[cut] / rates[cut - 1]) for cut in cuts]
    is_less = len(shares) > 1 and shares[-1] > shares[0] * (1 + NEAR)
    return _plain(float(rates[cuts[-1]])) if is_less else [0.0]


def beside(found: list[Candidate], told: list[Told]) -> list[Candidate]:
    """All candidates, none of them certain: what a metric can hardly tell by chance, plain drops, and the rest."""
    plain = [one for one in found if one.exactness != NEARLY and is_typed(one.spec)]
    if not told or (plain and told[0].is_hollow):
        return found
    doubted = [one if one.exactness == NEARLY else one._replace(exactness=POSSIBLE) for one in found]
    plain = [one for one in doubted if one.exactness != NEARLY and is_typed(one.spec)]
    likely = [one.candidate for one in told if one.is_telling]
    others = [one.candidate for one in told if not one.is_telling]
    return [*likely, *plain[:PLAIN_FIRST], *others, *plain[PLAIN_FIRST:], *(one for one in doubted if one not in plain)]
