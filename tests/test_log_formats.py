"""Formats of logs: printed text, documents, event files, folders, packed files."""

import gzip
import json
import os
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcli.errors import InputError
from lrcli.logs import Log, open_log, per_epoch
from lrcli.logs.events import is_event_file, masked_crc
from lrcli.logs.foreign import FOREIGN

PRINTED = {
    "Transformers": (
        "{'loss': 1.5, 'grad_norm': nan, 'learning_rate': 5e-05, 'epoch': 0.5}\n"
        "{'eval_loss': 1.25, 'eval_runtime': 0.5, 'epoch': 0.5}\n"
        "{'loss': 1.0, 'grad_norm': 2.0, 'learning_rate': 2.5e-05, 'epoch': 1.0}\n"
    ),
    "Transformers 5, between bars": (
        "\r  0%|          | 0/4 [00:00<?, ?it/s]\r 50%|#####     | 2/4 [00:01<00:01,  1.9it/s]"
        "{'loss': '1.5', 'learning_rate': '5e-05', 'epoch': '0.5'}\n"
        "\r100%|##########| 4/4 [00:01<00:01,  1.9it/s]{'loss': '1', 'learning_rate': '2.5e-05', 'epoch': '1'}\n"
    ),
    "fairseq, JSON": (
        "2023-05-01 10:00:00 | INFO | fairseq_cli.train | Namespace(lr=[0.0005], warmup_updates=40)\n"
        '2023-05-01 10:00:10 | INFO | train_inner | {"epoch": 0.5, "loss": "1.5", "num_updates": "10", "lr": "5e-05"}\n'
        '2023-05-01 10:00:11 | INFO | train_inner | {"epoch": 1, "loss": "1.0", "num_updates": "20", "lr": "2.5e-05"}\n'
    ),
    "Megatron": (
        "> building train, validation, and test datasets ...\n"
        " [2024-01-01 10:00:10.1] iteration        1/       2 | consumed samples: 2 | elapsed time per iteration (ms):"
        " 512.3 | learning rate: 5.000000E-05 | lm loss: 1.500000E+00 | loss scale: 1.0 | grad norm: 1.234 |\n"
        " [2024-01-01 10:00:10.1] iteration        2/       2 | consumed samples: 4 | elapsed time per iteration (ms):"
        " 512.3 | learning rate: 2.500000E-05 | lm loss: 1.000000E+00 | loss scale: 1.0 | grad norm: 1.234 |\n"
    ),
    "torchtune": "Step 1 | loss:1.5 lr:5e-05 tokens_per_second_per_gpu:9.5 \nStep 2 | loss:1.0 lr:2.5e-05 x:9 \n",
    "DeepSpeed": (
        "[2024-01-01 10:00:00,123] [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=0, lr=[5e-05, 6e-05], "
        "mom=[(0.9, 0.999), (0.9, 0.999)]\n"
        "[2024-01-01 10:00:00,123] [INFO] [logging.py:96:log_dist] [Rank 0] step=20, skipped=0, lr=[2.5e-05, 3e-05], "
        "mom=[(0.9, 0.999), (0.9, 0.999)]\n"
    ),
    "llm.c": (
        "| learning rate (LR)    | 6.000000e-04  |\n"
        "step    1/2 | loss 1.500 (+nanz)| norm 15.3 (+nanz)| lr 5.00e-05 | 3080.21 ms | 46.0% bf16 MFU | 17 tok/s\n"
        "step    2/2 | loss 1.000 (+nanz)| norm 15.3 (+nanz)| lr 2.50e-05 | 3080.21 ms | 46.0% bf16 MFU | 17 tok/s\n"
    ),
    "nanoGPT": "iter 100: loss 1.5, time 12ms, lr 5e-5\niter 200: loss 1.0, time 12ms, lr 2.5e-5\n",
    "Composer": (
        "[batch=1/2]:\n\t Train lr-DecoupledAdamW/group0: 5e-05\n\t Train loss/train/total: 1.5\n"
        "[batch=2/2]:\n\t Train lr-DecoupledAdamW/group0: 2.5e-05\n\t Train loss/train/total: 1.0\n"
    ),
    "mmengine": (
        "2024/01/01 10:00:00 - mmengine - INFO - Epoch(train)  [1][ 50/100]  lr: 5.0000e-05  eta: 1:00:00  loss: 1.5\n"
        "2024/01/01 10:00:01 - mmengine - INFO - Epoch(val) [1][10/10]    accuracy/top1: 10.5  data_time: 0.1\n"
        "2024/01/01 10:00:02 - mmengine - INFO - Epoch(train)  [2][ 50/100]  lr: 2.5000e-05  eta: 1:00:00  loss: 1.0\n"
    ),
    "timm": (
        "Train: 0 [  50/100 (  4%)]  Loss: 1.5 (1.5)  Time: 0.5s, 256/s (0.6s, 200/s)  LR: 5.000e-05  Data: 0.1 (0.2)\n"
        "Train: 1 [  50/100 (  4%)]  Loss: 1.0 (1.0)  Time: 0.5s, 256/s (0.6s, 200/s)  LR: 2.500e-05  Data: 0.1 (0.2)\n"
    ),
    "Keras": (
        "Epoch 1/2\n\x1b[1m1/1\x1b[0m ━━━━ 1s 5ms/step - accuracy: 0.5 - loss: 1.5 - learning_rate: 5e-05\n"
        "Epoch 2/2\n\x1b[1m1/1\x1b[0m ━━━━ 1s 5ms/step - accuracy: 0.5 - loss: 1.0 - learning_rate: 2.5e-05\n"
    ),
    "Lightning's bar": (
        "Epoch 0: 100%|###| 10/10 [00:00<00:00, 50.1it/s, v_num=0, train_loss=1.5, lr=5e-5]\n"
        "Epoch 1: 100%|###| 10/10 [00:00<00:00, 50.1it/s, v_num=0, train_loss=1.0, lr=2.5e-5]\n"
    ),
    "diffusers' bar": (
        "Steps:  10%|#         | 100/1000 [01:00<09:00,  1.6it/s, lr=5e-5, step_loss=1.5]\r"
        "Steps:  20%|##        | 200/1000 [01:00<09:00,  1.6it/s, lr=2.5e-5, step_loss=1.0]\n"
    ),
    "SpeechBrain": (
        "epoch: 1, lr: 5e-05 - train loss: 1.5 - valid loss: 1.77, valid CER: 0.5\n"
        "epoch: 2, lr: 2.5e-05 - train loss: 1.0 - valid loss: 1.67, valid CER: 0.5\n"
    ),
    "ESPnet": (
        "[h] 2024-01-01 (trainer:732) INFO: 1epoch:train:1-50batch: iter_time=0.1, loss=1.5, optim0_lr0=5e-05\n"
        "[h] 2024-01-01 (trainer:732) INFO: 2epoch:train:1-50batch: iter_time=0.1, loss=1.0, optim0_lr0=2.5e-05\n"
    ),
    "Coqui": (
        "   --> STEP: 24/406 -- GLOBAL_STEP: 25\n     | > loss: 1.5  (2.3)\n     | > current_lr: 5e-05\n"
        "   --> STEP: 49/406 -- GLOBAL_STEP: 50\n     | > loss: 1.0  (2.3)\n     | > current_lr: 2.5e-05\n"
    ),
    "Detectron2": (
        "[01/01 10:00:00 d2.utils.events]:  eta: 0:10:00  iter: 19  total_loss: 1.5  lr: 5e-05  max_mem: 2340M\n"
        "[01/01 10:00:09 d2.utils.events]:  eta: 0:10:00  iter: 39  total_loss: 1.0  lr: 2.5e-05  max_mem: 2340M\n"
    ),
    "PaddleDetection": (
        "[01/01 10:00:00] ppdet.engine INFO: Epoch: [0] [  0/100] learning_rate: 0.000050 loss: 1.5 eta: 1:00:00\n"
        "[01/01 10:00:00] ppdet.engine INFO: Epoch: [1] [  0/100] learning_rate: 0.000025 loss: 1.0 eta: 1:00:00\n"
    ),
    "mmcv": (
        "2021-01-01 10:00:00,1 - mmdet - INFO - Epoch [1][50/100]\tlr: 5.0e-05, eta: 1 day, 2:03:04, loss: 1.5\n"
        "2021-01-01 10:00:01,1 - mmdet - INFO - Epoch [2][50/100]\tlr: 2.5e-05, eta: 1 day, 2:03:04, loss: 1.0\n"
    ),
    "mmengine by iteration": (
        "01/01 10:00:00 - mmengine - INFO - Iter(train) [    50/100]  lr: 5.0000e-05  eta: 0:10:00  loss: 1.5\n"
        "01/01 10:00:00 - mmengine - INFO - Iter(train) [   100/100]  lr: 2.5000e-05  eta: 0:10:00  loss: 1.0\n"
    ),
    "Swin": (
        "[2021-01-01 10:00:00 s] (main.py 123): INFO Train: [0/3][50/100]\teta 0:10:00 lr 0.000050\t loss 1.5 (1.2)\n"
        "[2021-01-01 10:00:00 s] (main.py 123): INFO Train: [1/3][50/100]\teta 0:10:00 lr 0.000025\t loss 1.0 (1.2)\n"
    ),
    "loguru": (
        "2026-01-01 10:00:00.1 | INFO     | __main__:train:42 - Step 1: loss=1.5, lr=0.000050, time=0.1s\n"
        "2026-01-01 10:00:00.2 | INFO     | __main__:train:42 - Step 2: loss=1.0, lr=0.000025, time=0.1s\n"
    ),
    "torchtitan": (
        "[rank0]:[titan] 2026-01-01 10:00:00,1 - root - INFO - step:  1  loss:  1.5  mem: 12GiB(15%)  lr: 5.0e-05\n"
        "[rank0]:[titan] 2026-01-01 10:00:00,1 - root - INFO - step:  2  loss:  1.0  mem: 12GiB(15%)  lr: 2.5e-05\n"
    ),
    "tqdm, an epoch a bar": (
        "Epoch 1/2:   0%|          | 0/2 [00:00<?, ?it/s]\r"
        "Epoch 1/2:   0%|          | 0/2 [00:00<?, ?it/s, loss=1.5, lr=5e-5]\r"
        "Epoch 1/2:  50%|#####     | 1/2 [00:00<00:00, 9.0it/s, loss=1.5, lr=5e-5]\r"
        "Epoch 2/2:   0%|          | 0/2 [00:00<00:00, 9.0it/s, loss=1.0, lr=2.5e-5]\n"
    ),
    "torch's verbose": (
        "Epoch 00001: adjusting learning rate of group 0 to 5.0000e-05.\n"
        "Epoch 00002: adjusting learning rate of group 0 to 2.5000e-05.\n"
    ),
    "printed by hand": "Epoch [1/2], Train Loss: 1.5, LR: 0.000050\nEpoch [2/2], Train Loss: 1.0, LR: 0.000025\n",
    "with tensors": "epoch=1 lr=tensor(5e-05) loss=tensor(1.5, device='cuda:0')\nepoch=2 lr=2.5e-05 loss=1.0\n",
    "Keras' callbacks": (
        "\nEpoch 1: LearningRateScheduler setting learning rate to 5e-05.\nEpoch 1/2\n4/4 - 0s - loss: 1.5\n"
        "\nEpoch 2: LearningRateScheduler setting learning rate to 2.5e-05.\nEpoch 2/2\n4/4 - 0s - loss: 1.0\n"
    ),
    "PaddleClas": (
        "[01/01 10:00:00] ppcls INFO: [Train][Epoch 1/2][Iter: 0/100]lr(LinearWarmup): 0.00005000, loss: 1.5, eta: 1\n"
        "[01/01 10:00:00] ppcls INFO: [Train][Epoch 2/2][Iter: 0/100]lr(LinearWarmup): 0.00002500, loss: 1.0, eta: 1\n"
    ),
    "YOLOX": (
        "2021-01-01 10:00:00 | INFO | yolox.core.trainer:270 - epoch: 1/2, iter: 10/100, total_loss: 1.5, lr: 5.0e-05\n"
        "2021-01-01 10:00:00 | INFO | yolox.core.trainer:270 - epoch: 2/2, iter: 10/100, total_loss: 1.0, lr: 2.5e-05\n"
    ),
    "flair": (
        "2021-01-01 10:00:00,1 epoch 1 - iter 10/100 - loss 1.5 - samples/sec: 9.5 - lr: 0.000050\n"
        "2021-01-01 10:00:00,1 EPOCH 2 done: loss 1.0000 - lr: 0.000025\n"
    ),
    "stable-baselines3": (
        "------------------------------\n| time/              |       |\n|    iterations      | 1     |\n"
        "|    total_timesteps | 64    |\n| train/             |       |\n|    learning_rate   | 5e-05 |\n"
        "|    loss            | 1.5   |\n------------------------------\n------------------------------\n"
        "|    iterations      | 2     |\n|    total_timesteps | 128   |\n|    learning_rate   | 2.5e-05 |\n"
        "|    loss            | 1.0   |\n------------------------------\n"
    ),
    "Catalyst": (
        "* Epoch (1/2) lr: 0.000050 | momentum: 0.9\ntrain (1/2) loss: 1.5 | loss/std: 0.1\n"
        "* Epoch (2/2) lr: 0.000025 | momentum: 0.9\ntrain (2/2) loss: 1.0 | loss/std: 0.1\n"
    ),
    "structlog's console": (
        "\x1b[2m2026-01-01\x1b[0m \x1b[1mhi\x1b[0m \x1b[36mlr\x1b[0m=\x1b[35m5e-05\x1b[0m step=\x1b[35m10\x1b[0m\n"
        "\x1b[2m2026-01-01\x1b[0m \x1b[1mhi\x1b[0m \x1b[36mlr\x1b[0m=\x1b[35m2.5e-05\x1b[0m step=\x1b[35m20\x1b[0m\n"
    ),
    "loguru, serialized": (
        '{"text": "x | INFO | epoch 1 lr=5e-05 loss=1.5\\n", "record": {"line": 12, "message": "epoch 1 lr=5e-05"}}\n'
        '{"text": "x | INFO | epoch 2 lr=2.5e-05 loss=1\\n", "record": {"line": 12, "message": "epoch 2 lr=2.5e-05"}}\n'
    ),
    "at its place": "LR at step 10: 5e-05\nloss at step 10: 1.5\nLR at step 20: 2.5e-05\nloss at step 20: 1.0\n",
    "Markdown": "**Epoch 1** lr=`5e-05` loss=`1.5`\n**Epoch 2** lr=`2.5e-05` loss=`1.0`\n",
    "Chinese": "轮次 1/2 学习率: 0.00005 损失: 1.5\n轮次 2/2 学习率: 0.000025 损失: 1.0\n",
    "a table of bars": "| epoch   1 | step 200 | lr 5e-05 | ms/batch 5 |\n| epoch   1 | step 400 | lr 2.5e-5 |\n",
    "Marian": (
        "[2020-01-01 10:00:00] Ep. 1 : Up. 100 : Sen. 6,400 : Cost 1.50 * 200,123 @ 12 : Time 1.2s : L.r. 5.0000e-05\n"
        "[2020-01-01 10:00:00] Ep. 1 : Up. 200 : Sen. 6,400 : Cost 1.00 * 200,123 @ 12 : Time 1.2s : L.r. 2.5000e-05\n"
    ),
    "DINOv2": (
        "I20230101 10:00:00 12 dinov2 helpers.py:103] Training  [  0/400]  eta: 1:00:00  lr: 0.00005 (0.1)  wd: 0\n"
        "I20230101 10:00:00 12 dinov2 helpers.py:103] Training  [ 10/400]  eta: 1:00:00  lr: 0.000025 (0.1)  wd: 0\n"
    ),
    "ms-swift": (
        "{'loss': 1.5, 'learning_rate': 5e-05, 'epoch': 0.05, 'global_step/max_steps': '1/40', 'percentage': '2%'}\n"
        "{'loss': 1.0, 'learning_rate': 2.5e-05, 'epoch': 0.05, 'global_step/max_steps': '2/40', 'percentage': '5%'}\n"
    ),
    "without a place": "lr: 5e-05\nlr: 2.5e-05\n",
    "in sentences": "Starting epoch 1\nthe learning rate is 5e-05\nStarting epoch 2\nthe learning rate is 2.5e-05\n",
}


