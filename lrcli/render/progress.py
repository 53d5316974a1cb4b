"""A sign of life for whoever waits longer than a second."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, TypeVar

PATIENCE = 1.0
"""Seconds before the bar appears."""

Block = TypeVar("Block", bound=Sequence[Sequence[Any]])


def with_bar(blocks: Iterable[Block], total: int | None, stream: IO[str]) -> Iterator[Block]:
    """The blocks as they are; if that takes long, `stream` shows how many of `total` rows went by (None: unknown)."""
    began, rows, bar = time.monotonic(), 0, None
    try:
        for block in blocks:
            yield block
            rows += len(block[0])
            if bar is None and time.monotonic() - began > PATIENCE:
                bar = _bar(total, stream)
            if bar is not None:
                bar.update(bar.task_ids[0], completed=rows)
    finally:
        if bar is not None:
            bar.stop()


def _bar(total: int | None, stream: IO[str]) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    shown = "{task.completed:,} rows" if total is None else "{task.completed:,} of {task.total:,} rows"
    columns = BarColumn(), TextColumn(shown), TimeRemainingColumn()
    bar = Progress(*columns, console=Console(file=stream), transient=True)
    bar.add_task("", total=total)
    bar.start()
    return bar
