"""Records what NeMo, OLMo, Composer with llm-foundry, MMEngine and MMCV make of random configurations: their rates.

Run it as `python -m tests.live.record_sources FOLDER`. FOLDER has nemo.py (NeMo nemo/core/optim/lr_scheduler.py),
olmo.py (OLMo olmo/optim.py), composer_time.py and composer_scheduler.py (composer/core/time.py and
composer/optim/scheduler.py), llmfoundry.py (llm-foundry llmfoundry/optim/scheduler.py), mmcv_lr_updater.py (MMCV v1.7.2
mmcv/runner/hooks/lr_updater.py); mmengine is installed. Of each
only the schedules are made, by the arguments of the configuration. It writes tests/data/trainers/NAME.json.
"""

import json
import math
import random
import re
import sys
import types
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

CASES = 25
DATA = Path(__file__).parent.parent / "data" / "trainers"
SHOWN = 8
"""Rates of each case, over its run."""

Case = tuple[str, dict[str, Any], Callable[[], list[float]]]
"""The file's text, what is said of the run, and how its rates are found."""


def module(name: str, text: str = "", **names: Any) -> Any:
    """A module of this text and these names, which others import."""
    made = types.ModuleType(name)
    made.__dict__.update(names)
    sys.modules[name] = made
    exec(compile(text, name, "exec"), made.__dict__)
    return made


def written(value: Any) -> str:
    """A file of JSON, which is YAML too."""
    return json.dumps(value)


