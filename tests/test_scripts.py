"""check on scripts: every rule finds what its bad example shows, and nothing in its good one."""

import glob
import os
import re

import pytest

from lrcli.checks import RULES
from lrcli.scripts import check_file, check_source
from lrcli.scripts.rule import Script
from lrcli.scripts.source import Source

DATA = os.path.join(os.path.dirname(__file__), "data", "scripts")

BEFORE = """\
import torch
import pytorch_lightning as pl
from accelerate import Accelerator
from torch.optim.lr_scheduler import (
    ConstantLR, CosineAnnealingLR, LinearLR, MultiStepLR, OneCycleLR, ReduceLROnPlateau, SequentialLR, StepLR,
)
from timm.scheduler import CosineLRScheduler
from transformers import get_linear_schedule_with_warmup
accelerator = Accelerator()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
CODES = [code for code, rule in RULES.items() if rule.subject is Script]


def codes(text: str) -> list[str]:
    return [finding.code for finding in check_source(Source("train.py", text))]


@pytest.mark.parametrize("code", CODES)
def test_a_rule_finds_its_bad_example_and_not_its_good_one(code: str) -> None:
    sections = RULES[code].sections
    assert codes(BEFORE + "\n".join(sections["Bad"]) + "\n") == [code]
    assert codes(BEFORE + "\n".join(sections["Good"]) + "\n") == []


def path_of(name: str) -> str:
    return os.path.join(DATA, name)


def marked(path: str) -> list[tuple[int, str]]:
    """The lines that a script says are wrong, in a comment, with their codes."""
    with open(path) as file:
        return [(number, match[1]) for number, line in enumerate(file, 1) if (match := re.search(r"# (LR\d+)$", line))]


@pytest.mark.parametrize("path", sorted(glob.glob(path_of("*.py"))), ids=os.path.basename)
def test_scripts_of_many_styles(path: str) -> None:
    found = [(finding.place.line, finding.code) for finding in check_file(path)]
    assert found == marked(path)
    assert bool(found) == os.path.basename(path).startswith("wrong_")
