"""Configuration files: what each trainer makes of them, with the arithmetic, and what of them is refused."""

import contextlib
import itertools
import json
import random
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from lrcli.checks import RULES, Finding, file_findings
from lrcli.checks.configs import FileCase
from lrcli.cli import main
from lrcli.configs import load, recognised, trainers
from lrcli.configs.file_spec import Outcome
from lrcli.configs.reading import Reading
from lrcli.configs.trainer import every
from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.run import Run
from tests.test_architecture import modules_after


def outcome(path: Path, trainer: str | None = None, *, set: tuple[str, ...] = (), **said: Any) -> Outcome:
    """What the file comes to in a run of which this is said."""
    return load(str(path), {}, Reading(trainer=trainer, set=set)).outcome(Run().saying(said))


def spec_of(path: Path, trainer: str | None = None, **said: Any) -> str:
    """The spec that the file amounts to."""
    return load(str(path), {}, Reading(trainer=trainer)).text(Run().saying(said))


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a file and returns where it is."""

    def written(text: str, name: str = "train.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


TRAINING_SCRIPT = """
from transformers import Trainer, TrainingArguments
lr = 3e-4
def main(args):
    training_args = TrainingArguments(
        output_dir=args.out, learning_rate=lr * 2, num_train_epochs=3, per_device_train_batch_size=8,
        warmup_steps=5, lr_scheduler_type="cosine", gradient_accumulation_steps=args.accumulate,
    )
    Trainer(model, training_args).train()
