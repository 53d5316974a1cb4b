"""What clears a finding: changes of named parameters, kept as data until they are shown."""

import dataclasses
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from lrcli.errors import InputError
from lrcli.schedules.base import Schedule
from lrcli.schedules.compose import Composite
from lrcli.schedules.param import Declared, Param
from lrcli.text import significant

Given = TypeVar("Given", bound=Declared)

Path = tuple[int, ...]
"""The way to a part of a schedule: its place among the children of the first, of that one's children, and so on."""


class Change(NamedTuple):
    """One parameter with another value."""

    declared: Param
    value: Any
    path: Path | None = ()
    """Whose parameter it is; None for the run's."""
    part: str = ""
    """The name of the part, where it is not the whole schedule."""

    @property
    def words(self) -> str:
        """The change as a command line has it."""
        if self.declared.is_flag:
            return self.declared.option if self.value else self.declared.negation
        return f"{self.declared.option} {self.declared.format(self.value)}"

    def as_document(self) -> dict[str, Any]:
        """The change as JSON shows it: `part` is "run", or the name of the scheduler."""
        value = self.value if isinstance(self.value, int | float | str | tuple) else str(self.value)
        return {"part": "run" if self.path is None else self.part, "option": self.declared.option, "value": value}


CHANGE = {"part": str, "option": str, "value": (int | float | str | bool, [int | float | str])}
"""The shape (see `lrcli.schema`) of `Change.as_document`."""

Fix = tuple[Change, ...]
"""Changes that are made together."""


def words_of(fixes: Sequence[Fix]) -> str:
    """Alternatives as a person reads them: `--interval step, or cosine: --t-max 85`."""
    return ", or ".join(
        " and ".join(
            (f"{part}: " if path else "") + " ".join(change.words for change in changes)
            for (path, part), changes in groupby(fix, key=lambda change: (change.path, change.part))
        )
        for fix in fixes
    )


def rounded(declared: Param, value: float, digits: int = 3) -> Any:
    """A number as it is shown in so many digits, so that what is shown is what was tried."""
    return declared.parse(significant(value, digits))


def changed(schedule: Schedule, fix: Fix) -> Schedule:
    """`schedule` with the changes to it and its parts. Raises InputError where a value is refused."""
    own = {change.declared.name: change.value for change in fix if change.path == ()}
    for place in sorted({change.path[0] for change in fix if change.path}):
        assert isinstance(schedule, Composite)
        below = tuple(
            change._replace(path=change.path[1:]) for change in fix if change.path and change.path[0] == place
        )
        children = list(schedule.schedulers)
        children[place] = changed(children[place], below)
        schedule = dataclasses.replace(schedule, schedulers=tuple(children))
    return dataclasses.replace(schedule, **own) if own else schedule


def changed_run(run: Given, fix: Fix) -> Given:
    """`run` with the changes to it. Raises InputError where a value is refused."""
    own = {change.declared.name: change.value for change in fix if change.path is None}
    if not own.keys() <= run.params().keys():
        raise InputError("the warmup of the run has its own options")
    return dataclasses.replace(run, **own) if own else run
