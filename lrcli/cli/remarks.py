"""What is said beside the data, on standard error."""

import sys
from collections.abc import Iterable

from lrcli.run import Run
from lrcli.text import printable, significant


def say_all(texts: Iterable[str]) -> None:
    """Remarks, one a line."""
    if sys.stderr is not None:
        sys.stderr.write("".join(f"lrsched: {printable(text)}\n" for text in texts))


def derivation_of(run: Run) -> list[str]:
    """How the length of a settled run was found: "52002 examples / 16 a batch, rounded up = 3251"."""
    return [f"{line.text} = {significant(line.value, 10)}" for line in run.derivation()]
