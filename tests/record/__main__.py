"""`python -m tests.record NAME...`: write tests/vectors/NAME.json from the live framework."""

import dataclasses
import importlib
import json
import random
import sys
import warnings
from collections.abc import Iterator
from itertools import count, islice
from typing import Any

from lrcli.errors import InputError
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import LIVE
from tests.draws import base_rates, draw
from tests.record import VECTORS, recorders
from tests.test_vectors import assert_recorded

DRAWS, DRAWS_ALONE = 4, 10
"""Of each scheduler: where live tests hold it too, and where the vectors alone do."""
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


def drawn(recorder: Any, name: str, seed: str) -> Iterator[tuple[Schedule, tuple[float, ...], list[list[float]]]]:
    """Random schedules and base rates, with what the framework makes of them; in turn those of each variant."""
    rng = random.Random(seed)
    cls = every()[name]
    variants = getattr(recorder, "VARIANTS", {}).get(name, [{}])
    for number in count():
        columns = None
        while columns is None:
            groups = 1 + number % 2
            lrs, schedule = base_rates(rng, groups), draw(rng, cls, groups=groups)
            try:
                schedule = dataclasses.replace(schedule, **variants[number % len(variants)])
            except InputError:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                columns = walked(recorder, schedule, lrs)
        yield schedule, lrs, columns


def recorded(name: str, module: str) -> dict[str, Any]:
    """The document of one scheduler."""
    recorder = importlib.import_module(f"tests.record.{module}")
    wanted = DRAWS if every()[name].reference.evidence == LIVE else DRAWS_ALONE
    wanted = max(wanted, len(getattr(recorder, "VARIANTS", {}).get(name, [])))
    draws = [
        {
            "spec": schedule.spec,
            "lr": [lr.hex() for lr in lrs],
            "columns": [" ".join(value.hex() for value in column) for column in columns],
        }
        for schedule, lrs, columns in islice(drawn(recorder, name, name), wanted)
    ]
    return {"source": recorder.SOURCE, "recorder": f"tests/record/{module}.py", "ticks": TICKS, "draws": draws}


def compared(name: str, module: str, draws: int) -> None:
    """Hold lrsched to the live framework itself for so many draws; AssertionError where a bit differs."""
    recorder = importlib.import_module(f"tests.record.{module}")
    for schedule, lrs, columns in islice(drawn(recorder, name, f"{name} compared"), draws):
        assert_recorded(schedule, lrs, TICKS, columns)


def main(words: list[str]) -> None:
    """Record the schedulers named; with `--compare N` compare them over N draws instead."""
    known = recorders()
    draws = int(words.pop(words.index("--compare") + 1)) if "--compare" in words else 0
    for name in words:
        if name == "--compare":
            continue
        if draws:
            compared(name, known[name], draws)
        else:
            text = json.dumps(recorded(name, known[name]), indent=1)
            (VECTORS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
