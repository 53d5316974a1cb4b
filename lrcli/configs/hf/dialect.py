"""Who reads the keys of TrainingArguments, and by which keys they are told apart."""

from collections.abc import Callable
from typing import NamedTuple

from lrcli.configs.hf.schedule import BY_METRIC, SCHEDULERS
from lrcli.configs.tree import Node

OWN = ("per_device_train_batch_size", "num_train_epochs")
"""Keys that are TrainingArguments' alone."""

COMMON = (
    "learning_rate", "lr_scheduler_type", "max_steps", "gradient_accumulation_steps", "warmup_ratio", "warmup_steps",
    "output_dir", "logging_steps", "save_strategy", "report_to", "gradient_checkpointing", "do_train",
)  # fmt: skip
"""Keys that others have too: several of them are TrainingArguments'."""

FEWEST = 3

OTHERS = ("micro_batch_size", "train_iters", "base_model")
"""Keys of trainers that share some of these and count otherwise."""

STAGES = ("pt", "sft", "rm", "ppo", "dpo", "kto")

SFT_KEYS = ("dataset_text_field", "packing", "assistant_only_loss", "completion_only_loss")
DPO_KEYS = ("dpo_loss_type", "max_prompt_length", "reference_free", "precompute_ref_log_probs", "rpo_alpha", "beta")
KTO_KEYS = ("desirable_weight", "undesirable_weight")
GRPO_KEYS = (
    "num_generations", "reward_funcs", "max_completion_length", "generation_batch_size", "steps_per_generation",
)  # fmt: skip
REWARD_KEYS = ("center_rewards_coefficient",)

EITHER = ("max_seq_length", "max_length")
"""Keys of TRL's SFTConfig and of scripts of transformers that have their own default rates."""


class Dialect(NamedTuple):
    """What differs among those who read these keys."""

    who: str = "TrainingArguments"
    lr: float = 5e-5
    """The rate where the file has none."""
    generates: bool = False
    """Whether the examples are prompts, each repeated for several generations."""
    factory: bool = False
    """Whether it is LLaMA-Factory, which has a say about data and about warmup_stable_decay."""
    text_numbers_fail: str = ""
    """What becomes of a number that YAML reads as text; empty where it is taken."""


def scope_of(root: Node) -> str:
    """Where the keys are: at the top, or in the one mapping that has them."""
    if _alone(root):
        return ""
    inside = [key for key in root.keys if "." not in key and root.value[key].has_any(*OWN)]
    return f"{inside[0]}." if len(inside) == 1 else ""


def _alone(node: Node) -> bool:
    kind = node.get("lr_scheduler_type")
    return node.has_any(*OWN) or (
        node.has_any("learning_rate", "max_steps")
        and sum(node.has(key) for key in COMMON) >= FEWEST
        and (kind is None or str(kind.value) in (*SCHEDULERS, *BY_METRIC))
    )


def marks(root: Node) -> bool:
    """Whether the keys are TrainingArguments'."""
    return _alone(root.get(scope_of(root)[:-1]) or root) and not root.has_any(*OTHERS) and not marks_factory(root)


def marks_factory(root: Node) -> bool:
    """Whether they are LLaMA-Factory's."""
    stage = root.get("stage")
    own = root.has_any("finetuning_type", "cutoff_len") or (stage is not None and stage.value in STAGES)
    return own and root.has_any(*OWN, "learning_rate", "finetuning_type") and not root.has_any(*OTHERS)


def with_any(*keys: str, but: tuple[str, ...] = ()) -> Callable[[Node], bool]:
    """Whether TrainingArguments' keys are there with one of `keys`, and none of `but`."""
    return lambda root: marks(root) and root.has_any(*keys) and not root.has_any(*but)


def never(root: Node) -> bool:
    """For a dialect that has to be named: its keys are those of another."""
    return False
