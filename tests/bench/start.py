"""Cold start: how long until a short run has been shown."""

from tests.bench.measure import lrsched, python, table

COSINE = ("cosine", "--t-max", "50")


def main() -> bool:
    """Measure; the limits hold on every typer from 0.26 on."""
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
        "a YAML file": lrsched("tests/data/configs/train.yaml", "--examples", "1000", "-f", "csv"),
    }
    limits = {
        "csv": 1.15,
        "table": 1.7,
        "plot": 1.7,
        "--help": 1.7,
        "cosine --help": 1.7,
        "wrong option": 1.2,
        "--version": 0.37,
        "a YAML file": 1.6,
    }
    return table("Cold start", commands, "import typer", limits, rounds=15)
