"""The examples of the README: `python -m tests.readme` writes their output anew."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


def output_of(command: str) -> str:
    """What a terminal 80 wide shows for a shell line in which `lrsched` is the program.

    Raises AssertionError where it fails: 1 is what check and verify say of something found.
    """
    python = f'python() {{ {sys.executable} "$@"; }}'
    defined = f'set -o pipefail\n{python}\nlrsched() {{ python -m lrcli "$@"; }}\n{command}'
    done = subprocess.run(
        ["bash", "-c", defined],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
        env={**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )
    assert done.returncode in (0, 1), f"{command}: exit status {done.returncode}\n{done.stdout}"
    assert "Traceback" not in done.stdout, f"{command}\n{done.stdout}"
    return done.stdout


def filled(text: str) -> str:
    """`text` with the output of every example as it is now."""
    return _BLOCK.sub(lambda block: "".join(map(_shown, re.findall(r"^\$ (.*)$", block[0], re.MULTILINE))), text)


def _shown(command: str) -> str:
    return f"$ {command}\n{output_of(command)}"


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
