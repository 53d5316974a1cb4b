"""The training loop that the torch frameworks share."""

from collections.abc import Sequence

from lrcli.run import Run
from lrcli.schedules.base import Schedule
from lrcli.schedules.family import STEP

MODEL = "model = torch.nn.Linear(1, 1)  # your model"
MODELS = "model = torch.nn.Sequential({layers})  # your model, with a parameter group for each layer"


def literal(value: object) -> str:
    """`value` as source: lists for what is given per group."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


def optimizer(schedule: Schedule, run: Run) -> list[str]:
    """The model, and the optimizer with its groups; with momentum where the schedule moves it."""
    momentum = ", momentum=0.9" if schedule.cycles_momentum else ""
    if len(run.lrs) == 1:
        return [MODEL, "", f"optimizer = torch.optim.SGD(model.parameters(), lr={run.lrs[0]!r}{momentum})"]
    layers = ", ".join(["torch.nn.Linear(1, 1)"] * len(run.lrs))
    groups = [f'    {{"params": model[{place}].parameters(), "lr": {lr!r}}},' for place, lr in enumerate(run.lrs)]
    return [
        MODELS.format(layers=layers),
        "",
        "optimizer = torch.optim.SGD(",
        "    [",
        *(f"    {group}" for group in groups),
        "    ],",
        f"    lr={run.lrs[0]!r}{momentum},",
        ")",
    ]


def loop(run: Run, ticks: int, step: Sequence[str]) -> list[str]:
    """The loop over `ticks`; `step` stands after every optimizer step, or at the end of each epoch."""
    per_epoch = run.interval != STEP
    epochs = ticks if per_epoch else -(-ticks // (run.steps_per_epoch or 1))
    lines = [
        f"loader = [torch.ones(1, 1)] * {run.steps_per_epoch or 1}  # your data: the batches of an epoch",
        "",
        f"for epoch in range({epochs}):",
        "    for batch in loader:",
        "        optimizer.zero_grad()",
        "        loss = model(batch).mean()  # your loss",
        "        loss.backward()",
        "        optimizer.step()",
    ]
    return lines + [f"    {line}" if per_epoch else f"        {line}" for line in step]


def with_loop(
    schedule: Schedule,
    run: Run,
    statement: str,
    symbol: str,
    arguments: Sequence[str],
    before: Sequence[str],
    step: Sequence[str],
) -> str:
    """The whole source: the import `statement`, `symbol` called with the optimizer and `arguments`, and the loop.

    The lines `before` stand before the loop, those of `step` where the schedule is stepped in it.
    """
    lines = [
        f"# {schedule.spec}",
        "import torch",
        statement,
        "",
        *optimizer(schedule, run),
        f"scheduler = {symbol}(",
        "    optimizer,",
        *(f"    {argument}," for argument in arguments),
        ")",
        *before,
        "",
        *loop(run, run.length(schedule), step),
    ]
    return "\n".join(lines) + "\n"
