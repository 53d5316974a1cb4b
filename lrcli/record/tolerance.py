"""How exactly a log shows its rates: what still counts as equal follows from the log itself."""

from typing import TYPE_CHECKING, Any, NamedTuple

from lrcli.logs.series import FULL_DIGITS, Shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lrcli.record.record import Record

    Floats = NDArray[np.float64]

FULL = 1e-6
"""Relative, of values in full: another order of operations, or float32 on the way, is no other schedule."""

NEXT_TO_NOTHING = 1e-12
"""Of the highest rate: where the schedule is zero, what a log may hold instead."""

FLOAT32_NOISE = 1e-7
"""Of the highest rate: what arithmetic in float32 leaves of a difference."""

FULL_PRECISION = "full precision"

BFLOAT16 = 2.0**-8
FLOAT32 = 2.0**-24
"""Half a unit in the last place, relative."""

FEW_DIGITS = 9
"""Significant digits up to which a log is taken to be rounded: float32 needs as many."""

MANY_DIGITS = 4
"""Significant digits from which on it does no harm to take a log for rounded that is not."""

LONG = 13
"""Significant digits of a value that nobody typed: where it is a float32, it was made one."""

FEW_VALUES, MANY_VALUES = 3, 7
"""Different values below which nothing is said of how they are rounded, and of how those of a single digit are."""

MOST_LOOKED_AT = 200
"""Values, to see what they need."""

LAST_BITS = 0x7 << 16
"""Of the seven of a bfloat16: with one of them, and with more than FEW_DIGITS, a number was typed by nobody."""


class Tolerance(NamedTuple):
    """What counts as equal: a relative and an absolute difference, either of which is enough; and why."""

    kind: str
    relative: float
    absolute: float
    strict: float = 0.0
    """Relative difference that rounding alone can make."""
    strict_absolute: float = 0.0
    digits: int = 0
    """Significant digits, where the log shows so many."""

    def equal(self, expected: "Floats", found: "Floats") -> Any:
        """Whether each value counts as equal; not where nothing is expected (NaN)."""
        import numpy as np

        with np.errstate(invalid="ignore"):
            return np.abs(expected - found) <= np.maximum(self.relative * np.abs(expected), self.absolute)

    def rounded(self, expected: "Floats", found: "Floats") -> Any:
        """Whether each value is what the log's rounding makes of the expected one."""
        import numpy as np

        with np.errstate(invalid="ignore"):
            return np.abs(expected - found) <= self.rounding(expected)

    def rounding(self, expected: "Floats") -> Any:
        """How far each value may be from the expected one by the log's rounding alone."""
        import numpy as np

        unit = self.strict * np.abs(expected)
        if self.digits:
            with np.errstate(divide="ignore", invalid="ignore"):
                unit = 0.5001 * 10.0 ** (np.floor(np.log10(np.abs(expected))) + 1 - self.digits)
            unit = np.where(expected == 0, 0.0, unit)
        return np.maximum(unit, self.strict_absolute)

    def as_document(self) -> dict[str, Any]:
        """The tolerance as JSON shows it."""
        return {name: getattr(self, name) for name in DOCUMENT}

    @property
    def words(self) -> str:
        """What it follows from, for a sentence."""
        within = f"within {self.relative:.2g} of the rate" if self.relative else ""
        return f"{within}{' or ' if within else 'within '}{self.absolute:.1g} ({self.kind})"


DOCUMENT = {"kind": str, "relative": float, "absolute": float}
"""The shape (see `lrcli.schema`) of `Tolerance.as_document`."""


def tolerance_of(record: "Record", rtol: float | None = None) -> Tolerance:
    """What the log allows; `rtol` overrules the relative part."""
    found = _tolerance(record.values, record.shown)
    return (
        found
        if rtol is None
        else found._replace(kind="--rtol", relative=rtol, absolute=0.0 if rtol == 0 else found.absolute)
    )


def tolerance_if_rounded(record: "Record") -> Tolerance | None:
    """What the log allows if its values, too few to tell, are rounded to the digits that they show.

    None where it is known how they are rounded, or where they show a single digit.
    """
    if record.shown.digits < 2 or len(different(record.values)) >= FEW_VALUES:
        return None
    found = _tolerance(record.values, record.shown, few=1)
    return None if found == _tolerance(record.values, record.shown) else found


