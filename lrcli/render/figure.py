"""Figures for paper and report, drawn by matplotlib: vector curves, axes, a legend. The same rows, the same bytes."""

import io
import logging
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lrcli.errors import InputError
from lrcli.render.digest import Digest, runs
from lrcli.render.plot import MOST_NAMED, fitted, is_logarithmic, points
from lrcli.render.style import Style
from lrcli.rows import Panel, Rows
from lrcli.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
"""Okabe and Ito's colours, which the colour-blind can tell apart; without yellow, which white swallows."""

DASHES = ("solid", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))
"""How curves are told apart in black and white, and where one lies on another."""

MARK_COLOR = "0.45"
BUCKETS = 2000
FONT_SIZE = 9
WIDTH_OF_CHARACTER = 5.6
"""On average, in points."""

SAMPLE = 10
"""Characters that the sample of a curve takes in the legend, with the gaps around it."""

LEGEND_FONT, SMALLEST_FONT = 8, 5
LINE_HEIGHT = 1.5
"""Of the legend, in sizes of its font."""

MOST_LEGEND = 0.25
"""Share of the figure's height that the legend takes without becoming smaller."""

LINES_BESIDE_PANELS = 7
"""Lines of text that the title, the numbers and the name of the axis take together, with their margins."""

DOTS_PER_INCH = 300
MOST_DOTS = 8000
"""Of a side: a larger figure has fewer dots to the inch, so that it does not take gigabytes to draw."""

POINTS_PER_INCH = 72

SETTINGS: Any = {
    "svg.hashsalt": "lrsched",
    "pdf.fonttype": 42,
    "font.size": FONT_SIZE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.4,
}

NOW = {"svg": "Date", "pdf": "CreationDate"}
"""What a file says of when it was made, which would make each run's bytes others."""


def render(format: str, rows: Rows, style: Style) -> bytes:
    """The whole file in `format`. Raises InputError without matplotlib."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        import matplotlib
    except ImportError:
        raise InputError(f"--format: {format} needs matplotlib: pip install 'lrcli[figures]'") from None
    digest = Digest(rows, BUCKETS)
    file = io.BytesIO()
    # A person's own matplotlibrc does not count. Warnings are of characters that no font has.
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        dated = {NOW[format]: None} if format in NOW else {}
        try:
            figure = drawn(digest, style)
            dots = min(DOTS_PER_INCH, MOST_DOTS / max(style.size))
            figure.savefig(file, format=format, dpi=dots, transparent=style.transparent, metadata=dated)
        except ArithmeticError:
            raise InputError("--format: the values are too far apart for a figure; -f plot draws them") from None
    return file.getvalue()


def drawn(digest: Digest, style: Style) -> "Figure":
    """The panels, one above the other on one horizontal axis, and the legend below them."""
    from matplotlib.figure import Figure

    rows = digest.rows
    figure = Figure(figsize=style.size, layout="constrained")
    heights = [3 if panel.rate else 2 for panel in rows.panels]
    axes = figure.subplots(len(rows.panels), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    characters = int(style.size[0] * POINTS_PER_INCH / WIDTH_OF_CHARACTER)
    figure.suptitle(fitted(printable(rows.title), characters), fontsize=FONT_SIZE, parse_math=False)
    above = style.size[1] * POINTS_PER_INCH - LINES_BESIDE_PANELS * FONT_SIZE
    for panel, axis, height in zip(rows.panels, axes, heights, strict=True):
        draw_panel(axis, digest, panel, style)
        name = "learning rate" if panel.rate else " ".join(map(printable, panel.columns))
        room = above * height / sum(heights) / (len(name) * WIDTH_OF_CHARACTER)
        axis.set_ylabel(name, fontsize=max(SMALLEST_FONT, FONT_SIZE * min(1.0, room)), parse_math=False)
    axes[-1].set_xlabel(printable(rows.columns[0]), parse_math=False)
    axes[-1].xaxis.get_major_locator().set_params(integer=True)
    add_legend(figure, list(axes), style)
    return figure


def add_legend(figure: "Figure", axes: "Sequence[Axes]", style: Style) -> None:
    """The names of curves and marks, several on a line; smaller where they would take too much of the figure."""
    handles = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    if not handles:
        return
    for size in range(LEGEND_FONT, SMALLEST_FONT - 1, -1):
        characters = int(style.size[0] * POINTS_PER_INCH / (WIDTH_OF_CHARACTER * size / FONT_SIZE))
        labels = [fitted(label, characters - SAMPLE) for label in handles]
        columns = max(1, min(len(labels), characters // (max(map(len, labels)) + SAMPLE)))
        lines = -(-len(labels) // columns)
        if lines * size * LINE_HEIGHT <= style.size[1] * POINTS_PER_INCH * MOST_LEGEND:
            break
    legend = figure.legend(
        list(handles.values()), labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=size
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def draw_panel(axis: "Axes", digest: Digest, panel: Panel, style: Style) -> None:
    """The curves and marks of a panel."""
    several = len(panel.columns) > 1
    if is_logarithmic(digest, panel, style):
        axis.set_yscale("log", nonpositive="mask")
    for place, name in enumerate(panel.columns):
        label = "_" if not several or place >= MOST_NAMED else printable(name).lstrip("_")
        look: dict[str, Any] = {"color": PALETTE[place % len(PALETTE)], "linestyle": DASHES[place % len(DASHES)]}
        for run in runs(digest.series[name].buckets):
            across, up = zip(*points(run), strict=True)
            single = "o" if len(across) == 1 else ""
            axis.plot(across, up, label=label, marker=single, markersize=3, **look)
            label = "_"
    if len(panel.columns) > MOST_NAMED:
        axis.plot([], [], linestyle="none", label=f"and {len(panel.columns) - MOST_NAMED} more")
    named = 0
    start, end = digest.span
    for mark in digest.rows.marks:
        if start <= mark.row <= end and (mark.label or mark.row > start):
            named += bool(mark.label)
            label = f"{mark.row}: {printable(mark.label)}" if mark.label and named <= MOST_NAMED else "_"
            axis.axvline(mark.row, color=MARK_COLOR, linewidth=0.8, linestyle=(0, (2, 2)), label=label, zorder=1)
