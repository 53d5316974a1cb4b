"""Command lines and logs that nobody would write on purpose, drawn from the declarations."""

import contextlib
import io
import os
import re
import signal
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from lrcli.cli import main
from lrcli.cli.command import TOOLS, find, names
from lrcli.cli.commands import file
from lrcli.schedules import every
from lrcli.schedules.kind import PATH, SPEC
from lrcli.schedules.param import Param
from tests.hostile_files import FILES, SPECS

SECONDS = 20
"""Of CPU time: nothing that is drawn here should take a tenth of it."""

LOG = "log"
"""The name of the log in the folder in which the command lines run."""

WHOLE = ("1", "2", "3", "7", "10", "50", "300", "0")
NUMBERS = ("0.1", "1e-3", "0.5", "1/3", "0.9", "0.9999999999999999", "1", "0")

EXTREME = (
    "-1", "-3", str(10**12), str(10**18 - 1), "9" * 30, "-0.1", "1e308", "1e-320", "-0.0", "2.5", "1e18", "1e-40",
)  # fmt: skip
"""Whole numbers so large that a run of them is refused: what lies between takes its time, rightly."""

NASTY = (
    "", " ", "-", "--", "nan", "-inf", "1/0", "1_0", "0x1f", "1e999", "٣", "0.1,0.2", ",", "1,2,3", "5,5", "\\", "'",
    '"', "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "[bold]x[/bold]", "{}", "%s", "\u202etxt", "\udcff", "a\nb", "\t",
    "\x7f", "t**t**t", "9**9**9", "1/(t-3)", "().__class__", "__import__('os')", "(" * 200, "x" * 5000, "t if t else",
    "0.9**t", "[" * 50, "cosine --t-max 5", "[cosine --t-max 5] [step --step-size 2]", "chained [step", "]",
    "\N{PILE OF POO}", "out.csv", "out.svg", "missing/out.csv", "folder", "/dev/null", LOG,
)  # fmt: skip

SKIPPED = ("follow",)
"""It waits for more, as it should."""


def fitting(declared: Param) -> st.SearchStrategy[str]:
    """Texts such as a parameter takes."""
    if declared.kind is SPEC:
        examples = [cls.example() for cls in every().values()]
        plain = ["cosine --t-max 10 --lr 0.1 --epochs 20", "chained [step --step-size 3]"]
        return st.one_of(st.sampled_from([*examples, *plain]), st.sampled_from([*SPECS, *FILES, ".", "folder"]))
    if declared.kind is PATH:
        return st.one_of(st.just(LOG), st.sampled_from([*FILES, "."]))
    texts = WHOLE if declared.annotation in (int, int | None, tuple[int, ...]) else NUMBERS
    return st.sampled_from(declared.choices or ((declared.example,) * 5 if declared.example else ()) + texts)


def any_text(declared: Param) -> st.SearchStrategy[str]:
    """Texts that a parameter takes, and as many that it can hardly take."""
    return st.one_of(fitting(declared), st.sampled_from((*EXTREME, *NASTY)), st.text(max_size=8))


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """The words after `lrsched`; half of them well meant."""
    name = draw(st.sampled_from([*names(), *TOOLS, *TOOLS, *FILES]))
    command = find(name) or file.command(name)
    nasty = draw(st.booleans())
    text_of = any_text if nasty else fitting
    words = [command.name]
    for declared in command.params().values():
        needed = declared.required or declared.kind is PATH
        left_out = draw(st.integers(0, 9)) > (5 if needed else 0)
        if declared.name in SKIPPED or (left_out and (nasty or not needed)):
            continue
        if declared.is_flag:
            words.append(draw(st.sampled_from([declared.option, declared.negation])))
        elif declared.positional:
            count = draw(st.integers(1, 3)) if declared.is_many else 1
            words += [draw(text_of(declared)) for _ in range(count)]
        else:
            words += [declared.option, draw(text_of(declared))]
    if nasty and draw(st.booleans()):
        words.insert(draw(st.integers(0, len(words))), draw(st.sampled_from(NASTY)))
    return words