RECORDED = Path(__file__).parent / "data" / "formats"

REAL = {
    "transformers.stdout.log": [float(f"{5e-4 * min(step / 4, (20 - step) / 16):.4g}") for step in range(1, 20, 2)],
    "keras-history.json": [0.5, 0.25, 0.125, 0.0625],
    "keras.stdout.log": [0.5, 0.25, 0.125, 0.0625],
    "mlflow-run": [0.5, 0.5, 0.25, 0.25, 0.125, 0.125],
    "skorch-history.json": [0.5, 0.5, 0.25, 0.25, 0.125, 0.125],
}
"""What data/formats/record.py recorded, and the rates of each."""


def written(folder: Path, content: str | bytes, name: str = "log") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def rates_of(log: Log) -> list[float]:
    [series] = log.series(log.choose_rate(None, "--column"))
    found: list[float] = series.values.tolist()
    return found


def metric_of(log: Log) -> list[tuple[float, float]]:
    column = log.choose_metric(None, "--metric")
    return [row for block in per_epoch(log, column) for row in zip(block.epochs, block.values, strict=True)]


@pytest.mark.parametrize("name", REAL)
def test_logs_of_real_loggers(name: str) -> None:
    assert rates_of(open_log(str(RECORDED / name))) == REAL[name]
    assert metric_of(open_log(str(RECORDED / name)))


