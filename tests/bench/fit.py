"""A log whose schedule is sought: how long until the answer is there, whatever is in the log."""

import random
import tempfile
from itertools import islice
from pathlib import Path

from lrcli.engine import rates
from lrcli.run import Run
from lrcli.spec import parse
from tests.bench.measure import lrsched, python, table

ROWS = 20_000
COSINE = f"hf-cosine --num-warmup-steps 500 --num-training-steps {ROWS} --lr 3e-4"


def main() -> bool:
    """Measure; the limits are 0.25 s for a log of common length, and 2 s for 20,000 rows, in times of numpy's start."""
    with tempfile.TemporaryDirectory() as folder:
        noise = random.Random(0)
        logs = {
            "constant": [0.1] * 1000,
            "cosine, every tenth row": _rates("cosine --t-max 1000", 1000)[::10],
            "cosine, 20,000 rows": _rates(COSINE, ROWS),
            "noise, 20,000 rows": [noise.random() for _ in range(ROWS)],
        }
        commands = {"import numpy": python("import numpy")}
        for name, shown in logs.items():
            path = Path(folder) / f"{len(commands)}.csv"
            every = 10 if "tenth" in name else 1
            rows = "".join(f"{row * every},{rate!r}\n" for row, rate in enumerate(shown))
            path.write_text(f"step,lr\n{rows}")
            commands[name] = lrsched("fit", str(path), "-f", "csv")
        limits = {name: 20.0 if "20,000" in name else 2.5 for name in logs}
        return table("The schedule of a log", commands, "import numpy", limits, rounds=3)


def _rates(text: str, rows: int) -> list[float]:
    planned = parse(text).in_run(Run())
    return list(islice(rates(planned.schedule, planned.run.lrs), rows))
