"""A configuration file in the place of a spec: what its trainer makes of it in a run."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from lrcli.configs.facts import Job, LackingError, Missing, RefusedError, Remark, version_of
from lrcli.configs.reading import Reading
from lrcli.configs.trainer import JSON, PYTHON, WORDS, YAML, Made, named, recognised
from lrcli.configs.tree import LARGEST, Node
from lrcli.errors import InputError
from lrcli.plan import Planned
from lrcli.run import Run
from lrcli.schedules import named as schedule_named
from lrcli.schedules.base import Schedule
from lrcli.schedules.counting import Line
from lrcli.schedules.family import EPOCH
from lrcli.text import quoted


class Outcome(NamedTuple):
    """What came of reading a file in a run: all that can be said, also where the schedule cannot."""

    planned: Planned | None
    lines: tuple[Line, ...]
    """The arithmetic, as far as it went."""
    remarks: tuple[Remark, ...]
    missing: tuple[Missing, ...]
    assumptions: tuple[str, ...]
    refused: bool
    """Whether the trainer refuses the file, as a remark says."""


class FileSpec:
    """A configuration file that stands for a schedule and its run, as `spec.Spec` does."""

    def __init__(
        self, source: str, path: str, values: Mapping[str, Any], reading: Reading, text: str | None = None
    ) -> None:
        """Of the file at `path`, or of JSON that was found in it."""
        self.source = source
        self.path = path
        self.run = dict(values)
        """What the words beside the file say of the run."""
        self.reading = reading
        self.root, self.written = document(path) if text is None else _json(path, text)
        for key, value in map(_assignment, reading.set):
            self.put(key, value)
        if reading.trainer:
            self.trainer, version = named(reading.trainer)
            if self.written not in self.trainer.written:
                raise InputError(f"{path}: {self.trainer.name} is read from {' or '.join(self.trainer.written)}")
        else:
            self.trainer, version = recognised(path, self.root, self.written), ""
        self.version_said = bool(version)
        self.version = version or self.trainer.version

    def put(self, key: str, text: str) -> None:
        """Set a key as a command line that overrides one does. Raises InputError where it cannot be."""
        _put(self.root, key, text)

    def outcome(self, run: Run) -> Outcome:
        """What the trainer makes of the file in `run`. Raises InputError for what it, or we, refuse."""
        run = run.saying(self.run)
        job = Job(self.path, self.root, run, version_of(self.version), self.title, self.reading)
        job.version_said = self.version_said
        job.of_words = self.written == WORDS
        planned, refused = None, False
        try:
            if isinstance(run.lr, tuple):
                raise InputError(f"--lr: expected one rate beside a file, found {len(run.lr)}")
            made = self.trainer.read(job)
            job.answer_options(made.interval, made.steps_per_epoch)
            planned = self._planned(made, job)
        except LackingError:
            pass
        except RefusedError:
            refused = True
        except InputError as error:
            text = str(error)
            raise InputError(text if self.path in text else f"{self.path}: {text}") from None
        lines, remarks, missing = tuple(job.lines), tuple(job.remarks), tuple(job.missing)
        return Outcome(planned, lines, remarks, missing, self._assumptions(job), refused)

    @property
    def title(self) -> str:
        """The trainer and its version: `transformers 5.23`."""
        return f"{self.trainer.title} {self.version}".rstrip()

    def _assumptions(self, job: Job) -> tuple[str, ...]:
        texts = list(job.assumptions)
        if not job.version_said and self.version:
            older = (
                f"; --trainer {self.trainer.name}=={self.trainer.older} counts otherwise" if self.trainer.older else ""
            )
            texts.insert(0, f"{self.title} assumed{older}")
        return tuple(texts)

    def _planned(self, made: Made, job: Job) -> Planned:
        cls = schedule_named(made.schedule)
        if cls is None:
            raise InputError(f"its schedule is {made.schedule}, which lrsched does not have")
        params = cls.params()
        schedule: Schedule = cls(
            **{
                name: params[name].parse(value) if isinstance(value, str) else value
                for name, value in made.values.items()
            }
        )
        per_epoch = made.interval == EPOCH
        run = Run(
            lr=made.lr,
            epochs=made.epochs if per_epoch else None,
            steps=None if per_epoch else made.steps,
            steps_per_epoch=made.steps_per_epoch,
            interval=made.interval,
            lines=tuple(job.lines),
        )
        return Planned(schedule, dataclasses.replace(run, said=job.run.said), self._assumptions(job))

    def in_run(self, run: Run) -> Planned:
        """The schedule that the file stands for. Raises InputError naming what is missing."""
        outcome = self.outcome(run)
        if outcome.refused:
            last = outcome.remarks[-1]
            where = f"{last.path} line {last.line}" if last.line else last.path
            raise InputError(f"{where}: {last.message} ({last.code})")
        if outcome.planned is None:
            wanted = "; ".join(f"{each.option}: {each.reason}" for each in outcome.missing)
            raise InputError(f"{self.path} ({self.title}) does not say how long the run is: give {wanted}")
        return outcome.planned

    @property
    def schedule(self) -> Schedule:
        """The schedule, where the file says all of it."""
        return self.in_run(Run()).schedule

    def text(self, run: Run) -> str:
        """The spec that the file amounts to."""
        return self.in_run(run).text


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InputError(f"--set: expected NAME=VALUE, found {quoted(text)}")
    return key.strip(), value


def _put(root: Node, path: str, text: str) -> None:
    """Set a key as a command line that overrides one does."""
    from lrcli.configs import yaml_text

    node = root
    *parents, last = path.split(".")
    for key in parents:
        node = node.value.setdefault(key, Node({}))
        if not isinstance(node.value, dict):
            raise InputError(f"--set: {quoted(path)}: {quoted(key)} is no mapping")
    node.value[last] = Node(yaml_text.read("--set", text).value)


CARD = "card"
"""How a model card is written; what it says is read as YAML is."""

SUFFIXES = {
    ".yaml": YAML,
    ".yml": YAML,
    ".json": JSON,
    ".py": PYTHON,
    ".sh": WORDS,
    ".bash": WORDS,
    ".slurm": WORDS,
    ".sbatch": WORDS,
    ".txt": WORDS,
    ".args": WORDS,
    ".md": CARD,
}
"""What files are called, and how they are written."""


def document(path: str) -> tuple[Node, str]:
    """The contents of a file with places, and how it is written. Raises InputError with line and column."""
    written = SUFFIXES.get(os.path.splitext(path)[1].lower(), "")
    text = text_of(path)
    if written == JSON:
        return _json(path, text)
    if written == PYTHON:
        from lrcli.configs import python_text

        return python_text.read(path, text), PYTHON
    if written == WORDS:
        from lrcli.configs import words_text

        return words_text.read(path, text), WORDS
    if written == CARD:
        from lrcli.configs import card_text

        return card_text.read(path, text), YAML
    from lrcli.configs import yaml_text

    return yaml_text.read(path, text), YAML


def _json(path: str, text: str) -> tuple[Node, str]:
    from lrcli.configs import json_text

    return json_text.read(path, text), JSON


def text_of(path: str) -> str:
    """The text of a file. Raises InputError."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(f"{quoted(path)}: {error}") from None
    if len(content) > LARGEST:
        raise InputError(f"{path}: expected at most {LARGEST} bytes of configuration")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path} line {line}: expected text in UTF-8") from None