"""


def test_the_arguments_of_the_trainer_are_read_from_a_script(write: Any) -> None:
    path = write(TRAINING_SCRIPT, "train.py")
    made = outcome(path, set=("gradient_accumulation_steps=2",), examples=1000)
    assert made.planned
    assert made.planned.schedule.spec == "hf-cosine --num-warmup-steps 5 --num-training-steps 189"
    assert made.planned.run.lr == 3e-4 * 2
    with pytest.raises(InputError, match=r"args\.accumulate is not in this file.*--set gradient_accumulation_steps"):
        outcome(path, examples=1000)


def test_two_calls_or_arguments_that_are_unpacked_are_no_configuration(write: Any) -> None:
    for text in (TRAINING_SCRIPT * 2, TRAINING_SCRIPT.replace("output_dir=args.out", "**given")):
        with pytest.raises(InputError, match="no keys of a trainer"):
            outcome(write(text, "train.py"), examples=1000)


PUBLIC = [
    # What a public log shows: the file, what is said of the run, the version, and the steps.
    ("{per_device_train_batch_size: 10, gradient_accumulation_steps: 8, num_train_epochs: 300}", 1047, 1, "4.50", 3900),
    ("{per_device_train_batch_size: 10, gradient_accumulation_steps: 8, num_train_epochs: 300}", 1047, 1, "5.23", 4200),
    ("{per_device_train_batch_size: 2, gradient_accumulation_steps: 2, num_train_epochs: 3}", 6668, 1, "4.50", 5001),
    (
        "{per_device_train_batch_size: 8, gradient_accumulation_steps: 4, num_train_epochs: 1, num_generations: 8}",
        5498, 7, "5.23", 196,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "examples", "processes", "version", "steps"), PUBLIC)
def test_the_steps_that_public_logs_show(
    write: Any, text: str, examples: int, processes: int, version: str, steps: int
) -> None:
    name = "trl-grpo" if "generations" in text else "hf"
    found = outcome(write(text), f"{name}=={version}", examples=examples, num_processes=processes)
    assert found.planned
    assert found.planned.run.steps == steps
    assert found.lines[-1].value == steps


def test_the_arithmetic_names_key_and_line(write: Any) -> None:
    path = write("num_train_epochs: 3\nper_device_train_batch_size: 16\n\ngradient_accumulation_steps: 4\n")
    lines = [f"{line.text} = {line.value}" for line in outcome(path, examples=52002, num_processes=8).lines]
    assert lines == [
        "52002 examples / 16 a batch (per_device_train_batch_size, line 2), rounded up = 3251",
        "3251 batches / 8 processes (--num-processes), rounded up = 407",
        "407 batches / 4 accumulated (gradient_accumulation_steps, line 4), rounded up = 102",
        "3 epochs (num_train_epochs, line 1) x 102 steps = 306",
    ]


def test_options_of_the_run_overrule_the_file(write: Any) -> None:
    path = write("num_train_epochs: 3\nper_device_train_batch_size: 16\nlearning_rate: 0.1\nmax_steps: 7\n")
    spec = spec_of(path, examples=320, epochs=2, batch_size=8, lr=0.2)
    assert spec == ("hf-linear --num-warmup-steps 0 --num-training-steps 80 --lr 0.2 --steps 80 --steps-per-epoch 40")
    assert "--steps 9" in spec_of(path, steps=9)


CLI = """\
seed_everything: 1
trainer: {max_epochs: 10, limit_train_batches: 0.5}
model: {class_path: my.Model}
optimizer: {class_path: torch.optim.AdamW, init_args: {lr: 0.01}}
lr_scheduler: {class_path: torch.optim.lr_scheduler.StepLR, init_args: {step_size: 3}}
"""
RECIPE = (
    "optimizer: {_component_: torchtune.x.AdamW, lr: 2e-5}\nlr_scheduler: {_component_: torchtune.training."
    "lr_schedulers.get_cosine_schedule_with_warmup, num_warmup_steps: 10}\nepochs: 2\nbatch_size: 4\n"
)
TRAINED = "num_train_epochs: 3\nper_device_train_batch_size: 16\n"
NEMO = (
    "trainer: {max_steps: 100}\nmodel: {optim: {lr: 0.1, sched: {name: CosineAnnealing}}, train_ds: {batch_size: 2}}\n"
)
WHOLE_RUNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    # a file of each trainer, what it is called, and what has to be said of its run
    **{
        name: (TRAINED + ("num_generations: 8\n" if name.endswith("o") else "warmup_steps: 3\n"), "a.yaml",
               {"examples": 320})
        for name in every() if name.startswith(("hf", "trl")) or name == "llamafactory"
    },
    "axolotl": ("{base_model: m, micro_batch_size: 2, learning_rate: 0.1}", "a.yaml", {"examples": 320}),
    "deepspeed": ('{"train_micro_batch_size_per_gpu": 2, "optimizer": {"params": {"lr": 0.1}}, "scheduler": {"type": '
                  '"WarmupLR", "params": {"warmup_num_steps": 5}}}', "a.json", {"steps": 50}),
    "lightning": (CLI, "a.yaml", {}),
    "hydra": ("s: {_target_: torch.optim.lr_scheduler.StepLR, step_size: 3}\no: {_target_: torch.optim.Adam}\n",
              "a.yaml", {}),
    "megatron": ("--lr 0.1 --lr-decay-style cosine --train-iters 100 --micro-batch-size 2", "a.sh", {}),
    "mmengine": ("optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))\ntrain_cfg = dict(max_epochs=12)\n"
                 "param_scheduler = [dict(type='MultiStepLR', milestones=[8, 11])]\n", "a.py", {}),
    "torchtune": (RECIPE, "a.yaml", {"examples": 320}),
    "llmfoundry": ("{max_duration: 100ba, optimizer: {lr: 0.1}, scheduler: {name: cosine_with_warmup, t_warmup: 5ba}, "
                   "global_train_batch_size: 8}", "a.yaml", {}),
    "olmo": ("{max_duration: 100, optimizer: {learning_rate: 0.1}, scheduler: {name: cosine_with_warmup, t_warmup: "
             "5}}", "a.yaml", {}),
    "nemo": (NEMO, "a.yaml", {}),
    "llamafactory-v1": ("{model: m, micro_batch_size: 1, cutoff_len: 9, max_steps: 20}", "a.yaml", {}),
    "timm": ("{sched: cosine, lr_base: 0.1, epochs: 90}", "a.yaml", {}),
    "ultralytics": ("{lr0: 0.01, lrf: 0.01, epochs: 3, batch: 16, optimizer: SGD}", "a.yaml", {"examples": 100}),
    "mmcv": ("optimizer = dict(type='SGD', lr=0.1)\nlr_config = dict(policy='step', step=[2])\ntotal_epochs = 3\n",
             "a.py", {}),
    "yolov5": ("{hyp: {lr0: 0.01, lrf: 0.2}, epochs: 3, batch_size: 16, weights: a.pt}", "a.yaml", {"examples": 100}),
}  # fmt: skip
OTHERWISE: dict[str, Any] = {
    "lr": 0.7, "ticks": 33, "epochs": 7.0, "steps": 34, "steps_per_epoch": 9, "examples": 777, "batch_size": 3,
    "accumulate": 2, "num_processes": 2, "drop_last": True, "batches_per_epoch": 11, "tokens": 1000,
    "tokens_per_step": 10, "interval": "epoch", "warmup": 4, "warmup_start_factor": 0.5, "warmup_style": "t/W",
}  # fmt: skip
UNHEARD = [
    # what the file is, what is said, what is answered
    (RECIPE, {"examples": 80, "warmup": 5}, "--warmup: the schedule of"),
    (RECIPE, {"examples": 80, "warmup_start_factor": 0.5}, "--warmup-start-factor: the schedule of"),
    (RECIPE, {"examples": 80, "interval": "epoch"}, "--interval: torchtune 0.6 calls scheduler.step() once for every "
     "optimizer step"),
    (RECIPE, {"examples": 80, "epochs": 1.5}, "--epochs: expected a whole number, found 1.5"),
    (RECIPE, {"steps": 80, "ticks": 90, "steps_per_epoch": 10}, "--steps: is 80 ticks, but --ticks is 90"),
    (TRAINED, {"examples": 320, "tokens": 1000}, "--tokens: the schedule of"),
    (TRAINED, {"examples": 320, "steps": 7, "epochs": 2.0}, "--steps: is 7 ticks, but --epochs is 40"),
    (TRAINED, {"examples": 320, "lr": (0.1, 0.2)}, "--lr: expected one rate beside a file, found 2"),
    (CLI, {"interval": "step"}, "--interval: Lightning 2.6 calls scheduler.step() once an epoch"),
    (CLI, {"warmup": 5}, "--warmup: the schedule of"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said", "message"), UNHEARD, ids=lambda value: str(value)[:40])
def test_an_option_that_a_trainer_does_not_take_is_refused(
    write: Any, text: str, said: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        outcome(write(text), **said)


def test_an_option_that_changes_nothing_is_said_to(write: Any) -> None:
    path = write("{sched: cosine, lr: 0.1, lr_base: 0.1, epochs: 90}")
    assert "--num-processes 2 changes nothing that is shown" in outcome(path, num_processes=2).assumptions
    assert not any("changes nothing" in text for text in outcome(path).assumptions)


@pytest.mark.parametrize("name", every())
@pytest.mark.parametrize("field", Run.params())
def test_no_option_is_ignored_in_silence(write: Any, name: str, field: str) -> None:
    """An option changes what comes out, or is refused, or is said to change nothing."""
    text, file, said = WHOLE_RUNS[name]
    read = load(str(write(text, file)), {}, Reading(trainer=name))
    plain = read.outcome(Run().saying(said))
    assert plain.planned, plain
    value = OTHERWISE[field]
    try:
        other = read.outcome(Run().saying({**said, field: value}))
    except InputError as error:
        assert Run.params()[field].option in str(error)
        return
    assert other != plain or field == "interval"


def test_a_warmup_that_is_said_overrules_each_key_of_the_file(write: Any) -> None:
    for key in ("warmup_steps: 3", "warmup_ratio: 0.5"):
        assert "--num-warmup-steps 7 " in spec_of(write(f"{TRAINED}{key}\n"), examples=320, warmup=7)


def test_an_epoch_without_a_batch_is_refused(write: Any) -> None:
    with pytest.raises(InputError, match="--examples: expected more of them"):
        outcome(write("{sched: cosine, lr: 0.1, lr_base: 0.1, epochs: 90}"), examples=77)


def test_epochs_overrule_the_steps_of_a_file(write: Any) -> None:
    assert "--steps 20 " in spec_of(write(NEMO), examples=20, epochs=2)


AUTOMATIC = "{lr0: 0.01, lrf: 0.01, epochs: %d, batch: %d, nbs: 64, optimizer: auto, nc: 6, warmup_epochs: 3.0}"


@pytest.mark.parametrize(
    ("version", "batches", "warmup"),
    [("8.3", 9, 100), ("8.3", 50, 150), ("8.4", 9, 27), ("8.1", 50, 150), ("8", 4, 100)],
)
def test_the_rates_at_the_ends_of_epochs_are_what_results_csv_has(
    write: Any, version: str, batches: int, warmup: int
) -> None:
    """The rate of the last iteration of each epoch, interpolated as ultralytics does; auto's rate for six classes."""
    path = write(AUTOMATIC % (25, 16), "args.yaml")
    planned = outcome(path, f"ultralytics=={version}", batches_per_epoch=batches).planned
    assert planned and planned.run.lr == 0.001
    found = list(itertools.islice(rates(planned.schedule, planned.run.lrs), 25 * batches))
    for epoch in range(25):
        last = (epoch + 1) * batches - 1
        # Before 8.2 the epochs after the warmup have the rate of the one before.
        place = epoch - 1 if version in ("8", "8.1") and epoch > warmup // batches else epoch
        full = 0.001 * (max(1 - place / 25, 0) * (1.0 - 0.01) + 0.01)
        expected = np.interp(last, [0, warmup], [0.0, full]) if last <= warmup else full
        assert found[last] == expected


