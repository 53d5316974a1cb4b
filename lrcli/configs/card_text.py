"""The hyperparameters in a model card, the README.md that transformers' Trainer writes, as TrainingArguments has them.

Source: transformers 5.23 modelcard.py (extract_hyperparameters_from_trainer, TrainingSummary.to_model_card)
"""

import re

from lrcli.configs import yaml_text
from lrcli.configs.tree import Node
from lrcli.errors import InputError

HEADING = "The following hyperparameters were used during training:"

KEYS = {
    "learning_rate": "learning_rate",
    "train_batch_size": "per_device_train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "lr_scheduler_type": "lr_scheduler_type",
    "lr_scheduler_warmup_ratio": "warmup_ratio",
    "lr_scheduler_warmup_steps": "warmup_steps",
    "num_epochs": "num_train_epochs",
    "training_steps": "max_steps",
}
"""What the card calls the arguments that decide the rate."""

_ITEM = re.compile(r"- (\w+): (.+)")


def read(path: str, text: str) -> Node:
    """The arguments that the card names. Raises InputError where it names none."""
    found: dict[str, Node] = {}
    before, heading, after = text.partition(HEADING)
    first = before.count("\n") + 1
    for number, line in enumerate(after.split("\n") if heading else (), first):
        item = _ITEM.fullmatch(line.strip())
        if item is None and line.strip():
            break
        if item is not None and item[1] in KEYS:
            value = yaml_text.read(f"{path} line {number}", item[2]).value
            found[KEYS[item[1]]] = Node(value, number, 1)
    if not found:
        raise InputError(f"{path}: expected a model card of transformers, with its list of hyperparameters")
    return Node(found, 1, 1)
