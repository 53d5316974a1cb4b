"""What a search proposes."""

import dataclasses

from lrcli.fit.landmarks import roughness
from lrcli.run import Run
from lrcli.schedules import role
from lrcli.schedules.base import Schedule

MOST_PLAIN = 3
"""Digits of a number that most people would type."""


@dataclasses.dataclass(frozen=True)
class Guess:
    """A schedule and the optimizer's rate."""

    schedule: Schedule
    lr: float
    warmup: int = 0
    start_factor: float = 1 / 3
    after: int = 0
    """Ticks before it begins, where it is a part."""

    @property
    def run(self) -> Run:
        """The run that it is in."""
        return Run(lr=self.lr, warmup=self.warmup, warmup_start_factor=self.start_factor)


def rough(guess: Guess) -> int:
    """The digits of all of its numbers."""
    return sum(map(roughness, _numbers(guess)))


def is_plain(guess: Guess) -> bool:
    """Whether nothing but whole numbers has many digits."""
    return all(isinstance(number, int) or roughness(number) <= MOST_PLAIN for number in _numbers(guess))


def is_within_its_length(guess: Guess) -> bool:
    """Whether a decay is no longer than the schedule that it ends: one that began before tick 0 is a curve moved."""
    lengths = [length for _, length in guess.schedule.all_given(role.LENGTH)]
    return all(decay <= length for _, decay in guess.schedule.all_given(role.DECAY) for length in lengths)


def _numbers(guess: Guess) -> list[float]:
    numbers = [guess.lr, guess.warmup, *(value for _, value in guess.schedule.items())]
    return [number for number in numbers if isinstance(number, int | float) and number]
