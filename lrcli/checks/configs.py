"""LR7xx: what a configuration file's own trainer ignores, refuses, rounds away or takes otherwise than it is written.

What a trainer does is known to its reader, which leaves a remark with the code of a rule; the rules here explain them.
"""

from collections.abc import Callable, Iterator
from functools import partial

from lrcli.checks.rule import ERROR, NOTE, WARNING, Find, Problem, rule
from lrcli.configs.facts import Remark


class FileCase:
    """What a reader remarked about a file."""

    def __init__(self, remarks: tuple[Remark, ...]) -> None:
        self.remarks = remarks

    def of(self, code: str) -> Iterator[Problem]:
        """The problems that are this rule's, each with file and line."""
        for remark in self.remarks:
            if remark.code == code:
                where = f"{remark.path} line {remark.line}" if remark.line else remark.path
                yield Problem(f"{where}: {remark.message}", hint=remark.fix, severity=remark.severity)


file_rule: Callable[[str, str, str], Callable[[Find], Find]] = partial(rule, subject=FileCase)
"""Declare a rule about a configuration file."""


@file_rule("LR701", "key-gone", ERROR)
def key_gone(case: FileCase) -> Iterator[Problem]:
    """A key is gone from the trainer's version, which refuses it.

    Cause:
        transformers 5.0 lets warmup_steps be a share of the run, deprecates warmup_ratio, and removes it in 5.15.

    Bad:
        echo "{max_steps: 100, num_train_epochs: 1, warmup_ratio: 0.1}" > train.yaml; lrsched check train.yaml
    Good:
        echo "{max_steps: 100, num_train_epochs: 1, warmup_steps: 0.1}" > train.yaml; lrsched check train.yaml
        echo "{max_steps: 100, num_train_epochs: 1, warmup_ratio: 0.1}" > train.yaml; lrsched check train.yaml \
--trainer hf==4.57
    Source:
        transformers PR #41326, wheels 5.14.1 and 5.15.0; vllm-project/semantic-router #3940
    """
    return case.of("LR701")


@file_rule("LR702", "key-not-read", WARNING)
def key_not_read(case: FileCase) -> Iterator[Problem]:
    """A key has no effect beside the others that are given.

    Cause:
        A trainer chooses one schedule, and the keys that belong to another are left unread, with a line in its log at
        most.

    Bad:
        echo "{base_model: m, micro_batch_size: 1, max_steps: 100, learning_rate: 2.0e-5, warmup_steps: 10, \
lr_scheduler: linear, cosine_min_lr_ratio: 0.1}" > train.yaml; lrsched check train.yaml
    Good:
        echo "{base_model: m, micro_batch_size: 1, max_steps: 100, learning_rate: 2.0e-5, warmup_steps: 10, \
lr_scheduler: cosine, cosine_min_lr_ratio: 0.1}" > train.yaml; lrsched check train.yaml
    Source:
        axolotl core/trainers/mixins/scheduler.py; transformers 5.23 get_scheduler
    """
    return case.of("LR702")


@file_rule("LR703", "both-warmups", WARNING)
def both_warmups(case: FileCase) -> Iterator[Problem]:
    """Two keys give a warmup, and the trainer takes one of them.

    Cause:
        transformers 4 takes warmup_steps where both are given, and 5.0 to 5.14 warmup_ratio: the same file warms up
        otherwise after an upgrade. axolotl refuses it.

    Bad:
        echo "{max_steps: 100, num_train_epochs: 1, warmup_ratio: 0.1, warmup_steps: 5}" > train.yaml; \
lrsched check train.yaml --trainer hf==4.57
    Good:
        echo "{max_steps: 100, num_train_epochs: 1, warmup_steps: 5}" > train.yaml; \
lrsched check train.yaml --trainer hf==4.57
    Source:
        transformers 4.57.3 and 5.0.0 TrainingArguments; axolotl utils/schemas/validation.py
    """
    return case.of("LR703")


@file_rule("LR704", "warmup-outlasts-file", ERROR)
def warmup_outlasts(case: FileCase) -> Iterator[Problem]:
    """The warmup that a file asks for is as long as the run.

    Cause:
        Its steps were written for more data, or for a smaller batch: 100 steps stand in nearly every example of
        torchtune.

    Bad:
        echo "{max_steps: 100, num_train_epochs: 1, warmup_steps: 500}" > train.yaml; lrsched check train.yaml
    Good:
        echo "{max_steps: 100, num_train_epochs: 1, warmup_steps: 5}" > train.yaml; lrsched check train.yaml
    Source:
        measured with transformers 5.23; Megatron-LM core/optimizer_param_scheduler.py
    """
    return case.of("LR704")


