"""The terminal picture as an SVG file, for a report."""

import io
import re
from collections.abc import Iterator

from lrcli.render import picture
from lrcli.render.style import Style
from lrcli.rows import Rows
from lrcli.text import printable

_WEB_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""rich links a font from the web; a file for a report stands alone."""


def render(rows: Rows, style: Style) -> Iterator[str]:
    """The whole file."""
    from rich.console import Console
    from rich.text import Text

    drawn = "".join(picture.render(rows, style._replace(color=True, ascii=False)))
    console = Console(record=True, width=style.width, file=io.StringIO(), force_terminal=True, color_system="256")
    console.print(Text.from_ansi(drawn), end="")
    file = _WEB_FONTS.sub("", console.export_svg(title=printable(rows.title), unique_id="lrsched"))
    # rich writes spaces that must not break; some readers, unlike browsers, would still run them together.
    yield file.replace("<svg ", '<svg xml:space="preserve" ', 1)
