"""Options and fixtures that all tests share."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

FRAMEWORKS = ("torch", "transformers", "timm", "deepspeed", "keras", "optax", "jax", "accelerate", "lightning")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
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