def _tolerance(values: "Floats", shown: Shown, few: int = FEW_VALUES) -> Tolerance:
    import numpy as np

    peak = float(np.abs(values).max(initial=0.0))
    distinct = different(values[values != 0])
    nothing = NEXT_TO_NOTHING * peak
    with np.errstate(over="ignore"):
        narrow = distinct.astype(np.float32)
    is_narrow = bool(len(distinct)) and bool((narrow.astype(np.float64) == distinct).all())
    if is_narrow:
        # A few powers of two are in every float: some value must need the digits that it has.
        halves = narrow.view(np.uint32)
        is_short = not (halves & 0xFFFF).any()
        is_long = shown.digits > FEW_DIGITS and (halves & LAST_BITS).any()
        if is_short and (is_long or ((halves & 0x7F0000).any() and len(distinct) >= MANY_VALUES)):
            return Tolerance("bfloat16", BFLOAT16 * 1.01, nothing, BFLOAT16 * 1.001)
        if not is_short and (len(distinct) >= FEW_VALUES or shown.digits >= LONG):
            return Tolerance("float32", FULL, FLOAT32_NOISE * peak, FLOAT32 * 1.001)
    digits = min(shown.digits, FULL_DIGITS)
    if _is_bfloat16(distinct, digits):
        return Tolerance("bfloat16", BFLOAT16 * 1.01, nothing, BFLOAT16 * 1.001)
    half = 0.5 * 10.0 ** (1 - digits)
    decimals, is_sure = shown.decimals, True
    if decimals is None or digits == FULL_DIGITS or (len(distinct) < few and not shown.padded):
        # Zeros before an exponent are digits.
        of_values = (None, False) if shown.padded else _decimals(distinct, digits, bool((values == 0).any()))
        decimals, is_sure = of_values
    if decimals is not None:
        unit = 10.0**-decimals
        least = nothing if digits > FEW_DIGITS else FLOAT32_NOISE * peak
        # Where it may be the digits that are equally many, either rounding is one that the log may have.
        own = 0.0 if is_sure or digits == 1 else half
        return Tolerance(f"{decimals} decimals", max(FULL, 1.02 * own), max(0.51 * unit, least), own, 0.501 * unit)
    if 1 < digits <= FEW_DIGITS and (digits >= MANY_DIGITS or shown.padded or _needs(distinct, digits, few)):
        kind = f"{digits} significant digits"
        return Tolerance(kind, max(FULL, 1.02 * half), FLOAT32_NOISE * peak, half, nothing, digits)
    return Tolerance(FULL_PRECISION, FULL, nothing, 1e-9, nothing)


def _is_bfloat16(distinct: "Floats", digits: int) -> bool:
    """Whether all values are those of bfloat16, rounded to so many digits: a chance of less than 1 in 100 for each."""
    import numpy as np

    if not FEW_DIGITS >= digits > MANY_DIGITS or len(distinct) < (1 if digits > MANY_DIGITS + 1 else FEW_VALUES):
        return False
    narrow = distinct.astype(np.float32).view(np.uint32)
    nearest = ((narrow + 0x8000) & 0xFFFF0000).view(np.float32).astype(np.float64)
    unit = 10.0 ** (np.floor(np.log10(np.abs(distinct))) + 1 - digits)
    return bool((np.abs(nearest - distinct) <= 0.5001 * unit).all() and ((narrow + 0x8000) & LAST_BITS).any())


def _needs(distinct: "Floats", digits: int, few: int) -> bool:
    """Whether values are written in so many digits because they are rounded: most of them need them all."""
    written = _written(distinct, digits)
    full = sum(len(needed) >= digits for needed, _ in written)
    return len(written) >= few and 2 * full >= len(written)


def _decimals(distinct: "Floats", digits: int, has_zeros: bool) -> tuple[int | None, bool]:
    """To how many decimals values are rounded whose zeros at the end are not written, as in JSON, and whether they show
    that it is not the digits that are equally many: in each power of ten that has several values, these need as many
    decimals. None where it is not seen.
    """
    if digits > FEW_DIGITS or len(distinct) < (FEW_VALUES if digits > 1 else MANY_VALUES):
        return None, False
    needed: dict[int, list[int]] = {}
    in_full = []
    for mantissa, power in _written(distinct, digits):
        needed.setdefault(power, []).append(len(mantissa) - 1 - power)
        in_full += needed[power][-1:] if len(mantissa) == digits else []
    most = max(map(max, needed.values()))
    if digits > 1 and min(in_full, default=most) < most:
        return None, False  # Rates may lie on a grid by themselves: the digits of a higher one are as many, too.
    many = [decimals for decimals in needed.values() if len(decimals) >= FEW_VALUES]
    full = sum(decimals.count(most) for decimals in needed.values())
    is_seen = most > 0 and len(needed) + has_zeros > 1 and many and all(max(decimals) == most for decimals in many)
    is_seen = is_seen and 2 * full >= sum(map(len, needed.values()))
    return (most if is_seen else None), len(many) > 1


def _written(distinct: "Floats", digits: int) -> list[tuple[str, int]]:
    """The digits that some of the values need, of so many, and the power of ten of the first."""
    every = -(-len(distinct) // MOST_LOOKED_AT)
    parts = (f"{value:.{digits - 1}e}".split("e") for value in distinct[::every].tolist())
    return [(mantissa.replace(".", "").lstrip("-").rstrip("0"), int(power)) for mantissa, power in parts]


def different(values: Any) -> Any:
    """The different values in their order. numpy's own `unique` first imports all that it has for masked arrays."""
    import numpy as np

    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=np.nan) != 0]
