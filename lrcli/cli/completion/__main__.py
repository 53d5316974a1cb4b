"""`python -m lrcli.cli.completion DIRECTORY` writes the scripts and the manual page; with --check it compares."""

import argparse
import sys
from pathlib import Path

from lrcli.cli.completion import files


def main(arguments: list[str] | None = None) -> int:
    """Bring the files up to date, or with --check return 1 if they are not."""
    parser = argparse.ArgumentParser(prog="python -m lrcli.cli.completion", description="Generate the shells' scripts.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    given = parser.parse_args(arguments)
    stale = [
        (path, text)
        for path, text in ((given.directory / name, text) for name, text in files().items())
        if not path.is_file() or path.read_bytes() != text.encode()
    ]
    for path, text in stale:
        sys.stdout.write(f"{'stale' if given.check else 'written'}: {path}\n")
        if not given.check:
            path.write_bytes(text.encode())
    return 1 if given.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
