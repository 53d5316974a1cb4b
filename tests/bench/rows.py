"""A million rows: against the loop that one would write, in flat memory."""

from tests.bench.measure import lrsched, python, table

LOOP = """
import math, sys
n, write = {n}, sys.stdout.write
for t in range(n):
    x = 0.05 * (1 + math.cos(math.pi * t / n))
    write(f"{{t}},{{x!r}}\\n")
"""
MILLION = 1_000_000


def main() -> bool:
    """Measure; the limits are those of the last issue of the first release."""
    n = str(MILLION)
    commands = {
        "loop": python(LOOP.format(n=n)),
        "cosine": lrsched("cosine", "--t-max", n, "-f", "csv"),
        "cosine, eta_min": lrsched("cosine", "--t-max", n, "--eta-min", "1e-4", "-f", "csv"),
        "cosine-restarts": lrsched("cosine-restarts", "--t-0", "1000", "-n", n, "-f", "csv"),
        "onecycle": lrsched("onecycle", "--max-lr", "0.1", "--total-steps", n, "-f", "csv"),
        "warmup, cosine": lrsched("cosine", "--t-max", n, "--warmup", "1000", "-f", "csv"),
        "step": lrsched("step", "--step-size", "1000", "-n", n, "-f", "csv"),
        "cosine, 10 million": lrsched("cosine", "--t-max", f"{n}0", "-f", "csv"),
        "plot of 10 million": lrsched("cosine", "--t-max", f"{n}0", "-f", "plot"),
        "cosine as json": lrsched("cosine", "--t-max", n, "-f", "json"),
        "lambda, two rows at the end": lrsched("lambda", "--expr", "0.9**t", "-n", n, "--at", "5,999999", "-f", "csv"),
    }
    limits = {"cosine": 0.6, "cosine, eta_min": 0.6, "step": 0.3, "lambda, two rows at the end": 0.3}
    return table("A million rows as CSV", commands, "loop", limits, rounds=5)