@pytest.mark.parametrize("trainer", PRINTED)
def test_what_trainers_print(trainer: str, tmp_path: Path) -> None:
    assert rates_of(open_log(written(tmp_path, PRINTED[trainer]))) == [5e-05, 2.5e-05]


@pytest.mark.parametrize(
    ("trainer", "steps", "epochs"),
    [
        ("Transformers", None, [0.5, 1]),
        ("Transformers 5, between bars", None, [0.5, 1]),
        ("fairseq, JSON", [10, 20], [0.5, 1]),
        ("Megatron", [1, 2], None),
        ("mmengine", [50, 150], [1, 2]),
        ("timm", [50, 150], [0, 1]),
        ("PaddleDetection", [0, 100], [0, 1]),
        ("Coqui", [25, 50], None),
        ("Composer", [1, 2], None),
        ("Keras", None, [1, 2]),
        ("diffusers' bar", [100, 200], None),
        ("Lightning's bar", [10, 20], [0, 1]),
        ("mmcv", [50, 150], [1, 2]),
        ("mmengine by iteration", [50, 100], None),
        ("Swin", [50, 150], [0, 1]),
        ("loguru", [1, 2], None),
        ("torchtitan", [1, 2], None),
        ("tqdm, an epoch a bar", [0, 2], [1, 2]),
        ("without a place", None, None),
        ("Keras' callbacks", None, [1, 2]),
        ("PaddleClas", [0, 100], [1, 2]),
        ("YOLOX", [10, 110], [1, 2]),
        ("stable-baselines3", [1, 2], None),
        ("Catalyst", None, [1, 2]),
        ("structlog's console", [10, 20], None),
        ("loguru, serialized", None, [1, 2]),
        ("at its place", [10, 20], None),
        ("Markdown", None, [1, 2]),
        ("Marian", [100, 200], [1, 1]),
        ("DINOv2", [0, 10], None),
        ("ms-swift", [1, 2], [0.05, 0.05]),
    ],
)
def test_where_printed_rates_stand(
    trainer: str, steps: list[float] | None, epochs: list[float] | None, tmp_path: Path
) -> None:
    log = open_log(written(tmp_path, PRINTED[trainer]))
    [series] = log.series(log.choose_rate(None, "--column"))
    assert (None if series.steps is None else series.steps.tolist()) == steps
    assert (None if series.epochs is None else series.epochs.tolist()) == epochs


