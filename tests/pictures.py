"""The pictures of the README: `python -m tests.pictures` draws them anew, with the command that stands above each."""

import io
import re
import shlex
import tempfile
from contextlib import chdir, redirect_stdout
from pathlib import Path

from PIL import Image, ImageColor

from lrcli.cli import main
from lrcli.render.figure import PALETTE
from tests.readme import README, ROOT

PIXELS = 720
"""Across; a figure of 12 cm has twice as many at 300 dots per inch."""

GRAYS, TINTS = 12, 4
"""Shades of black and of each colour of a curve, up to white."""

_PICTURE = re.compile(r"^`(lrsched [^`]*) -o ([a-z]+\.png) ([^`]*)` draws$\s+^!\[[^\]]+\]\((.*/\2)\)$", re.MULTILINE)


def pictures() -> dict[Path, str]:
    """The pictures, each with the command line that draws it into a file of the name that is left open."""
    return {
        ROOT / path: f"{command} -o {{}} {more}"
        for command, _, more, path in _PICTURE.findall(README.read_text("utf-8"))
    }


def drawn(command: str) -> Image.Image:
    """What the command draws, in few pixels and colours."""
    with tempfile.TemporaryDirectory() as folder, chdir(ROOT), redirect_stdout(io.StringIO()):
        path = Path(folder) / "lr.png"
        program, *words = shlex.split(command.format(shlex.quote(str(path))))
        assert program == "lrsched" and main(words) in (0, 1)  # 1 is what resume says of something found
        whole = Image.open(path).convert("RGB")
    small = whole.resize((PIXELS, round(PIXELS * whole.height / whole.width)), Image.Resampling.LANCZOS)
    return small.quantize(palette=palette(), dither=Image.Dither.NONE)


def palette() -> Image.Image:
    """The colours of a figure with the shades at the edges of its lines."""
    shades = [(ImageColor.getrgb("black"), GRAYS), *((ImageColor.getrgb(color), TINTS) for color in PALETTE[:4])]
    values = [
        round(part + (255 - part) * step / count) for color, count in shades for step in range(count) for part in color
    ]
    image = Image.new("P", (1, 1))
    image.putpalette([*values, 255, 255, 255])
    return image


def written(picture: Image.Image) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    for path, command in pictures().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(drawn(command)))
