"""Cold start: how long until a short run has been shown."""

from tests.bench.measure import lrsched, python, table

COSINE = ("cosine", "--t-max", "50")


def main() -> bool:
    """Measure; the limits are those of the last issue of the first release."""
    commands = {
        "import typer": python("import typer"),
        "pass": python("pass"),
        "csv": lrsched(*COSINE, "-f", "csv"),
        "table": lrsched(*COSINE, "-f", "table"),
        "plot": lrsched(*COSINE, "-f", "plot"),
        "--help": lrsched("--help"),
        "cosine --help": lrsched("cosine", "--help"),
        "wrong option": lrsched(*COSINE, "--tmax"),
        "--version": lrsched("--version"),
    }
    limits = {
        "csv": 1.2,
        "table": 1.9,
        "plot": 3.2,
        "--help": 2.5,
        "cosine --help": 2.5,
        "wrong option": 2.5,
        "--version": 0.5,
    }
    return table("Cold start", commands, "import typer", limits, rounds=15)
