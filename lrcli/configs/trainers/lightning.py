"""Lightning's CLI, and Hydra's `_target_`: classes of torch by their names.

Source: lightning 2.6 pytorch/cli.py (configure_optimizers), trainer/trainer.py (estimated_stepping_batches)
"""

import math
from collections.abc import Iterator
from typing import Any

from lrcli.configs.facts import NUMBER, Fact, Job, taken
from lrcli.configs.trainer import Made, Trainer
from lrcli.configs.tree import Node, resolved
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from lrcli.schedules.counting import Feed, torch_steps
from lrcli.schedules.family import EPOCH, FAMILIES, STEP
from lrcli.schedules.kind import SPEC
from lrcli.schedules.param import REQUIRED

PLATEAUS = ("ReduceLROnPlateau",)
FAR = 5
"""A schedule that many times as long as the run was meant for steps."""

LRS = {"Adam": 1e-3, "AdamW": 1e-3, "SGD": 1e-3, "NAdam": 2e-3, "RAdam": 1e-3, "Adagrad": 1e-2, "RMSprop": 1e-2,
       "Adamax": 2e-3, "Adadelta": 1.0, "Rprop": 1e-2, "Adafactor": 1e-2, "ASGD": 1e-2}  # fmt: skip
"""Rates of torch's optimizers where none is given."""

GONE = {"verbose": "2.7"}
"""Arguments that torch's schedulers had."""

LIMITLESS = 1000
"""Epochs of Lightning's Trainer where neither max_epochs nor max_steps is given."""


def scope_of(root: Node) -> str:
    """Where the keys are: at the top, or in the mapping of the subcommand."""
    return "fit." if root.has("fit.trainer") and not root.has("trainer") else ""


def marks(root: Node) -> bool:
    """Whether the keys are those of a LightningCLI."""
    root = root.get(scope_of(root)[:-1]) or root
    return (
        root.has("trainer", "model")
        and not root.has_any("exp_manager", "model.optim.sched")
        and (
            root.has_any("optimizer.class_path", "lr_scheduler.class_path", "model.class_path", "data.class_path")
            or root.has_any("seed_everything")
        )
    )


def scheduler_class(symbol: str) -> type[Schedule] | None:
    """The scheduler whose class or function in torch or transformers has this dotted name."""
    package, _, name = symbol.rpartition(".")
    families = {
        "torch.optim.lr_scheduler": "PyTorch",
        "torch.optim": "PyTorch",
        "transformers": "Hugging Face",
        "transformers.optimization": "Hugging Face",
    }
    family = families.get(package)
    fitting = (cls for cls in every().values() if family and cls.reference.family is FAMILIES[family])
    return next((cls for cls in fitting if cls.reference.symbol == name), None)


def fields_of(job: Job, cls: type[Schedule], arguments: dict[str, Any], where: str, prefix: str) -> dict[str, Any]:
    """The class's own arguments as the fields of the scheduler that lrsched has for it.

    `where` is the key that messages name, `prefix` what stands before the arguments' keys.
    """
    values: dict[str, Any] = {}
    params = cls.params()
    if any(declared.kind is SPEC for declared in params.values()):
        job.refuse(where, f"{cls.reference.symbol} is made of other schedulers, which are not read from a file")
    for name, value in arguments.items():
        if name in ("optimizer", "last_epoch", "monitor", "_partial_", "_target_", "_convert_"):
            continue
        if name in GONE:
            job.fails(
                "LR706",
                f"{cls.reference.symbol}.__init__() got an unexpected keyword argument '{name}': torch {GONE[name]} "
                "removed it",
                f"leave {name} out",
                job.line_of(where),
            )
        if name not in params:
            if name in ("epochs", "steps_per_epoch") and "total_steps" in params:
                values[name] = value
                continue
            job.fails(
                "LR706",
                f"{cls.reference.symbol}.__init__() got an unexpected keyword argument '{name}'; it takes "
                f"{', '.join(params)}",
                "",
                job.line_of(where),
            )
        if value is None:
            continue
        if isinstance(value, str) and params[name].annotation not in (str, str | None):
            try:
                value = taken(value, NUMBER)
            except ValueError:
                job.refuse(where, f"{name}: expected a number, found '{value}'; --set {prefix}{name}=NUMBER gives it")
        values[name] = tuple(value) if isinstance(value, list) else value
    if "epochs" in values or "steps_per_epoch" in values:
        epochs, each = values.pop("epochs", None), values.pop("steps_per_epoch", None)
        if "total_steps" not in values:
            if not isinstance(epochs, int) or not isinstance(each, int):
                job.refuse(where, "You must define either total_steps OR (epochs AND steps_per_epoch)")
            values["total_steps"] = epochs * each
            job.show(f"{epochs} epochs x {each} steps (epochs, steps_per_epoch of {where}): total_steps", epochs * each)
    for name, declared in params.items():
        if declared.default is REQUIRED and name not in values:
            job.fails(
                "LR706",
                f"{cls.reference.symbol}.__init__() missing 1 required positional argument: '{name}'",
                f"{name}: ",
                job.line_of(where),
            )
    return values


