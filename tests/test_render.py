"""Rows to text: exact for programs, readable for people, within the size that was asked for."""

import csv
import io
import json
import math
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcli import spec
from lrcli.compare import compared
from lrcli.engine import Selection, simulate
from lrcli.render import FIGURES, FORMATS, PICTURE, render, render_figure
from lrcli.render.digest import Bucket, Digest
from lrcli.render.matter import Placed, Pool
from lrcli.render.plot import points, side_by_side
from lrcli.render.style import Style
from lrcli.render.ticks import linear_ticks, log_ticks, widened
from lrcli.rows import BLOCK, Mark, Panel, Rows
from lrcli.run import Run
from lrcli.text import wrapped

DRAWN = ("table", "plot", PICTURE)
SIZES = [(60, 24), (80, 24), (120, 40), (200, 50)]


def text_of(format: str, rows: Rows, style: Style | None = None) -> str:
    return "".join(render(format, rows, style or Style()))


def of_spec(text: str, selection: Selection | None = None, **run: object) -> Rows:
    plan = spec.parse(text).in_run(Run(**run))  # type: ignore[arg-type]
    return simulate(plan.schedule, plan.run, selection or Selection())


def drawn_of(text: str, selection: Selection) -> Rows:
    plan = spec.parse(text).in_run(Run())
    return simulate(plan.schedule, plan.run, selection, drawn=True)


def of_values(values: list[float], title: str = "values") -> Rows:
    blocks = [
        (range(start, min(start + BLOCK, len(values))), values[start : start + BLOCK])
        for start in range(0, len(values), BLOCK)
    ]
    return Rows(("epoch", "lr"), blocks, len(values), title, (Panel(("lr",)),))


VIEWS: dict[str, Callable[[], Rows]] = {
    "cosine": lambda: of_spec("cosine --t-max 50"),
    "step": lambda: of_spec("step --step-size 10 --gamma 0.5", epochs=40),
    "sequential": lambda: of_spec("sequential 'linear --start-factor 0.1' 'cosine --t-max 45' --milestones 5"),
    "onecycle": lambda: of_spec("onecycle --max-lr 0.1 --total-steps 100"),
    "groups": lambda: of_spec("cosine --t-max 10", lr=(0.1, 0.01)),
    "steps": lambda: of_spec("exponential --gamma 0.9", epochs=4, steps_per_epoch=3, interval="step"),
    "restarts": lambda: of_spec("cosine-restarts --t-0 1000 --t-mult 2", epochs=7000),
    "three": lambda: compared(
        [
            spec.parse(text).in_run(Run())
            for text in ("cosine --t-max 50", "step --step-size 10", "linear --total-iters 20")
        ],
        Run(),
        Selection(),
    ),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_views(view: str, width: int, height: int, golden: Callable[[str, str], None]) -> None:
    golden(f"{view}-{width}.txt", text_of(PICTURE, VIEWS[view](), Style(width, height)))


@pytest.mark.parametrize("format", ["table", "markdown"])
def test_tables(format: str, golden: Callable[[str, str], None]) -> None:
    golden(f"sequential-{format}.txt", text_of(format, VIEWS["sequential"]()))


def test_ascii_and_logarithmic_views(golden: Callable[[str, str], None]) -> None:
    golden("cosine-ascii.txt", text_of(PICTURE, VIEWS["cosine"](), Style(ascii=True)))
    golden("polynomial-log.txt", text_of(PICTURE, of_spec("polynomial --total-iters 20", epochs=25), Style(log_y=True)))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("format", DRAWN)
@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 50), (7, 6), (20, 24), (60, 6), (80, 24), (200, 50)])
def test_a_view_stays_within_its_size(view: str, format: str, width: int, height: int) -> None:
    lines = text_of(format, VIEWS[view](), Style(width, height)).splitlines()
    if width >= 20:
        assert max(map(len, lines)) <= width
    if format != "table" and height >= 6:
        assert len(lines) <= height - 2


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("format", DRAWN)
def test_colour_and_characters_are_the_callers_choice(view: str, format: str) -> None:
    plain = text_of(format, VIEWS[view](), Style())
    assert "\x1b" not in plain
    assert text_of(format, VIEWS[view](), Style(ascii=True)).isascii()
    if format != "table":
        assert "\x1b[" in text_of(format, VIEWS[view](), Style(color=True))


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in (*DRAWN, *FIGURES)])
def test_programs_get_every_row(format: str) -> None:
    text = text_of(format, VIEWS["restarts"]())
    assert text.count("\n") >= 7000


