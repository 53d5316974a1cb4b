"""A long log: against a loop over csv.reader with the same state machine."""

import tempfile
from pathlib import Path

from tests.bench.measure import lrsched, python, table

ROWS = 1_000_000
LOOP = """
import csv
from lrcli.schedules.plateau import Plateau, TorchJudge
judge = TorchJudge(Plateau(patience=3), (0.1,))
cuts = 0
with open({path!r}, newline="") as file:
    rows = csv.reader(file)
    next(rows)
    for epoch, value in rows:
        cuts += judge.judge((float(value),)).event[0] == "reduced"
print(cuts)
"""
PLAIN = """
import csv, math
best, bad, lr, cuts = math.inf, 0, 0.1, 0
with open({path!r}, newline="") as file:
    rows = csv.reader(file)
    next(rows)
    for epoch, value in rows:
        epoch, value = int(epoch), float(value)
        if value < best * (1.0 - 1e-4):
            best, bad = value, 0
        else:
            bad += 1
        if bad > 3:
            lower = max(lr * 0.1, 0)
            if lr - lower > 1e-8:
                lr, cuts = lower, cuts + 1
            bad = 0
print(cuts, lr)
"""


def main() -> bool:
    """Measure; the summary of what one plateau, and two, would have done."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.csv"
        with path.open("w") as file:
            file.write("epoch,val_loss\n")
            file.writelines(f"{row},{1 / (row % 1000 + 1) + row % 7 / 100!r}\n" for row in range(ROWS))
        words = ("plateau", str(path), "--patience")
        commands = {
            "loop over csv.reader": python(PLAIN.format(path=str(path))),
            "one row at the end": lrsched(*words, "3", "--at", str(ROWS - 1), "-f", "csv"),
            "what if, two patiences": lrsched(*words, "3,5", "-f", "csv"),
            "every row": lrsched(*words, "3", "-f", "csv"),
        }
        return table("A million epochs", commands, "loop over csv.reader", {"one row at the end": 0.67}, rounds=5)
