"""`python -m tests.bench [start|rows|plateau|torch|fit]`: what was promised of speed; exits 1 where it is missed."""

import importlib
import sys

from tests.bench.measure import pinned

PARTS = ("start", "rows", "plateau", "torch", "fit")


def main() -> int:
    """Run the parts that are named, or all."""
    pinned()
    within = [importlib.import_module(f"tests.bench.{part}").main() for part in sys.argv[1:] or PARTS]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
