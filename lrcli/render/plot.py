"""A picture of the curves, drawn with plotext: one panel above the other, on one time axis."""

from collections.abc import Iterator, Sequence
from math import inf, isfinite, log10

from lrcli.render.digest import Bucket, Digest, Series, runs
from lrcli.render.matter import JUMP
from lrcli.render.style import Style
from lrcli.render.ticks import LARGEST_DECADE, linear_ticks, log_ticks, widened
from lrcli.rows import Panel, Rows
from lrcli.text import plural, printable, significant

PALETTE = (32, 172, 36, 166, 175, 74)
"""Colours of the 256 that stay apart for the colour-blind, on dark and on light (after Okabe and Ito)."""

MARKERS = "•×+o#@"
"""How curves are told apart without colour."""

NEARLY_ZERO = 0.05
"""Share of the highest value below which the axis begins at 0."""

DECADES = 100
"""Highest over lowest value from which on a linear axis shows nothing of the lower ones."""

ROUNDING = 1e-9
"""Relative: two cuts to a tenth make 0.0010000000000000002 of 0.1."""

MARK_COLOR = 244
PROMPT_LINES = 2
NARROWEST = 10
ENOUGH, LEAST = 5, 2
"""Lines inside the frame that show the shape of a curve, and that show anything."""

MOST_NAMED = 6
"""Marks and curves that are named below the plot."""

Point = tuple[float, float]


def render(rows: Rows, style: Style) -> Iterator[str]:
    """The picture, as high as the style allows."""
    yield drawn(Digest(rows, buckets_for(style)), style, style.height - PROMPT_LINES)


def buckets_for(style: Style) -> int:
    """As many as there are dots in a line."""
    return 2 * style.width


def least_height(digest: Digest, style: Style, name_marks: bool) -> int:
    """Lines that the picture needs to show the shape of every curve."""
    panels = digest.rows.panels
    return around(panels) + len(panels) * ENOUGH + len(list(legend(digest, panels, style, name_marks)))


def around(panels: Sequence[Panel]) -> int:
    """Lines of titles, frames and ticks."""
    return 3 * len(panels) + 1


