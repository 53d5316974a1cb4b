"""Files that nobody would write on purpose: what trainers, loggers and people write, with something wrong in them."""

import gzip
import struct
from pathlib import Path

from hypothesis import strategies as st

DATA = Path(__file__).parent / "data"

HUGGING_FACE = """\
learning_rate: 5.0e-5
lr_scheduler_type: cosine
lr_scheduler_kwargs: {num_cycles: 0.5}
warmup_steps: 10
num_train_epochs: 3
per_device_train_batch_size: 8
gradient_accumulation_steps: 2
output_dir: out
deepspeed: ds.json
"""
DEEPSPEED = """\
{"train_micro_batch_size_per_gpu": "auto", "gradient_accumulation_steps": "auto",
 "optimizer": {"type": "AdamW", "params": {"lr": "auto"}},
 "scheduler": {"type": "WarmupDecayLR", "params": {"warmup_min_lr": 0, "warmup_max_lr": "auto",
               "warmup_num_steps": "auto", "total_num_steps": "auto"}}}
"""
ULTRALYTICS = """\
task: detect
model: yolov8n.pt
epochs: 100
batch: 16
nbs: 64
optimizer: SGD
lr0: 0.01
lrf: 0.01
cos_lr: false
warmup_epochs: 3.0
warmup_bias_lr: 0.1
momentum: 0.937
"""
MEGATRON = """\
#!/bin/bash
torchrun pretrain_gpt.py --lr 3e-4 --min-lr 3e-5 --lr-decay-style cosine \\
  --train-iters 1000 --lr-warmup-iters 100 --lr-decay-iters 900 --global-batch-size 64
"""
MMENGINE = """\
_base_ = ['base.py']
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', by_epoch=True, begin=0, end=12, milestones=[8, 11], gamma=0.1)]
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
"""
LIGHTNING = """\
trainer: {max_epochs: 20}
model:
  class_path: model.Model
optimizer: {class_path: torch.optim.SGD, init_args: {lr: 0.1}}
lr_scheduler: {class_path: torch.optim.lr_scheduler.CosineAnnealingLR, init_args: {T_max: 20}}
"""
SCRIPT = """\
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

EPOCHS = 90
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingLR(optimizer, T_max=50)
for epoch in range(EPOCHS):
    for batch in loader:
        loss = model(batch).mean()
        loss.backward()
        scheduler.step()
        optimizer.step()
"""
NOTEBOOK = """\
{"cells": [{"cell_type": "code", "source": ["opt = torch.optim.SGD(p, lr=0.1)\\n",
 "sched = torch.optim.lr_scheduler.StepLR(opt, 30)"]}, {"cell_type": "code", "source": "sched.step()"}],
 "nbformat": 4, "nbformat_minor": 5, "metadata": {}}
"""
TEXT = "".join(
    f"[10:00:{step:02d}] iteration {step}/40 | learning rate: {0.1 * 0.9**step:.6E} | lm loss: {1 / (step + 1):.4E} |\n"
    for step in range(40)
)
DICTS = "".join(
    f"{{'loss': {2 / step:.4f}, 'learning_rate': {5e-05 * (1 - step / 300)}, 'epoch': {step / 100}}}\n"
    for step in range(10, 300, 10)
)
ULTRALYTICS_LOG = "epoch,time,train/box_loss,metrics/mAP50(B),lr/pg0,lr/pg1,lr/pg2\n" + "".join(
    f"{epoch},{epoch * 2.5},1.2,0.5,{0.01 * epoch / 30},{0.01 * epoch / 30},{0.1 - 0.003 * epoch}\n"
    for epoch in range(1, 30)
)
TOML = """\
[tool.lrsched]
ignore = ["LR103"]
specs = ["cosine --t-max 50 --epochs 90"]
[tool.lrsched.per-file-ignores]
"*.py" = ["LR901"]
"""