@file_rule("LR705", "number-as-text", WARNING)
def number_as_text(case: FileCase) -> Iterator[Problem]:
    """A number is text for YAML 1.1, and the trainer does not turn it into one.

    Cause:
        PyYAML reads 1e-4 as text: YAML 1.1 wants a dot in it. HfArgumentParser hands it on as it is, and the optimizer
        raises TypeError. Who reads the same file through argparse, as TRL does, gets a number.

    Bad:
        echo "{max_steps: 100, num_train_epochs: 1, learning_rate: 1e-4}" > train.yaml; lrsched check train.yaml
    Good:
        echo "{max_steps: 100, num_train_epochs: 1, learning_rate: 1.0e-4}" > train.yaml; lrsched check train.yaml
    Source:
        measured with transformers 5.23, torch 2.13 and PyYAML 6.0
    """
    return case.of("LR705")


@file_rule("LR706", "scheduler-argument", ERROR)
def scheduler_argument(case: FileCase) -> Iterator[Problem]:
    """The scheduler is given an argument that it does not take, or lacks one that it needs.

    Cause:
        Keyword arguments go to the scheduler's function as they are: a cosine has no lowest rate, warmup_stable_decay
        needs num_decay_steps, and torch has no verbose since 2.7.

    Bad:
        echo "{max_steps: 100, num_train_epochs: 1, lr_scheduler_type: cosine, lr_scheduler_kwargs: {min_lr: 1.0e-6}}" \
> train.yaml; lrsched check train.yaml
    Good:
        echo "{max_steps: 100, num_train_epochs: 1, lr_scheduler_type: cosine_with_min_lr, \
lr_scheduler_kwargs: {min_lr: 1.0e-6}}" > train.yaml; lrsched check train.yaml
    Source:
        transformers 5.23 get_scheduler; pytorch PR #147301; ms-swift #5754
    """
    return case.of("LR706")


@file_rule("LR707", "deepspeed-literal", ERROR)
def deepspeed_literal(case: FileCase) -> Iterator[Problem]:
    """A number in DeepSpeed's file is not the Trainer's, which refuses the pair.

    Cause:
        The Trainer fills in "auto" and holds every other value to its own: batch sizes, the rate, the warmup, and the
        number of steps.

    Bad:
        echo "{max_steps: 100, num_train_epochs: 1, per_device_train_batch_size: 8, \
deepspeed: {train_micro_batch_size_per_gpu: 4}}" > train.yaml; lrsched check train.yaml
    Good:
        echo "{max_steps: 100, num_train_epochs: 1, per_device_train_batch_size: 8, \
deepspeed: {train_micro_batch_size_per_gpu: auto}}" > train.yaml; lrsched check train.yaml
    Source:
        transformers 5.23 integrations/deepspeed.py; transformers #29348
    """
    return case.of("LR707")


@file_rule("LR708", "scheduler-replaced", WARNING)
def scheduler_replaced(case: FileCase) -> Iterator[Problem]:
    """A scheduler block of DeepSpeed takes the place of the scheduler that the trainer's file asks for.

    Cause:
        Where DeepSpeed's file has a scheduler, the Trainer makes none of its own. A cosine beside WarmupLR is never
        made: the rate stays at its highest to the end.

    Bad:
        echo "{max_steps: 100, num_train_epochs: 1, lr_scheduler_type: cosine, deepspeed: {scheduler: {type: WarmupLR, \
params: {warmup_type: linear, warmup_num_steps: auto, warmup_max_lr: auto}}}}" > train.yaml; lrsched check train.yaml
    Good:
        echo "{max_steps: 100, num_train_epochs: 1, lr_scheduler_type: cosine, warmup_steps: 5, \
deepspeed: {zero_optimization: {stage: 2}}}" > train.yaml; lrsched check train.yaml
    Source:
        transformers 5.23 integrations/deepspeed.py (deepspeed_optim_sched); accelerate #2124; west #101
    """
    return case.of("LR708")


