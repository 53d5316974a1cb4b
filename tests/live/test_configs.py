"""Files of transformers' Trainer against the Trainer itself: the number of steps, and every rate to the bit."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from lrcli.configs import load
from lrcli.configs.reading import Reading
from lrcli.engine import rates
from lrcli.run import Run
from tests.live.late import late

torch = late("torch")
late("accelerate")
transformers: Any = late("transformers")

KEYWORDS: dict[str, list[dict[str, Any]]] = {
    "cosine": [{}, {"num_cycles": 1.5}],
    "cosine_with_restarts": [{}, {"num_cycles": 3}],
    "polynomial": [{}, {"power": 2.0, "lr_end": 1e-8}],
    "inverse_sqrt": [{}, {"timescale": 50}],
    "cosine_with_min_lr": [{"min_lr": 1e-6}, {"min_lr_rate": 0.1}],
    "cosine_warmup_with_min_lr": [{"min_lr_rate": 0.1}, {"min_lr": 1e-7, "warmup_lr_rate": 0.2}],
    "warmup_stable_decay": [
        {"num_decay_steps": 7},
        {"num_decay_steps": 9, "decay_type": "1-sqrt", "min_lr_ratio": 0.1},
    ],
}
KINDS = ("linear", "constant", "constant_with_warmup", *KEYWORDS)


class Examples:
    """Data of some examples."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"x": torch.ones(1)}


def small_model() -> Any:
    """One number, which is its own loss."""

    class Model(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, x: Any) -> dict[str, Any]:
            return {"loss": self.layer(x).mean()}

    return Model()


def drawn(rng: random.Random) -> tuple[dict[str, Any], int]:
    """Random arguments, and the number of examples."""
    kind = rng.choice(KINDS)
    arguments: dict[str, Any] = {
        "learning_rate": rng.choice([5e-5, 2e-4, 0.1, 3.3e-6]),
        "lr_scheduler_type": kind,
        "warmup_steps": rng.choice([0, 0, 0.03, 0.1, 0.5, 1, 3, 17]),
        "per_device_train_batch_size": rng.choice([1, 2, 3, 7, 8]),
        "gradient_accumulation_steps": rng.choice([1, 1, 2, 3, 8]),
        "dataloader_drop_last": rng.random() < 0.3,
    }
    if keywords := rng.choice(KEYWORDS.get(kind, [{}])):
        arguments["lr_scheduler_kwargs"] = keywords if rng.random() < 0.5 else json.dumps(keywords)
    if rng.random() < 0.3:
        arguments["max_steps"] = rng.randint(1, 60)
    if rng.random() < 0.8:
        arguments["num_train_epochs"] = rng.choice([1, 2, 3.0, 0.5, 2.7])
    return arguments, rng.randint(20, 300)


def written(path: Path, arguments: dict[str, Any]) -> Path:
    """The arguments as a file."""
    if path.suffix == ".json":
        path.write_text(json.dumps(arguments))
    else:
        path.write_text(yaml.safe_dump(arguments))
    return path


def trained(path: Path, examples: int) -> tuple[int, list[float]]:
    """Steps and rates of the Trainer, whose scheduler is stepped as its loop does."""
    parser = transformers.HfArgumentParser(transformers.TrainingArguments)
    parsed = parser.parse_json_file if path.suffix == ".json" else parser.parse_yaml_file
    (arguments,) = parsed(str(path))
    trainer = transformers.Trainer(small_model(), arguments, train_dataset=Examples(examples))
    *_, steps = trainer.set_initial_training_values(arguments, trainer.get_train_dataloader())
    trainer.create_optimizer_and_scheduler(steps)
    found = []
    for _ in range(steps):
        found.append(trainer.optimizer.param_groups[0]["lr"])
        trainer.optimizer.step()
        trainer.lr_scheduler.step()
    return steps, found


@pytest.mark.parametrize("seed", range(30))
def test_the_trainer_has_these_steps_and_rates(seed: int, tmp_path: Path) -> None:
    arguments, examples = drawn(random.Random(seed))
    suffix = ".json" if seed % 2 else ".yaml"
    path = written(tmp_path / f"train{suffix}", {**arguments, "output_dir": str(tmp_path), "use_cpu": True})
    steps, expected = trained(path, examples)
    planned = load(str(path), {}, Reading()).in_run(Run().saying({"examples": examples}))
    assert planned.run.steps == steps
    stream = rates(planned.schedule, planned.run.lrs)
    assert [next(stream) for _ in range(steps)] == expected
