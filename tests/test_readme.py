"""The README is true."""

import pytest

from tests.readme import README, filled, output_of


def test_every_example_shows_what_is_printed() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.count("```console") >= 15
    assert filled(text) == text


def test_an_example_that_fails_is_no_example() -> None:
    with pytest.raises(AssertionError, match="exit status 2"):
        output_of("lrsched no-such-scheduler | head -3")
