"""Scripts: how many megabytes of them `check` reads in a second of CPU time, its start left out."""

import statistics
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.bench.measure import lrsched, run

SCRIPTS = Path(__file__).parent.parent / "data" / "scripts"
"""Each makes a scheduler, and hardly does more: the dearest there is."""

LIBRARY = ("asyncio", "email", "http", "json", "logging", "unittest", "xml")
"""Python of Python's own, without a scheduler."""

ROUNDS = 5
LIMIT = 2.0
"""Megabytes a second, of what somebody points check at: a repository."""


def folders() -> dict[str, dict[str, str]]:
    """What is measured: the texts by the names of their files."""
    library = Path(sysconfig.get_path("stdlib"))
    plain = {
        "_".join(path.relative_to(library).parts): path.read_text(encoding="utf-8")
        for package in LIBRARY
        for path in sorted((library / package).rglob("*.py"))
        if "test" not in path.parent.name
    }
    scripts = {path.name: path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.glob("*.py"))}
    long = {
        name: f"{text}\n\n{script}"
        for (name, text), script in zip(plain.items(), scripts.values(), strict=False)
        if "from __future__" not in text
    }
    return {"a repository": plain | scripts, "long scripts": long, "scripts of a screen": scripts}


def seconds(folder: str, files: Mapping[str, str]) -> float:
    """The median of the CPU time of checks of a new folder with these files."""
    Path(folder).mkdir()
    for name, text in files.items():
        (Path(folder) / name).write_text(text, encoding="utf-8")
    return statistics.median(run(lrsched("check", folder))[0] for _ in range(ROUNDS))


def main() -> bool:
    """Measure; the limit is that of the issue, for a repository."""
    print(f"\nScripts ({ROUNDS} rounds; CPU time after the start)")
    within = True
    with tempfile.TemporaryDirectory() as place:
        start = seconds(f"{place}/start", {"one.py": next(iter(folders()["scripts of a screen"].values()))})
        for name, files in folders().items():
            size = sum(map(len, files.values())) / 1e6
            speed = size / (seconds(f"{place}/{name}", files) - start)
            limit = LIMIT if name == "a repository" else 0.0
            verdict = "" if not limit else f"  at least {limit:g}{'' if speed >= limit else '  MISSED'}"
            within = within and speed >= limit
            print(f"  {name:28} {size:8.2f} MB  {speed:6.2f} MB/s{verdict}")
    return within
