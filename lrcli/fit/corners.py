"""The corners of a log that is made of straight lines."""

import itertools

from lrcli.fit.landmarks import LEAST_BREAK, Landmarks

MOST_CORNERS, SHORTEST_LINE = 6, 3
"""Corners of a log, and the rows that a line between two of them has at least."""


def corners(marks: Landmarks) -> list[tuple[int, float]]:
    """The ticks and rates between which there are straight lines, from tick 0 on; empty where there are none."""
    import numpy as np

    values, ticks, last = marks.values, marks.ticks, len(marks.values) - 1
    if last < 3 or ticks[0] or marks.moves_in_steps or not marks.highest:
        return []
    line = values[:-2] + (values[2:] - values[:-2]) * (ticks[1:-1] - ticks[:-2]) / (ticks[2:] - ticks[:-2])
    least = max(LEAST_BREAK / 10, 4 * marks.tolerance.strict) * marks.highest
    rows = [0, *(int(row) + 1 for row in np.flatnonzero(np.abs(values[1:-1] - line) > least))]
    if len(rows) > MOST_CORNERS or any(after - row < SHORTEST_LINE for row, after in itertools.pairwise([*rows, last])):
        return []
    fallen = float(values[last - 1] - values[last])
    is_over = fallen and abs(values[last] - fallen) < least
    found = [(int(ticks[row]), float(values[row])) for row in [*rows, *([last] if fallen and not is_over else [])]]
    return [*found, *([(int(ticks[last]) + 1, 0.0)] if is_over else [])]
