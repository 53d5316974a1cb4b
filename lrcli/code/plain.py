"""The rate of a tick as plain Python, for schedules that a framework has no function of its own for.

The pieces of the curve where they are few, else the declaration's own formula; parts of a composition are functions
that call each other.
"""

import math
from itertools import islice
from typing import NamedTuple

from lrcli.code.curve import COSINE, FLAT, GEOMETRIC, INVERSE, LINE, Piece, curve_of
from lrcli.code.formula import formula
from lrcli.code.layout import laid_out, listed
from lrcli.code.lines import broken, close_powers
from lrcli.errors import InputError
from lrcli.schedules import role
from lrcli.schedules.base import Absolute, Schedule
from lrcli.schedules.expression import Expression

FUNCTIONS = ("sqrt", "cos", "sin", "exp", "log", "floor", "ceil", "pi")
"""What an expression may use of Python's math."""

FEW = 4
"""Pieces that are as short as a formula."""


MOST_LISTED = 64
"""Ticks of a run whose rates may be listed, where there is no formula."""


class Plain(NamedTuple):
    """Source that defines the rate of a tick."""

    imports: list[str]
    lines: list[str]
    """The definitions, each with two blank lines before it."""
    rate: str
    """The rate, with {tick} in the place of the tick."""


def plain(schedule: Schedule, lr: float, ticks: int, tick: str, name: str = "rate") -> Plain:
    """The rate of a schedule alone, bound to its group, from the base rate `lr`, for `ticks` ticks.

    `tick` and `name` are what the tick and the function are called. Raises InputError for what has no function of the
    tick alone.
    """
    curve = curve_of(schedule, lr, ticks)
    text = schedule.value(role.EXPRESSION)
    pieces = curve.pieces
    if isinstance(text, Expression):
        return _expressed(schedule, text, lr, tick, name)
    if pieces and len(pieces) <= FEW:
        last = pieces[-1]
        held = [Piece(FLAT, last.end, ticks - last.end, last.last, last.last)] if last.end < ticks else []
        return _of_pieces([*pieces, *held], tick, name)
    if isinstance(schedule, Absolute):
        return _of_formula(schedule, lr, ticks, tick, name)
    turns = parts_in_turn(schedule, lr, ticks)
    if turns:
        return _one_after_another(turns, lr, tick, name)
    product = factors(schedule, lr, ticks)
    if product:
        return _product(product, ticks, tick, name)
    raise InputError(f"{schedule.spec!r} changes the rate in force, and is no function of the tick")


def _expressed(schedule: Schedule, text: Expression, lr: float, tick: str, name: str) -> Plain:
    used = [function for function in FUNCTIONS if function in text.text]
    written = close_powers(text.text.replace("base_lr", repr(lr)))
    factor = name.replace("rate", "factor")
    lines = ["", "", f"def {factor}(t):", f"    return {written}"]
    imports = [f"from math import {', '.join(used)}"] if used else []
    if isinstance(schedule, Absolute):
        return Plain(imports, lines, f"{lr!r} * {factor}({{tick}})")
    lines += ["", "", "@cache", f"def {name}({tick}):  # call it for one {tick} after another"]
    lines.append(f"    return {name}({tick} - 1) * {factor}({tick}) if {tick} else {lr!r}")
    return Plain([*imports, "from functools import cache"], lines, f"{name}({{tick}})")


def _of_pieces(pieces: list[Piece], tick: str, name: str) -> Plain:
    """The pieces, each under its condition."""
    lines = ["", "", f"def {name}({tick}):"]
    for place, piece in enumerate(pieces):
        is_last = place == len(pieces) - 1
        if not is_last:
            lines.append(f"    if {tick} < {shown(piece.end)}:")
        margin = " " * (4 if is_last else 8)
        lines += broken(f"{margin}return {close_powers(_expression(piece, tick))}")
    imports = ["import math"] if any("math." in line for line in lines) else []
    return Plain(imports, lines, f"{name}({{tick}})")


def _expression(piece: Piece, tick: str) -> str:
    """The rate within a piece; it stays where it has come to."""
    origin = piece.start - piece.over
    into = f"({tick} - {shown(origin)})" if origin else tick
    first, last, length = piece.first, piece.last, shown(piece.length)
    if piece.kind == FLAT:
        return repr(first)
    if piece.kind == GEOMETRIC:
        return f"{first!r} * {piece.bend!r} ** {into}"
    if piece.kind == INVERSE:
        return f"{first!r} / (1 + {piece.bend!r} * {into})"
    share = f"{into} / {length}"
    if piece.kind == COSINE:
        left = f"(1 + math.cos(math.pi * {share})) / 2"
        sign = "+" if first > last else "-"
        return f"{last!r} {sign} {shown(abs(first - last))} * {left}" if last else f"{first!r} * {left}"
    if piece.kind == LINE:
        if not first:
            return f"{last!r} * {share}"
        rise = f"{'+' if last > first else '-'} {shown(abs(last - first))} * {share}"
        return f"{first!r} {rise}" if last else f"{first!r} * (1 - {share})"
    left = f"(1 - {share}) ** {shown(piece.bend)}"
    return f"{last!r} + {shown(first - last)} * {left}" if last else f"{first!r} * {left}"


