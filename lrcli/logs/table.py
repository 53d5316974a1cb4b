"""What every format of log is read as: columns, and chunks of rows."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from lrcli.logs.series import Digits

LONGEST_RUN = 10**15
"""Transformers writes 2**63 - 1 epochs for a run that is measured in steps."""

MOST_COLUMNS = 100_000

PRINTED = "text"
"""The kind of a log in which any number stands behind some word."""

Numbers = list[float | None]

Chunk = tuple[Sequence[int], list[Numbers], list[Numbers]]
"""Line numbers, the values of each column asked for, and those of the axes."""


@dataclass
class Facts:
    """What a log says of its run beside its rows; None where it does not."""

    kind: str
    """The format: "csv", "json lines", "json", "trainer_state", ..."""
    max_steps: int | None = None
    num_train_epochs: float | None = None
    logging_steps: float | None = None
    steps_per_epoch: int | None = None
    global_step: int | None = None
    """The steps that had been done when the log was written."""

    def take(self, document: Mapping[str, Any]) -> None:
        """Take over what a document says under these very names."""
        for field in fields(self)[1:]:
            value = document.get(field.name)
            if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < LONGEST_RUN:
                setattr(self, field.name, value)


class Table(ABC):
    """The rows of a log, a chunk at a time; it is read once."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.columns: tuple[str, ...] = ()
        self.facts = Facts(kind)
        self.remarks: list[str] = []
        """Sentences on what a person may not expect."""
        self.configuration = ""
        """The configuration of the run as JSON, where the log itself holds it and it has been read."""
        self.digits: dict[int, Digits] = defaultdict(Digits)
        """How the columns that were read are written."""

    def read_further(self) -> bool:
        """Look for further columns in what has not been read; whether there was anything."""
        return False

    @abstractmethod
    def chunks(self, places: Sequence[int], axes: Sequence[int]) -> Iterator[Chunk]:
        """The numbers at `places` and at `axes` of the columns, and their lines, for each chunk of rows.

        Raises InputError naming line, column and cell.
        """
