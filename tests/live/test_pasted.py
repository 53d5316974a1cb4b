"""The arguments of pasted constructors, against those of the live frameworks, and schedules there and back."""

import importlib
import inspect
import random

import pytest

from lrcli.code import write
from lrcli.engine import Run
from lrcli.errors import InputError
from lrcli.pasted import parse_python
from lrcli.pasted.factories import TIMM_DEFAULTS
from lrcli.pasted.makers import symbols
from lrcli.pasted.signatures import OTHERS, signature
from lrcli.schedules import every
from lrcli.schedules.expression import Expression
from lrcli.schedules.family import PYTORCH
from lrcli.schedules.plateau import Plateau
from tests.draws import draw
from tests.live.late import late
from tests.live.timm_run import timm_scheduler_module

late("torch")
optimization = late("transformers.optimization")


def live(symbol: str) -> object:
    """The framework's class or function."""
    cls = symbols().get(symbol)
    if symbol == "create_scheduler_v2" or (cls and cls.reference.source.startswith("timm")):
        return getattr(timm_scheduler_module(), symbol)
    if cls is None or cls.reference.source.startswith("transformers"):
        return getattr(optimization, symbol)
    return getattr(importlib.import_module(cls.reference.source.rpartition(".")[0]), symbol)


@pytest.mark.parametrize("symbol", dict.fromkeys([*symbols(), *OTHERS]))
def test_arguments_are_those_of_the_framework(symbol: str) -> None:
    theirs = inspect.signature(live(symbol)).parameters.values()  # type: ignore[arg-type]
    named = tuple(parameter.name + "?" * (parameter.default is not parameter.empty) for parameter in theirs)
    assert signature(symbol, symbols().get(symbol)) == named, "lrcli/pasted/signatures.py: OTHERS says the order"


def test_the_factory_of_timm_has_these_defaults() -> None:
    theirs = inspect.signature(live("create_scheduler_v2")).parameters  # type: ignore[arg-type]
    assert {name: theirs[name].default for name in TIMM_DEFAULTS} == TIMM_DEFAULTS


@pytest.mark.parametrize("text", ["StepLR(None)", "StepLR(None, 3, verbose=True)", "StepLR(None, 1, 2, 3, 4)"])
def test_refused_in_the_framework_s_words(text: str) -> None:
    from torch.optim.lr_scheduler import StepLR

    with pytest.raises(TypeError) as theirs:
        eval(text, {"StepLR": StepLR})
    with pytest.raises(ValueError) as ours:
        parse_python(text)
    assert str(theirs.value) in str(ours.value)


TORCH = [cls for cls in every().values() if cls.reference.family is PYTORCH]


@pytest.mark.parametrize("cls", TORCH, ids=lambda cls: cls.reference.name)
def test_code_that_lrsched_writes_is_read_back(cls: type) -> None:
    drawn = random.Random(cls.__name__)
    read = 0
    for _ in range(40):
        schedule = draw(drawn, cls)
        run = Run(epochs=10) if issubclass(cls, Plateau) else Run()
        try:
            text = write(schedule, run)
        except InputError:  # Torch itself fails on the way.
            continue
        assert parse_python(text).schedule == schedule
        read += 1
    assert read >= 20


OTHER = [cls for cls in symbols().values() if cls.reference.family is not PYTORCH]


@pytest.mark.parametrize("cls", OTHER, ids=lambda cls: cls.reference.name)
def test_calls_with_every_argument_are_read(cls: type) -> None:
    drawn = random.Random(cls.__name__)
    accepted = {argument.rstrip("?") for argument in signature(cls.reference.symbol, cls)}
    for _ in range(20):
        schedule = draw(drawn, cls)
        values = {declared.name: value for declared, value in schedule.items() if declared.name in accepted}
        assert not any(isinstance(value, Expression) for value in values.values())
        arguments = ", ".join(f"{name}={value!r}" for name, value in values.items())
        found = parse_python(f"{cls.reference.symbol}(optimizer, {arguments})").schedule
        assert all(dict(found._values())[name] == value for name, value in values.items())
