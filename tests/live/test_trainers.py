"""Trainers themselves: a run that is trained, what is filled in for DeepSpeed, Lightning's CLI, timm's factory."""

import json
import random
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from lrcli.cli import main
from lrcli.configs import load
from lrcli.configs.reading import Reading
from lrcli.engine import rates
from lrcli.plan import Planned
from lrcli.run import Run
from tests.live.late import late
from tests.live.test_configs import Examples, small_model
from tests.live.timm_run import timm_scheduler_module

torch = late("torch")
transformers: Any = late("transformers")


def written(path: Path, content: Any) -> str:
    """The content as a file."""
    path.write_text(json.dumps(content) if path.suffix == ".json" else yaml.safe_dump(content))
    return str(path)


def planned(path: str, deepspeed: str = "", **said: Any) -> Planned:
    """What the file is read as in a run."""
    return load(path, {}, Reading(deepspeed=deepspeed)).in_run(Run().saying(said))


def rates_of(plan: Planned, count: int) -> list[Any]:
    """The first rates."""
    return list(islice(rates(plan.schedule, plan.run.lrs), count))


def test_a_run_that_is_trained_logs_these_rates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Trainer.train() to its end: what it logs after each step is the rate that the step was made with."""
    content = {
        "output_dir": str(tmp_path), "use_cpu": True, "learning_rate": 0.001, "lr_scheduler_type": "cosine",
        "warmup_steps": 0.2, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 2,
        "num_train_epochs": 2, "logging_steps": 1, "save_strategy": "no", "report_to": "none", "disable_tqdm": True,
    }  # fmt: skip
    path = written(tmp_path / "train.json", content)
    (arguments,) = transformers.HfArgumentParser(transformers.TrainingArguments).parse_json_file(path)
    trainer = transformers.Trainer(small_model(), arguments, train_dataset=Examples(45))
    trainer.train()
    logged = [entry["learning_rate"] for entry in trainer.state.log_history if "learning_rate" in entry]
    plan = planned(path, examples=45)
    assert trainer.state.max_steps == plan.run.steps == len(logged)
    assert rates_of(plan, len(logged)) == logged
    log = tmp_path / "trainer_state.json"
    trainer.state.save_to_json(str(log))
    assert main(["verify", str(log), f"{path} --examples 45"]) == 0
    assert main(["verify", str(log), f"{path} --examples 60"]) == 1


AUTOS = {
    "WarmupDecayLR": ("warmup_min_lr", "warmup_max_lr", "warmup_num_steps", "total_num_steps"),
    "WarmupLR": ("warmup_min_lr", "warmup_max_lr", "warmup_num_steps"),
}


@pytest.mark.parametrize("seed", range(8))
def test_what_is_auto_is_filled_in_as_transformers_does(seed: int, tmp_path: Path) -> None:
    """HfTrainerDeepSpeedConfig fills the block of the schedule."""
    deepspeed: Any = pytest.importorskip("transformers.integrations.deepspeed", reason="transformers is not whole")
    rng = random.Random(seed)
    kind = rng.choice(list(AUTOS))
    batches = ("train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "train_batch_size")
    params = dict.fromkeys(AUTOS[kind], "auto")
    block: dict[str, Any] = {**dict.fromkeys(batches, "auto"), "scheduler": {"type": kind, "params": params}}
    ds = written(tmp_path / "ds.json", block)
    content = {
        "output_dir": str(tmp_path), "use_cpu": True, "learning_rate": rng.choice([1e-4, 0.003]),
        "warmup_steps": rng.choice([0, 0.1, 7]), "max_steps": rng.randint(20, 90), "num_train_epochs": 1,
        "gradient_accumulation_steps": rng.choice([1, 3]),
    }  # fmt: skip
    path = written(tmp_path / "train.json", content)
    (arguments,) = transformers.HfArgumentParser(transformers.TrainingArguments).parse_json_file(path)
    filled = deepspeed.HfTrainerDeepSpeedConfig(block)
    filled.trainer_config_process(arguments)
    filled.trainer_config_finalize(arguments, small_model(), content["max_steps"])
    wanted = filled.config["scheduler"]["params"]
    schedule = planned(path, ds).schedule
    own = {declared.name: value for declared, value in schedule.items()}
    assert {name: own[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "block", [{"class_path": "torch.optim.lr_scheduler.StepLR", "init_args": {"step_size": 2}}, None]
)
def test_lightnings_cli_steps_once_an_epoch(block: dict[str, Any] | None, tmp_path: Path, capfd: Any) -> None:
    """LightningCLI makes and steps what the file names; without a scheduler the rate stays."""
    lightning: Any = pytest.importorskip("lightning", reason="lightning is not installed")
    cli: Any = pytest.importorskip("lightning.pytorch.cli", reason="jsonargparse is not installed")
    pytest.importorskip("jsonargparse", reason="jsonargparse is not installed")
    seen: list[float] = []

    class Module(lightning.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch: Any, index: int) -> Any:
            if index == 0:
                seen.append(self.trainer.optimizers[0].param_groups[0]["lr"])
            return self.layer(batch["x"]).mean()

        def train_dataloader(self) -> Any:
            return torch.utils.data.DataLoader(Examples(6), batch_size=2)

    content: dict[str, Any] = {
        "seed_everything": 1,
        "trainer": {"max_epochs": 5, "accelerator": "cpu", "logger": False, "enable_checkpointing": False,
                    "enable_progress_bar": False, "enable_model_summary": False, "default_root_dir": str(tmp_path)},
        "optimizer": {"class_path": "torch.optim.SGD", "init_args": {"lr": 0.4}},
        **({"lr_scheduler": block} if block else {}),
    }  # fmt: skip
    path = written(tmp_path / "fit.yaml", content)
    cli.LightningCLI(Module, args=["fit", "--config", path], save_config_callback=None)
    capfd.readouterr()
    written(tmp_path / "fit.yaml", {**content, "model": {"class_path": "Module"}})
    plan = planned(path)
    assert plan.run.epochs == len(seen) == 5
    assert rates_of(plan, 5) == seen


SCHEDS = ["cosine", "tanh", "step", "multistep", "poly", "wsd", "rsqrt", "constant"]


@pytest.mark.parametrize("seed", range(24))
def test_timms_factory_makes_this_schedule(seed: int, tmp_path: Path) -> None:
    """create_scheduler_v2 with the arguments of train.py: the epochs of the run, and the rate in each."""
    factory = timm_scheduler_module()
    rng = random.Random(seed)
    content: dict[str, Any] = {
        "sched": SCHEDS[seed % len(SCHEDS)], "lr": 0.3, "epochs": rng.randint(14, 60),
        "warmup_epochs": rng.choice([0, 3, 5]), "warmup_lr": 1e-5, "min_lr": rng.choice([0.0, 1e-4]),
        "cooldown_epochs": rng.choice([0, 10]), "decay_epochs": rng.choice([7.0, 2.4, 0.3]), "decay_rate": 0.5,
        "decay_milestones": [4, 9], "warmup_prefix": rng.random() < 0.4, "sched_on_updates": rng.random() < 0.4,
        "lr_cycle_limit": rng.choice([1, 2]), "lr_k_decay": rng.choice([1.0, 1.5]), "lr_cycle_decay": 0.5,
        "lr_stable_timescale": rng.choice([4.0, 9.0]),
    }  # fmt: skip
    path = written(tmp_path / "args.yaml", content)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    names = {"sched": "sched", "epochs": "num_epochs", "lr_cycle_limit": "cycle_limit", "lr_k_decay": "k_decay",
             "lr_cycle_decay": "cycle_decay", "lr_stable_timescale": "stable_timescale"}  # fmt: skip
    arguments = {names.get(key, key): value for key, value in content.items() if key not in ("lr", "sched_on_updates")}
    updates = 6 if content["sched_on_updates"] else 0
    scheduler, epochs = factory.create_scheduler_v2(
        optimizer, **arguments, step_on_epochs=not updates, updates_per_epoch=updates
    )
    plan = planned(path, **({"steps_per_epoch": updates} if updates else {}))
    assert (plan.run.steps if updates else plan.run.epochs) == epochs * max(updates, 1)
    found = []
    for tick in range(epochs * max(updates, 1)):
        found.append(optimizer.param_groups[0]["lr"])
        if updates:
            scheduler.step_update(tick + 1)
        else:
            scheduler.step(tick + 1)
    assert rates_of(plan, len(found)) == found