@pytest.mark.parametrize("trainer", ["loguru", "Swin", "torchtitan", "mmengine by iteration", "mmcv"])
def test_who_printed_a_line_is_no_metric(trainer: str, tmp_path: Path) -> None:
    assert open_log(written(tmp_path, PRINTED[trainer])).choose_metric(None, "--metric") == "loss"


def test_records_of_groups_and_of_shares(tmp_path: Path) -> None:
    rows = [
        {"lr": [5e-05, 1e-05], "global_step/max_steps": "10/30"},
        {"lr": [2.5e-05, 1e-6], "global_step/max_steps": "20/30"},
    ]
    log = open_log(written(tmp_path, "\n".join(map(json.dumps, rows))))
    first, second = log.series("lr/0", "lr/1")
    assert (first.values.tolist(), second.values.tolist()) == ([5e-05, 2.5e-05], [1e-05, 1e-6])
    assert first.steps is not None
    assert first.steps.tolist() == [10, 20]
    assert log.facts.max_steps == 30


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (
            "Training Results - Epoch: 1 Avg accuracy: 0.92 Avg loss: 0.3\n"
            "Validation Results - Epoch: 1 Avg accuracy: 0.91 Avg loss: 0.5\n"
            "Training Results - Epoch: 2 Avg accuracy: 0.95 Avg loss: 0.2\n"
            "Validation Results - Epoch: 2 Avg accuracy: 0.92 Avg loss: 0.25\n",
            [(1, 0.5), (2, 0.25)],
        ),
        (
            "step 250: train loss 2.1, val loss 0.5\nstep 500: train loss 2.0, val loss 0.25\n",
            [(250, 0.5), (500, 0.25)],
        ),
        (
            " iteration  100/ 300 | learning rate: 1.0E-04 | lm loss: 9.5E+00 |\n"
            " validation loss at iteration 100 | lm loss value: 5.0E-01 | lm loss PPL: 9.1E+01 |\n"
            " iteration  200/ 300 | learning rate: 1.0E-04 | lm loss: 9.5E+00 |\n"
            " validation loss at iteration 200 | lm loss value: 2.5E-01 | lm loss PPL: 9.1E+01 |\n",
            [(100, 0.5), (200, 0.25)],
        ),
        (
            "| epoch 001 | loss 9.5 | num_updates 40\n| epoch 001 | valid on 'valid' subset | loss 0.5 | ppl 3\n"
            "| epoch 002 | loss 9.5 | num_updates 80\n| epoch 002 | valid on 'valid' subset | loss 0.25 | ppl 3\n",
            [(1, 0.5), (2, 0.25)],
        ),
    ],
)
def test_printed_metrics(text: str, rows: list[tuple[float, float]], tmp_path: Path) -> None:
    assert metric_of(open_log(written(tmp_path, text))) == rows


def test_steps_after_a_slash_are_those_of_the_run_where_an_epoch_does_not_begin_them_again(tmp_path: Path) -> None:
    """PaddleSeg's."""
    places = [(1, 90), (1, 100), (2, 110)]
    lines = (f"[TRAIN] epoch: {epoch}, iter: {step}/400, loss: 1.2, lr: 0.{step}\n" for epoch, step in places)
    log = open_log(written(tmp_path, "".join(lines)))
    assert rates_of(log) == [0.9, 0.1, 0.11]
    assert (log.facts.max_steps, log.facts.steps_per_epoch) == (400, None)


def test_the_length_of_the_run_that_a_text_says(tmp_path: Path) -> None:
    for trainer, facts in (("Megatron", (2, None)), ("printed by hand", (None, 2)), ("mmengine", (None, None))):
        log = open_log(written(tmp_path, PRINTED[trainer]))
        rates_of(log)
        assert (log.facts.max_steps, log.facts.num_train_epochs) == facts


HISTORY = {"loss": [3.0, 2.0], "val_loss": [0.5, 0.25], "lr": [0.1, 0.01]}
RECORDS = [{"epoch": 0, "val_loss": 0.5, "lr": 0.1}, {"epoch": 1, "val_loss": 0.25, "lr": 0.01}]
DOCUMENTS: dict[str, Any] = {
    "Keras' history": HISTORY,
    "History as an object": {"params": {"epochs": 2}, "epoch": [0, 1], "history": HISTORY},
    "nested by data": {"train": {"loss": [3, 2]}, "val": {"loss": [0.5, 0.25]}, "lr": [0.1, 0.01]},
    "pandas, records": RECORDS,
    "pandas, columns": {key: {"0": RECORDS[0][key], "1": RECORDS[1][key]} for key in RECORDS[0]},
    "pandas, split": {
        "columns": ["epoch", "val_loss", "lr"], "index": [0, 1], "data": [[0, 0.5, 0.1], [1, 0.25, 0.01]]
    },
    "pandas, index": {"0": RECORDS[0], "1": RECORDS[1]},
    "pandas, table": {"schema": {"fields": [{"name": "index", "type": "integer"}]}, "data": RECORDS},
    "skorch": [{"batches": [{"train_loss": 1}], **record} for record in RECORDS],
    "trainer_state": {"best_metric": None, "log_history": RECORDS, "max_steps": 6},
    "nested records": [{"epoch": row["epoch"], "val": {"loss": row["val_loss"]}, "lr": row["lr"]} for row in RECORDS],
}  # fmt: skip