CELLS = st.one_of(
    st.sampled_from(["0", "1", "2", "0.5", "0.25", "1e-3", "-1", "nan", "inf", "", "NA", "None", *NASTY]),
    st.floats().map(repr),
    st.integers(-5, 10**20).map(str),
)
COLUMNS = st.sampled_from(["epoch", "step", "val_loss", "lr", "lr-SGD", "val/acc", "", "epoch", *NASTY])


@st.composite
def tables(draw: st.DrawFn) -> str:
    """A log with columns, some of its rows too short or too long."""
    separator = draw(st.sampled_from([",", ",", ";", "\t"]))
    header = [*draw(st.permutations(["epoch", "val_loss", "lr"])), *draw(st.lists(COLUMNS, max_size=2))]
    rows = [draw(st.lists(CELLS, min_size=width, max_size=width)) for width in draw(WIDTHS)]
    plain = [f"{epoch}{separator}{1 / (epoch + 1)}{separator}0.1" for epoch in range(draw(st.integers(0, 12)))]
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    return end.join([separator.join(header), *plain, *(separator.join(row) for row in rows)])


WIDTHS = st.lists(st.sampled_from([3, 3, 3, 2, 5]), max_size=6)
JSON = st.one_of(
    st.just('{"log_history": [{"epoch": 1, "eval_loss": 0.5, "learning_rate": 0.1}]}'),
    st.just('{"epoch": 1, "val_loss": 0.5}\n{"epoch": 2, "val_loss": null, "lr": "x"}\n'),
    st.just("[" * 100_000),
    st.just('{"log_history": 5}'),
    st.just('{"epoch": {}, "val_loss": [1]}'),
    st.just("[1, 2]"),
)
CLEAN = "epoch,val_loss,lr\n" + "".join(f"{epoch},{1 / (epoch % 5 + 1)},0.1\n" for epoch in range(30))
LOGS = st.one_of(st.just(CLEAN), tables(), tables(), JSON, st.text(max_size=200)).map(
    lambda text: text.encode("utf-8", "surrogatepass")
) | st.binary(max_size=200)
"""The bytes of a log."""


class Terminal(io.StringIO):
    """A stream that says that somebody looks at it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@contextlib.contextmanager
def streams(out: io.StringIO, error: io.StringIO) -> Iterator[None]:
    """Standard output and error replaced; standard input empty."""
    before = sys.stdin
    with (
        open(os.devnull) as sys.stdin,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(error),
    ):
        try:
            yield
        finally:
            sys.stdin = before


@contextlib.contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise AssertionError inside what takes more CPU time than that, where the system can."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def give_up(*_: object) -> None:
        raise AssertionError(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def unprintable(text: str) -> set[str]:
    """Characters in `text` that a terminal obeys rather than shows."""
    return {char for char in set(text) if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char not in "\n\t"}


def survive(words: list[str], files: Mapping[str, bytes], folder: Path, looked_at: bool) -> None:
    """Run a command line in `folder`, where `files` are: it ends, and says what it has to say in plain characters."""
    (folder / "folder").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    out: io.StringIO = Terminal() if looked_at else io.StringIO()
    error = Terminal()
    before = os.getcwd()
    os.chdir(folder)
    try:
        with streams(out, error), at_most(SECONDS):
            status: Any = main([word.replace("\0", "") for word in words])
    finally:
        os.chdir(before)
    said = error.getvalue()
    assert status in (0, 1, 2), status
    assert not unprintable(said), said
    assert bool(said) or status != 2
    assert "Traceback" not in said + out.getvalue()
    if looked_at and "always" not in words:
        assert not unprintable(out.getvalue()), out.getvalue()
    assert not [name for name in os.listdir(folder) if re.search(r"\.tmp$", name)]
