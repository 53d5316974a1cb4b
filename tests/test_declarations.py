"""A declaration says what it means: whatever it forgets is named here."""

import dataclasses
import json
import random
import re
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest

from lrcli import spec
from lrcli.code import TARGETS
from lrcli.documentation import sections_of
from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.schedules import MODULES, every, role
from lrcli.schedules.base import LENGTHS, Schedule
from lrcli.schedules.compose import Sequential
from lrcli.schedules.family import EPOCH, FAMILIES, FORMULA, INTERVALS, LIVE, VECTORS
from lrcli.schedules.param import ParamError
from lrcli.schedules.pytorch import Constant, Cosine, MultiStep
from lrcli.schedules.role import ROLES
from tests.draws import draw
from tests.live.holds import HOLDS
from tests.record import recorders

LIVE_TESTS, RECORDED = Path(__file__).parent / "live", Path(__file__).parent / "vectors"
WORKED = [(Path(__file__).parent / name).read_text() for name in ("test_more.py", "test_warmups.py")]
"""Tests with values of published formulas."""
SCHEDULERS = list(every().values())


@pytest.mark.parametrize("cls", SCHEDULERS, ids=lambda cls: cls.reference.name)
def test_every_field_says_what_it_means(cls: type[Schedule]) -> None:
    silent = [name for name, declared in cls.params().items() if declared.role is None]
    assert not silent, (
        f"{cls.__name__}: say what {', '.join(silent)} means with param(..., role=role.X); "
        f"lrcli/schedules/role.py has the roles: {', '.join(ROLES)}"
    )


def test_every_module_that_declares_schedulers_is_listed() -> None:
    declaring = {
        path.stem
        for path in (Path(__file__).parent.parent / "lrcli" / "schedules").glob("*.py")
        if re.search(r"^@\w*scheduler\(", path.read_text(), re.MULTILINE)
    }
    unlisted = declaring - set(MODULES)
    assert not unlisted, f"add {', '.join(sorted(unlisted))} to MODULES in lrcli/schedules/__init__.py: nobody sees it"


def test_every_family_has_a_scheduler() -> None:
    used = {cls.reference.family.name for cls in SCHEDULERS}
    assert set(FAMILIES) == used, f"no scheduler belongs to the family {', '.join(set(FAMILIES) - used)}"


@pytest.mark.parametrize("cls", SCHEDULERS, ids=lambda cls: cls.reference.name)
def test_every_scheduler_is_explained_and_shown(cls: type[Schedule]) -> None:
    missing = {"Formula", "Resume"} - sections_of(cls).keys()
    assert not missing, f"{cls.__name__}: its docstring has no {' and no '.join(sorted(missing))}"
    silent = [name for name, declared in cls.params().items() if declared.required and not declared.example]
    assert not silent, f'{cls.__name__}: give {", ".join(silent)} an example, as in param(..., example="100")'
    if cls.fields(*LENGTHS):
        schedule = spec.parse(cls.example()).schedule
        assert schedule.given(*LENGTHS) is None or schedule.horizon is not None, (
            f"{cls.__name__} has a length and no horizon: define horizon, the tick at which it is over; without it "
            "check and fit know nothing of its end"
        )


def twice(schedule: Schedule, *, rate: bool) -> Schedule:
    """The schedule with every value twice as large that scales with the rate, or else with the run."""
    values = {}
    for declared, value in schedule.items():
        assert declared.role is not None
        if declared.role is role.PARTS:
            values[declared.name] = tuple(twice(part, rate=rate) for part in value)
        elif value is not None and (declared.role.scales_with_rate if rate else declared.role.scales_with_run):
            values[declared.name] = tuple(2 * item for item in value) if isinstance(value, tuple) else 2 * value
    return dataclasses.replace(schedule, **values)


