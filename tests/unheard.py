"""Schedulers whose fields and family nobody has heard of: what they mean is known from their roles alone.

A part of lrsched that works for these works for whatever is declared next. They are known inside `with heard():` only.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from lrcli.schedules import role
from lrcli.schedules.base import REGISTRY, Schedule, scheduler
from lrcli.schedules.counting import torch_steps
from lrcli.schedules.factor import Factor
from lrcli.schedules.family import FAMILIES, FORMULA, POSITION, STEP, Family, family
from lrcli.schedules.param import param

UNHEARD = family(
    Family(
        name="Unheard",
        version="",
        interval=STEP,
        steps=torch_steps,
        checkpoint=POSITION,
        evidence=FORMULA,
        code=(),
    )
)


@scheduler("gadget-decay", family=UNHEARD, source="gadget.GadgetDecay")
class GadgetDecay(Factor):
    """Up from 0 in a straight line, and down to a share of the base rate in another.

    Formula:
        x_t = base_lr * t / frobnicate                               for t < frobnicate
        x_t = base_lr * (wibble + (1 - wibble) * max(0, 1 - p))      from then on
        p = (t - frobnicate) / (gadzook - frobnicate)

    Resume:
        The rate depends on the tick alone.
    """

    gadzook: int = param("ticks of the whole schedule", example="100", role=role.LENGTH)
    frobnicate: int = param("ticks of the warmup", default=0, example="10", role=role.WARMUP)
    wibble: float = param("share of the base rate at the end", default=0.0, role=role.FLOOR_SHARE)

    def factor(self, t: int) -> float:
        if t < self.frobnicate:
            return t / self.frobnicate
        left = 1 - (t - self.frobnicate) / max(1, self.gadzook - self.frobnicate)
        return self.wibble + (1 - self.wibble) * max(0.0, left)

    @property
    def horizon(self) -> int | None:
        return self.gadzook


@scheduler("gadget-drops", family=UNHEARD, source="gadget.GadgetDrops")
class GadgetDrops(Factor):
    """Multiply the rate by plugh every xyzzy ticks.

    Formula:
        x_t = base_lr * plugh^floor(t / xyzzy)

    Resume:
        The rate depends on the tick alone.
    """

    xyzzy: int = param("ticks between drops", at_least=1, example="30", role=role.DROP_EVERY)
    plugh: float = param("factor of each drop", default=0.1, role=role.DROP_FACTOR)

    def factor(self, t: int) -> float:
        return float(self.plugh ** (t // self.xyzzy))


CLASSES: dict[str, type[Schedule]] = {cls.reference.name: cls for cls in (GadgetDecay, GadgetDrops)}
for name in CLASSES:
    del REGISTRY[name]
del FAMILIES[UNHEARD.name]


@contextmanager
def heard() -> Iterator[dict[str, type[Schedule]]]:
    """The schedulers by name, known to the registry and to `every()` while this lasts."""
    REGISTRY.update(CLASSES)
    FAMILIES[UNHEARD.name] = UNHEARD
    try:
        yield CLASSES
    finally:
        for name in CLASSES:
            REGISTRY.pop(name, None)
        FAMILIES.pop(UNHEARD.name, None)