@pytest.mark.parametrize(
    ("keys", "version"),
    [((), "8.1"), (("bgr",), "8.3"), (("bgr", "channels_last"), "8.4"), (("channels_last",), "8.1")],
)
def test_the_keys_of_args_yaml_tell_who_wrote_it(write: Any, keys: tuple[str, ...], version: str) -> None:
    others = "".join(f", key_{number}: 0" for number in range(60)) + "".join(f", {key}: 0" for key in keys)
    path = write(AUTOMATIC.replace("}", others + "}") % (25, 16), "args.yaml")
    planned = outcome(path, batches_per_epoch=9).planned
    assert planned and dict(spec_values(planned.schedule))["warmup_version"] == version


def spec_values(schedule: Any) -> dict[str, Any]:
    """The fields of a schedule by name."""
    return {declared.name: value for declared, value in schedule.items()}


def test_a_run_of_ultralytics_is_verified_against_its_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """args.yaml and a results.csv as 8.3 writes them: six digits, epochs from 1, three groups."""
    monkeypatch.chdir(tmp_path)
    Path("args.yaml").write_text(AUTOMATIC % (12, 16))
    lines = ["epoch,time,lr/pg0,lr/pg1,lr/pg2"]
    for epoch in range(12):
        full, last = 0.001 * (max(1 - epoch / 12, 0) * (1.0 - 0.01) + 0.01), (epoch + 1) * 9 - 1
        rate = f"{np.interp(last, [0, 100], [0.0, full]) if last <= 100 else full:.6g}"
        lines.append(f"{epoch + 1},{epoch * 7.5},{rate},{rate},{rate}")
    Path("results.csv").write_text("\n".join(lines) + "\n")
    spec = "args.yaml --batches-per-epoch 9"
    assert main(["verify", "results.csv", spec, "--trainer", "ultralytics==8.3"]) == 0
    assert main(["verify", "results.csv", spec, "--trainer", "ultralytics==8.3", "--set", "nc=9"]) == 1
    assert "base_lr" in capsys.readouterr().out


def test_the_iterations_of_optimizer_auto_count_nominal_batches(write: Any) -> None:
    """200 epochs of 144 batches of 16 are 7200 batches of 64, not 28800: AdamW, at the rate for six classes."""
    assert "--lr 0.001 " in spec_of(write(AUTOMATIC % (200, 16), "args.yaml"), batches_per_epoch=144)
    assert "--lr 0.01 " in spec_of(write(AUTOMATIC % (200, 16), "args.yaml"), batches_per_epoch=300)
    # With batches of 24 the last one decides whether there are 100 or 101 of 64.
    found = outcome(write(AUTOMATIC % (100, 24), "args.yaml"), batches_per_epoch=267)
    assert [each.option for each in found.missing] == ["--examples"]


def test_what_is_missing_is_asked_for_by_name(write: Any) -> None:
    path = write("num_train_epochs: 3\nwarmup_ratio: 0.1\n")
    found = outcome(path)
    assert found.planned is None
    assert [each.option for each in found.missing] == ["--examples"]
    assert [remark.code for remark in found.remarks] == ["LR701"]
    with pytest.raises(InputError, match="--examples"):
        load(str(path), {}, Reading()).in_run(Run())