STEPPED = {"lr": [(0, 0.1), (1, 0.01)], "val/loss": [(0, 0.5), (1, 0.25)]}
DOCUMENTS |= {
    "Sacred": {
        name: {"steps": [step for step, _ in rows], "timestamps": ["2026"] * 2, "values": [value for _, value in rows]}
        for name, rows in STEPPED.items()
    },
    "ClearML": {
        name: {"train": {"name": "train", "x": [step for step, _ in rows], "y": [value for _, value in rows]}}
        for name, rows in STEPPED.items()
    },
    "MLflow's history": {
        "metrics": {
            name: [{"key": name, "value": value, "timestamp": 1, "step": step} for step, value in rows]
            for name, rows in STEPPED.items()
        }
    },
    "TensorBoard's curves": {name: [[1.7e9, step, value] for step, value in rows] for name, rows in STEPPED.items()},
    "pairs": STEPPED,
    "molten": [{"name": name, "step": step, "value": value} for name, rows in STEPPED.items() for step, value in rows],
}


@pytest.mark.parametrize(
    ("values", "rates"), [([[0.5, 0.1], [0.25, 0.1]], [0.5, 0.25]), ([[0.5], [0.25]], [0.5, 0.25])]
)
@pytest.mark.parametrize("above", [(), ("param_history",)])
def test_the_rates_of_groups_are_no_points(
    values: list[list[float]], rates: list[float], above: tuple[str, ...], tmp_path: Path
) -> None:
    """ignite's param_history."""
    document: dict[str, Any] = {"lr": values}
    for name in above:
        document = {name: document}
    log = open_log(written(tmp_path, json.dumps(document)))
    assert (rates_of(log), log.step, len(log.rates)) == (rates, None, len(values[0]))


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("form", DOCUMENTS)
def test_documents(form: str, indent: int | None, tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(DOCUMENTS[form], indent=indent))
    assert rates_of(open_log(path)) == [0.1, 0.01]
    assert metric_of(open_log(path)) == [(0, 0.5), (1, 0.25)]


def test_columns_that_are_set_with_spaces(tmp_path: Path) -> None:
    text = (
        "  epoch    train_loss    valid_loss      lr     dur\n"
        "-------  ------------  ------------  ------  ------\n"
        "      1        \x1b[36m0.6930\x1b[0m        \x1b[32m0.5\x1b[0m  0.1000  0.0034\n"
        "      2        0.6920        0.25  0.0100  0.0031\n"
    )
    assert rates_of(open_log(written(tmp_path, text))) == [0.1, 0.01]
    assert metric_of(open_log(written(tmp_path, text))) == [(1, 0.5), (2, 0.25)]


TABLES = {
    "github": "|   epoch |   lr |   val_loss |\n|--------:|-----:|-----------:|\n|       0 | 0.1  |        0.5 |\n"
    "|       1 | 0.01 |       0.25 |\n",
    "grid": "+-------+------+----------+\n| epoch |  lr  | val_loss |\n+=======+======+==========+\n"
    "| 0     | 0.1  | 0.5      |\n+-------+------+----------+\n| 1     | 0.01 | 0.25 |\n+-------+------+----------+\n",
    "rich": "         Training         \n┏━━━━━━━┳━━━━━━┳━━━━━━━━━━┓\n┃ Epoch ┃ LR   ┃ Val loss ┃\n"
    "┡━━━━━━━╇━━━━━━╇━━━━━━━━━━┩\n│ 0     │ 0.1  │ 0.5      │\n│ 1     │ 0.01 │ 0.25     │\n"
    "└───────┴──────┴──────────┘\n",
    "pandas": "   epoch    lr  val_loss\n0      0  0.10      0.50\n1      1  0.01      0.25\n",
    "psql": "+---------+------+------------+\n|   epoch |   lr |   val_loss |\n|---------+------+------------|\n"
    "|       0 | 0.1  |        0.5 |\n|       1 | 0.01 |       0.25 |\n+---------+------+------------+\n",
    "below a banner": "Loading data ... done\n# run 12, lr = 0.1\nepoch,lr,val_loss\n0,0.1,0.5\n1,0.01,0.25\n",
    "pandas.melt": "epoch,variable,value\n0,lr,0.1\n1,lr,0.01\n0,val_loss,0.5\n1,val_loss,0.25\n",
    "Comet": "metricName,metricValue,step,timestamp,epoch\nlr,0.1,10,1,0\nval_loss,0.5,10,1,0\nlr,0.01,20,1,1\n"
    "val_loss,0.25,20,1,1\n",
    "Aim": "step,value,time,epoch,name,context.subset\n0,0.1,1,0,lr,train\n0,0.5,1,0,loss,val\n1,0.01,1,1,lr,train\n"
    "1,0.25,1,1,loss,val\n",
    "MLflow": "Run,metric,value,step\nabc,lr,0.1,0\nabc,lr,0.01,1\nabc,val_loss,0.5,0\nabc,val_loss,0.25,1\n",
    "a history that was printed": "{'val_loss': [0.5, 0.25], 'lr': [np.float64(0.1), 0.01], 'x': [nan, None]}\n",
    "log_history that was printed": "[{'lr': 0.1, 'val_loss': 0.5, 'epoch': 0}, "
    "{'lr': 0.01, 'val_loss': 0.25, 'epoch': 1}]\n",
}


@pytest.mark.parametrize("table", TABLES)
def test_tables_as_people_have_them(table: str, tmp_path: Path) -> None:
    path = written(tmp_path, TABLES[table])
    assert rates_of(open_log(path)) == [0.1, 0.01]
    assert metric_of(open_log(path)) == [(0, 0.5), (1, 0.25)]


def test_molten_rows_of_several_runs_are_no_single_rate(tmp_path: Path) -> None:
    text = "run,key,step,value\na,lr,0,0.1\nb,lr,0,0.2\na,lr,1,0.01\nb,lr,1,0.02\n"
    with pytest.raises(InputError, match="several rates, a - lr, b - lr"):
        open_log(written(tmp_path, text)).choose_rate(None, "--column")
    [series] = open_log(written(tmp_path, text)).series("b - lr")
    assert series.values.tolist() == [0.2, 0.02]