finite = st.floats(allow_nan=False, allow_infinity=False)


def bits(value: float | None) -> str | None:
    return None if value is None else value.hex()


@given(st.lists(st.floats(), min_size=1, max_size=40))
def test_csv_and_json_read_back_with_the_same_bits(values: list[float]) -> None:
    rows = list(csv.reader(io.StringIO(text_of("csv", of_values(values)))))
    assert rows[0] == ["epoch", "lr"]
    assert [float(row[1]).hex() for row in rows[1:]] == [value.hex() for value in values]
    whole = json.loads(text_of("json", of_values(values)))["rows"]
    lines = [json.loads(line) for line in text_of("jsonl", of_values(values)).splitlines()]
    finite = [bits(value) if math.isfinite(value) else None for value in values]
    assert [bits(row["lr"]) for row in whole] == [bits(row["lr"]) for row in lines] == finite


def test_long_csv_is_the_short_one_continued() -> None:
    values = [0.1 * 0.9999**row for row in range(230_000)]
    long, short = text_of("csv", of_values(values)), text_of("csv", of_values(values[:150_000]))
    assert long.startswith(short)
    assert long == "epoch,lr\n" + "".join(f"{row},{value!r}\n" for row, value in enumerate(values))


def test_cells_that_are_texts_or_missing() -> None:
    def rows() -> Rows:
        cells = (["a,b", 'say "x"', None], [0.5, None, math.nan])
        return Rows(("na|me", "100 %, x"), [cells], 3, "", (Panel(()),))

    assert text_of("csv", rows()) == 'na|me,"100 %, x"\n"a,b",0.5\n"say ""x""",\n,nan\n'
    assert text_of("tsv", rows()) == 'na|me\t100 %, x\na,b\t0.5\nsay "x"\t\n\tnan\n'
    assert text_of("jsonl", rows()).splitlines()[0] == '{"na|me": "a,b", "100 %, x": 0.5}'
    assert text_of("markdown", rows()).splitlines()[0] == "| na\\|me | 100 %, x |"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), st.sampled_from([*DRAWN, "markdown"]), st.booleans())
def test_no_text_reaches_the_terminal_raw(hostile: str, format: str, color: bool) -> None:
    rows = Rows(
        ("epoch", f"lr {hostile}"),
        [(range(3), [0.1, 0.2, 0.3])],
        3,
        hostile,
        (Panel((f"lr {hostile}",)),),
        marks=[Mark(1, hostile)],
    )
    text = text_of(format, rows, Style(color=color))
    for code in (
        "\x1b[0m",
        "\x1b[1m",
        "\n",
        *(f"\x1b[38;5;{n}m" for n in range(256)),
        *(f"\x1b[{n}m" for n in range(110)),
    ):
        text = text.replace(code, "")
    assert all(character.isprintable() for character in text), repr(text)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=60), st.booleans(), st.integers(10, 120), st.integers(4, 40))
def test_any_values_can_be_drawn(values: list[float], log_y: bool, width: int, height: int) -> None:
    for format in DRAWN:
        assert text_of(format, of_values(values), Style(width, height, log_y=log_y))


def test_no_spike_and_no_row_that_matters_is_lost() -> None:
    values = [0.1] * 300_000
    values[123_456], values[200_001] = 5.0, -3.0
    digest = Digest(of_values(values), buckets=160)
    buckets = digest.series["lr"].buckets
    assert max(bucket.high for bucket in buckets if bucket) == 5.0
    assert min(bucket.low for bucket in buckets if bucket) == -3.0
    assert len(buckets) <= 320
    assert {0, 123_456, 200_001, 299_999} <= {index for index, _ in digest.matter.rows_that_matter(6)}


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5000), st.integers(2, 30), st.booleans())
def test_rows_that_matter_are_rows(length: int, most: int, known: bool) -> None:
    rng = random.Random(length)
    values = [rng.random() for _ in range(length)]
    rows = of_values(values)
    rows.length = length if known else None
    chosen = Digest(rows, 50).matter.rows_that_matter(most)
    assert len(chosen) == min(length, len(chosen)) <= max(most, 2)
    assert [index for index, _ in chosen] == sorted({index for index, _ in chosen})
    assert all(row == (index, values[index]) for index, row in chosen)
    assert length <= 2 * most or len(chosen) >= most // 2