@file_rule("LR709", "logarithmic-warmup", WARNING)
def logarithmic_warmup(case: FileCase) -> Iterator[Problem]:
    """DeepSpeed's warmup follows a logarithm, unless warmup_type says linear.

    Cause:
        warmup_type is "log" by default, and the Trainer does not fill it in: half of the rate is reached after the
        square root of the steps, and the first two steps train at warmup_min_lr.

    Bad:
        echo "{max_steps: 100, num_train_epochs: 1, deepspeed: {scheduler: {type: WarmupDecayLR, params: \
{warmup_num_steps: auto, warmup_max_lr: auto, total_num_steps: auto}}}}" > train.yaml; lrsched check train.yaml
    Good:
        echo "{max_steps: 100, num_train_epochs: 1, warmup_steps: 5, deepspeed: {scheduler: {type: WarmupDecayLR, \
params: {warmup_type: linear, warmup_num_steps: auto, warmup_max_lr: auto, total_num_steps: auto}}}}" > train.yaml; \
lrsched check train.yaml
    Source:
        deepspeed 0.19.8 runtime/lr_schedules.py
    """
    return case.of("LR709")


@file_rule("LR710", "batch-identity", ERROR)
def batch_identity(case: FileCase) -> Iterator[Problem]:
    """The batch sizes of DeepSpeed's file contradict each other.

    Cause:
        train_batch_size has to be train_micro_batch_size_per_gpu x gradient_accumulation_steps x processes. One of the
        three may be left out.

    Bad:
        echo '{"train_batch_size": 10, "train_micro_batch_size_per_gpu": 4, "gradient_accumulation_steps": 2, \
"optimizer": {"params": {"lr": 0.001}}, "scheduler": {"type": "WarmupLR", "params": {"warmup_type": "linear", \
"warmup_num_steps": 10}}}' > ds.json; lrsched check ds.json --steps 100
    Good:
        echo '{"train_batch_size": 16, "train_micro_batch_size_per_gpu": 4, "gradient_accumulation_steps": 2, \
"optimizer": {"params": {"lr": 0.001}}, "scheduler": {"type": "WarmupLR", "params": {"warmup_type": "linear", \
"warmup_num_steps": 10}}}' > ds.json; lrsched check ds.json --steps 100
    Source:
        deepspeed 0.19.8 runtime/config.py (_batch_assertion)
    """
    return case.of("LR710")


@file_rule("LR711", "cli-steps-per-epoch", WARNING)
def cli_steps_per_epoch(case: FileCase) -> Iterator[Problem]:
    """Lightning's CLI steps a schedule that counts steps once an epoch.

    Cause:
        The configure_optimizers that the CLI makes returns the bare scheduler, so that the interval is the epoch. No
        key of the file changes it.

    Bad:
        echo "{seed_everything: 1, trainer: {max_epochs: 10}, model: {class_path: my.Model}, optimizer: {class_path: \
torch.optim.AdamW, init_args: {lr: 0.01}}, lr_scheduler: {class_path: torch.optim.lr_scheduler.CosineAnnealingLR, \
init_args: {T_max: 5000}}}" > fit.yaml; lrsched check fit.yaml
    Good:
        echo "{seed_everything: 1, trainer: {max_epochs: 10}, model: {class_path: my.Model}, optimizer: {class_path: \
torch.optim.AdamW, init_args: {lr: 0.01}}, lr_scheduler: {class_path: torch.optim.lr_scheduler.CosineAnnealingLR, \
init_args: {T_max: 10}}}" > fit.yaml; lrsched check fit.yaml
    Source:
        lightning 2.6 pytorch/cli.py; Lightning #6948 #4929 #20436 #4466; pytorch #65417
    """
    return case.of("LR711")


@file_rule("LR712", "optimizer-picks-rate", WARNING)
def optimizer_picks_rate(case: FileCase) -> Iterator[Problem]:
    """The trainer picks optimizer and rate itself, and the rate of the file is not used.

    Cause:
        With optimizer: auto, which is its default, ultralytics takes 0.01 for runs of more than 10,000 iterations, and
        for shorter ones a rate that follows from the number of classes.

    Bad:
        echo "{lr0: 0.02, lrf: 0.01, epochs: 10, batch: 16, optimizer: auto}" > args.yaml; \
lrsched check args.yaml --examples 1000 --set nc=14
    Good:
        echo "{lr0: 0.02, lrf: 0.01, epochs: 10, batch: 16, optimizer: SGD}" > args.yaml; \
lrsched check args.yaml --examples 1000
    Source:
        ultralytics 8.4.190 engine/trainer.py (build_optimizer); ultralytics #8400 #22782
    """
    return case.of("LR712")


