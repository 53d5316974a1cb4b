"""How much is tried: counted, not measured, so that a log has the same answer on every machine."""


class SpentError(Exception):
    """Nothing is left to be spent."""


class Effort:
    """Rates that may be computed, a microsecond or less each; what a part spends is gone from the whole."""

    def __init__(self, left: int, whole: "Effort | None" = None) -> None:
        self.left = left
        self.whole = whole

    def part(self, most: int) -> "Effort":
        """A part of it, of `most` or what is left."""
        return Effort(min(most, self.left), self)

    def take(self, count: int) -> None:
        """Spend `count`, and what a call costs. Raises Spent where nothing is left."""
        count += CALL
        part: Effort | None = self
        while part is not None:
            part.left -= count
            part = part.whole
        if self.left < 0:
            raise SpentError

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.left < 0


CALL = 12
"""What it costs to ask for rates, in rates."""
