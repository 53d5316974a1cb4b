"""The run in a folder: which of its files is the log."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from lrcli.errors import InputError
from lrcli.logs.records import Batch, Records
from lrcli.logs.source import LogBytes
from lrcli.text import plural, printable

LOGS = (
    "trainer_state.json", "checkpoint-*/trainer_state.json", "metrics.csv", "version_*/metrics.csv",
    "lightning_logs/version_*/metrics.csv", "*/version_*/metrics.csv", "results.csv", "summary.csv", "history.csv",
    "log.csv", "training.log", "trainer_log.jsonl", "metrics.jsonl", "metrics.json", "vis_data/scalars.json",
    "*/vis_data/scalars.json", "history.json", "log_history.json", "train_log.txt", "*.tfevents.*", "*/*.tfevents.*",
    "*/*/*.tfevents.*", "train/results.csv", "*/trainer_state.json", "*/results.csv", "*/metrics.csv", "*.jsonl",
    "*.csv", "*.log", "log.txt", "*.out",
)  # fmt: skip
"""What trainers call their logs; the first that a folder has is taken."""

PACKED = ".gz"
MLFLOW = "metrics"
"""The folder in which mlflow keeps a file for each metric."""

MOST_FILES = 10_000


def find_log(folder: str, remarks: list[str]) -> str:
    """The path of the log in `folder`; of several alike the newest, which is remarked. Raises InputError."""
    root = Path(folder)
    for pattern in LOGS:
        found = _files(_matching(root, pattern))
        if found:
            newest = max(found, key=lambda path: (_count(path), path.stat().st_mtime_ns, str(path)))
            shown = printable(str(newest.relative_to(root)))
            more = f", the newest of {len(found)}" if len(found) > 1 else ""
            remarks.append(f"{shown} is read{more}")
            return str(newest)
    raise InputError(
        f"{printable(folder)} is a directory without a log that is known by its name "
        "(trainer_state.json, metrics.csv, results.csv, ...); name the file"
    )


def _matching(root: Path, pattern: str) -> Iterator[Path]:
    yield from root.glob(pattern)
    yield from root.glob(pattern + PACKED)


def _files(paths: Iterator[Path]) -> list[Path]:
    """The files among the first of `paths`; a folder that vanishes while it is searched ends the search."""
    found: list[Path] = []
    with suppress(OSError):
        found.extend(path for path in islice(paths, MOST_FILES) if path.is_file())
    return found


def _count(path: Path) -> int:
    """The number of the checkpoint or of the version that a file belongs to."""
    numbers = re.findall(r"(?:checkpoint-|version_)(\d{1,15})", str(path))
    return int(numbers[-1]) if numbers else 0


def is_mlflow_run(folder: str) -> bool:
    """Whether this is the folder of a run of mlflow, or its folder of metrics."""
    return bool(mlflow_metrics(folder))


def mlflow_metrics(folder: str) -> dict[str, str]:
    """The path of the file of each metric."""
    root = Path(folder)
    inner = root / MLFLOW
    root = inner if (root / "meta.yaml").is_file() and inner.is_dir() else root
    if root.name != MLFLOW:
        return {}
    files = sorted(_files(root.rglob("*")))
    return {str(path.relative_to(root)): str(path) for path in files if is_mlflow_file(_first_line(path))}


def _first_line(path: Path) -> str:
    with open(path, "rb") as file:
        return file.readline(200).decode(errors="replace")


def is_mlflow_file(line: str) -> bool:
    """Whether the line is one of mlflow's: milliseconds since 1970, a value, a step."""
    return re.fullmatch(r"\d{13} \S+ -?\d+\s*", line) is not None


class MlflowRun(Records):
    """The metrics of a run of mlflow, one file after the other."""

    def __init__(self, name: str, files: dict[str, str]) -> None:
        self._files = files
        super().__init__(name, "mlflow", "files of metrics")
        while self.read_further():
            pass

    def batches(self) -> Iterator[Batch]:
        for metric, path in self._files.items():
            yield from mlflow_batches(LogBytes(path).chunks(), metric)


class MlflowFile(Records):
    """One metric of a run of mlflow."""

    def __init__(self, name: str, chunks: Iterable[str]) -> None:
        self._text = chunks
        super().__init__(name, "mlflow", "lines of a time, a value and a step")

    def batches(self) -> Iterator[Batch]:
        yield from mlflow_batches(self._text, self.name)


def mlflow_batches(chunks: Iterable[str], metric: str) -> Iterator[Batch]:
    """The records of a file of mlflow."""
    line = 0
    for chunk in chunks:
        rows = chunk.split("\n")
        found = [(line + place, row.split()) for place, row in enumerate(rows, 1) if not row.isspace() and row]
        line += len(rows) - 1
        for place, row in found:
            if len(row) != 3:
                raise InputError(
                    f"{metric}, line {place}: expected a time, a value and a step, found {plural(len(row), 'word')}"
                )
        yield (
            [place for place, _ in found],
            [{"timestamp": time, metric: value, "step": step} for _, (time, value, step) in found],
        )
