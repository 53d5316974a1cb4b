"""The program in processes of its own: for tests of streams, signals and the start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

PROGRAM = [sys.executable, "-m", "lrcli"]


def lrsched(
    *words: str, environment: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        env={**os.environ, **(environment or {})},
    )


def shell(command: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which `lrsched` is the program."""
    defined = f'lrsched() {{ {sys.executable} -m lrcli "$@"; }}\n{command}'
    return subprocess.run(
        ["bash", "-c", defined],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(environment or {})},
    )


def started(*words: str, program: Sequence[str] = PROGRAM, **more: Any) -> subprocess.Popen[Any]:
    """The program in a process that signals reach, also where the tests run in the background or under nohup."""
    before = {one: signal.signal(one, signal.default_int_handler) for one in (signal.SIGINT, signal.SIGHUP)}
    try:
        return subprocess.Popen([*program, *words], **more)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def wait_until(happened: Callable[[], object]) -> None:
    """Wait for what happens within twenty seconds."""
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)