VERSIONS = [
    # version, what the file says of the warmup, ticks of 1000, codes
    ("4.57", "{warmup_ratio: 0.0155}", 16, []),
    ("4.57", "{warmup_ratio: 0.1, warmup_steps: 5}", 5, ["LR703"]),
    ("4.57", "{warmup_ratio: 1.0}", 1000, ["LR704"]),
    ("5.0", "{warmup_ratio: 0.1, warmup_steps: 5}", 100, ["LR703"]),
    ("5.0", "{warmup_ratio: 1.0}", 1, ["LR715"]),
    ("5.0", "{warmup_steps: 0.0155}", 16, []),
    ("5.14", "{warmup_ratio: 0.1}", 100, []),
    ("5.23", "{warmup_steps: 0.1}", 100, []),
    ("5.23", "{warmup_steps: 7.5}", 7, ["LR715"]),
    ("4.57", "{warmup_steps: 0.1}", None, ["LR716"]),
    ("5.15", "{warmup_ratio: 0.1}", None, ["LR701"]),
]


@pytest.mark.parametrize(("version", "text", "ticks", "codes"), VERSIONS)
def test_the_warmup_of_each_version(write: Any, version: str, text: str, ticks: int | None, codes: list[str]) -> None:
    path = write(yaml.safe_dump({"max_steps": 1000, "num_train_epochs": 1, **yaml.safe_load(text)}))
    found = outcome(path, f"hf=={version}")
    assert [remark.code for remark in found.remarks] == codes
    assert found.refused == (ticks is None)
    if found.planned:
        assert found.planned.schedule.params()["num_warmup_steps"]
        assert dict(found.planned.schedule._values())["num_warmup_steps"] == ticks


def test_a_version_that_is_assumed_reads_what_is_gone_from_it(write: Any) -> None:
    found = outcome(write("{max_steps: 1000, num_train_epochs: 1, warmup_ratio: 0.1}"))
    assert found.planned
    assert [remark.code for remark in found.remarks] == ["LR701"]
    assert any("5.14" in text for text in found.assumptions)
    assert found.assumptions[0] == "transformers 5.23 assumed; --trainer hf==4.50 counts otherwise"


FACTORY = (
    "{stage: sft, finetuning_type: lora, lr_scheduler_type: warmup_stable_decay, max_steps: 100, warmup_ratio: 0.1}"
)
READ = [
    # name of the file, text, what is said, the trainer, the spec
    (
        "a.yaml", FACTORY, {}, "llamafactory",
        "hf-warmup-stable-decay --num-warmup-steps 10 --num-decay-steps 60 --num-training-steps 100 "
        "--num-stable-steps 30 --lr 5e-05 --steps 100",
    ),
    (
        "a.yml", "{base_model: m, micro_batch_size: 2, gradient_accumulation_steps: 4, num_epochs: 3, "
        "learning_rate: 2e-4, warmup_ratio: 0.0155}", {"examples": 1000}, "axolotl",
        "hf-cosine --num-warmup-steps 5 --num-training-steps 375 --lr 0.0002 --steps 375 --steps-per-epoch 125",
    ),
    (
        "a.yml", "{base_model: m, micro_batch_size: 1, learning_rate: 1.0e-4, max_steps: 50}", {}, "axolotl",
        "hf-cosine --num-warmup-steps 2 --num-training-steps 50 --lr 0.0001 --steps 50",
    ),
    (
        "a.yml", "{base_model: m, micro_batch_size: 1, learning_rate: 1.0e-4, max_steps: 50, warmup_steps: 0, "
        "cosine_min_lr_ratio: 0.1}", {}, "axolotl",
        "hf-cosine-with-min-lr --num-warmup-steps 0 --num-training-steps 50 --min-lr-rate 0.1 --lr 0.0001 --steps 50",
    ),
    (
        "fit.yaml", CLI, {"batches_per_epoch": 9}, "lightning",
        "step --step-size 3 --lr 0.01 --epochs 10 --steps-per-epoch 4",
    ),
    (
        "model.yaml", "_target_: my.Module\noptimizer: {_target_: torch.optim.Adam, _partial_: true}\nscheduler:\n"
        "  _target_: torch.optim.lr_scheduler.CosineAnnealingLR\n  _partial_: true\n  T_max: ${n}\n  eta_min: 1e-6\n"
        "n: 30\n", {}, "hydra", "cosine --t-max 30 --eta-min 1e-06 --lr 0.001",
    ),
    (
        "args.yaml", "{sched: cosine, lr: null, lr_base: 0.1, epochs: 90, warmup_epochs: 5, warmup_lr: 1.0e-05, "
        "cooldown_epochs: 10, opt: sgd, batch_size: 64}", {"num_processes": 2}, "timm",
        "timm-cosine --t-initial 90 --cycle-decay 0.5 --warmup-t 5 --warmup-lr-init 1e-05 --lr 0.05 --epochs 100",
    ),
    (
        "run.sh", "LR=3e-4\nSTEPS=$((10 * 100))\ntorchrun pretrain.py \\\n  --lr $LR --min-lr 3.0e-5 \\\n"
        "  --lr-decay-style cosine --train-iters ${STEPS} --lr-warmup-fraction .01 --global-batch-size 8 # all\n",
        {}, "megatron",
        "megatron --lr-decay-style cosine --lr-decay-iters 1000 --lr-warmup-fraction 0.01 --min-lr 3e-05 "
        "--global-batch-size 8 --lr 0.0003 --steps 1000",
    ),
    (
        "schedule.py", "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))\n"
        "train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)\nparam_scheduler = [\n"
        "    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),\n"
        "    dict(type='MultiStepLR', begin=0, end=12, by_epoch=True, milestones=[8, 11], gamma=0.1)]\n",
        {"steps_per_epoch": 100}, "mmengine",
        'chained "linear --start-factor 0.001 --total-iters 499" "multistep --milestones 800,1100" --lr 0.02 '
        "--steps 1200 --steps-per-epoch 100 --interval step",
    ),
    (
        "recipe.yaml", "optimizer: {_component_: torch.optim.AdamW, lr: 2e-5}\nlr_scheduler:\n"
        "  _component_: torchtune.training.lr_schedulers.get_cosine_schedule_with_warmup\n  num_warmup_steps: 10\n"
        "epochs: 2\nbatch_size: 4\ngradient_accumulation_steps: 8\n", {"examples": 1001, "num_processes": 2},
        "torchtune", "hf-cosine --num-warmup-steps 10 --num-training-steps 30 --lr 2e-05 --steps 30 "
        "--steps-per-epoch 15",
    ),
]  # fmt: skip