def test_a_table_says_what_it_left_out() -> None:
    assert "21 of 100 rows; -f csv has all" in text_of("table", of_spec("exponential --gamma 0.9"))
    chosen = text_of("table", of_spec("exponential --gamma 0.9", Selection(stop=60)))
    assert "left out" not in chosen
    assert len(chosen.splitlines()) == 62


@pytest.mark.parametrize(
    ("text", "run", "events"),
    [
        ("multistep --milestones 30,60,90", {}, [0, 30, 60, 90, 99]),
        ("step --step-size 25", {"ticks": 100}, [0, 25, 50, 75, 99]),
        ("cosine --t-max 90", {"warmup": 10, "ticks": 100}, [0, 10, 99]),
        ("constant --factor 1.0", {"warmup": 7, "ticks": 40}, [0, 7, 39]),
        ("hf-cosine --num-warmup-steps 10 --num-training-steps 100", {}, [0, 10, 99]),
        ("wsd --warmup-steps 10 --stable-steps 60 --decay-steps 30", {}, [0, 10, 70, 99]),
        ("cosine-restarts --t-0 20 --t-mult 2", {"ticks": 140}, [0, 20, 60, 139]),
        ("cyclic --base-lr 0.01 --max-lr 0.1 --step-size-up 10", {"ticks": 41}, [0, 10, 20, 30, 40]),
        ("onecycle --max-lr 0.1 --total-steps 100", {}, [0, 29, 99]),
        ("exponential --gamma 0.9", {"ticks": 100}, [0, 99]),
    ],
)
def test_a_table_has_every_event(text: str, run: dict[str, object], events: list[int]) -> None:
    assert sorted(Digest(of_spec(text, **run), 50).matter.events()) == events


def test_a_table_has_the_ends_of_epochs_and_round_places() -> None:
    def chosen(most: int, **run: object) -> list[int]:
        digest = Digest(of_spec("exponential --gamma 0.999", interval="step", **run), 50)
        return [index for index, _ in digest.matter.rows_that_matter(most)]

    assert chosen(7, epochs=3, steps_per_epoch=100) == [0, 99, 199, 299]
    assert chosen(8, epochs=5000, steps_per_epoch=10) == [0, 9999, 19_999, 29_999, 39_999, 49_999]
    assert chosen(8, epochs=1, steps_per_epoch=100) == [0, 20, 40, 60, 80, 99]


@pytest.mark.parametrize("format", ["plot", "svg"])
@pytest.mark.parametrize("rows", [{"at": (0, 3, 49)}, {"every": 7}, {"start": 3, "stop": 20}])
def test_choosing_rows_never_bends_a_curve(format: str, rows: dict[str, object]) -> None:
    def picture(selection: Selection) -> object:
        found = drawn_of("cosine --t-max 50", selection)
        return text_of(format, found) if format == "plot" else render_figure(format, found, Style())

    assert picture(Selection(**rows)) == picture(Selection())  # type: ignore[arg-type]


def test_the_table_below_a_curve_has_the_rows_that_were_chosen() -> None:
    found = drawn_of("cosine --t-max 50", Selection(at=(0, 3, 41)))
    table = text_of(PICTURE, found).splitlines()[-5:]
    assert [line.split()[0] for line in table if "─" not in line] == ["epoch", "0", "3", "41"]


def test_a_table_for_a_program_leaves_nothing_out() -> None:
    lines = text_of("table", of_spec("cosine --t-max 9000"), Style(whole_table=True)).splitlines()
    assert [int(line.split()[0]) for line in lines[2:]] == list(range(9000))
    assert {len(line) for line in lines} == {len(lines[0])}
    wide = text_of("table", VIEWS["three"](), Style(20, whole_table=True)).splitlines()
    assert "onecycle" not in wide[0]
    assert all(name in wide[0] for name in ("cosine --t-max 50", "linear --total-iters 20"))


def test_columns_that_do_not_fit_are_named_below() -> None:
    table = text_of("table", VIEWS["onecycle"](), Style(20))
    assert table.splitlines()[0].split() == ["step", "lr"]
    assert "no room for" in table
    assert "momentum" in table


