"""CPU time of whole processes, in turn and pinned to one CPU: medians of the ratios to a yardstick."""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
} | {"OPENBLAS_NUM_THREADS": "1"}


def python(code: str) -> list[str]:
    """The command that runs `code`."""
    return [sys.executable, "-c", code]


def lrsched(*words: str) -> list[str]:
    """The command that runs the installed console script, or the package where there is none."""
    script = Path(sys.executable).parent / "lrsched"
    return [str(script), *words] if script.exists() else [sys.executable, "-m", "lrcli", *words]


def run(command: Sequence[str]) -> tuple[float, int]:
    """CPU seconds (user and system) of one run, and its peak resident memory in MiB."""
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=nowhere, stderr=nowhere, env=ENVIRONMENT)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def pinned() -> None:
    """Keep this process and its children on one CPU, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def table(
    title: str, commands: Mapping[str, Sequence[str]], yardstick: str, limits: Mapping[str, float], rounds: int
) -> bool:
    """Measure the commands in turn and print each one's ratio to `yardstick`; says whether all are within limits."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    memory: dict[str, int] = {}
    for round_number in range(rounds + 1):
        for name, command in commands.items():
            taken, peak = run(command)
            if round_number:
                seconds[name].append(taken)
                memory[name] = max(peak, memory.get(name, 0))
    print(f"\n{title} ({rounds} rounds; CPU time, ratio to {yardstick})")
    within = True
    for name, taken in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(taken, seconds[yardstick], strict=True))
        limit = limits.get(name)
        verdict = "" if limit is None else f"  at most {limit:g}{'' if ratio <= limit else '  MISSED'}"
        within = within and (limit is None or ratio <= limit)
        print(f"  {name:28} {statistics.median(taken) * 1000:8.1f} ms  {ratio:6.2f} x  {memory[name]:4} MiB{verdict}")
    return within
