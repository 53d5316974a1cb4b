"""What a search proposes."""

import dataclasses

from lrcli.run import Run
from lrcli.schedules.base import Schedule


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