def test_a_series_without_the_names_of_its_columns(tmp_path: Path) -> None:
    log = open_log(written(tmp_path, "0.0,1700000000.5,0.1\n10.0,1700000001.5,0.01\n"))
    [series] = log.series(log.choose_rate(None, "--column"))
    assert series.steps is not None
    assert (series.steps.tolist(), series.values.tolist()) == ([0, 10], [0.1, 0.01])
    with pytest.raises(InputError, match="put a line such as epoch,lr before it"):
        open_log(written(tmp_path, "0,0.1,2.5\n1,0.01,2.25\n"))


@pytest.mark.parametrize(
    "text",
    [
        "run 12\nseed 7\n",
        "epoch 1 seed 7\n  0.5 | seen 32\nepoch 2\n | time: 2 seen 64\n",
        '{"time": 1, "line": 139}\n{"time": 2, "line": 139}\n',
    ],
)
def test_any_number_is_not_a_rate(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected the column of the rate"):
        open_log(written(tmp_path, text)).choose_rate(None, "--column")


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("writer", ["MLflow", "Trackio"])
def test_a_database(writer: str, runs: int, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE latest_metrics (key, value, timestamp, step, run_uuid)")
        if writer == "MLflow":
            connection.execute("CREATE TABLE metrics (key, value, timestamp, run_uuid, step, is_nan)")
        else:
            connection.execute("CREATE TABLE metrics (id, timestamp, run_name, step, metrics)")
        for run in range(runs):
            for step, (rate, loss) in enumerate(((0.1, 0.5), (0.01, 0.25))):
                row = {"lr": rate, "val_loss": loss}
                several = [(key, value, 1, f"run{run}", step, 0) for key, value in row.items()]
                rows = several if writer == "MLflow" else [(1, 1, f"run{run}", step, json.dumps(row))]
                connection.executemany(f"INSERT INTO metrics VALUES ({', '.join('?' * len(rows[0]))})", rows)
    for place in (path, tmp_path):
        if runs == 1:
            assert rates_of(open_log(str(place))) == [0.1, 0.01]
            assert metric_of(open_log(str(place))) == [(0, 0.5), (1, 0.25)]
        else:
            with pytest.raises(InputError, match="several rates, run0 - lr, run1 - lr"):
                open_log(str(place)).choose_rate(None, "--column")


def test_a_database_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE users (name, age)")
    with pytest.raises(InputError, match="expected a table of metrics"):
        open_log(str(path))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="no database that can be read"):
        open_log(str(path))


def test_tensorboards_json_and_csv(tmp_path: Path) -> None:
    rows = [[1.7e9, 0, 0.1], [1.7e9, 10, 0.01]]
    text = "Wall time,Step,Value\n" + "".join(f"{wall},{step},{value}\n" for wall, step, value in rows)
    for content in (json.dumps(rows), text):
        log = open_log(written(tmp_path, content))
        [series] = log.series(log.choose_rate(None, "--column"))
        assert series.steps is not None
        assert (series.steps.tolist(), series.values.tolist()) == ([0, 10], [0.1, 0.01])


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_document_is_read_alike_wherever_its_chunks_end(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    from lrcli.logs.document import Document

    text = json.dumps(DOCUMENTS[data.draw(st.sampled_from(sorted(DOCUMENTS)))])
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=20)))
    parts = [text[start:stop] for start, stop in zip([0, *cuts], [*cuts, None], strict=True)]
    tables = [Document("log", iter(pieces)) for pieces in ([text], parts)]
    rows = [
        [chunk for chunk in table.chunks(range(len(table.columns)), []) if chunk[0]]
        for table in tables
        if "batches" not in table.columns
    ]
    assert len({table.columns for table in tables}) == 1
    assert not rows or rows[0] == rows[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"loss": [1, 2', "it ends too early"),
        ('{"loss": [1, 2]', "it ends too early"),
        ('{"loss": [1, 2]} 3', "something follows"),
        ('{"loss": [1 2],\n"lr": [1]}', "expected , or ]"),
        ("{1: 2}", "JSON"),
        ('{"lr": []}', "no records"),
        ("[" * 200_000 + "]" * 200_000, "is not JSON"),
    ],
)
def test_broken_documents(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        open_log(written(tmp_path, text)).choose_rate(None, "--column")


def test_an_object_that_is_cut_at_the_end_is_left_out_and_said(tmp_path: Path) -> None:
    log = open_log(written(tmp_path, '{"lr": 0.1}\nsome warning\n{"lr": 0.2}\n{"lr": 0.'))
    assert rates_of(log) == [0.1, 0.2]
    assert len(log.remarks) == 2
    with pytest.raises(InputError, match="line 2: expected a JSON object"):
        rates_of(open_log(written(tmp_path, '{"lr": 0.1}\n{"lr": \n{"lr": 0.3}\n')))


@pytest.mark.parametrize("name", ["lr", "metrics/run-lr"])
def test_a_file_of_mlflow(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, "1795532968823 0.1 0\n1795532968828 0.01 5\n", name)
    [series] = open_log(path).series(open_log(path).choose_rate(None, "--column"))
    assert series.steps is not None
    assert (series.steps.tolist(), series.values.tolist()) == ([0, 5], [0.1, 0.01])


def event_file(folder: Path, scalars: dict[str, list[float]], **options: Any) -> Path:
    """What torch's SummaryWriter writes."""
    pytest.importorskip("tensorboard")
    pytest.importorskip("torch")
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder))  # type: ignore[no-untyped-call]
    for step in range(max(map(len, scalars.values()))):
        for tag, values in scalars.items():
            if step < len(values):
                writer.add_scalar(tag, values[step], 10 * step, **options)  # type: ignore[no-untyped-call]
    writer.add_text("note", "a log")  # type: ignore[no-untyped-call]
    writer.close()  # type: ignore[no-untyped-call]
    [path] = folder.iterdir()
    return path


SCALARS = {"train/lr": [0.1, 0.0123456789, 1e-8, 0.0], "Loss/val": [0.5, 0.25, float("inf")]}


@pytest.mark.parametrize("options", [{}, {"new_style": True}, {"new_style": True, "double_precision": True}], ids=str)
def test_an_event_file_is_what_tensorboard_reads(options: dict[str, bool], tmp_path: Path) -> None:
    path = event_file(tmp_path / "run", SCALARS, **options)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(path), size_guidance={"tensors": 0, "scalars": 0})
    accumulator.Reload()
    for tag in SCALARS:
        [series] = open_log(str(path)).series(tag)
        if tag in accumulator.Tags()["scalars"]:
            expected = [(event.step, event.value) for event in accumulator.Scalars(tag)]
        else:
            from tensorboard.util.tensor_util import make_ndarray

            expected = [(event.step, float(make_ndarray(event.tensor_proto))) for event in accumulator.Tensors(tag)]
        assert series.steps is not None
        assert list(zip(series.steps.tolist(), series.values.tolist(), strict=True)) == expected
    assert open_log(str(path)).choose_metric(None, "--metric") == "Loss/val"
    assert open_log(str(tmp_path / "run")).choose_rate(None, "--column") == "train/lr"


