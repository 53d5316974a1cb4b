"""`python -m lrcli` is `lrsched`."""

import sys

from lrcli.cli import main

if __name__ == "__main__":
    sys.exit(main())
