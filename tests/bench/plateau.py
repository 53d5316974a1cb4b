"""A long log: against a loop over csv.reader with the same state machine."""

import tempfile
from pathlib import Path

from tests.bench.measure import lrsched, python, table

ROWS = 4_000_000
LOOP = """
import csv, math

class Plateau:
    def __init__(self, factor=0.1, patience=3, threshold=1e-4, cooldown=0, min_lr=0, eps=1e-8):
        self.factor, self.patience, self.threshold, self.eps = factor, patience, threshold, eps
        self.cooldown, self.min_lr, self.best, self.lr = cooldown, min_lr, math.inf, 0.1
        self.bad = self.resting = self.cuts = 0

    def is_better(self, metric):
        return metric < self.best * (1.0 - self.threshold)

    def step(self, metric):
        if self.is_better(metric):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.resting > 0:
            self.resting -= 1
            self.bad = 0
        if self.bad > self.patience:
            lower = max(self.lr * self.factor, self.min_lr)
            if self.lr - lower > self.eps:
                self.lr, self.cuts = lower, self.cuts + 1
            self.resting, self.bad = self.cooldown, 0

plateau = Plateau()
with open({path!r}, newline="") as file:
    rows = csv.reader(file)
    next(rows)
    for epoch, metric in rows:
        epoch = int(epoch)
        plateau.step(float(metric))
print(plateau.cuts, plateau.lr)
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
            "loop over csv.reader": python(LOOP.format(path=str(path))),
            "one row at the end": lrsched(*words, "3", "--at", str(ROWS - 1), "-f", "csv"),
            "what if, two patiences": lrsched(*words, "3,5", "-f", "csv"),
            "every row": lrsched(*words, "3", "-f", "csv"),
        }
        return table("Four million epochs", commands, "loop over csv.reader", {"one row at the end": 0.67}, rounds=3)