def test_an_event_file_that_is_cut_or_damaged(tmp_path: Path) -> None:
    whole = event_file(tmp_path / "run", {"lr": [0.1, 0.2, 0.3]}).read_bytes()
    counts = set()
    for length in range(len(whole) - 200, len(whole)):
        try:
            log = open_log(written(tmp_path, whole[:length], "cut"))
            counts.add(len(rates_of(log)))
        except InputError as error:
            assert "no records" in str(error)
        else:
            assert not log.remarks or "is cut within record" in log.remarks[-1]
    assert max(counts) == 3
    start = whole.index(b"lr\x15")
    damaged = whole[:start] + b"LR" + whole[start + 2 :]
    with pytest.raises(InputError, match="is damaged"):
        rates_of(open_log(written(tmp_path, damaged, "damaged")))


def record(body: bytes) -> bytes:
    size = struct.pack("<Q", len(body))
    return size + struct.pack("<I", masked_crc(size)) + body + struct.pack("<I", masked_crc(body))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_any_record_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    head = record(b"\t\0\0\0\0\0\0\0\0\x1a\rbrain.Event:2")
    assert is_event_file(head)
    path = written(tmp_path_factory.getbasetemp(), head + record(body))
    with pytest.raises(InputError):
        open_log(path).choose("lr", "--column")


@pytest.mark.parametrize("content", ["epoch,lr\n0,0.1\n1,0.2\n", PRINTED["Megatron"], json.dumps(HISTORY)])
def test_gzip_of_any_of_them(content: str, tmp_path: Path) -> None:
    packed = gzip.compress(content.encode())
    expected = rates_of(open_log(written(tmp_path, content)))
    assert rates_of(open_log(written(tmp_path, packed))) == expected
    halves = gzip.compress(content.encode()[:30]) + gzip.compress(content.encode()[30:])
    assert rates_of(open_log(written(tmp_path, halves))) == expected