def class_of(job: Job, key: str, path: str, run: str) -> type[Schedule]:
    """The scheduler's class. Raises InputError for one that follows a metric, or is not torch's."""
    name = path.rpartition(".")[2]
    if name in PLATEAUS:
        job.refuse(key, f"{name} follows a metric, which no file knows: lrsched plateau {run} replays it")
    cls = scheduler_class(path if "." in path else f"torch.optim.lr_scheduler.{path}")
    if cls is None:
        job.refuse(key, f"{path} is neither torch's nor transformers', and nothing is imported to look inside")
    return cls


def optimizer_rate(job: Job, key: str, name: str, arguments: str) -> Fact:
    """The rate of the optimizer: as it is given, or torch's default for its class."""
    lr = job.number(f"{arguments}.lr", None, "lr")
    if lr.value is not None:
        return lr
    symbol = name.rpartition(".")[2]
    if symbol in LRS:
        job.assume(f"lr {LRS[symbol]:g} is the default of {symbol}")
        return Fact(LRS[symbol], "the default")
    where = f"{name} of {key}" if name else "the optimizer"
    return job.need(("--lr", f"the rate of {where}, which the file does not say"))


def epochs_of(job: Job) -> tuple[Fact, int | None]:
    """Epochs of the run, and optimizer steps in each where they are known."""
    epochs, most = job.whole("trainer.max_epochs", None, "epochs"), job.whole("trainer.max_steps", -1, "steps")
    steps: int | None = steps_of(job)
    if said := job.option("ticks"):
        return said, steps
    limit = epochs.value if epochs.value is not None and epochs.value >= 0 else None
    if most.value is not None and most.value >= 0:
        if steps:
            needed = math.ceil(most.value / steps)
            job.show(f"{most.of('steps')} / {steps} steps an epoch, rounded up: epochs", needed)
            return (Fact(needed, most.where), steps) if limit is None or needed <= limit else (epochs, steps)
        if limit is None:
            job.need(("--steps-per-epoch", "step() is called once an epoch, and the file gives the length in steps"))
        job.assume(f"{most.where}: that {most.value} steps are not fewer than {limit} epochs")
    if limit is None:
        if epochs.value is not None:
            job.need(("--epochs", "max_epochs -1 has no end"))
        job.assume(f"neither max_epochs nor max_steps is given: Lightning trains {LIMITLESS} epochs")
        return Fact(LIMITLESS, "the default"), steps
    return epochs, steps


