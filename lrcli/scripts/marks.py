"""Which lines of a script have to do with schedulers and optimizers: what else only happens is not followed."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

SPEAKS = re.compile(r"[so.L](?:ched|ptim|pt\b|step\b|R\b)")
"""What stands in every function that has to do with rates: sched, optim, opt, .step or LR. Written for speed."""

ALSO = ("backward(", "load_state_dict", '["lr"]', "['lr']", ":=", "setattr(", "__dict__", ".accumulate(")
"""What else happens to a scheduler or an optimizer, or may."""


class Marks:
    """The lines of a text, each marked or not."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._marked = bytearray(len(self._starts) + 1)
        self._words: set[tuple[str, bool]] = set()
        self.speaking = [self.line(match.start()) for match in SPEAKS.finditer(text)]
        self.mark(self.speaking)
        for word in ALSO:
            self.mark(map(self.line, _places(text, word)))

    def line(self, place: int) -> int:
        """The line of a place in the text."""
        return bisect_right(self._starts, place)

    def mark(self, lines: Iterable[int]) -> None:
        """From here on these lines are marked."""
        for line in lines:
            self._marked[line] = 1

    def mark_word(self, word: str, with_parts: bool = True) -> None:
        """From here on every line is marked on which a word stands; or where it does so without a part of it."""
        if (word, with_parts) in self._words or SPEAKS.search(word):
            return
        self._words.add((word, with_parts))
        length, text = len(word), self.text
        for place in _places(text, word):
            before, after = text[place - 1 : place], text[place + length : place + length + 1]
            if before.isalnum() or before == "_" or after.isalnum() or after == "_":
                continue
            if with_parts or after not in "[.":
                self._marked[self.line(place)] = 1

    def within(self, first: int, last: int) -> bool:
        """Whether a line is marked, from the first to the last of them."""
        return self._marked.find(1, first, last + 1) >= 0


def _places(text: str, word: str) -> Iterable[int]:
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + 1)