READ += [
    (
        "train.sh", "torchrun train.py \\\n  --num_train_epochs 2 --per_device_train_batch_size=$((2 * 4)) \\\n"
        '  --lr_scheduler_type "cosine" --learning_rate 1e-4 --bf16 True\n', {"examples": 80}, "hf",
        "hf-cosine --num-warmup-steps 0 --num-training-steps 20 --lr 0.0001 --steps 20 --steps-per-epoch 10",
    ),
    (
        "stairs.py", "optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.1))\n"
        "train_cfg = dict(by_epoch=True, max_epochs=20)\nparam_scheduler = [\n"
        "    dict(type='LinearLR', start_factor=0.5, by_epoch=True, begin=0, end=5, convert_to_iter_based=True),\n"
        "    dict(type='CosineAnnealingLR', eta_min=0.01, by_epoch=True, begin=5),\n"
        "    dict(type='CosineAnnealingWeightDecay', by_epoch=True)]\n", {"steps_per_epoch": 10}, "mmengine",
        'lambda --expr "0.5 + 0.5 * min(t, 49) / 49 if t < 50 else 0.09999999999999999 + 0.9 * '
        '(1 + cos(pi * (t // 10 - 5) / 15)) / 2" --steps 200 --steps-per-epoch 10 --interval step',
    ),
    (
        "a.yaml", "{base_model: m, micro_batch_size: 1, learning_rate: 0.1, max_steps: 50, warmup_steps: 5, "
        "lr_quadratic_warmup: true, reward_model: true, center_rewards_coefficient: 0.01}", {}, "axolotl",
        'lambda --expr "(t / max(1, 5)) ** 2 if t < 5 else '
        'max(0.0, 0.5 * (1.0 + cos(pi * 0.5 * 2.0 * ((t - 5) / 45))))" --steps 50 --interval step',
    ),
    (
        "args.yaml", "{lr0: 0.01, lrf: 0.01, epochs: 3, batch: 16, optimizer: SGD}", {"examples": 100}, "ultralytics",
        "ultralytics --num-epochs 3 --nb 7 --lr 0.01 --steps 21 --steps-per-epoch 7",
    ),
]  # fmt: skip


POLY = """
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=40)
param_scheduler = dict(type='PolyLR', eta_min=0.01, power=0.9, begin=0, end=40, by_epoch=False)
"""
READ += [
    (
        "a.yaml", "{max_steps: 9, num_train_epochs: 1, lr_scheduler_type: constant, warmup_steps: 3, vision_lr: 1e-6}",
        {}, "hf", "hf-constant --num-training-steps 9 --lr 5e-05 --steps 9",
    ),
    (
        "tuner.py", "optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.1))\n"
        "train_cfg = dict(by_epoch=True, max_epochs=3)\nparam_scheduler = [\n"
        "    dict(type='LinearLR', start_factor=0.5, by_epoch=True, end=0.1 * 3, convert_to_iter_based=True),\n"
        "    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=0.1 * 3, end=3, "
        "convert_to_iter_based=True)]\n", {"steps_per_epoch": 10}, "mmengine",
        'sequential "linear --start-factor 0.5 --total-iters 2" "cosine --t-max 27" --milestones 3 --steps 30 '
        "--steps-per-epoch 10 --interval step",
    ),
    (
        "a.yaml", "{base_model: m, micro_batch_size: 1, rl: grpo, learning_rate: 0.1, max_steps: 34}", {}, "axolotl",
        "hf-cosine --num-warmup-steps 2 --num-training-steps 34 --steps 34",
    ),
    (
        "fit.yaml", "fit:\n" + "".join(f"  {line}\n" for line in CLI.splitlines()), {"batches_per_epoch": 9},
        "lightning", "step --step-size 3 --lr 0.01 --epochs 10 --steps-per-epoch 4",
    ),
    (
        "model_config.yaml", "MODEL_ARGS:\n  --lr: 0.1\n  --train-iters: 50\n  --lr-decay-style: cosine\n"
        "  --lr-warmup-fraction: .01\n  --global-batch-size: 8\n", {}, "megatron",
        "megatron --lr-decay-style cosine --lr-decay-iters 50 --lr-warmup-fraction 0.01 --global-batch-size 8 "
        "--steps 50",
    ),
    (
        "mpt.yaml", "{max_duration: 50ba, global_train_batch_size: 8, optimizer: {lr: 0.1}, scheduler: {name: "
        "cosine_with_warmup, t_warmup: 0.1dur, alpha_f: 0.1}}", {}, "llmfoundry",
        "hf-cosine-with-min-lr --num-warmup-steps 5 --num-training-steps 50 --min-lr-rate 0.1 --steps 50",
    ),
    (
        "poly.py", POLY, {}, "mmengine",
        'lambda --expr "0.09999999999999999 + 0.9 * (1 - min(t, 39) / 39) ** 0.9" --steps 40 --interval step',
    ),
    (
        "expr.sh", "t.py --num_train_epochs 1 --per_device_train_batch_size 2 \\\n  --gradient_accumulation_steps "
        "$(expr 16 / 8) --learning_rate ${LR:-1e-4}\n", {"examples": 8}, "hf",
        "hf-linear --num-warmup-steps 0 --num-training-steps 2 --lr 0.0001 --steps 2 --steps-per-epoch 2",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "said", "trainer", "spec"), READ)
