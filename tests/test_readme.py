"""The README is true."""

import re

from tests.readme import README, filled


def test_every_example_shows_what_is_printed() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.count("```console") >= 9
    assert filled(text) == text


def test_no_example_fails() -> None:
    assert not re.search(r"^lrsched[^\n]*: (?!--)", README.read_text(encoding="utf-8"), re.MULTILINE)
