"""ReduceLROnPlateau taken up again, over the metrics of the old run and of the one that goes on."""

from collections.abc import Sequence

from lrcli.engine import SCHEDULE, Selection, describe, numbered
from lrcli.resume import BOTH, LAST_EPOCH, LOADS, NEW, OLD, OPTIMIZER, SCHEDULER, Resumed
from lrcli.rows import Mark, Panel, Rows
from lrcli.schedules.param import ParamError
from lrcli.schedules.plateau import Plateau, Rates, TorchJudge

DOCUMENT = {
    "schedule": {OLD: SCHEDULE, NEW: SCHEDULE},
    "at": int,
    "load": LOADS,
    "rows": [{"epoch": float, "metric": float, "old_N": float, "new_N": float, "lr_N": float}],
}
"""The shape (see `lrcli.schema`) of what JSON shows of `plateau_rows`."""


def judged(plateau: Plateau, lrs: Rates, metrics: Sequence[float]) -> tuple[list[Rates], TorchJudge]:
    """The rates that are used in each epoch, and the scheduler after the last."""
    judge = TorchJudge(plateau, lrs)
    return judge.judge(metrics).rates, judge


def resumed_rates(resumed: Resumed, metrics: Sequence[float]) -> list[Rates]:
    """The rates that are trained at in each epoch (torch.optim.lr_scheduler.ReduceLROnPlateau, 2.13).

    Its state dict holds all that it knows but the rates, which are the optimizer's. Raises ParamError where it is made
    with last_epoch, which it does not take.
    """
    old, new = resumed.before, resumed.after
    assert isinstance(old, Plateau) and isinstance(new, Plateau)
    used, saved = judged(old, resumed.old.run.lrs, metrics[: resumed.at])
    if resumed.load == LAST_EPOCH:
        reason = "ReduceLROnPlateau.__init__() got an unexpected keyword argument 'last_epoch'"
        raise ParamError("--load", reason)
    judge = TorchJudge(new, resumed.new.run.lrs)
    if resumed.load in (BOTH, OPTIMIZER):
        judge.rates = saved.rates
    if resumed.load in (BOTH, SCHEDULER):
        judge.plateau, judge.floors = saved.plateau, saved.floors
        judge.best, judge.bad_epochs, judge.cooldown = saved.best, saved.bad_epochs, saved.cooldown
    return used + judge.judge(metrics[resumed.at :]).rates


def plateau_rows(resumed: Resumed, epochs: Sequence[float], metrics: Sequence[float], selection: Selection) -> Rows:
    """One row per epoch: its metric, what OLD and NEW alone would do with all metrics, and the rate trained at."""
    if not 0 < resumed.at < len(metrics):
        raise ParamError("--at", f"expected 1 to {len(metrics) - 1}, an epoch of the log, found {resumed.at}")
    plans = {OLD: resumed.old, NEW: resumed.new}
    curves = {
        which: judged(schedule, plan.run.lrs, metrics)[0]
        for (which, plan), schedule in zip(plans.items(), (resumed.before, resumed.after), strict=True)
        if isinstance(schedule, Plateau)
    }
    curves["lr"] = resumed_rates(resumed, metrics)
    shown = selection.rows(len(metrics))
    lrs = resumed.new.run.lrs
    names = [name for which in curves for name in numbered(which, lrs)]
    values = [[rates[group] for rates in curve] for curve in curves.values() for group in range(len(lrs))]
    return Rows(
        columns=("epoch", "metric", *names),
        blocks=[tuple([column[row] for row in shown] for column in (epochs, metrics, *values))],
        length=len(shown),
        title=f"{resumed.old.text}, taken up at {resumed.at}",
        panels=(Panel(("metric",), rate=False), Panel(tuple(names), log_if_wide=True)),
        marks=(Mark(int(epochs[resumed.at]), "taken up"),),
        document={
            "schedule": {which: describe(*plan[:2]) for which, plan in plans.items()},
            "at": resumed.at,
            "load": resumed.load,
        },
        selected=not selection.is_all,
    )
