"""The picture of a log that still grows: drawn again as its rows come, and when the terminal changes its size."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock
from typing import IO, TYPE_CHECKING

from lrcli.render import as_ascii, plot
from lrcli.render.digest import Digest
from lrcli.render.style import Style
from lrcli.rows import Block, Rows
from lrcli.text import wrapped

if TYPE_CHECKING:
    from rich.text import Text

PER_SECOND = 4
"""How often the picture is drawn again at most."""

EVENTS = 3
"""The last ones are shown."""

BUCKETS = 400

Told = Callable[[Block], Sequence[str]]
"""What there is to say of a block of rows, a line each."""


def watch(rows: Rows, style: Callable[[], Style], events: Told, coming: Told, stream: IO[str]) -> None:
    """Show the rows on the terminal `stream` until they end: the curves, the last `events`, and what is `coming`.

    `style` is asked each time, as the terminal may have changed its size.
    """
    from rich.console import Console
    from rich.live import Live

    view = View(rows, style, events, coming)
    color = "256" if style().color else None
    console = Console(file=stream, force_terminal=True, color_system=color, highlight=False)  # type: ignore[arg-type]
    shown = {"refresh_per_second": PER_SECOND, "vertical_overflow": "crop", "redirect_stdout": False}
    with Live(get_renderable=view.text, console=console, **shown) as live:  # type: ignore[arg-type]
        for block in rows.blocks:
            view.read(block)
        live.refresh()


class View:
    """What is known of the rows so far, and how it looks. Rows are read in one thread and drawn in another."""

    def __init__(self, rows: Rows, style: Callable[[], Style], events: Told, coming: Told) -> None:
        self.digest = Digest(replace(rows, blocks=()), BUCKETS)
        self.style = style
        self.events, self.coming = events, coming
        self.last_events: deque[str] = deque(maxlen=EVENTS)
        self.next: Sequence[str] = ()
        self._lock = Lock()
        self._drawn: tuple[int, Style, Text] | None = None

    def read(self, block: Block) -> None:
        """The next rows."""
        with self._lock:
            self.digest.read(block)
            self.digest.close()
            self.last_events.extend(self.events(block))
            self.next = self.coming(block)

    def text(self) -> "Text":
        """The picture as it is now; drawn only if something changed."""
        from rich.text import Text

        style = self.style()
        with self._lock:
            known = self._drawn
            if known is None or known[:2] != (self.digest.count, style):
                known = self._drawn = (self.digest.count, style, Text.from_ansi(self.picture(style), no_wrap=True))
            return known[2]

    def picture(self, style: Style) -> str:
        """Curves, events and what is next, in the lines that the terminal has."""
        if not self.digest.count:
            return "waiting for the first row"
        told = [part for line in [*self.last_events, *self.next] for part in wrapped(line, style.width, further="  ")]
        drawn = plot.drawn(self.digest, style, style.height - plot.PROMPT_LINES - len(told)) + "\n".join(told)
        return as_ascii(drawn) if style.ascii else drawn
