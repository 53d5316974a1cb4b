"""Our ticks against torch's own scheduler.step(), without optimizer.step(); in one process, as both have to be warm."""

import importlib
import importlib.util
import time
import warnings

from lrcli import spec
from lrcli.engine import Selection, simulate
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.family import PYTORCH

TICKS = 50_000
LIMIT = 1 / 3
LONG = {
    "linear": "total_iters",
    "polynomial": "total_iters",
    "cosine": "T_max",
    "onecycle": "total_steps",
}


def main() -> bool:
    """Measure; every scheduler costs at most a third."""
    if importlib.util.find_spec("torch") is None:
        print("\ntorch is not installed: not measured")
        return True
    torch_run = importlib.import_module("tests.live.torch_run")
    print(f"\nTicks against torch ({TICKS} ticks; CPU time, ratio to scheduler.step())")
    within = True
    for name, cls in every().items():
        if cls.reference.family is not PYTORCH or name == "plateau":
            continue
        words = f"{cls.example()} " + (f"--{LONG[name].lower().replace('_', '-')} {TICKS}" if name in LONG else "")
        schedule = spec.parse(words).schedule
        ours = _seconds(
            lambda schedule=schedule: [None for _ in simulate(schedule, Run(epochs=TICKS), Selection()).blocks]
        )
        optimizer = torch_run.optimizer_of((0.1,))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler = torch_run.torch_scheduler(schedule, optimizer)
            theirs = _seconds(lambda scheduler=scheduler: [scheduler.step() for _ in range(TICKS - 1)])
        within = within and ours / theirs <= LIMIT
        verdict = "" if ours / theirs <= LIMIT else "  MISSED"
        times = f"{ours / TICKS * 1e6:7.3f} us  torch {theirs / TICKS * 1e6:7.3f} us"
        print(f"  {name:20} {times}  {ours / theirs:5.2f} x{verdict}")
    return within


def _seconds(work) -> float:  # type: ignore[no-untyped-def]
    taken = []
    for _ in range(3):
        started = time.process_time()
        try:
            work()
        except ValueError:
            continue
        taken.append(time.process_time() - started)
    return sorted(taken)[len(taken) // 2]
