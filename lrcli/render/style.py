"""What the place that is written to can show; decided by the caller."""

from typing import NamedTuple

from lrcli.text import DEFAULT_PRECISION


class Style(NamedTuple):
    """Size in characters, and what may be drawn. Rendering never looks at the environment or the terminal itself."""

    width: int = 80
    height: int = 24
    color: bool = False
    ascii: bool = False
    log_y: bool = False
    precision: int = DEFAULT_PRECISION
