"""Which schedulers each live test module holds to its framework: what a module tests is what is listed here for it.

It imports no framework, so that the gate in tests/test_declarations.py sees the lists where none is installed.
"""

from lrcli.schedules import every
from lrcli.schedules.family import DEEPSPEED, HUGGING_FACE, KERAS, PYTORCH, TIMM, Family


def of(family: Family, *, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The schedulers of a family that are held to the live framework."""
    return tuple(name for name, cls in every().items() if cls.reference.family is family and name not in without)


HOLDS = {
    "test_torch": of(PYTORCH, without=("plateau",)),
    "test_plateau": ("plateau", "timm-plateau"),
    "test_huggingface": of(HUGGING_FACE),
    "test_timm": of(TIMM, without=("timm-plateau",)),
    "test_deepspeed": of(DEEPSPEED),
    "test_keras": of(KERAS),
}
"""The names by test module of tests/live."""