@pytest.mark.parametrize(
    "cls", [cls for cls in SCHEDULERS if not cls.follows_metric], ids=lambda cls: cls.reference.name
)
def test_what_is_said_to_scale_does(cls: type[Schedule]) -> None:
    rng, compared = random.Random(cls.reference.name), 0
    while compared < 10:
        schedule = draw(rng, cls, families=tuple(FAMILIES.values()))
        try:
            higher = twice(schedule, rate=True)
            before, after = (list(islice(rates(s, (lr,)), 60)) for s, lr in ((schedule, 0.125), (higher, 0.25)))
        except (InputError, ArithmeticError, ValueError):
            continue
        compared += 1
        for lower, high in zip(before, after, strict=True):
            same = 2 * lower == pytest.approx(high, rel=1e-6, abs=1e-40, nan_ok=True)
            assert same, (
                f"{schedule.spec}: with twice the base rate, and twice of every field whose role is a rate, the rates "
                "are not twice as high: one of its fields has the wrong role"
            )
    example = spec.parse(cls.example()).schedule
    if example.ends and not cls.fields(role.EPOCHS):
        longer = twice(example, rate=False).horizon
        assert longer == 2 * (example.horizon or 0), f"{cls.__name__}: a role of ticks is missing, or is one too many"


def test_what_goes_on_from_the_rate_that_it_finds_says_so() -> None:
    for cls in SCHEDULERS:
        part = spec.parse(cls.example()).schedule
        after = set()
        with suppress(InputError):
            for factor in (0.5, 0.25):
                sequence = Sequential((Constant(factor, 10), part), (5,))
                after.add(next(islice(rates(sequence, (0.1,)), 5, None)))
            assert cls.goes_on == (len(after) == 2), f"{cls.__name__}: say what it starts from with goes_on"


@pytest.mark.parametrize("cls", SCHEDULERS, ids=lambda cls: cls.reference.name)
def test_every_scheduler_belongs_to_a_family_and_says_what_holds_it(cls: type[Schedule]) -> None:
    reference = cls.reference
    assert reference.family in FAMILIES.values(), f"{reference.name}: register its family with family(Family(...))"
    assert cls.stepped in INTERVALS
    unknown = set(cls.code) - set(TARGETS)
    assert not unknown, f"{reference.name}: no module of lrcli/code writes for {', '.join(sorted(unknown))}"
    assert reference.evidence in (LIVE, VECTORS, FORMULA)
    assert reference.name.startswith(MODULES[cls.__module__.rpartition(".")[2]])


@pytest.mark.parametrize("cls", SCHEDULERS, ids=lambda cls: cls.reference.name)
def test_what_names_a_version_is_held_to_it(cls: type[Schedule]) -> None:
    reference = cls.reference
    if reference.evidence == FORMULA:
        assert not reference.version, (
            f"{reference.name} says that it is exact to {reference.version}, and nothing holds it to that: declare "
            "evidence=VECTORS and record vectors, or evidence=LIVE and add it to a live test; or name no version"
        )
        assert any(re.search(rf"[\"'`]{reference.name} ", source) for source in WORKED), (
            f"{reference.name} has evidence=FORMULA: add worked values, with where they are from, to tests/test_more.py"
        )
        return
    if reference.evidence == LIVE:
        assert any(reference.name in names for names in HOLDS.values()), (
            f"{reference.name} has evidence=LIVE and no live test: add a module to tests/live, list its schedulers in "
            "HOLDS of tests/live/holds.py, and install the framework in .ci/run; or declare evidence=VECTORS"
        )
    if not cls.fields(role.JUDGEMENT):  # its rates follow from a metric
        assert (RECORDED / f"{reference.name}.json").exists(), (
            f"{reference.name} has no recorded vectors: list it in NAMES of the module of tests/record that stands for "
            f"its source (tests/record/__init__.py says how), then run `python -m tests.record {reference.name}`"
        )


def test_every_live_test_module_is_listed_and_there() -> None:
    for module, names in HOLDS.items():
        source = (LIVE_TESTS / f"{module}.py").read_text()
        assert "HOLDS" in source or len(names) == 1, f"tests/live/{module}.py: take the names from HOLDS"


def test_every_vector_belongs_to_a_scheduler_and_a_recorder() -> None:
    known = recorders()
    for path in RECORDED.glob("*.json"):
        assert path.stem in every(), f"{path.name}: there is no such scheduler"
        assert json.loads(path.read_text())["recorder"] == f"tests/record/{known[path.stem]}.py"


def test_values_have_their_types_however_an_instance_is_made() -> None:
    with pytest.raises(ParamError, match=r"--t-max: expected a whole number, found \"'a'\""):
        Cosine(T_max="a")  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="--t-max: expected a whole number"):
        Cosine(T_max=True)
    assert Cosine(T_max=5, eta_min=1).eta_min == 1.0
    assert MultiStep(milestones=[30, 60]).milestones == (30, 60)  # type: ignore[arg-type]
    assert EPOCH in INTERVALS