def test_rates_are_shown_in_significant_digits() -> None:
    table = text_of("table", of_spec("exponential --gamma 0.1", epochs=9))
    assert "1e-09" in table
    assert "0.0000" not in table.replace("0.00001", "")


@given(finite, finite)
def test_ticks_lie_within_the_limits(one: float, other: float) -> None:
    low, high = widened(min(one, other) / 1e3, max(one, other) / 1e3)
    if math.isfinite(high - low):
        assert all(
            low - (high - low) * 1e-6 <= place <= high + (high - low) * 1e-6 for place, _ in linear_ticks(low, high, 5)
        )


@given(st.floats(-300, 300), st.floats(0, 600))
def test_logarithmic_ticks_lie_within_the_limits(low: float, span: float) -> None:
    low, high = widened(low, min(low + span, 305), 0.5)
    assert all(low - 1e-6 <= place <= high + 1e-6 for place, _ in log_ticks(low, high, 5))


@pytest.mark.parametrize("width", [1, 2, 7, 20, 33, 40, 60, 80])
def test_text_is_folded_between_words_and_an_option_keeps_its_value(width: int) -> None:
    text = 'use sequential "linear --total-iters 5" "cosine --t-max 45 --eta-min 1e-05" --milestones 5 or -n 3'
    lines = wrapped(text, width, further="  ")
    assert max(map(len, lines)) <= max(width, 2)
    if width >= 20:
        assert " ".join(line.strip() for line in lines) == text
        for kept in ("--total-iters 5", "--t-max 45", "--eta-min 1e-05", "--milestones 5", "-n 3"):
            assert any(kept in line for line in lines)
    if width >= 40:
        assert any('"cosine --t-max 45 --eta-min 1e-05"' in line for line in lines)


@pytest.mark.parametrize("width", [12, 30, 80])
@pytest.mark.parametrize("color", [False, True])
def test_curves_are_named_side_by_side_where_they_fit(width: int, color: bool) -> None:
    named = [("━━", "old", 32), ("━━", "new", 172), ("╎", "25: taken up", 244), ("", "and 3 more", 244)]
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in side_by_side(named, Style(width=width, color=color))]
    assert max(map(len, lines)) <= width
    assert len(lines) == {12: 4, 30: 2, 80: 1}[width]


@pytest.mark.parametrize(
    ("values", "steps"),
    [
        ([0.1, 0.1, 0.01, 0.01], [2]),
        ([0.1, 0.1, 0.1, 0.01], [3]),
        ([0.0, 0.025, 0.05, 0.075, 0.1, 0.1, 0.1], []),
        ([0.1, 0.1, 0.1, 0.08, 0.06, 0.04, 0.02], []),
        ([0.1, 0.1, 0.5, 0.49, 0.48], [2]),
        ([0.3, 0.2, 0.1], []),
        ([0.3, 0.1], []),
    ],
)
def test_a_rate_that_jumps_makes_a_step_and_one_that_turns_does_not(values: list[float], steps: list[int]) -> None:
    run = [Bucket(at, at, value, value, value, value) for at, value in enumerate(values)]
    drawn = list(points(run))
    assert [at for at, _ in drawn] == sorted([*range(len(values)), *steps])
    assert set(drawn) == {*enumerate(values), *((at, values[at - 1]) for at in steps)}


@pytest.mark.parametrize("width", [40, 50, 60])
def test_a_wide_text_in_the_first_column_is_not_broken_in_a_word_for_others(width: int) -> None:
    spec = "hf-cosine-with-restarts --num-warmup-steps 10 --num-training-steps 100 --num-cycles 3"
    names = ("spec", "peak", "rows", "area", "half_life")
    rows = Rows(names, [([spec], [0.1], [100], [5.1], [23])], 1, "", selected=True)
    text = "".join(render("table", rows, Style(width=width)))
    assert set(spec.split()) <= set(text.split())
    assert max(map(len, text.splitlines())) <= width


def test_many_rows_at_the_same_place_end_the_search_for_round_ones() -> None:
    pool = Pool()
    for number in range(5_000):
        pool.add(Placed(0, number, ()))
    assert len(pool.at_most(5, set())) == 5
