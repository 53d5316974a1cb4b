"""A declaration says what it means: whatever it forgets is named here."""

import pytest

from lrcli.schedules import MODULES, every
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import EPOCH, FAMILIES, FORMULA, INTERVALS, LIVE, VECTORS
from lrcli.schedules.param import ParamError
from lrcli.schedules.pytorch import Cosine, MultiStep
from lrcli.schedules.role import ROLES

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


def test_values_have_their_types_however_an_instance_is_made() -> None:
    with pytest.raises(ParamError, match=r"--t-max: expected a whole number, found \"'a'\""):
        Cosine(T_max="a")  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="--t-max: expected a whole number"):
        Cosine(T_max=True)
    assert Cosine(T_max=5, eta_min=1).eta_min == 1.0
    assert MultiStep(milestones=[30, 60]).milestones == (30, 60)  # type: ignore[arg-type]
    assert EPOCH in INTERVALS
