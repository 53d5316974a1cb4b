"""The README's pictures are what their commands draw."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pictures import drawn, pictures

FOLDER = Path(__file__).parent / "data" / "pictures"
ALIKE = 0.01
"""Of the way from black to white, on average over squares of 8 pixels: another release of matplotlib may do that."""


def squares(picture: Image.Image) -> np.ndarray:
    """The mean of each square of the picture, from 0 to 1."""
    gray = np.asarray(picture.convert("L"), dtype=float) / 255
    height, width = (side // 8 * 8 for side in gray.shape)
    return gray[:height, :width].reshape(height // 8, 8, width // 8, 8).mean(axis=(1, 3))


@cache
def now(command: str) -> np.ndarray:
    return squares(drawn(command))


@pytest.mark.parametrize("name", ["plot", "compare", "plateau", "resume"])
def test_a_picture_is_what_its_command_draws(name: str) -> None:
    path = FOLDER / f"{name}.png"
    kept = squares(Image.open(path))
    drawn_now = now(pictures()[path])
    assert kept.shape == drawn_now.shape, "python -m tests.pictures"
    assert np.abs(kept - drawn_now).mean() < ALIKE, "python -m tests.pictures"
    others = [squares(Image.open(other)) for other in pictures() if other != path]
    assert all(np.abs(kept - other).mean() > 2 * ALIKE for other in others if other.shape == kept.shape)


def test_they_are_few_and_small() -> None:
    assert {path.name for path in pictures()} | {"metrics.csv"} == {path.name for path in FOLDER.iterdir()}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 60_000
