"""Records what the Trainer of an older transformers makes of random arguments: steps, and the first and last rates.

Run it with the Python of an environment that has that version, and a torch and an accelerate that it takes:
`python tests/live/record_trainer.py tests/data/trainers/transformers-VERSION.json`. The files are of transformers
4.50.3, 4.52.4, 4.57.3 and 5.0.0, each with accelerate 1.7.0 and torch 2.13.
"""

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

CASES = 12


def arguments_of(rng: random.Random) -> dict[str, Any]:
    """Random arguments that every version takes."""
    arguments: dict[str, Any] = {
        "per_device_train_batch_size": rng.choice([1, 2, 3, 8]),
        "gradient_accumulation_steps": rng.choice([1, 2, 3, 8]),
        "num_train_epochs": rng.choice([1, 2, 3.0, 0.5, 2.7]),
        "learning_rate": 1e-3,
        "lr_scheduler_type": rng.choice(["linear", "cosine", "polynomial", "constant_with_warmup"]),
    }
    warmup = rng.choice(["ratio", "steps", "both", "none"])
    if warmup in ("ratio", "both"):
        arguments["warmup_ratio"] = rng.choice([0.03, 0.1, 0.5])
    if warmup in ("steps", "both"):
        arguments["warmup_steps"] = rng.choice([1, 3, 7])
    if rng.random() < 0.2:
        arguments["max_steps"] = rng.randint(5, 30)
    return arguments


def main() -> None:
    """Write the cases to the file that is named."""
    import torch
    import transformers as installed

    transformers: Any = installed

    class Examples(torch.utils.data.Dataset):  # type: ignore[misc,type-arg,unused-ignore]
        def __init__(self, count: int) -> None:
            self.count = count

        def __len__(self) -> int:
            return self.count

        def __getitem__(self, index: int) -> dict[str, Any]:
            return {"x": torch.ones(1)}

    class Model(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, x: Any) -> dict[str, Any]:
            return {"loss": self.layer(x).mean()}

    class CountedError(Exception):
        """Training has come to where the steps are known."""

    rng = random.Random(5)
    cases = []
    for _ in range(CASES):
        arguments, examples = arguments_of(rng), rng.randint(20, 150)
        with tempfile.TemporaryDirectory() as folder:
            given = transformers.TrainingArguments(output_dir=folder, report_to=[], use_cpu=True, **arguments)
            trainer = transformers.Trainer(Model(), given, train_dataset=Examples(examples))
            usual = trainer.create_optimizer_and_scheduler
            found: list[int] = []

            def counted(num_training_steps: int, found: list[int] = found) -> None:
                found.append(num_training_steps)
                raise CountedError

            trainer.create_optimizer_and_scheduler = counted
            try:
                trainer.train()
            except CountedError:
                usual(found[0])
            rates = []
            for _ in range(found[0]):
                rates.append(trainer.optimizer.param_groups[0]["lr"].hex())
                trainer.optimizer.step()
                trainer.lr_scheduler.step()
        cases.append(
            {"arguments": arguments, "examples": examples, "steps": found[0], "rates": [*rates[:2], *rates[-2:]]}
        )
    lines = ",\n".join(map(json.dumps, cases))
    Path(sys.argv[1]).write_text(f'{{"version": "{transformers.__version__}", "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
