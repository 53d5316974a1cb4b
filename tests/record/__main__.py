"""`python -m tests.record NAME...`: write tests/vectors/NAME.json from the live framework."""

import importlib
import json
import random
import sys
import warnings
from typing import Any

from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from tests.draws import base_rates, draw
from tests.record import VECTORS, recorders

DRAWS = 4
TICKS = [*range(16), *range(16, 130, 8)]
"""All ticks are walked; these are kept."""


def walked(recorder: Any, schedule: Schedule, lrs: tuple[float, ...]) -> list[list[float]] | None:
    """The rates, and then the momenta, of each group at TICKS; None where the framework refuses or fails."""
    from tests.live.torch_run import optimizer_of

    optimizer = getattr(recorder, "optimizer_of", optimizer_of)(lrs)
    kept: list[list[float]] = [[] for _ in lrs]
    momenta: list[list[float]] = [[] for _ in lrs]
    told_epoch = getattr(recorder, "TOLD_EPOCH", False)
    try:
        scheduler = recorder.construct(schedule, optimizer)
        for tick in range(TICKS[-1] + 1):
            if tick:
                scheduler.step(*[tick][: int(told_epoch)])
            for place, group in enumerate(optimizer.param_groups):
                if isinstance(group["lr"], complex):
                    return None
                if tick in TICKS:
                    kept[place].append(float(group["lr"]))
                    if schedule.cycles_momentum:
                        momenta[place].append(float(group["betas"][0] if "betas" in group else group["momentum"]))
    except (ArithmeticError, ValueError, NotImplementedError, AssertionError, TypeError):
        return None
    return kept + momenta if schedule.cycles_momentum else kept


def recorded(name: str, module: str) -> dict[str, Any]:
    """The document of one scheduler."""
    recorder = importlib.import_module(f"tests.record.{module}")
    rng = random.Random(name)
    draws: list[dict[str, Any]] = []
    while len(draws) < DRAWS:
        groups = 1 + len(draws) % 2
        lrs, schedule = base_rates(rng, groups), draw(rng, every()[name], groups=groups)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            columns = walked(recorder, schedule, lrs)
        if columns is not None:
            hexed = [" ".join(value.hex() for value in column) for column in columns]
            draws.append({"spec": schedule.spec, "lr": [lr.hex() for lr in lrs], "columns": hexed})
    return {"source": recorder.SOURCE, "recorder": f"tests/record/{module}.py", "ticks": TICKS, "draws": draws}


def main(names: list[str]) -> None:
    """Record these schedulers."""
    known = recorders()
    for name in names:
        document = recorded(name, known[name])
        (VECTORS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