@file_rule("LR713", "length-unknowable", NOTE)
def length_unknowable(case: FileCase) -> Iterator[Problem]:
    """How long the run is depends on data that the file does not have.

    Cause:
        Packing puts as many examples into one as their texts leave room for, and a stream has no length at all. The
        warmup and the decay follow from a number that only the run knows.

    Bad:
        echo "{base_model: m, micro_batch_size: 1, learning_rate: 2.0e-5, sample_packing: true}" > train.yaml; \
lrsched check train.yaml
    Good:
        echo "{base_model: m, micro_batch_size: 1, learning_rate: 2.0e-5, sample_packing: true, max_steps: 100, \
warmup_steps: 5}" > train.yaml; lrsched check train.yaml
    Source:
        axolotl utils/trainer.py; LLaMA-Factory hparams/parser.py; trl SFTTrainer
    """
    return case.of("LR713")


@file_rule("LR714", "warmup-not-read", WARNING)
def warmup_not_read(case: FileCase) -> Iterator[Problem]:
    """A warmup is given to a schedule that has none.

    Cause:
        transformers' constant takes no arguments at all: it is constant_with_warmup that warms up.

    Bad:
        echo "{max_steps: 100, num_train_epochs: 1, lr_scheduler_type: constant, warmup_steps: 5}" > train.yaml; \
lrsched check train.yaml
    Good:
        echo "{max_steps: 100, num_train_epochs: 1, lr_scheduler_type: constant_with_warmup, warmup_steps: 5}" \
> train.yaml; lrsched check train.yaml
    Source:
        transformers 5.23 get_scheduler; unsloth #8269; ms-swift #491
    """
    return case.of("LR714")


@file_rule("LR715", "rounded-away", NOTE)
def rounded_away(case: FileCase) -> Iterator[Problem]:
    """The trainer rounds a length, so that some of what is written has no effect.

    Cause:
        Before 4.52 transformers makes no optimizer step of the batches that are left over at the end of an epoch;
        axolotl rounds a share of the run down; torchtune makes no step of fewer batches than are accumulated.

    Bad:
        echo "{num_train_epochs: 300, per_device_train_batch_size: 10, gradient_accumulation_steps: 8}" > train.yaml; \
lrsched check train.yaml --examples 1047 --trainer hf==4.50
    Good:
        echo "{num_train_epochs: 300, per_device_train_batch_size: 10, gradient_accumulation_steps: 8}" > train.yaml; \
lrsched check train.yaml --examples 1047
    Source:
        transformers 4.51.3 and 4.52.4 trainer.py, PR #37923; axolotl core/builders/base.py
    """
    return case.of("LR715")


@file_rule("LR716", "value-refused", ERROR)
def value_refused(case: FileCase) -> Iterator[Problem]:
    """The trainer refuses a value, or two that exclude each other.

    Cause:
        A trainer holds its file to a schema. axolotl's warmup_steps is a whole number, and four of its own examples
        give it a share; transformers 4 refuses the same.

    Bad:
        echo "{base_model: m, micro_batch_size: 1, learning_rate: 2.0e-5, max_steps: 100, warmup_steps: 0.1}" \
> train.yaml; lrsched check train.yaml
    Good:
        echo "{base_model: m, micro_batch_size: 1, learning_rate: 2.0e-5, max_steps: 100, warmup_ratio: 0.1}" \
> train.yaml; lrsched check train.yaml
    Source:
        axolotl utils/schemas/training.py; transformers 4.57.3 TrainingArguments; Megatron-LM arguments.py
    """
    return case.of("LR716")


@file_rule("LR717", "warmup-unasked", NOTE)
def warmup_unasked(case: FileCase) -> Iterator[Problem]:
    """The trainer warms up although the file does not ask for it.

    Cause:
        Without warmup_steps and warmup_ratio axolotl takes 3 % of the run, 100 steps at most.

    Bad:
        echo "{base_model: m, micro_batch_size: 1, learning_rate: 2.0e-5, max_steps: 1000}" > train.yaml; \
lrsched check train.yaml
    Good:
        echo "{base_model: m, micro_batch_size: 1, learning_rate: 2.0e-5, max_steps: 1000, warmup_steps: 30}" \
> train.yaml; lrsched check train.yaml
    Source:
        axolotl core/builders/base.py (_configure_warmup_and_logging)
    """
    return case.of("LR717")