def steps_of(job: Job) -> int | None:
    """Optimizer steps in an epoch; None where nothing is said of the data."""
    if said := job.option("steps_per_epoch"):
        return int(said.value)
    examples, batches = job.option("examples"), job.option("batches_per_epoch")
    if examples is None and batches is None:
        return None
    keys = ("data.init_args.batch_size", "data.batch_size", "data.init_args.train_batch_size")
    batch = next((job.whole(key, None, "batch_size") for key in keys if job.node(key)), None)
    batch = batch or job.option("batch_size") or Fact(None)
    if batch.value is None and batches is None:
        job.need(("--batch-size", "the file does not say how many of the examples are in a batch"))
    accumulate = job.whole("trainer.accumulate_grad_batches", 1, "accumulate", at_least=1)
    world = job.option("num_processes") or devices(job)
    fed = torch_steps(
        Feed(
            examples=examples.value if examples else None,
            batch_size=batch.value or 1,
            num_processes=world.value,
            accumulate=accumulate.value,
            drop_last=bool(job.option("drop_last") and job.run.drop_last),
            batches=batches.value if batches else None,
        )
    )
    job.lines += fed.lines
    limit = job.get("trainer.limit_train_batches", 1.0, NUMBER)
    count: int = fed.batches
    if isinstance(limit.value, int) and not isinstance(limit.value, bool) and limit.line:
        count = min(count, limit.value)
    elif limit.value != 1.0:
        count = int(count * limit.value)
    if count != fed.batches:
        job.show(limit.of("of the batches"), count)
        return max(1, -(-count // int(accumulate.value)))
    return int(fed.steps)


def devices(job: Job) -> Fact:
    """Processes, where the trainer's keys say how many."""
    each, nodes = job.node("trainer.devices"), job.whole("trainer.num_nodes", 1)
    count = each.value if each else 1
    if isinstance(count, list):
        count = len(count)
    if isinstance(count, str) and count.isdigit():
        count = int(count)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        job.assume(f"{job.at('trainer.devices')}: 1 process assumed; --num-processes says how many")
        count = 1
    return Fact(count * nodes.value, "trainer.devices")


def read(job: Job) -> Made:
    """What the CLI makes of the file: it steps every scheduler once an epoch."""
    job.scope = scope_of(job.root)
    node = job.node("lr_scheduler")
    if node is None and job.node("optimizer") is None:
        job.refuse("lr_scheduler", "the file has none: the rate is what configure_optimizers of the model makes of it")
    if node is None:
        return without_scheduler(job)
    path = node.value if isinstance(node.value, str) else str(job.get("lr_scheduler.class_path", "").value)
    if isinstance(node.value, list):
        job.refuse("lr_scheduler", "expected one scheduler, found a list")
    key = "lr_scheduler.init_args" if job.node("lr_scheduler.init_args") else "lr_scheduler"
    cls = class_of(job, "lr_scheduler", path, "metrics.csv")
    values = fields_of(job, cls, job.mapping("lr_scheduler.init_args"), key, "lr_scheduler.init_args.")
    lr = rate_of(job)
    epochs, steps = epochs_of(job)
    schedule = cls(**values)
    horizon = schedule.horizon
    if cls.stepped == STEP or (horizon and horizon >= FAR * epochs.value):
        length = f"{horizon} ticks" if horizon else "its steps"
        job.remark(
            "LR711",
            f"the CLI steps every scheduler once an epoch, and no key changes that: of {length} of "
            f"{cls.reference.symbol} {epochs.of('epochs')} are done",
            "configure_optimizers in the model, with interval: step",
            job.line_of("lr_scheduler"),
        )
    return Made(cls.reference.name, values, float(lr.value), epochs=epochs.value, steps_per_epoch=steps, interval=EPOCH)


def rate_of(job: Job) -> Fact:
    """The rate of the optimizer of a CLI's file."""
    node = job.node("optimizer")
    named = (
        str(job.get("optimizer.class_path", "").value)
        if node and not isinstance(node.value, str)
        else (str(node.value) if node else "")
    )
    return optimizer_rate(job, "optimizer", named, "optimizer.init_args")


def without_scheduler(job: Job) -> Made:
    """An optimizer alone: the CLI makes it, and nothing changes its rate."""
    lr = rate_of(job)
    epochs, steps = epochs_of(job)
    job.assume(f"{job.at('optimizer')} has no lr_scheduler beside it: the CLI makes the optimizer alone")
    values = {"factor": 1.0}
    return Made("constant", values, float(lr.value), epochs=epochs.value, steps_per_epoch=steps, interval=EPOCH)


def targets(node: Node, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every `_target_` with the path of its mapping."""
    if depth > 20:
        return
    if isinstance(node.value, dict):
        target = node.value.get("_target_")
        if target is not None and isinstance(target.value, str):
            yield path, target.value
        for key, child in node.value.items():
            if "." not in key:
                yield from targets(child, f"{path}.{key}" if path else key, depth + 1)


def schedulers_in(root: Node) -> list[tuple[str, str]]:
    """The mappings whose `_target_` is a scheduler of torch or transformers."""
    return [
        (path, target)
        for path, target in targets(root)
        if ".lr_scheduler." in target or (target.startswith("transformers.") and "schedule" in target)
    ]


def marks_hydra(root: Node) -> bool:
    """Whether Hydra makes a scheduler of it."""
    return bool(schedulers_in(root))


def read_hydra(job: Job) -> Made:
    """What Hydra makes of the file; when step() is called is decided in code."""
    found = schedulers_in(job.root)
    if not found:
        job.refuse("_target_", "no scheduler of torch or transformers is made in the file")
    if len(found) > 1:
        places = ", ".join(path or "the file" for path, _ in found)
        job.refuse(f"{found[0][0]}._target_", f"several schedulers are made ({places}): leave one")
    path, target = found[0]
    prefix = f"{path}." if path else ""
    cls = class_of(job, f"{prefix}_target_", target.replace("torch.optim.lr_scheduler.torch.", "torch."), "metrics.csv")
    node = job.root.get(path) if path else job.root
    assert node is not None
    arguments = {key: resolved(job.root, child).plain for key, child in node.value.items()}
    values = {}
    for key, value in arguments.items():
        if isinstance(value, str) and "${" in value:
            job.refuse(f"{prefix}{key}", f"{value} is not in this file: --set {prefix}{key}=NUMBER gives it")
        values[key] = value
    interval = job.run.interval if "interval" in job.run.said else cls.stepped
    total = job.option("steps", "ticks") if interval == STEP else job.option("epochs", "ticks")
    fields = fields_of(job, cls, values, path or "_target_", prefix)
    optimizers = [(place, name) for place, name in targets(job.root) if name.startswith("torch.optim.") and (
        ".lr_scheduler." not in name
    )]  # fmt: skip
    if len(optimizers) == 1:
        place, name = optimizers[0]
        lr = optimizer_rate(job, place, name, place) if place else optimizer_rate(job, "", name, "")
    else:
        lr = job.option("lr") or Fact(None)
        if lr.value is None:
            job.need(("--lr", "the rate of the optimizer, which the file does not have"))
    if "interval" not in job.run.said:
        job.assume(f"scheduler.step() after every {interval} assumed, which the program decides: --interval says so")
    steps = job.option("steps_per_epoch")
    if interval == EPOCH:
        epochs = total or job.whole("trainer.max_epochs", None)
        return Made(
            cls.reference.name, fields, float(lr.value), epochs=epochs.value, interval=EPOCH,
            steps_per_epoch=steps.value if steps else None,
        )  # fmt: skip
    count = total.value if total else None
    if count is None and (epochs_said := job.option("epochs")) and steps:
        count = math.ceil(epochs_said.value * steps.value)
        job.show(f"{epochs_said.of('epochs')} x {steps.of('steps')}", count)
    return Made(cls.reference.name, fields, float(lr.value), count, steps.value if steps else None)


TRAINERS = (
    Trainer("lightning", "Lightning", "2.6", marks, read),
    Trainer("hydra", "Hydra", "", marks_hydra, read_hydra),
)