def drawn(digest: Digest, style: Style, height: int, *, name_marks: bool = True) -> str:
    """The picture in at most `height` lines. Where they are few the legend goes first, then the lower panels."""
    if not digest.count:
        return "There are no rows to draw.\n"
    panels = digest.rows.panels
    below = [fitted(line, style.width) for line in legend(digest, panels, style, name_marks)]
    if height < around(panels) + len(panels) * LEAST + len(below):
        below = []
    while len(panels) > 1 and height < around(panels) + len(panels) * LEAST:
        panels = panels[:-1]
    free = height - len(below) - around(panels)
    if style.width < NARROWEST or free < 1:
        return fitted(printable(digest.rows.title), style.width) + "\n"
    heights = [(free + place) // len(panels) for place in reversed(range(len(panels)))]
    curves = [PanelCurves(digest, panel, style, inner) for panel, inner in zip(panels, heights, strict=True)]
    margin = max(curve.margin for curve in curves)
    pictures = [curve.picture(margin, place == 0, place == len(curves) - 1) for place, curve in enumerate(curves)]
    return "".join(pictures) + "".join(f"{line}\n" for line in below)


def fitted(text: str, width: int) -> str:
    """`text`, with its middle left out where it is wider than `width`; colour codes are not counted."""
    if len(text) <= width or "\x1b" in text:
        return text
    return (
        text[: (width - 1) // 2] + "…" + text[len(text) - (width - 1 - (width - 1) // 2) :]
        if width > 2
        else text[:width]
    )


def legend(digest: Digest, panels: Sequence[Panel], style: Style, name_marks: bool) -> Iterator[str]:
    """What stands below the plot: the curves and the marks, as many on a line as fit, and what was left out."""
    named: list[tuple[str, str, int]] = []
    """What is drawn, what it is called, and its colour."""
    for panel in panels:
        if len(panel.columns) > 1:
            for place, name in list(enumerate(panel.columns))[:MOST_NAMED]:
                sample = "━━" if style.color else MARKERS[place % len(MARKERS)]
                named.append((sample, printable(name), PALETTE[place % len(PALETTE)]))
            if len(panel.columns) > MOST_NAMED:
                named.append(("", f"and {len(panel.columns) - MOST_NAMED} more", MARK_COLOR))
    marks = [mark for mark in digest.rows.marks if mark.label and name_marks]
    named += [("╎", f"{mark.row}: {printable(mark.label)}", MARK_COLOR) for mark in marks[:MOST_NAMED]]
    if len(marks) > MOST_NAMED:
        named.append(("", f"and {len(marks) - MOST_NAMED} more from {marks[MOST_NAMED].row} on", MARK_COLOR))
    yield from side_by_side(named, style)
    not_finite = sum(series.left_out for series in digest.series.values())
    if not_finite:
        yield f" {plural(not_finite, 'value')} not drawn: not finite"
    if style.log_y:
        rates = [digest.series[name] for panel in panels if panel.rate for name in panel.columns]
        if any(bucket and bucket.low <= 0 for series in rates for bucket in series.buckets):
            yield " 0 and below are not drawn: the axis is logarithmic"


def side_by_side(named: Sequence[tuple[str, str, int]], style: Style) -> Iterator[str]:
    """Samples with their names and colours, as many on a line as fit."""
    line, used = "", 0
    for sample, name, color in named:
        name = fitted(name, style.width - len(sample) - 2)
        wide = len(f" {sample} {name}") if sample else len(name) + 1
        shown = colored(sample, color) if sample and style.color else sample
        gap = " " if line else ""
        if line and used + len(gap) + wide > style.width:
            yield line
            line, used, gap = "", 0, ""
        line += f"{gap} {shown} {name}" if sample else f"{gap} {name}"
        used += len(gap) + wide
    if line:
        yield line


def colored(text: str, color: int) -> str:
    """`text` in one of the 256 colours."""
    return f"\x1b[38;5;{color}m{text}\x1b[0m"


class PanelCurves:
    """The curves of one panel, ready to be drawn: positions, heights on a linear axis, limits and ticks."""

    def __init__(self, digest: Digest, panel: Panel, style: Style, height: int) -> None:
        """`height` is the number of lines inside the frame."""
        self.digest = digest
        self.panel = panel
        self.style = style
        self.is_log = is_logarithmic(digest, panel, style)
        self.curves = [self._lines(digest.series[name]) for name in panel.columns]
        heights = [height for lines in self.curves for line in lines for _, height in line]
        low, high = min(heights, default=0.0), max(heights, default=1.0)
        if not self.is_log and 0 < low < high * NEARLY_ZERO:
            low = 0.0
        self.low, self.high = widened(low, high, 0.5 if self.is_log else 0.0)
        self.height = height
        self.ticks = self._ticks()
        self.margin = max(len(label) for _, label in self.ticks)

    def _lines(self, series: Series) -> list[list[Point]]:
        buckets = [bucket and self._scaled(bucket) for bucket in series.buckets] if self.is_log else series.buckets
        return [list(points(run)) for run in runs(buckets)]

    def _scaled(self, bucket: Bucket) -> Bucket | None:
        """The bucket on a logarithmic axis; what is not above 0 is left out."""
        if bucket.high <= 0:
            return None
        first, low, last = (value if value > 0 else bucket.high for value in (bucket.first, bucket.low, bucket.last))
        return Bucket(bucket.start, bucket.end, log10(first), log10(low), log10(bucket.high), log10(last))

    def _ticks(self) -> list[tuple[float, str]]:
        """The top always, then round values, at most one on a line: of several there plotext shows any, by hash."""
        top = significant(10.0**self.high if self.is_log and self.high < LARGEST_DECADE else self.high, 4)
        kept = [(self.high, top)]
        ticks = (log_ticks if self.is_log else linear_ticks)(self.low, self.high, max(2, self.height // 3))
        for place, label in reversed(ticks):
            if (self._height(kept[-1][0]) - self._height(place)) * (self.height - 1) > 1 - 1e-9:
                kept.append((place, label))
        return kept[::-1]

    def _height(self, value: float) -> float:
        """Where `value` stands between the limits, from 0 to 1; by halves where their distance is no float."""
        span = self.high - self.low
        return (
            (value - self.low) / span if isfinite(span) else (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        )

    def picture(self, margin: int, is_first: bool, is_last: bool) -> str:
        """The panel as text, with labels `margin` wide; the title stands above the first."""
        import plotext

        style, rows = self.style, self.digest.rows
        plotext.clear_figure()
        plotext.theme("clear")
        plotext.limit_size(False, False)
        plotext.plotsize(style.width, self.height + 3 + is_last)
        name = printable(self.panel.columns[0]) if len(self.panel.columns) == 1 else "lr" if self.panel.rate else ""
        name += ", logarithmic" if self.is_log and not style.log_y else ""
        title = printable(rows.title) if is_first else name
        plotext.title(fitted(title, style.width - margin - 4))
        start, end = self.digest.span
        plotext.xlim(start, end)
        plotext.ylim(0, 1)
        for mark in rows.marks:
            if start < mark.row <= end:
                plotext.vline(mark.row, color=MARK_COLOR if style.color else "default")
        for place, lines in enumerate(self.curves):
            for line in lines:
                self._draw(line, place)
        axis = fitted(printable(rows.columns[0]), style.width // 4) if is_last else ""
        across = self._across(style.width - margin - 2, len(axis) + 2) if is_last else []
        plotext.xticks([place for place, _ in across], [label for _, label in across])
        plotext.yticks(
            [self._height(place) for place, _ in self.ticks], [label.rjust(margin) for _, label in self.ticks]
        )
        text = plotext.build()
        lines = (text if style.color else plotext.uncolorize(text)).splitlines()
        if is_last:
            lines[-1] = plotext.uncolorize(lines[-1])[: style.width - len(axis)].ljust(style.width - len(axis)) + axis
        return "".join(f"{line.rstrip()}\n" for line in lines)

    def _across(self, width: int, taken: int) -> list[tuple[float, str]]:
        """Ticks of the horizontal axis, `width` columns wide; the last columns are taken by its name."""
        start, end = self.digest.span
        ticks = ((place, label_of(place)) for place, _ in linear_ticks(start, end, max(1, width // 12)))
        return [
            (place, label)
            for place, label in ticks
            if float(place).is_integer()
            and (place - start) / (end - start) * (width - 1) + len(label) / 2 < width - taken
        ]

    def _draw(self, line: Sequence[Point], place: int) -> None:
        import plotext

        style = self.style
        several = len(self.curves) > 1 and not style.color
        marker = MARKERS[place % len(MARKERS)] if several or style.ascii else "braille"
        color = PALETTE[place % len(PALETTE)] if style.color else "default"
        plotext.plot([x for x, _ in line], [self._height(y) for _, y in line], marker=marker, color=color)


def is_logarithmic(digest: Digest, panel: Panel, style: Style) -> bool:
    """Whether the panel's axis is: where it was asked for, or where the panel wants it and the values span decades."""
    if not (panel.log_if_wide and not style.log_y):
        return style.log_y and panel.rate
    buckets = [bucket for name in panel.columns for bucket in digest.series[name].buckets if bucket]
    low, high = min((bucket.low for bucket in buckets), default=0.0), max((b.high for b in buckets), default=0.0)
    return low > 0 and high / low >= DECADES * (1 - ROUNDING)


def label_of(place: float) -> str:
    """A row or epoch as the horizontal axis shows it."""
    return f"{place:.0f}" if abs(place) < 1e7 else f"{place:g}"


def points(run: Sequence[Bucket]) -> Iterator[Point]:
    """The points of a curve. Where rows stand apart, a rate that holds and jumps makes a step; one that turns, none."""
    into = inf
    for place, bucket in enumerate(run):
        change = bucket.first - run[place - 1].last if place else inf
        out = run[place + 1].first - bucket.last if place + 1 < len(run) else inf
        if place and change and bucket.start == bucket.end:
            held = (not into and not is_turn(change, out)) or (not out and not is_turn(change, into))
            if held:
                yield bucket.start, run[place - 1].last
        into = change
        yield bucket.start, bucket.first
        if bucket.end > bucket.start:
            yield bucket.start, bucket.low
            yield bucket.start, bucket.high
            yield bucket.end, bucket.last


def is_turn(change: float, other: float) -> bool:
    """Whether a curve only goes on steeper or flatter from one change to the other; not where that is not known."""
    return isfinite(other) and abs(change) <= JUMP * abs(other)
