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
    """What a terminal 80 wide shows for a shell line in which `lrsched` is the program."""
    defined = f'lrsched() {{ {sys.executable} -m lrcli "$@"; }}\n{command}'
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
    return done.stdout


def filled(text: str) -> str:
    """`text` with the output of every example as it is now."""
    return _BLOCK.sub(lambda block: "".join(map(_shown, re.findall(r"^\$ (.*)$", block[0], re.MULTILINE))), text)


def _shown(command: str) -> str:
    return f"$ {command}\n{output_of(command)}"


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
