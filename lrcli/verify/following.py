"""A log that still grows, held to its schedule row by row."""

from collections.abc import Iterable, Iterator

from lrcli.record import Record
from lrcli.rows import Block
from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.text import plural, significant
from lrcli.verify.verdict import Verdict, compared

SURE = 3
"""Different rates after which it is known how the log rounds; before, a difference may be one of rounding."""


class Following:
    """The verdict so far, and the rows as they come. Nothing is read beyond the first row that does not follow."""

    def __init__(self, schedule: Schedule, run: Run, rtol: float | None = None) -> None:
        self.schedule, self.run, self.rtol = schedule, run, rtol
        self.verdict: Verdict | None = None

    def blocks(self, growing: Iterable[Record]) -> Iterator[Block]:
        """The new rows each time that more of the log was read, up to the first that does not follow."""
        count = 0
        for record in growing:
            self.verdict = verdict = compared(self.schedule, self.run, record, self.rtol)
            differs = not verdict.follows and len(set(record.values.tolist())) >= SURE
            stop = (verdict.place or 0) + 1 if differs else len(record)
            if stop > count:
                yield verdict.block(count, stop)
            count = stop
            if differs:
                return

    def events(self, block: Block) -> list[str]:
        """Nothing happens while the log follows."""
        return []

    def coming(self, block: Block) -> list[str]:
        """How far the log is."""
        if self.verdict is None:
            return []
        rate, tick = block[2][-1], block[0][-1]
        so_far = "follows so far" if self.verdict.follows else "does not follow"
        return [f"tick {tick}, rate {significant(rate)}: {so_far}, {plural(len(self.verdict.record), 'row')} read"]  # type: ignore[arg-type]
