"""What is said beside the data, on standard error."""

from collections.abc import Iterable

from lrcli.cli import NAME, say
from lrcli.run import Run
from lrcli.schedules.counting import Line
from lrcli.text import significant


def say_all(texts: Iterable[str]) -> None:
    """Remarks, one a line."""
    say(as_lines(texts))


def as_lines(texts: Iterable[str]) -> str:
    """Remarks, one a line."""
    return "".join(f"{NAME}: {text}\n" for text in texts)


def derivation_of(run: Run) -> list[str]:
    """How the length of a settled run was found: "52002 examples / 16 a batch, rounded up = 3251"."""
    return [shown(line) for line in run.derivation()]


def say_lines(lines: Iterable[Line]) -> None:
    """Lines of arithmetic, one a line."""
    say_all(map(shown, lines))


def shown(line: Line) -> str:
    """A line of arithmetic: "52002 examples / 16 a batch, rounded up = 3251"."""
    return f"{line.text} = {significant(line.value, 10)}"
