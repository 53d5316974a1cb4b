"""Options and fixtures that all tests share."""

import gc
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from lrcli.cli import main

Invoke = Callable[..., tuple[int, str, str]]

FRAMEWORKS = ("torch", "transformers", "timm", "deepspeed", "keras", "optax", "jax", "accelerate", "lightning")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    # jax compiles each curve for a few rows: no time is well spent on how fast it runs.
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
    # A process that compiles all modules anew costs twice as much, and there are hundreds.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "LRSCHED_DEBUG"):
        os.environ.pop(name, None)
    # What is red there is red at home too.
    settings.register_profile("reproducible", derandomize=True)
    if os.environ.get("CI") or os.environ.get("LRSCHED_LIVE") == "required":
        settings.load_profile("reproducible")
    if os.environ.get("LRSCHED_LIVE") == "required":
        missing = [name for name in FRAMEWORKS if importlib.util.find_spec(name) is None]
        if missing:
            raise pytest.UsageError(f"LRSCHED_LIVE=required, but these are not installed: {', '.join(missing)}")


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no garbage is sought in it, and seldom in what the frameworks hold."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name under tests/golden."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return compare


@pytest.fixture
def invoke(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run a command line in this process: its exit status, and what it wrote to standard output and error.

    A process of its own costs ten times as much: for tests of what the words do, not of streams or signals.
    """

    def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as file, monkeypatch.context() as patched:
            file.write(stdin)
            file.seek(0)
            patched.setattr("sys.stdin", file)
            status = main(list(words))
        written = capsys.readouterr()
        return status, written.out, written.err

    return run
