"""Values that were others than was meant, in words."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from lrcli.engine import spec_of
from lrcli.errors import InputError
from lrcli.fit.landmarks import roughness
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.text import plural, significant
from lrcli.verify.case import Case
from lrcli.verify.slots import Slot, all_slots, applied, is_counted
from lrcli.verify.verdict import Explanation

PLAIN = 4
"""Significant digits up to which somebody may have typed a number."""

FEW_SKIPPED = 2
"""Ticks that are skipped at once without a doubt: a scheduler that begins again may look as if it were more."""


class Change(NamedTuple):
    """An option that had another value than the one that was meant."""

    option: str
    meant: Any
    found: Any


Changed = tuple[Schedule, Run, list[Change]]


def is_plain(value: Any) -> bool:
    """Whether somebody may have typed a value."""
    return not isinstance(value, float) or roughness(value) <= PLAIN or roughness(1 / (value or 1)) <= 1


def lateness(change: Change) -> int:
    """By how many ticks all drops, or all from one of them on, or the end, are later than was meant; else 0."""
    if type(change.found) is int and type(change.meant) is int:
        return max(change.found - change.meant, 0)
    if not isinstance(change.found, tuple) or len(change.found) != len(change.meant or ()):
        return 0
    late = [found - meant for found, meant in zip(change.found, change.meant, strict=True)]
    return max(*late, 0) if sorted({*late} - {0}) == [max(late)] and late == sorted(late) else 0


def early_or_late(shift: int) -> str:
    """That every rate is so many ticks early, or late where there are fewer than none, in words."""
    return f"every rate is {plural(abs(shift), 'tick')} {'early' if shift > 0 else 'late'}"


def explained_by(case: Case, changed: Changed) -> Explanation:
    """The explanation that these values were others; of the base rate alone it has a name of its own."""
    schedule, run, changes = changed
    if [change.option for change in changes] == [BASE]:
        return of_base_lr(changes[0].found, changes[0].meant)
    return of_other_values(schedule, run, changes, bounds(case, changed))


BASE = "--lr"


def of_base_lr(found: float, meant: float) -> Explanation:
    """The explanation that the base rate was another."""
    sentence = f"the base rate of the run was {significant(found)}, not {significant(meant)}"
    return Explanation("base_lr", sentence, {"base_lr": found})


def of_other_values(
    schedule: Schedule, run: Run, changes: list[Change], bounds: dict[str, str] | None = None, beside: str = ""
) -> Explanation:
    """The explanation that these values, of which the log may set no more than a bound, were others.

    `beside` are words that belong to the spec, too.
    """
    spec = spec_of(schedule, run) + beside
    figures = {"changes": [change._asdict() for change in changes], "spec": spec}
    return Explanation("other_values", f"{words_of(changes, bounds)}: the run was {spec}", figures)


def of_other_schedule(spec: str, at: int | None = None, begun: int | None = None, is_sure: bool = True) -> Explanation:
    """The explanation that it was another schedule, or another one from the tick `at` on, which began at `begun`."""
    rates = f"the rates are {'' if is_sure else 'others, such as '}those of {spec}"
    if at is None:
        return Explanation("other_schedule", rates, {"spec": spec})
    since = "" if begun is None else f", begun at tick {begun}"
    return Explanation("changed", f"from tick {at} on {rates}{since}", {"at": at, "spec": spec})


def words_of(changes: list[Change], bounds: dict[str, str] | None = None) -> str:
    """The changes in words; `bounds` says of options that the log sets no more than a bound."""
    bounds = bounds or {}
    return ", and ".join(
        f"{change.option} was {bounds.get(change.option) or _shown(change.found)}, not {_shown(change.meant)}"
        for change in changes
    )


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def bounds(case: Case, changed: Changed) -> dict[str, str]:
    """What is known of each number of ticks that the log does not decide: a schedule whose end it does not show may
    end at any later tick.
    """
    schedule, run, changes = changed
    found = {}
    case.begin()
    for slot in all_slots(schedule, run):
        if (
            isinstance(slot.value, int)
            and is_counted(slot)
            and Change(slot.declared.option, None, slot.value) in [change._replace(meant=None) for change in changes]
        ):

            def gives(value: int, slot: Slot = slot) -> bool:
                with suppress(InputError, ArithmeticError, ValueError):
                    return case.fits(*applied(schedule, run, slot, value), case.ticks)
                return False

            last = int(case.ticks.max())
            if gives(slot.value + 2 * last + 1):
                found[slot.declared.option] = f"at least {_edge(gives, slot.value, 0)}"
            elif gives(int(slot.declared.at_least or 0)):
                found[slot.declared.option] = f"at most {_edge(gives, slot.value, last)}"
    return found


def _edge(gives: Callable[[int], bool], inside: int, outside: int) -> int:
    """The last value from `inside` to `outside` that gives the log."""
    if gives(outside):
        return outside
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if gives(middle) else (inside, middle)
    return inside