def nemo(folder: Path, rng: random.Random) -> Iterator[Case]:
    """model.optim.sched of every name."""
    import logging

    import torch

    for name in ("hydra", "nemo", "nemo.core", "nemo.utils"):
        module(name)
    module("omegaconf", DictConfig=dict, OmegaConf=None)
    module("nemo.core.config", SchedulerParams=object, get_scheduler_config=None, register_scheduler_params=None)
    module("nemo.utils.model_utils", maybe_update_config_version=None)
    sys.modules["nemo.utils"].logging = logging  # type: ignore[attr-defined]
    source = module("nemo_schedulers", (folder / "nemo.py").read_text())
    names = [name for name in source.AVAILABLE_SCHEDULERS if not name.endswith(("LR", "LROnPlateau"))]
    while True:
        name = rng.choice([name for name in names if not name.startswith("T5")])
        steps = rng.randint(20, 400)
        sched: dict[str, Any] = {"warmup_steps": rng.randint(1, steps // 3)}
        if rng.random() < 0.4 and name != "SquareRootAnnealing":
            sched = {"warmup_ratio": rng.choice([0.1, 0.25])}
        if "Hold" in name:
            sched["hold_steps"] = rng.randint(1, steps // 3)
        if name == "CosineAnnealing" and rng.random() < 0.4:
            sched["constant_steps"] = rng.randint(1, steps // 3)
        if name == "NoamAnnealing":
            sched["d_model"] = rng.choice([176, 512])
        if name.startswith("Polynomial"):
            sched["power"] = rng.choice([1.0, 2.0, 0.5])
        if rng.random() < 0.6:
            sched["min_lr"] = rng.choice([1e-4, 1e-3])
        make = partial(source.AVAILABLE_SCHEDULERS[name], max_steps=steps, **sched)

        def rates(make: Any = make, steps: int = steps) -> list[float]:
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
            scheduler, found = make(optimizer), []
            for _ in range(steps):
                found.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                scheduler.step()
            return found

        optim = {"lr": 0.5, "sched": {"name": name, **sched}}
        yield written({"trainer": {"max_steps": steps}, "model": {"optim": optim}}), {}, rates


def olmo(folder: Path, rng: random.Random) -> Iterator[Case]:
    """scheduler of every name, in steps and in tokens."""
    text = (folder / "olmo.py").read_text()
    text = text[text.index("@dataclass\nclass Scheduler(") : text.index("PARAM_GROUP_FIELDS")]
    known = {"ABCMeta": ABCMeta, "abstractmethod": abstractmethod, "dataclass": dataclass, "Optional": None}
    source = module(
        "olmo_schedulers", "from typing import Optional\n" + text, **known, cos=math.cos, pi=math.pi, sqrt=math.sqrt
    )
    classes = {
        "cosine_with_warmup": source.CosWithWarmup,
        "linear_with_warmup": source.LinearWithWarmup,
        "cosine_linear_envelope": source.CosLinearEnvelope,
        "inverse_sqrt_with_warmup": source.InvSqrtWithWarmup,
        "constant_with_warmup": source.ConstantWithWarmupScheduler,
    }
    while True:
        name, each = rng.choice(list(classes)), 8 * 16
        in_tokens = rng.random() < 0.5
        length = rng.randint(2000, 40_000) if in_tokens else rng.randint(20, 300)
        unit = each if in_tokens else 1
        steps = -(-length // unit)
        warmup, lowest = rng.randint(1, length // 2), rng.choice([0.0, 0.1])
        longest = rng.choice([None, length + 5 * unit])
        start = rng.choice([None, 0.0, 0.01])
        scheduler = {"name": name, "t_warmup": warmup, "units": "tokens" if in_tokens else "steps", "t_max": longest,
                     "alpha_f": lowest, "warmup_min_lr": start}  # fmt: skip
        options: dict[str, Any] = {"warmup_steps": warmup, "warmup_min_lr": start}
        if name.startswith(("cosine", "linear")):
            options |= {"alpha_f": lowest, "t_max": longest}
        made = classes[name](grad_clip_warmup_steps=None, grad_clip_warmup_factor=None, **options)

        def rates(made: Any = made, steps: int = steps, unit: int = unit, length: int = length) -> list[float]:
            return [made.get_lr(0.5, (step + 1) * unit, length) for step in range(steps)]

        yield written({
            "max_duration": f"{length}T" if in_tokens else length, "optimizer": {"learning_rate": 0.5},
            "global_train_batch_size": 8, "model": {"max_sequence_length": 16}, "scheduler": scheduler,
        }), {}, rates  # fmt: skip


class StringEnum(Enum):
    """composer.utils.StringEnum, as far as its times need it."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        return next(member for member in cls if str(value).lower() in (member.value, member.name.lower()))


def llmfoundry(folder: Path, rng: random.Random) -> Iterator[Case]:
    """scheduler of every name with lengths in every unit."""
    module("composer")
    module("composer.utils", StringEnum=StringEnum)
    module("composer.core.serializable", Serializable=object)
    time = module("composer.core.time", (folder / "composer_time.py").read_text())
    module("composer.core", State=object, Time=time.Time, TimeUnit=time.TimeUnit)
    composer = module("composer.optim.scheduler", (folder / "composer_scheduler.py").read_text())
    module("composer.optim", ComposerScheduler=composer.ComposerScheduler, LinearScheduler=composer.LinearScheduler)
    module("llmfoundry")
    module("llmfoundry.utils")
    module("llmfoundry.utils.warnings", experimental_class=lambda name: lambda cls: cls)
    own = module("llmfoundry_schedulers", (folder / "llmfoundry.py").read_text())
    classes = {
        "cosine_with_warmup": composer.CosineAnnealingWithWarmupScheduler,
        "linear_decay_with_warmup": composer.LinearWithWarmupScheduler,
        "constant_with_warmup": composer.ConstantWithWarmupScheduler,
        "inv_sqrt_with_warmup": own.InverseSquareRootWithWarmupScheduler,
    }
    size, length, epoch = 8, 16, 37
    while True:
        name, unit = rng.choice(list(classes)), rng.choice(["ba", "ep", "tok", "sp"])
        count = {"ba": rng.randint(20, 300), "ep": rng.randint(2, 8), "tok": rng.randint(3000, 40_000),
                 "sp": rng.randint(200, 2000)}[unit]  # fmt: skip
        steps = math.ceil(count * {"ba": 1, "ep": epoch, "tok": 1 / size / length, "sp": 1 / size}[unit])
        options: dict[str, Any] = {"t_warmup": f"{round(rng.random() / 3, 2)}dur"}
        if name == "inv_sqrt_with_warmup":
            options = {"t_warmup": f"{count // 5}{unit}", "t_scale": f"{max(1, count // 3)}{unit}",
                       "t_cooldown": f"{count // 4}{unit}"}  # fmt: skip
        if name.startswith(("cosine", "linear")):
            options |= {"alpha_f": rng.choice([0.0, 0.1])}
        duration = time.Time.from_timestring(f"{count}{unit}")
        state = types.SimpleNamespace(max_duration=duration, dataloader_len=epoch)
        schedule = classes[name](**options)

        def rates(schedule: Any = schedule, state: Any = state, steps: int = steps) -> list[float]:
            found = []
            for batch in range(steps):
                state.timestamp = time.Timestamp(
                    epoch=batch // epoch, batch=batch, sample=batch * size, token=batch * size * length
                )
                found.append(0.5 * schedule(state))
            return found

        yield written({
            "max_duration": f"{count}{unit}", "global_train_batch_size": size, "max_seq_len": length,
            "optimizer": {"lr": 0.5}, "scheduler": {"name": name, **options},
        }), {"steps_per_epoch": epoch}, rates  # fmt: skip


def mmengine(folder: Path, rng: random.Random) -> Iterator[Case]:
    """param_scheduler: a warmup by iteration or by parts of epochs, and what follows by epoch or by iteration."""
    import mmengine.optim.scheduler  # type: ignore[import-not-found]
    import torch
    from mmengine.registry import PARAM_SCHEDULERS  # type: ignore[import-not-found]

    assert mmengine.optim.scheduler
    while True:
        epochs, each = rng.randint(4, 9), rng.choice([20, 33])
        warm = rng.choice([None, {"type": "LinearLR", "start_factor": 0.01, "by_epoch": False, "begin": 0, "end": 15},
                           {"type": "LinearLR", "start_factor": 0.1, "by_epoch": True, "begin": 0, "end": 0.6,
                            "convert_to_iter_based": True}])  # fmt: skip
        smooth = rng.random() < 0.6 or warm is None
        begin = 0 if warm is None else 15 if warm["by_epoch"] is False and smooth else warm["end"] if smooth else 1
        by_iteration = smooth and warm is not None and warm["by_epoch"] is False
        end = epochs * each if by_iteration else epochs
        after: dict[str, Any] = rng.choice([
            {"type": "CosineAnnealingLR", "eta_min": 0.01, "begin": begin, "end": end},
            {"type": "CosineAnnealingLR", "eta_min_ratio": 0.1, "begin": begin, "end": end},
            {"type": "PolyLR", "eta_min": 0.01, "power": 0.9, "begin": begin, "end": end},
            {"type": "MultiStepLR", "milestones": [2, 3], "gamma": 0.1, "begin": 0, "end": epochs},
        ])  # fmt: skip
        if after["type"] == "MultiStepLR":
            after["by_epoch"] = True
        else:
            after["by_epoch"] = not by_iteration
            if not smooth and after["type"] == "PolyLR":
                continue
            if smooth and not by_iteration and warm is not None:
                after["convert_to_iter_based"] = True
        entries = [entry for entry in (warm, after) if entry]

        def rates(entries: Any = entries, epochs: int = epochs, each: int = each) -> list[float]:
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
            made = [PARAM_SCHEDULERS.build(dict(entry), default_args={"optimizer": optimizer, "epoch_length": each})
                    for entry in entries]  # fmt: skip
            found = []
            for tick in range(epochs * each):
                found.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                for scheduler in made:
                    if not scheduler.by_epoch or (tick + 1) % each == 0:
                        scheduler.step()
            return found if any(not scheduler.by_epoch for scheduler in made) else found[::each]

        text = (
            "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.5))\n"
            f"train_cfg = dict(type='EpochBasedTrainLoop', max_epochs={epochs})\nparam_scheduler = {entries!r}\n"
        )
        yield text, {"steps_per_epoch": each}, rates


def mmcv(folder: Path, rng: random.Random) -> Iterator[Case]:
    """lr_config: policies by epoch and by iteration, with each kind of warmup."""
    stub = types.SimpleNamespace(register_module=lambda *names, **more: lambda cls: cls, runner=None)
    for name in ("mmcv", "mmcv.runner", "mmcv.runner.hooks"):
        module(name).__path__ = []
    sys.modules["mmcv"].runner = sys.modules["mmcv.runner"]
    sys.modules["mmcv"].is_list_of = lambda values, kind: all(isinstance(value, kind) for value in values)
    module("mmcv.runner.hooks.hook", HOOKS=stub, Hook=object)
    text = (folder / "mmcv_lr_updater.py").read_text().replace("from .hook", "from mmcv.runner.hooks.hook")
    source = module("mmcv_lr_updater", text)
    while True:
        epochs, each = rng.randint(4, 9), rng.choice([20, 33])
        config: dict[str, Any] = dict(rng.choice([
            {"policy": "step", "step": [2, 3]}, {"policy": "step", "step": 2, "gamma": 0.5}, {"policy": "fixed"},
            {"policy": "CosineAnnealing", "min_lr": 0.01}, {"policy": "CosineAnnealing", "min_lr_ratio": 0.1},
            {"policy": "poly", "power": 0.9, "min_lr": 1e-4}, {"policy": "exp", "gamma": 0.9},
        ]))  # fmt: skip
        name = config["policy"][0].upper() + config["policy"][1:]
        if rng.random() < 0.7:
            config |= {"warmup": rng.choice(["linear", "exp", "constant"]), "warmup_iters": rng.randint(5, 50)}
            config["warmup_ratio"] = rng.choice([0.001, 0.1])
        if name in ("Step", "Fixed") and config.get("warmup") == "exp":
            continue
        if rng.random() < 0.4 and name not in ("Step", "Fixed"):
            config["by_epoch"] = False

        def rates(config: Any = config, epochs: int = epochs, each: int = each, name: str = name) -> list[float]:
            group = {"lr": 0.5}
            arguments = {key: value for key, value in config.items() if key != "policy"}
            hook = getattr(source, f"{name}LrUpdaterHook")(**arguments)
            run: Any = types.SimpleNamespace(
                optimizer=types.SimpleNamespace(param_groups=[group]), data_loader=range(each), epoch=0, iter=0,
                max_epochs=epochs, max_iters=epochs * each,
            )  # fmt: skip
            hook.before_run(run)
            found = []
            for tick in range(epochs * each):
                run.iter, run.epoch = tick, tick // each
                if tick % each == 0:
                    hook.before_train_epoch(run)
                hook.before_train_iter(run)
                found.append(group["lr"])
            by_iteration = config.get("warmup") or not config.get("by_epoch", True)
            return found if by_iteration else found[::each]

        yield (
            (
                f"optimizer = dict(type='SGD', lr=0.5)\nlr_config = {config!r}\n"
                f"runner = dict(type='EpochBasedRunner', max_epochs={epochs})\n"
            ),
            {"steps_per_epoch": each},
            rates,
        )


SOURCES = {"nemo": nemo, "olmo": olmo, "llmfoundry": llmfoundry, "mmengine": mmengine, "mmcv": mmcv}


def main(folder: str, *names: str) -> None:
    """Write the cases of the trainers named, or of all."""
    for name in names or SOURCES:
        cases = []
        for text, said, rates in SOURCES[name](Path(folder), random.Random(name)):
            found = rates()
            ticks = sorted({round(place * (len(found) - 1) / SHOWN) for place in range(SHOWN + 1)})
            shown = {tick: float(found[tick]).hex() for tick in ticks}
            cases.append({"text": text, "said": said, "ticks": len(found), "rates": shown})
            if len(cases) == CASES:
                break
        lines = ",\n".join(map(json.dumps, cases))
        (DATA / f"{name}.json").write_text(f'{{"cases": [\n{lines}\n]}}\n')
        print(name, len(cases), re.sub(r"\s+", " ", cases[0]["text"])[:60])


if __name__ == "__main__":
    main(*sys.argv[1:])