def event_record(step: int, tag: bytes, value: float) -> bytes:
    """A record of a TensorBoard event file, with checksums that are wrong: it is to be survived, not read."""
    scalar = b"\x0a" + bytes([len(tag)]) + tag + b"\x15" + struct.pack("<f", value)
    event = b"\x10" + bytes([step]) + b"\x2a" + bytes([len(scalar) + 2]) + b"\x0a" + bytes([len(scalar)]) + scalar
    return struct.pack("<QI", len(event), 0) + event + struct.pack("<I", 0)


EVENTS = b"".join(event_record(step, b"lr", 0.1 / (step + 1)) for step in range(20))

FILES: dict[str, bytes] = {
    "train.yaml": HUGGING_FACE.encode(),
    "ds.json": DEEPSPEED.encode(),
    "args.yaml": ULTRALYTICS.encode(),
    "train.sh": MEGATRON.encode(),
    "config.py": MMENGINE.encode(),
    "lightning.yaml": LIGHTNING.encode(),
    "train.py": SCRIPT.encode(),
    "train.ipynb": NOTEBOOK.encode(),
    "train.log": TEXT.encode(),
    "stdout.log": DICTS.encode(),
    "results.csv": ULTRALYTICS_LOG.encode(),
    "log.csv.gz": gzip.compress(ULTRALYTICS_LOG.encode(), mtime=0),
    "events.out.tfevents.1.host": EVENTS,
    "trainer_state.json": (DATA / "logs" / "transformers-5.23-trainer_state.json").read_bytes(),
    "pyproject.toml": TOML.encode(),
}
"""What may stand in the folder in which a command line runs, by its name."""

SPECS = (
    "train.yaml --examples 1000", "args.yaml --examples 640", "train.sh", "config.py --examples 1000",
    "lightning.yaml", "train.yaml --examples 1e9 --trainer hf==4.50", "train.yaml --trainer trl",
    "CosineAnnealingLR(optimizer, T_max=50)", "get_cosine_schedule_with_warmup(opt, 100, 1000)",
)  # fmt: skip
"""Specs that are files or Python."""

PIECES = (
    b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\t", b"null", b"nan", b"-1", b"1e999", b"1" * 40,
    b"{", b"[", b"]", b"}",
    b": ", b"&a [*a, *a]", b"*a", b"!!python/object/apply:os.system ['x']", b"\x1b[31m", b"'", b'"', b"- ", b"<<: *a",
    b"auto", b"[[[[[[[[", b"lambda: 0", b"${other}", b"2026-11-25", b"0x10", b"1_0", b"yes", b"\n", b"\n\n", b"(" * 300,
    b"\xe2\x80\xae", b"if " * 100, b"{{" * 50, b"0.1, 0.2", b"def f(:", b"%s", b"--lr", b"--", b"\x1f\x8b",
)  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, content: bytes) -> bytes:
    """`content`, cut, with a piece of it doubled, or with something else in the place of one."""
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(content)))
        end = min(len(content), begin + draw(st.sampled_from((0, 1, 2, 5, 10, 40, 10_000))))
        piece = draw(st.sampled_from(PIECES))
        match draw(st.integers(0, 4)):
            case 0:
                content = content[:begin]
            case 1:
                content = content[:end] + content[begin:]
            case 2:
                content = words_changed(content, begin, piece)
            case _:
                content = content[:begin] + piece + content[end:]
    return content[:50_000]


def words_changed(content: bytes, near: int, word: bytes) -> bytes:
    """`content` with `word` in the place of what stands behind the next colon, equals sign or comma."""
    found = [place for mark in (b": ", b"=", b",") if (place := content.find(mark, near)) >= 0]
    if not found:
        return content
    begin = min(found) + 1
    end = next((place for place in range(begin + 1, len(content)) if content[place] in b",\n)}]"), len(content))
    return content[:begin] + b" " + word + content[end:]


@st.composite
def files_for(draw: st.DrawFn, words: list[str]) -> dict[str, bytes]:
    """The files that the words of a command line name, one in two of them spoiled; all where they name the folder."""
    line = " ".join(words)
    named = FILES if "." in words else {name: FILES[name] for name in FILES if name in line}
    if "train.yaml" in named:
        named = {**named, "ds.json": FILES["ds.json"]}
    return {name: draw(spoiled(content)) if draw(st.booleans()) else content for name, content in named.items()}
