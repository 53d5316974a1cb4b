"""Whatever it is given: no traceback, no other exit status, nothing on the terminal that the terminal would obey."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrcli.render import progress
from tests.hostile import LOG, LOGS, command_lines, survive
from tests.hostile_files import files_for

EXAMPLES = int(os.environ.get("LRSCHED_HOSTILE", "150"))
"""More of them are worth a run now and then: LRSCHED_HOSTILE=20000."""


@pytest.fixture(autouse=True)
def plain_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRSCHED_DEBUG", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(progress, "PATIENCE", 600)


@settings(
    max_examples=EXAMPLES,
    derandomize="LRSCHED_HOSTILE" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(command_lines(), LOGS, st.booleans(), st.data())
def test_any_command_line(words: list[str], log: bytes, looked_at: bool, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        survive(words, {LOG: log, **data.draw(files_for(words))}, Path(folder), looked_at)
