"""A declaration says what it means: whatever it forgets is named here."""

import json
from pathlib import Path

import pytest

from lrcli.schedules import MODULES, every, role
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH, FAMILIES, FORMULA, INTERVALS, LIVE, VECTORS
from lrcli.schedules.param import ParamError
from lrcli.schedules.pytorch import Cosine, MultiStep
from lrcli.schedules.role import ROLES
from tests.live.holds import HOLDS
from tests.record import recorders

LIVE_TESTS, RECORDED = Path(__file__).parent / "live", Path(__file__).parent / "vectors"
SCHEDULERS = list(every().values())


@pytest.mark.parametrize("cls", SCHEDULERS, ids=lambda cls: cls.reference.name)
def test_every_field_says_what_it_means(cls: type[Schedule]) -> None:
    silent = [name for name, declared in cls.params().items() if declared.role is None]
    assert not silent, (
        f"{cls.__name__}: say what {', '.join(silent)} means with param(..., role=role.X); "
        f"lrcli/schedules/role.py has the roles: {', '.join(ROLES)}"
    )


@pytest.mark.parametrize("cls", SCHEDULERS, ids=lambda cls: cls.reference.name)
def test_every_scheduler_belongs_to_a_family_and_says_what_holds_it(cls: type[Schedule]) -> None:
    reference = cls.reference
    assert reference.family in FAMILIES.values(), f"{reference.name}: register its family with family(Family(...))"
    assert cls.stepped in INTERVALS
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
