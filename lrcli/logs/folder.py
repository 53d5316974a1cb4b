"""The run in a folder: which of its files is the log."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from lrcli.errors import InputError
from lrcli.logs.delimited import Delimited
from lrcli.logs.records import Batch, Record, Records
from lrcli.logs.source import LogBytes
from lrcli.text import plural, printable

LOGS = (
    "trainer_state.json", "checkpoint-*/trainer_state.json", "metrics.csv", "version_*/metrics.csv",
    "lightning_logs/version_*/metrics.csv", "*/version_*/metrics.csv", "results.csv", "summary.csv", "history.csv",
    "log.csv", "training.log", "trainer_log.jsonl", "metrics.jsonl", "plots/metrics/**/*.tsv", "metrics.json",
    "scalars.json", "vis_data/scalars.json", "*/vis_data/scalars.json", "history.json", "log_history.json",
    "train_log.txt", "*.tfevents.*", "*/*.tfevents.*", "*/*/*.tfevents.*", "train/results.csv",
    "*/trainer_state.json", "*/results.csv", "*/metrics.csv", "progress.csv", "result.json", "*.jsonl",
    "*/plots/metrics/**/*.tsv", "*/metrics.json", "messages.json", "*_lr.csv", "*/*_lr.csv", "*/metrics/*",
    "*/*/metrics/*", "vis_data/*.json", "*/vis_data/*.json", "*.csv", "*.log", "*.log.json", "*/*.log", "log.txt",
    "*.out", "files/output.log", "*.db", "*.wandb", "*/*.wandb", "*/*/*.wandb", "*/*.swanlab", "*/*/*.swanlab",
    "*.zip",
)  # fmt: skip
"""What trainers call their logs, at last what only their own library reads; the first that a folder has is taken."""

PACKED = ".gz"
METRICS = "metrics"
"""The folder in which mlflow and dvclive keep a file for each metric."""

TABBED = ".tsv"
EVENTS = "*.tfevents.*"

MOST_FILES = 10_000


def find_log(folder: str, remarks: list[str]) -> str:
    """The path of the log in `folder`, which may be one of metrics; of several alike the newest, which is remarked.

    Raises InputError.
    """
    root = Path(folder)
    for pattern in LOGS:
        found = _files(_matching(root, pattern))
        if found:
            newest = max(found, key=lambda path: (_count(path), path.stat().st_mtime_ns, str(path)))
            several = len({one.parent for one in found} if EVENTS in pattern else found)  # Event files go together.
            more = f", the newest of {several}" if several > 1 else ""
            if METRICS in newest.parts[len(root.parts) : -1]:
                newest, more = Path(*newest.parts[: newest.parts.index(METRICS, len(root.parts)) + 1]), ""
            shown = newest.relative_to(root)
            if more or len(shown.parts) > 1:
                remarks.append(f"{printable(str(shown))} is read{more}")
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


def metric_files(folder: str) -> dict[str, str]:
    """The path of the file of each metric, where the run keeps one for each."""
    root = Path(folder)
    inner = root / METRICS
    root = inner if (root / "meta.yaml").is_file() and inner.is_dir() else root
    if root.name != METRICS:
        return {}
    files = {str(path.relative_to(root)): path for path in sorted(_files(root.rglob("*")))}
    return {
        name.removesuffix(TABBED): str(path)
        for name, path in files.items()
        if name.endswith(TABBED) or is_mlflow_file(_first_line(path))
    }


def event_files(path: str) -> dict[str, str]:
    """The event files of the run that `path` is of, and what is put before their tags: the folder below that of the run
    in which SummaryWriter.add_scalars writes.
    """
    folder = Path(path).parent
    found = {str(one): "" for one in sorted(_files(folder.glob(EVENTS)))}
    return found | {str(one): f"{one.parent.name}/" for one in sorted(_files(folder.glob(f"*/{EVENTS}")))}


def _first_line(path: Path) -> str:
    with open(path, "rb") as file:
        return file.readline(200).decode(errors="replace")


def is_mlflow_file(line: str) -> bool:
    """Whether the line is one of mlflow's: milliseconds since 1970, a value, a step."""
    return re.fullmatch(r"\d{13} \S+ -?\d+\s*", line) is not None


class MetricFiles(Records):
    """The metrics of a run that keeps a file for each, one file after the other."""

    def __init__(self, name: str, files: dict[str, str]) -> None:
        self._files = files
        super().__init__(name, "mlflow", "files of metrics")
        while self.read_further():
            pass

    def batches(self) -> Iterator[Batch]:
        for metric, path in self._files.items():
            chunks = LogBytes(path).chunks()
            if not path.endswith(TABBED):
                yield from mlflow_batches(chunks, metric)
                continue
            for lines, records in Delimited(metric, chunks).batches():
                yield lines, [_called(record, metric) for record in records]


def _called(record: Record, metric: str) -> Record:
    """The record with the whole name of its metric, of which the file has the last part."""
    own = metric.rpartition("/")[2]
    return {metric if key == own else key: value for key, value in record.items()}


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