def test_what_a_trainer_makes_of_its_file(
    write: Any, name: str, text: str, said: dict[str, Any], trainer: str, spec: str
) -> None:
    read = load(str(write(text, name)), {}, Reading())
    assert read.trainer.name == trainer
    assert read.text(Run().saying(said)) == spec


REFUSED = [
    # name, text, what the message says
    ("a.yaml", "num_train_epochs: 3\nlr_sheduler_type: cosine\n", "line 2: lr_sheduler_type looks as if it decided"),
    ("a.yaml", "num_train_epochs: 3\nwarm_up_steps: 5\n", "did you mean warmup_steps?"),
    ("a.yaml", "num_train_epochs: 3\nlr_scheduler_type: reduce_lr_on_plateau\n", "lrsched plateau LOG"),
    ("a.yaml", "num_train_epochs: 3\nlr_scheduler_type: LINEAR\n", "'LINEAR' is not a valid SchedulerType"),
    ("a.yaml", "num_train_epochs: three\n", "line 1: num_train_epochs: expected a number, found 'three'"),
    ("a.yaml", "a: 1\n", "no keys of a trainer"),
    ("ds.json", '{"train_batch_size": 8, "scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": [1]}}}',
     "warmup_num_steps: expected a number, found"),
    ("a.yaml", "{max_duration: 1e999ba, global_train_batch_size: 8, optimizer: {lr: 1}, scheduler: {name: "
     "constant_with_warmup, t_warmup: 5ba}}", "max_duration: expected a time such as"),
    ("a.yaml", "{max_duration: 1e999T, global_train_batch_size: 8, optimizer: {learning_rate: 1}, scheduler: "
     "{t_warmup: 5}}", "max_duration: expected steps, tokens"),
    ("a.yaml", "_target_: torch.optim.AdamW\nlr: 0.1\n", "no scheduler of torch or transformers is made"),
    ("a.yaml", "{base_model: m, micro_batch_size: 1, rl: grpo, learning_rate: 1}", "leaves the number of steps to TRL"),
    ("a.yaml", "a: [1\n", "line 2 column 1: not YAML"),
    ("a.yaml", "a: !!python/object/apply:os.system ['ls']\n", "line 1 column 4: the tag"),
    ("a.yaml", "a: &a [*a]\n", "is inside what it stands for"),
    ("a.yaml", "a: 1\n---\nb: 2\n", "found a second one"),
    ("a.yaml", "[" * 100 + "]" * 100, "levels of nesting"),
    ("a.json", "[" * 100 + "]" * 100, "levels of nesting"),
    ("a.json", '{"a": 1 2}', "line 1 column 9: not JSON"),
    ("a.py", "param_scheduler = [\n", "not Python"),
    ("a.py", "_base_ = './none.py'\nparam_scheduler = dict(type='StepLR', step_size=1)\n", "is not here"),
    ("a.py", "_base_ = './a.py'\n", "leads back here"),
    ("a.py", "_base_ = 5\n", "_base_: expected names of files"),
    ("a.sh", "train --lr 1 --lr-decay-style cosine --train-iters $N\n", "train_iters: N is not in this file"),
    ("a.sh", "train --lr $5 --lr-decay-style cosine --train-iters 9\n", "lr: $5 is not in this file"),
    ("a.sh", "t --per_device_train_batch_size $(nproc) --learning_rate 1\n", "size: nproc is not in this file"),
    ("a.sh", "t --max_train_steps 9 --num_train_epochs 3\n", "a training loop of its own"),
    ("a.sh", "NPROC=1 swift sft \\\n  --num_train_epochs 3\n", "it is ms-swift's"),
    ("a.yaml", "{num_train_epochs: 3, learning_rate: '${lr}'}", "learning_rate: lr is not in this file"),
    ("a.yaml", "{num_train_epochs: 3, max_seq_length: 99}", "--trainer hf (5e-05), or --trainer trl-sft (2e-05)"),
    ("a.yaml", "{learning_rate: 1.0e-3, lr_scheduler_type: step, max_steps: 5, output_dir: x}", "no keys of a trainer"),
    ("a.yaml", "{learning_rate: 1.0e-3, beta: 4}", "no keys of a trainer"),
    ("a.json", '{"global_step": 3, "max_steps": 3, "num_train_epochs": 1, "log_history": []}', "the state of a run"),
    ("a.yaml", "_target_: torch.optim.lr_scheduler.StepLR\nstep_size: ???\n", "--set step_size=NUMBER gives it"),
    ("a.sh", "t --num_train_epochs 1 --max_epoch_count 3 --num_epochs 3\n", "did you mean num_train_epochs?"),
    ("a.yaml", "{stage: sft, finetuning_type: lora, do_predict: true}", "do_train: without it"),
    ("a.py", POLY.replace("by_epoch=False", "by_epoch=True"), "a run of iterations is one epoch"),
    ("a.yaml", "{base_model: m, micro_batch_size: 1, max_steps: 5, lr_scheduler: nope, learning_rate: 1}", "nope"),
    ("ds.json", '{"train_batch_size": "auto", "scheduler": {"type": "WarmupLR", "params": {"warmup_max_lr": "auto"}}}',
     "filled in by transformers"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "message"), REFUSED)