def shown(number: float) -> str:
    """A number without the digits that rounding puts at its end, and without a point where it is whole."""
    return f"{number:.15g}"


def _of_formula(schedule: Absolute, lr: float, ticks: int, tick: str, name: str) -> Plain:
    suffix = name.removeprefix("rate")
    try:
        written = formula(schedule, tick, suffix)
    except (TypeError, AttributeError) as error:
        if ticks > MOST_LISTED:
            raise InputError(f"the formula of {schedule.spec!r} cannot be written out") from error
        values = listed([shown(rate) for rate in islice(schedule.stream(lr), ticks)])
        return Plain([], ["", *laid_out(values, 0, f"values{suffix} = ")], f"values{suffix}[{{tick}}]")
    given = ", ".join(["{tick}", *(repr(schedule.base(lr)) for _ in written.parameters[1:])])
    call = f"{written.name}({given})"
    blank = [""] if written.lines[0] else []
    rate = f"{lr!r} * {call}" if written.is_factor else call
    return Plain(list(written.imports), [*blank, *written.lines], rate)


def parts_in_turn(schedule: Schedule, lr: float, ticks: int) -> list[tuple[int, int, Schedule]] | None:
    """The parts of a sequence with the ticks at which each takes over and is over; None where it is none.

    Raises InputError where a part goes on from what another left, and is not itself a function of the tick.
    """
    parts, begins = schedule.value(role.PARTS), schedule.value(role.TAKES_OVER_AT)
    if not parts or begins is None:
        return None
    bounds = [0, *begins]
    found = [
        (start, min(end, ticks), part)
        for part, start, end in zip(parts, bounds, [*bounds[1:], ticks], strict=True)
        if start < min(end, ticks)
    ]
    whole = list(islice(schedule.stream(lr), ticks))
    alone = [rate for start, end, part in found for rate in islice(part.stream(lr), end - start)]
    if sorted(bounds) != bounds or not same(whole, alone):
        raise InputError(f"a part of {schedule.spec!r} goes on from the rate that another left")
    return found


def factors(schedule: Schedule, lr: float, ticks: int) -> list[tuple[float, Schedule]] | None:
    """The parts of a product, each with the base rate that it is made with; None where it is none.

    Raises InputError where the parts do more to each other than multiply.
    """
    parts = schedule.value(role.PARTS)
    if not parts or schedule.value(role.TAKES_OVER_AT) is not None:
        return None
    found = [(lr if place == len(parts) - 1 else 1.0, part) for place, part in enumerate(parts)]
    whole = list(islice(schedule.stream(lr), ticks))
    curves = [islice(part.stream(rate), ticks) for rate, part in found]
    if not same(whole, [math.prod(row) for row in zip(*curves, strict=True)]):
        raise InputError(f"the parts of {schedule.spec!r} do more to each other than multiply")
    return found


def same(found: list[float], wanted: list[float]) -> bool:
    """Whether two curves are the same but for rounding."""
    slack = 1e-12 * max(map(abs, wanted), default=0)
    return len(found) == len(wanted) and all(
        abs(one - other) <= 1e-9 * abs(other) + slack for one, other in zip(found, wanted, strict=True)
    )


def _one_after_another(found: list[tuple[int, int, Schedule]], lr: float, tick: str, name: str) -> Plain:
    imports: list[str] = []
    lines: list[str] = []
    body = []
    for place, (start, end, part) in enumerate(found):
        written = plain(part, lr, end - start, tick, f"{name}_{place}")
        imports += written.imports
        lines += written.lines
        rate = written.rate.format(tick=f"{tick} - {start}" if start else tick)
        is_last = place == len(found) - 1
        body += [f"    return {rate}"] if is_last else [f"    if {tick} < {end}:", f"        return {rate}"]
    return Plain(imports, [*lines, "", "", f"def {name}({tick}):", *body], f"{name}({{tick}})")


def _product(found: list[tuple[float, Schedule]], ticks: int, tick: str, name: str) -> Plain:
    written = [plain(part, lr, ticks, tick, f"{name}_{place}") for place, (lr, part) in enumerate(found)]
    return Plain(
        [line for part in written for line in part.imports],
        [line for part in written for line in part.lines],
        " * ".join(part.rate for part in written),
    )