def test_gzip_that_is_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    text = "epoch,lr\n" + "".join(f"{epoch},{epoch / 7!r}\n" for epoch in range(10_000))
    packed = gzip.compress(text.encode())
    log = open_log(written(tmp_path, packed[: len(packed) // 2]))
    assert rates_of(log)[:3] == [0.0, 1 / 7, 2 / 7]
    assert any("cut within its gzip" in remark for remark in log.remarks)


FOLDERS = {
    "Transformers": ({"trainer_state.json": 3, "checkpoint-5/trainer_state.json": 2}, "trainer_state.json"),
    "checkpoints": (
        {"checkpoint-9/trainer_state.json": 1, "checkpoint-10/trainer_state.json": 1},
        "checkpoint-10/trainer_state.json",
    ),
    "Lightning": (
        {"lightning_logs/version_9/metrics.csv": 1, "lightning_logs/version_10/metrics.csv": 1},
        "lightning_logs/version_10/metrics.csv",
    ),
    "ultralytics": ({"results.csv": 1, "args.yaml": 1}, "results.csv"),
    "mmengine": (
        {"20240101/vis_data/scalars.json": 1, "20240101/vis_data/config.py": 1},
        "20240101/vis_data/scalars.json",
    ),
    "packed": ({"metrics.csv.gz": 1}, "metrics.csv.gz"),
    "DeepSpeed": ({"job/Train_Samples_lr.csv": 1, "job/Train_Samples_train_loss.csv": 5}, "job/Train_Samples_lr.csv"),
    "Ray": ({"progress.csv": 1, "params.json": 1}, "progress.csv"),
}


@pytest.mark.parametrize("trainer", FOLDERS)
def test_the_run_in_a_folder(trainer: str, tmp_path: Path) -> None:
    files, taken = FOLDERS[trainer]
    for name, value in files.items():
        content = (
            f"epoch,lr\n0,{len(name) + value}\n"
            if name.endswith((".csv", ".csv.gz"))
            else f'{{"lr": {len(name) + value}}}'
        )
        written(tmp_path, gzip.compress(content.encode()) if name.endswith(".gz") else content, name)
    log = open_log(str(tmp_path))
    assert rates_of(log) == [len(taken) + files[taken]]
    assert any(taken in remark for remark in log.remarks) or "/" not in taken


def test_the_folder_of_a_run_of_dvclive(tmp_path: Path) -> None:
    written(tmp_path, "step\tlr\n0\t0.1\n1\t0.01\n", "plots/metrics/train/lr.tsv")
    written(tmp_path, "step\tloss\n0\t0.5\n1\t0.25\n", "plots/metrics/val/loss.tsv")
    written(tmp_path, '{"train": {"lr": 0.01}, "step": 1}', "metrics.json")
    assert rates_of(open_log(str(tmp_path))) == [0.1, 0.01]
    assert metric_of(open_log(str(tmp_path))) == [(0, 0.5), (1, 0.25)]


def test_the_event_files_of_a_run_are_read_together(tmp_path: Path) -> None:
    event_file(tmp_path / "run", {"train/lr": [0.5, 0.25]}).rename(tmp_path / "run" / "events.out.tfevents.1.a")
    event_file(tmp_path / "other", {"eval/loss": [0.5, 0.25]}).rename(tmp_path / "run" / "events.out.tfevents.2.a")
    assert rates_of(open_log(str(tmp_path / "run"))) == [0.5, 0.25]
    assert metric_of(open_log(str(tmp_path / "run"))) == [(0, 0.5), (10, 0.25)]


def test_the_folder_of_a_run_of_mlflow(tmp_path: Path) -> None:
    written(tmp_path, "artifact_uri: x\n", "meta.yaml")
    written(tmp_path, "1795532968823 0.1 0\n1795532968828 0.01 1\n", "metrics/lr")
    written(tmp_path, "1795532968823 0.5 0\n1795532968828 0.25 1\n", "metrics/val/loss")
    written(tmp_path, "adam", "params/optimizer")
    assert rates_of(open_log(str(tmp_path))) == [0.1, 0.01]
    assert metric_of(open_log(str(tmp_path / "metrics"))) == [(0, 0.5), (1, 0.25)]


def test_a_folder_without_a_log(tmp_path: Path) -> None:
    written(tmp_path, "x", "model.bin")
    with pytest.raises(InputError, match=r"a directory without a log .* \(trainer_state.json"):
        open_log(str(tmp_path))


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda foreign: repr(foreign.magic))
def test_what_only_a_library_reads_is_refused(foreign: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="looks like") as raised:
        open_log(written(tmp_path, foreign.magic + b"\0" * 50, "a.bin"))
    assert not foreign.conversion or foreign.conversion.format(name="a.bin") in str(raised.value)


@pytest.mark.parametrize("writer", ["to_parquet", "to_feather", "to_pickle"])
def test_the_line_that_converts_it_does(writer: str, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    if writer != "to_pickle":
        pytest.importorskip("pyarrow")
    path = tmp_path / "a.bin"
    getattr(pandas.DataFrame({"epoch": [0, 1], "lr": [0.1, 0.01]}), writer)(path)
    with pytest.raises(InputError) as raised:
        open_log(str(path))
    line = str(raised.value).partition("to make a log of it: ")[2]
    command = line.replace("python -c", f"{sys.executable} -c")
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": ""})
    assert rates_of(open_log(str(tmp_path / "log.csv"))) == [0.1, 0.01]


def test_a_column_that_comes_late_is_found(tmp_path: Path) -> None:
    lines = [json.dumps({"step": step, "loss": 1.5, "note": "x" * 90}) for step in range(10_000)]
    text = "\n".join([*lines, json.dumps({"step": 10_000, "val_loss": 0.5, "lr": 0.1})]) + "\n"
    path = written(tmp_path, text)
    assert open_log(path).choose_metric(None, "--metric") == "val_loss"
    assert rates_of(open_log(path)) == [0.1]


def test_steps_that_begin_again_with_each_epoch_are_counted_through(tmp_path: Path) -> None:
    text = "".join(
        f"Epoch [{epoch}/3], Step [{step}/600], Loss: 0.5, LR: {epoch}e-3\n"
        for epoch in (1, 2, 3)
        for step in (200, 400)
    )
    csv = "epoch,batch,lr\n" + "".join(f"{epoch},{batch},0.1\n" for epoch in range(3) for batch in range(4))
    sparse = "epoch,batch,lr\n" + "".join(f"{epoch},{batch},0.1\n" for epoch in range(3) for batch in (0, 2))
    resumed = "step,epoch,lr\n0,0,1\n1,0,1\n2,1,1\n1,0,1\n2,1,1\n"
    for content, expected in (
        (text, [200, 400, 800, 1000, 1400, 1600]),
        (csv, list(range(12))),
        (sparse, None),
        (resumed, [0, 1, 2, 1, 2]),
    ):
        log = open_log(written(tmp_path, content))
        [series] = log.series(log.choose_rate(None, "--column"))
        assert (None if series.steps is None else series.steps.tolist()) == expected


def test_what_a_person_should_know_is_remarked(tmp_path: Path) -> None:
    log = open_log(written(tmp_path, "epoch,val_loss\n0,1\n0,2\n1,3\n1,4\n1,5\n"))
    assert metric_of(log) == [(0, 2), (1, 5)]
    assert log.remarks == ["3 values have another after it in the same epoch: the last of an epoch counts"]
    log = open_log(written(tmp_path, "position,lr\n0,0.1\n10,0.2\n20,0.3\n"))
    assert rates_of(log) == [0.1, 0.2, 0.3]
    assert len(log.remarks) == 1
    assert "position only rises" in log.remarks[0]


def test_the_configuration_that_was_printed_before_a_run_is_no_row_of_it(tmp_path: Path) -> None:
    head = "max_epochs = 200\noptimizer = dict(type='AdamW', lr=0.004)\nlr_schedule = dict(type='CosineAnnealingLR',\n"
    rows = "".join(f"Epoch(train) [1][{batch}/21]  lr: {batch}e-05  loss: 0.5\n" for batch in (1, 2, 3))
    (tmp_path / "run.log").write_text(head + "    eta_min=0.0002, begin=0)\n" + rows)
    log = open_log(str(tmp_path / "run.log"))
    [series] = log.series(log.choose_rate(None, "--column"))
    assert series.values.tolist() == [1e-05, 2e-05, 3e-05]


def test_wenet_counts_the_batches_of_an_epoch_after_it(tmp_path: Path) -> None:
    said = "2026-01-01 10:00:00,123 DEBUG {} Batch {}/{} loss 12.5 loss_ctc 40.2 {}rank 0\n"
    rows = [("TRAIN", 0, 0, "lr 0.1 "), ("TRAIN", 0, 100, "lr 0.2 "), ("CV", 0, 0, ""), ("TRAIN", 1, 0, "lr 0.3 ")]
    (tmp_path / "run.log").write_text("".join(said.format(*row) for row in rows))
    log = open_log(str(tmp_path / "run.log"))
    [series] = log.series("lr")
    assert series.values.tolist() == [0.1, 0.2, 0.3]
    assert series.epochs is not None
    assert series.epochs.tolist() == [0, 0, 1]
    assert "val loss" in log.columns


def test_ignite_prints_its_bar_after_the_values_and_after_the_count(tmp_path: Path) -> None:
    def bar(epoch: int, batch: int, lr: str) -> str:
        return f"\rEpoch [{epoch}/2]: [{batch}/3]  33%|###3      , loss=2, lr={lr} [00:00<00:00]"

    bars = ["\rEpoch [1/2]: [1/3]  33%|###3       [00:00<?]", bar(1, 1, "0.6"), bar(1, 1, "0.6"), bar(1, 1, "0.5")]
    bars += [bar(1, 2, "0.5"), bar(1, 2, "0.4"), bar(1, 3, "0.4"), bar(2, 1, "0.3"), bar(2, 1, "0.2"), bar(2, 2, "0.2")]
    (tmp_path / "run.log").write_text("".join(bars) + "\n")
    [series] = open_log(str(tmp_path / "run.log")).series("lr")
    assert series.steps is not None
    assert list(zip(series.steps.tolist(), series.values.tolist(), strict=True)) == [
        (1, 0.6), (2, 0.5), (3, 0.4), (4, 0.3), (5, 0.2),
    ]  # fmt: skip