def test_a_refusal_says_where_and_why(write: Any, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        load(str(write(text, name)), {}, Reading()).in_run(Run())


def test_aliases_cannot_grow(write: Any) -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    with pytest.raises(InputError, match="no keys of a trainer"):
        load(str(write("a0: &a0 [1]\n" + levels)), {}, Reading())


def test_yaml_is_read_as_pyyaml_reads_it(write: Any) -> None:
    text = """\
base: &base {a: 1, b: 1e-4, c: 1.0e-4}
merged: {<<: *base, a: 2}
many: {<<: [{x: 1}, {x: 2, y: 3}]}
kinds: [yes, off, null, ~, 0x10, 0o7, 1_000, 1:30, .5, -.inf, 2024-01-01, "1", 'on', on]
text: |
  two
  lines
on: 1
7: seven
a: first
a: second
"""
    from lrcli.configs.yaml_text import read

    found = read("x.yaml", text).plain
    loaded = {str(key): value for key, value in yaml.safe_load(text).items()}
    loaded["kinds"][10] = "2024-01-01"
    assert found == loaded


def test_json_has_the_place_of_every_key(write: Any) -> None:
    from lrcli.configs.json_text import read

    node = read("x.json", '{\n  "a": {"b\\"": [1, -2.5e3, true, null, "x"]},\n\n  "c": ""}')
    assert node.plain == {"a": {'b"': [1, -2500.0, True, None, "x"]}, "c": ""}
    assert [(node.get("a").line, node.get("a").column), node.get("c").line] == [(2, 3), 4]  # type: ignore[union-attr]


def test_base_files_are_followed(write: Any) -> None:
    write("optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9))\nmax_epochs = 5\n", "base.py")
    path = write(
        "_base_ = ['./base.py']\noptim_wrapper = dict(optimizer=dict(lr=0.2))\n"
        "train_cfg = dict(max_epochs={{_base_.max_epochs}} * 2)\n"
        "param_scheduler = dict(type='CosineAnnealingLR', eta_min=1e-4, by_epoch=True)\n",
        "child.py",
    )
    assert spec_of(path) == "cosine --t-max 10 --eta-min 0.0001 --lr 0.2 --epochs 10"


DS = '{"train_micro_batch_size_per_gpu": "auto", "scheduler": {"type": "WarmupDecayLR", "params": %s}}'
AUTO = '{"warmup_min_lr": "auto", "warmup_max_lr": "auto", "warmup_num_steps": "auto", "total_num_steps": "auto"}'


def test_deepspeed_is_joined_and_takes_the_place_of_the_scheduler(write: Any) -> None:
    write(DS % AUTO, "ds.json")
    path = write(
        "{max_steps: 100, num_train_epochs: 1, warmup_steps: 0.1, lr_scheduler_type: cosine, deepspeed: ds.json}"
    )
    found = outcome(path)
    assert found.planned
    assert found.planned.text == (
        "ds-warmup-decay --total-num-steps 100 --warmup-max-lr 5e-05 --warmup-num-steps 10 --lr 5e-05 --steps 100"
    )
    assert [remark.code for remark in found.remarks] == ["LR708", "LR709"]
    assert found.remarks[0].line == 1


def test_a_literal_that_differs_is_refused_in_the_trainers_words(write: Any) -> None:
    write(DS % AUTO.replace('"total_num_steps": "auto"', '"total_num_steps": 99'), "ds.json")
    path = write("{max_steps: 100, num_train_epochs: 1, deepspeed: ds.json}")
    assert outcome(path).refused
    with pytest.raises(InputError, match=r"ds scheduler.params.total_num_steps=99 vs hf num_training_steps"):
        load(str(path), {}, Reading()).in_run(Run())


def test_two_trainers_that_fit_are_asked_about(write: Any) -> None:
    path = write("{base_model: m, micro_batch_size: 1, learning_rate: 1, lr0: 1, lrf: 1}")
    with pytest.raises(InputError, match="--trainer axolotl or --trainer ultralytics"):
        load(str(path), {}, Reading())
    assert load(str(path), {}, Reading(trainer="axolotl")).trainer.name == "axolotl"


def test_names_of_files_are_no_names_of_schedulers() -> None:
    assert recognised("a/train.yaml")
    assert recognised("ds.JSON")
    assert not recognised("cosine")
    assert not recognised("timm.cosine")


@pytest.mark.parametrize("name", every())
def test_a_trainer_is_declared_whole(name: str) -> None:
    trainer = every()[name]
    assert trainer.title
    assert trainer.written
    assert all(refined in every() for refined in trainer.refines)


DOCUMENTED = [
    (code, heading, line)
    for code, rule in RULES.items()
    if rule.subject is FileCase
    for heading in ("Bad", "Good")
    for line in rule.sections.get(heading, [])
]


def checked(line: str, folder: Path) -> list[Finding]:
    """The findings of a line that writes a file and checks it."""
    made, _, check = line.partition("; ")
    _, text, _, name = shlex.split(made)
    _, _, path, *words = shlex.split(check)
    assert path == name
    (folder / name).write_text(text)
    options = dict(zip(words[::2], words[1::2], strict=True))
    trainer, names = options.pop("--trainer", None), options.pop("--set", None)
    said = {option[2:]: int(value) for option, value in options.items()}
    return list(file_findings(outcome(folder / name, trainer, set=(names,) if names else (), **said).remarks))


@pytest.mark.parametrize(("code", "heading", "line"), DOCUMENTED, ids=lambda value: value[:40])
def test_the_examples_of_a_rule_are_what_they_say(code: str, heading: str, line: str, tmp_path: Path) -> None:
    codes = [finding.code for finding in checked(line, tmp_path)]
    assert (code in codes) == (heading == "Bad")


TRAIN = "num_train_epochs: 3\nper_device_train_batch_size: 16\nlr_scheduler_type: cosine\nwarmup_steps: 0.1\n"


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the Trainer's in the folder that the program runs in."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.yaml"
    path.write_text(TRAIN)
    return path


def test_a_file_stands_where_a_scheduler_does(train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train.yaml", "--examples", "160", "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["rows"]) == 30
    assert document["schedule"]["spec"].startswith("hf-cosine --num-warmup-steps 3 --num-training-steps 30")
    assert document["run"]["derivation"][0]["text"].endswith("(per_device_train_batch_size, line 2), rounded up")


def test_the_spec_is_printed_and_has_the_same_rates(train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train.yaml", "--examples", "160", "--print-spec"]) == 0
    spec = capsys.readouterr().out
    assert main([*shlex.split(spec), "-f", "csv"]) == 0
    rows = capsys.readouterr().out
    assert main(["train.yaml", "--examples", "160", "-f", "csv"]) == 0
    assert capsys.readouterr().out == rows


def test_what_is_missing_ends_the_run_after_the_findings(train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train.write_text(TRAIN + "warmup_ratio: 0.1\n")
    assert main(["train.yaml"]) == 2
    error = capsys.readouterr().err
    assert "LR701 error: train.yaml line 5" in error
    assert "give --examples" in error


@pytest.mark.parametrize(
    ("words", "status", "shown"),
    [
        (["check", "train.yaml --examples 160"], 0, "hf-cosine"),
        (["check", "train.yaml", "--trainer", "hf==4.57"], 1, "LR716 error: train.yaml line 4"),
        (["check", "train.yaml", "--format", "github"], 0, ""),
        (["compare", "train.yaml", "train.yaml --epochs 2", "--examples", "160", "-f", "csv"], 0, "hf-cosine"),
        (["resume", "train.yaml --examples 160", "train.yaml --epochs 2 --examples 160", "--at", "5"], 0, "old,new,lr"),
        (["code", "train.yaml --examples 160"], 0, "get_cosine_schedule_with_warmup"),
        (["train.yaml", "--examples", "0"], 2, ""),
        (["none.yaml"], 2, ""),
    ],
)
def test_every_command_takes_a_file(
    train: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int, shown: str
) -> None:
    assert main(words) == status
    assert shown in capsys.readouterr().out


def test_a_log_is_verified_against_a_file(train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train.yaml", "--examples", "160", "-f", "csv", "-o", "lr.csv"]) == 0
    assert main(["verify", "lr.csv", "train.yaml --examples 160"]) == 0
    assert main(["verify", "lr.csv", "train.yaml --examples 200"]) == 1


def test_a_schedule_alone_imports_no_yaml() -> None:
    modules = modules_after("cosine", "--t-max", "50", "-f", "csv")
    assert not modules & {"yaml", "lrcli.configs.file_spec", "lrcli.configs.trainer"}


def test_a_file_imports_no_scheduler_and_no_trainer_but_its_own(write: Any) -> None:
    modules = modules_after(str(write(TRAIN)), "--examples", "1000", "-f", "csv")
    assert not modules & {"lrcli.schedules.more", "lrcli.schedules.pytorch_cycles", "lrcli.configs.trainers.deepspeed"}


def test_hostile_files_never_end_in_a_traceback(train: Path) -> None:
    rng = random.Random(1)
    alphabet = ["{", "}", "[", "]", ":", " ", "\n", "-", "*a", "&a", "!!x", "'", '"', "1e999", "\x00", "é", "lr", "%"]
    for name in ("train.yaml", "x.json", "x.py", "x.sh"):
        for _ in range(150):
            text = list(TRAIN)
            for _ in range(rng.randint(1, 6)):
                text.insert(rng.randrange(len(text)), rng.choice(alphabet))
            Path(name).write_text("".join(text))
            with contextlib.suppress(InputError):
                load(name, {}, Reading()).in_run(Run().saying({"examples": 100}))


def test_every_module_of_a_trainer_is_listed() -> None:
    folder = Path(trainers.__path__[0])
    assert {path.stem for path in folder.glob("[!_]*.py")} == set(trainers.MODULES)


RECORDED = sorted((Path(__file__).parent / "data" / "trainers").glob("transformers-*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_older_trainers_have_these_steps_and_rates(path: Path, tmp_path: Path) -> None:
    recorded = json.loads(path.read_text())
    for case in recorded["cases"]:
        file = tmp_path / "train.json"
        file.write_text(json.dumps(case["arguments"]))
        planned = outcome(file, f"hf=={recorded['version']}", examples=case["examples"]).planned
        assert planned
        assert planned.run.steps == case["steps"]
        found = [rate.hex() for rate in itertools.islice(rates(planned.schedule, planned.run.lrs), case["steps"])]
        assert [*found[:2], *found[-2:]] == case["rates"]


SOURCES = ("nemo", "olmo", "llmfoundry", "mmengine", "mmcv")


@pytest.mark.parametrize("trainer", SOURCES)
def test_rates_are_what_the_trainers_own_source_has(trainer: str, write: Any) -> None:
    """Vectors of tests/live/record_sources.py: to the bit, or to rounding where that is said."""
    recorded = json.loads((Path(__file__).parent / "data" / "trainers" / f"{trainer}.json").read_text())
    for case in recorded["cases"]:
        path = write(case["text"], "a.py" if trainer in ("mmengine", "mmcv") else "a.yaml")
        found = outcome(path, trainer, **case["said"])
        assert found.planned, (case["text"], found)
        schedule, run = found.planned.schedule, found.planned.run
        assert (run.steps or run.epochs) == case["ticks"]
        own = list(itertools.islice(rates(schedule, run.lrs), case["ticks"]))
        says_rounding = any("rounding" in text for text in found.assumptions)
        for tick, rate in case["rates"].items():
            wanted = float.fromhex(rate)
            assert own[int(tick)] == (pytest.approx(wanted, rel=1e-9, abs=1e-17) if says_rounding else wanted), case
