"""Figures: what is in them, that their bytes are reproducible, and that anything can be drawn."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from xml.dom.minidom import parseString

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcli.cli import main
from lrcli.cli.output import SIZE
from lrcli.errors import InputError
from lrcli.render import FIGURES, figure, render_figure
from lrcli.render.digest import Digest
from lrcli.render.style import Style
from lrcli.rows import Mark, Panel, Rows
from tests.test_render import VIEWS, of_spec, of_values

BEGINS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.mark.parametrize("format", FIGURES)
def test_the_same_rows_give_the_same_bytes(format: str) -> None:
    one, other = (render_figure(format, VIEWS["sequential"](), Style()) for _ in range(2))
    assert one == other
    assert one.startswith(BEGINS[format])


def test_a_figure_stands_alone_and_has_the_size_asked_for() -> None:
    text = render_figure("svg", VIEWS["cosine"](), Style(size=SIZE.parse("12.7x5.08cm"))).decode()
    root = parseString(text).documentElement
    assert (root.getAttribute("width"), root.getAttribute("height")) == ("360pt", "144pt")
    assert "<image" not in text  # vector curves
    assert all(word.startswith(("www.w3.org", "purl.org", "creativecommons")) for word in text.split("http://")[1:])


def test_a_transparent_figure_has_no_background() -> None:
    white, clear = (
        render_figure("svg", VIEWS["cosine"](), Style(transparent=transparent)) for transparent in (False, True)
    )
    assert b"#ffffff" in white
    assert b"#ffffff" not in clear


def test_axes_have_units_and_the_legend_names_curves_and_marks() -> None:
    drawn = figure.drawn(Digest(VIEWS["onecycle"](), 100), Style())
    rate, momentum = drawn.axes
    assert (rate.get_ylabel(), momentum.get_ylabel(), momentum.get_xlabel()) == ("learning rate", "momentum", "step")
    assert drawn.legends == []
    three = figure.drawn(Digest(VIEWS["three"](), 100), Style())
    named = [text.get_text() for text in three.legends[0].texts]
    assert named == ["cosine --t-max 50", "step --step-size 10", "linear --total-iters 20"]
    assert len({line.get_color() for line in three.axes[0].lines}) == 3
    marked = figure.drawn(Digest(VIEWS["sequential"](), 100), Style())
    assert [text.get_text() for text in marked.legends[0].texts] == [
        "0: linear --start-factor 0.1",
        "5: cosine --t-max 45",
    ]


def test_the_numbers_of_a_logarithmic_axis_are_numbers_and_dollars_in_a_name_stay() -> None:
    rows = of_values([1e-2, 1e-4, 1e-8])
    rows.title, rows.marks = "a $b$", [Mark(0, "c $d$")]
    drawn = figure.drawn(Digest(rows, 100), Style(log_y=True))
    drawn.canvas.draw()
    assert all(label.get_parse_math() for label in drawn.axes[0].get_yticklabels())
    assert not any(label.get_parse_math() for label in [drawn._suptitle, *drawn.legends[0].texts])


def test_short_names_stand_side_by_side_in_the_legend() -> None:
    rows = of_values([0.1, 0.2])
    rows.marks = [Mark(0, "one"), Mark(1, "two")]
    assert figure.drawn(Digest(rows, 100), Style()).legends[0]._ncols == 2
    assert figure.drawn(Digest(VIEWS["three"](), 100), Style(size=(3.0, 2.0))).legends[0]._ncols == 1


def test_a_legend_leaves_the_figure_to_the_curves_and_says_what_it_leaves_out() -> None:
    names = tuple(f"cosine --t-max {number}0" for number in range(1, 9))
    rows = Rows(("epoch", *names), [(range(3), *([0.3, 0.2, 0.1] for _ in names))], 3, "", (Panel(names),))
    for size in ((8 / 2.54, 5 / 2.54), (16 / 2.54, 10 / 2.54)):
        drawn = figure.drawn(Digest(rows, 100), Style(size=size))
        drawn.canvas.draw()
        assert drawn.axes[0].get_position().height > 0.35
        assert [text.get_text() for text in drawn.legends[0].texts] == [*names[:6], "and 2 more"]


def test_a_curve_goes_through_every_row() -> None:
    drawn = figure.drawn(Digest(of_spec("cosine --t-max 50"), 100), Style())
    (line,) = drawn.axes[0].lines
    expected = [value for block in of_spec("cosine --t-max 50").blocks for value in block[1]]
    assert [float(value) for value in line.get_ydata()] == expected


def test_a_logarithmic_axis_where_it_was_asked_for_or_the_values_span_decades() -> None:
    scales = [
        figure.drawn(Digest(of_spec(text), 100), Style(log_y=log_y)).axes[0].get_yscale()
        for text, log_y in (("cosine --t-max 50", False), ("cosine --t-max 50", True))
    ]
    assert scales == ["linear", "log"]
    for values, expected in (
        ([0.1, 0.001], "log"),
        ([0.1, 0.1 * 0.1 * 0.1], "log"),
        ([0.1, 0.09], "linear"),
        ([0.1, 0.0], "linear"),
    ):
        rows = of_values(values)
        rows.panels = (Panel(("lr",), log_if_wide=True),)
        assert figure.drawn(Digest(rows, 100), Style()).axes[0].get_yscale() == expected


@settings(max_examples=6, deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=20), st.booleans(), st.text(max_size=20))
def test_any_values_and_any_text_can_be_drawn(values: list[float], log_y: bool, text: str) -> None:
    rows = Rows(("epoch", text), [(range(len(values)), values)], len(values), text, (Panel((text,)),), [Mark(0, text)])
    with suppress(InputError):  # values that no axis of matplotlib has room for
        assert render_figure("svg", rows, Style(log_y=log_y))


def test_values_that_no_axis_has_room_for_are_refused() -> None:
    with pytest.raises(InputError, match="too far apart"):
        render_figure("svg", of_values([0.0, 6e16, *[0.0] * 6, 3e274, 0.0]), Style(log_y=True))


def test_without_matplotlib_the_message_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None; from lrcli.cli import main;"
        "sys.exit(main(['cosine', '--t-max', '9', '-f', 'svg']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'lrcli[figures]'" in done.stderr


@pytest.mark.parametrize("format", FIGURES)
def test_a_figure_may_be_written_to_standard_output(format: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["cosine", "--t-max", "9", "-f", format]) == 0
    assert capsysbinary.readouterr().out.startswith(BEGINS[format])


def test_a_figure_may_go_into_a_pipe() -> None:
    command = [sys.executable, "-m", "lrcli", "cosine", "--t-max", "9", "-f", "png"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout.startswith(BEGINS["png"])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["-o", ""], ["--output", "the name of a file"]),
        (["-o", "lr.parquet"], ["--output", ".parquet", ".svg, .png, .pdf", "--format"]),
        (["-f", "png", "--json"], ["--json", "png"]),
        (["--open"], ["--open", "--output"]),
        (["-o", "lr.png", "--size", "3x4"], ["--size", "8x5cm", "3x4"]),
        (["-o", "lr.png", "--size", "0x4cm"], ["--size", "8x5cm"]),
        (["-o", "lr.png", "--size", "9999x9999in"], ["--size", "100 inches"]),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    options: list[str], named: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["cosine", "--t-max", "9", *options]) == 2
    message = capsys.readouterr().err
    assert all(word in message for word in named), message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [*BEGINS, "csv", "json", "txt"])
@pytest.mark.parametrize(
    ("command", "says"),
    [(["verify", "log.csv", "step --step-size 2"], b"The run followed "), (["audit", "log.csv"], b"The rates are ")],
)
def test_what_is_written_is_what_the_name_of_the_file_says(
    command: list[str],
    says: bytes,
    suffix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text("epoch,lr\n" + "".join(f"{epoch},{0.1 * 0.1 ** (epoch // 2)!r}\n" for epoch in range(8)))
    assert main([*command, "-o", f"out.{suffix}"]) == 0
    begins = {**BEGINS, "csv": b"tick,expected,logged\n", "json": b"{\n", "txt": says}[suffix]
    assert Path(f"out.{suffix}").read_bytes().startswith(begins)


@pytest.mark.parametrize("suffix", ["svg", "csv", "json"])
@pytest.mark.parametrize(
    "command", [["explain", "cosine"], ["code", "cosine --t-max 9"], ["check", "cosine --t-max 9"]]
)
def test_text_is_not_written_under_the_name_of_something_else(
    command: list[str], suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    if command[0] == "check" and suffix == "json":
        assert main([*command, "-o", "out.json"]) == 0
        assert Path("out.json").read_text().startswith("{")
        return
    assert main([*command, "-o", f"out.{suffix}"]) == 2
    assert "--output: this is text" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_open_shows_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert main(["cosine", "--t-max", "9", "-o", str(tmp_path / "a b.csv"), "--open"]) == 0
    assert opened == [(tmp_path / "a b.csv").as_uri()]
    assert "no program that shows" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a desktop")
def test_without_a_desktop_no_browser_takes_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("webbrowser.open", lambda url: pytest.fail(url))
    assert main(["cosine", "--t-max", "9", "-o", str(tmp_path / "lr.csv"), "--open"]) == 0
    assert "no program that shows" in capsys.readouterr().err


def test_a_large_figure_has_no_more_dots_than_memory() -> None:
    header = render_figure("png", VIEWS["cosine"](), Style(size=(100.0, 1.0)))[16:24]
    assert (int.from_bytes(header[:4]), int.from_bytes(header[4:])) == (8000, 80)


@pytest.mark.parametrize("command", [["cosine", "--t-max", "9"], ["list"], ["check", "cosine --t-max 9"]])
def test_json_is_short_for_format_json(command: list[str], capsys: pytest.CaptureFixture) -> None:
    texts = [(main([*command, *words]), capsys.readouterr().out) for words in (["--json"], ["-f", "json"])]
    assert texts[0] == texts[1]
    assert texts[0][1].startswith("{")
