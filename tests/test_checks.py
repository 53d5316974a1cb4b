"""The pitfalls: each is found where it is, with its numbers and what clears it, and not found beside it."""

import dataclasses
import math
import random
import re
import shlex
from typing import Any

import pytest

from lrcli import spec
from lrcli.checks import (
    NOTE,
    RULES,
    SEVERITIES,
    Finding,
    Lengths,
    Observed,
    curve,
    findings,
    lengths,
    plateau_findings,
)
from lrcli.checks.audits import AuditCase
from lrcli.checks.case import Case
from lrcli.checks.configs import FileCase
from lrcli.checks.fix import Fix, Path
from lrcli.checks.metrics import ReplayCase, better_of
from lrcli.checks.resume import ResumeCase
from lrcli.engine import Selection
from lrcli.errors import InputError
from lrcli.replay import Replay, replay
from lrcli.run import Run
from lrcli.schedules import every, role
from lrcli.schedules.base import Absolute, Schedule
from lrcli.schedules.compose import Composite
from lrcli.schedules.family import FAMILIES
from lrcli.schedules.plateau import Plateau
from tests.draws import base_rates, draw
from tests.test_recipes import RECIPES, line_of
from tests.unheard import heard

SCHEDULE_RULES = {code: rule for code, rule in RULES.items() if rule.subject.__module__.startswith("lrcli.checks")}
"""Without those about scripts, which another test may have imported; tests/test_scripts.py is about them."""

DOCUMENTED = [
    (code, heading, line)
    for code, rule in SCHEDULE_RULES.items()
    if rule.subject not in (ReplayCase, FileCase, ResumeCase, AuditCase)
    for heading in ("Bad", "Good")
    for line in rule.sections.get(heading, [])
]


def split(line: str) -> tuple[str, str]:
    """The spec and the facts of a line: `lrsched check "SPEC" FACTS`, or the spec, | and the facts."""
    if line.startswith("lrsched check "):
        _, _, text, *words = shlex.split(line)
        return text, shlex.join(words)
    text, _, facts = line.partition("|")
    return text, facts


def parts_of(line: str) -> tuple[Schedule, Run]:
    """The schedule and the run of a line."""
    text, facts = split(line)
    run = Run.from_text(spec.read_words(shlex.split(facts), Run.params()))
    return spec.parse(text).in_run(run)[:2]


def checked(line: str) -> dict[str, Finding]:
    """The findings of a line, by code."""
    return {finding.code: finding for finding in findings(*parts_of(line))}


def blamed(line: str) -> set[str]:
    """The codes of what is worse than a note."""
    return {code for code, finding in checked(line).items() if finding.severity != NOTE}


@pytest.mark.parametrize("code", SCHEDULE_RULES)
def test_a_rule_is_explained(code: str) -> None:
    rule = RULES[code]
    assert re.fullmatch(r"LR[1-8]\d\d", code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.severity in SEVERITIES
    assert rule.summary.endswith(".")
    assert rule.sections.keys() >= {"Cause", "Bad", "Source"}
    assert rule.subject is ReplayCase or "Good" in rule.sections


def test_no_two_rules_have_the_same_name() -> None:
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


@pytest.mark.parametrize(("code", "heading", "line"), DOCUMENTED, ids=lambda value: value[:60])
def test_the_examples_of_a_rule_are_what_they_say(code: str, heading: str, line: str) -> None:
    if heading == "Bad":
        assert code in checked(line)
    else:
        assert code not in checked(line)
        assert not blamed(line)


def options_of(changes: list[dict[str, Any]]) -> str:
    """Changes as the words of a command line."""
    words = []
    for change in changes:
        value, option = change["value"], change["option"]
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-"))
        else:
            words += [option, ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)]
    return shlex.join(words)


def respelled(schedule: Schedule, path: Path, words: str) -> str:
    """The spec of a schedule with more words given to its part at `path`; the last word for an option counts."""
    if not path:
        return f"{schedule.spec} {words}"
    assert isinstance(schedule, Composite)
    children = [child.spec for child in schedule.schedulers]
    children[path[0]] = respelled(schedule.schedulers[path[0]], path[1:], words)
    milestones = schedule.value(role.TAKES_OVER_AT)
    options = f" --milestones {','.join(map(str, milestones))}" if milestones else ""
    return f"{schedule.reference.name} {shlex.join(children)}{options}"


def fixed(line: str, fix: Fix) -> str:
    """The line with a fix, as JSON has it, typed on the command line."""
    schedule, run = parts_of(line)
    text = schedule.spec
    for path in dict.fromkeys(change.path for change in fix if change.path is not None):
        words = options_of([change.as_document() for change in fix if change.path == path])
        text = respelled(spec.parse(text).schedule, path, words)
    run_words = options_of([change.as_document() for change in fix if change.path is None])
    return f"{text} {shlex.join(run.words())} {run_words} | {split(line)[1]}"


SEEDED = [
    # the mistake, its code, words of its message, its fix; then the nearest that is none
    (
        "onecycle --max-lr 0.1 --total-steps 1000 --epochs 10 --interval epoch --steps-per-epoch 100",
        ("LR101", "the peak at tick 299 is never reached, and the highest rate is 0.00421", "--interval step, or"),
        "onecycle --max-lr 0.1 --total-steps 10 --epochs 10 --interval epoch --steps-per-epoch 100",
    ),
    (
        "cosine --t-max 9000 --epochs 90 --steps-per-epoch 100",
        ("LR101", "1 % of the schedule runs, and the run ends at 0.1", "--interval step, or --t-max 90"),
        "cosine --t-max 9000 --epochs 90 --steps-per-epoch 100 --interval step",
    ),
    ("cosine --t-max 500 -n 90", ("LR101", "18 % of the schedule", "--t-max 90"), "cosine --t-max 400 -n 90"),
    (
        "multistep --milestones 3000,6000 --epochs 90 --steps-per-epoch 100",
        ("LR101", "the rate never drops", "--milestones 30,60"),
        "multistep --milestones 3000,6000 --epochs 90 --steps-per-epoch 100 --interval step",
    ),
    (
        "cyclic --base-lr 0.001 --max-lr 0.1 --ticks 100",
        ("LR101", "the peak at tick 2000 is never reached", "--step-size-up 50"),
        "cyclic --base-lr 0.001 --max-lr 0.1 --ticks 20000 --interval step",
    ),
    (
        "cosine --t-max 90 --epochs 90 --steps-per-epoch 100 --interval step",
        ("LR102", "--t-max 90 is over after 0.9 of 90 epochs", "--interval epoch, or --t-max 9000"),
        "cosine --t-max 90 --epochs 90 --steps-per-epoch 100",
    ),
    (
        "cosine --t-max 85 --warmup 5 --epochs 90 --steps-per-epoch 100 --interval step",
        ("LR102", "0.9 of 90 epochs", "--t-max 8995"),
        "cosine --t-max 8500 --warmup 500 --epochs 90 --steps-per-epoch 100 --interval step",
    ),
    (
        "hf-linear --num-warmup-steps 9 --num-training-steps 90 --epochs 90 --steps-per-epoch 100 --interval step",
        ("LR102", "0.9 of 90 epochs", "--num-training-steps 9000"),
        "hf-linear --num-warmup-steps 900 --num-training-steps 9000 --epochs 90 --steps-per-epoch 100 --interval step",
    ),
    (
        "step --step-size 30 --epochs 90 --steps-per-epoch 100 --interval step",
        ("LR102", "1e-300", "--step-size 3000"),
        "step --step-size 3000 --epochs 90 --steps-per-epoch 100 --interval step",
    ),
    (
        "cosine-restarts --t-0 10 --epochs 90 --steps-per-epoch 100 --interval step",
        ("LR102", "--t-0 10 is over after 0.1 of 90 epochs", "--t-0 1000"),
        "cosine-restarts --t-0 10 --epochs 90 --steps-per-epoch 100",
    ),
    (
        "cosine --t-max 50 -n 90",
        ("LR103", "over at epoch 50: the rate climbs back to 0.0885 (88.5 % of the peak) by epoch 89", "--t-max 90"),
        "cosine --t-max 90 -n 90",
    ),
    (
        "sequential linear 'cosine --t-max 50' 'constant --factor 0.1 --total-iters 9' --milestones 5,85",
        ("LR103", "over at epoch 55: the rate climbs back to 0.0624 (62.4 % of the peak) by epoch 84", "--t-max 80"),
        "sequential linear 'cosine --t-max 80' 'constant --factor 0.1 --total-iters 9' --milestones 5,85",
    ),
    ("cosine --t-max 45 -n 90", ("LR103", "climbs back to 0.0999", "--t-max 90"), "cosine --t-max 89 -n 89"),
    ("cosine --t-max 10 -n 95", ("LR103", "(100 % of the peak) by epoch 20", "--t-max 95"), "cosine --t-max 10 -n 100"),
    (
        "hf-cosine --num-warmup-steps 500 --num-training-steps 5000 --epochs 8 --steps-per-epoch 1000 --interval step",
        ("LR103", "over at step 5000 (epoch 5): the rate climbs back", "--num-training-steps 8000"),
        "hf-cosine --num-warmup-steps 500 --num-training-steps 8000 --epochs 8 --steps-per-epoch 1000 --interval step",
    ),
    (
        "polynomial -n 100",
        ("LR104", "--total-iters 5 is over at epoch 5: the rate is 0 for the rest of the run, 95 % of it", "100"),
        "polynomial --total-iters 100 -n 100",
    ),
    (
        "polynomial --total-iters 0 -n 9",
        ("LR104", "never changes", "--total-iters 9"),
        "polynomial --total-iters 9 -n 9",
    ),
    (
        "wsd --warmup-steps 90 --stable-steps 810 --decay-steps 100 --ticks 1500 --interval step",
        ("LR104", "33.3 % of it", "--stable-steps 1310"),
        "wsd --warmup-steps 90 --stable-steps 810 --decay-steps 100 --min-lr-ratio 0.1 --ticks 1500 --interval step",
    ),
    (
        "hf-linear --num-warmup-steps 9 --num-training-steps 4000 --epochs 4 | --batches-per-epoch 1000 --accumulate 4",
        ("LR105", "4 * ceil(1000 / 4) = 1000 optimizer steps", "--num-training-steps 1000"),
        "hf-linear --num-warmup-steps 9 --num-training-steps 1000 --epochs 4 | --batches-per-epoch 1000 --accumulate 4",
    ),
    (
        "cosine --t-max 4000 --epochs 4 --steps-per-epoch 250 --interval step | --accumulate 4",
        ("LR105", "= 1000 optimizer steps", "--t-max 1000"),
        "cosine --t-max 1000 --epochs 4 --steps-per-epoch 250 --interval step | --accumulate 4",
    ),
    (
        "hf-cosine --num-warmup-steps 9 --num-training-steps 4000 --epochs 4 --interval step --steps-per-epoch 1000 | "
        "--num-processes 4",
        ("LR106", "16000 times in all", "--num-training-steps 16000"),
        "hf-cosine --num-warmup-steps 9 --num-training-steps 16000 --epochs 4 --interval step --steps-per-epoch 1000 | "
        "--num-processes 4",
    ),
    (
        "onecycle --max-lr 0.1 --total-steps 1000 --epochs 4 --interval step --steps-per-epoch 250 | --num-processes 4",
        ("LR106", "over at step 250 (epoch 1)", "--total-steps 4000"),
        "onecycle --max-lr 0.1 --total-steps 1000 --epochs 4 --interval step --steps-per-epoch 250",
    ),
    (
        "fastai-one-cycle --n-epoch 10 --n-iter 10 --epochs 10 --steps-per-epoch 100",
        ("LR117", "--n-iter 10, but an epoch of the run has 100 steps", "--n-iter 100"),
        "fastai-one-cycle --n-epoch 10 --n-iter 100 --epochs 10 --steps-per-epoch 100",
    ),
    (
        "ultralytics --num-epochs 100 --nb 100 --epochs 10 --steps-per-epoch 100",
        ("LR101", "10 % of the schedule runs", "--num-epochs 10"),
        "ultralytics --num-epochs 12 --nb 100 --epochs 10 --steps-per-epoch 100",
    ),
    (
        "points --milestones 10,50 --values 0.01,0.1,0 -n 200",
        ("LR104", "--milestones 10,50 is over at step 50: the rate is 0", "--milestones 10,200"),
        "points --milestones 10,50 --values 0.01,0.1,0 -n 50",
    ),
    (
        "keras-piecewise-constant-decay --boundaries 30,60 --values 0.1,0.01,0.001 --epochs 90 --steps-per-epoch 500",
        ("LR102", "the last drop comes after 0.122 of 90 epochs", "--boundaries 15000,30000"),
        "keras-piecewise-constant-decay --boundaries 1500,3000 --values 0.1,0.01,0.001 --ticks 4500",
    ),
    ("step --step-size 0 -n 9", ("LR108", "call 1 of step()", "--step-size"), "step --step-size 3 -n 9"),
    ("cosine --t-max 0 -n 9", ("LR108", "ZeroDivisionError", "--t-max"), "cosine --t-max 9 -n 9"),
    (
        "sequential 'linear' 'chained \"step --step-size 3\"' --milestones 5",
        ("LR108", "call 5 of step(), at the end of epoch 4, raises", ""),
        "sequential 'linear' 'step --step-size 3' --milestones 5",
    ),
    (
        "hf-polynomial --num-warmup-steps 9 --num-training-steps 100 --lr-end 0.2",
        ("LR108", "it cannot be made", ""),
        "hf-polynomial --num-warmup-steps 9 --num-training-steps 100 --lr-end 0.02",
    ),
    ("lambda --expr '1 - t / 50' -n 52", ("LR109", "at epoch 51", ""), "lambda --expr '1 - t / 50' -n 50"),
    (
        "onecycle --max-lr 0.1 --total-steps 999 --epochs 10 --interval step --steps-per-epoch 100",
        ("LR111", "call 1000 of step(), at the end of step 999 (epoch 9), raises", "--total-steps 1000"),
        "onecycle --max-lr 0.1 --total-steps 1000 --epochs 10 --interval step --steps-per-epoch 100",
    ),
    (
        "onecycle --max-lr 0.1 --total-steps 1000 --pct-start 0.001",
        ("LR112", "0.001 * 1000 is 1: the constructor raises ZeroDivisionError", "--pct-start 0.3"),
        "onecycle --max-lr 0.1 --total-steps 1000 --pct-start 0.002",
    ),
    (
        "onecycle --max-lr 0.1 --total-steps 3 --pct-start 0.3",
        ("LR112", "less than 1", "--total-steps 10"),
        "onecycle --max-lr 0.1 --total-steps 10 --pct-start 0.3",
    ),
    (
        "cosine --t-max 90 --warmup 5 -n 90",
        ("LR201", "cut off 5 before its end, and the run ends at 0.00109", "--t-max 85"),
        "cosine --t-max 85 --warmup 5 -n 90",
    ),
    (
        "cosine --t-max 80 --warmup 5 -n 90",
        ("LR201", "over at epoch 85, 5 too early", "--t-max 85"),
        "cosine --t-max 85 --warmup 5 -n 90",
    ),
    (
        "timm-cosine --t-initial 300 --warmup-t 20 --warmup-prefix --warmup-lr-init 1e-6 -n 300",
        ("LR201", "cut off 20 before its end", "--t-initial 280"),
        "timm-cosine --t-initial 300 --warmup-t 20 --warmup-lr-init 1e-6 -n 300",
    ),
    (
        "cosine --t-max 90 --warmup 90 -n 90",
        ("LR202", "epoch 89 is the last, at 0.0993", "--warmup 4"),
        "cosine --t-max 45 --warmup 45 -n 90",
    ),
    (
        "hf-constant-with-warmup --num-warmup-steps 500 --epochs 5 --steps-per-epoch 100 --interval step",
        ("LR202", "step 499 (epoch 4) is the last", "--num-warmup-steps 25"),
        "hf-constant-with-warmup --num-warmup-steps 250 --epochs 5 --steps-per-epoch 100 --interval step",
    ),
    (
        "cosine --t-max 40 --warmup 46 -n 86",
        ("LR202", "takes 53.5 % of 86 ticks", "--warmup 4"),
        "cosine --t-max 46 --warmup 40 -n 86",
    ),
    (
        "ultralytics --num-epochs 100 --nb 10 --warmup-epochs 90 --epochs 100 --steps-per-epoch 10",
        ("LR202", "takes 90 % of 1000 ticks", "--warmup-epochs 5"),
        "ultralytics --num-epochs 5 --nb 10 --epochs 5 --steps-per-epoch 10",
    ),
    (
        "megatron --lr-decay-iters 1000 --lr-warmup-fraction 0.9 -n 1000",
        ("LR202", "takes 90 % of 1000 ticks", "--lr-warmup-fraction 0.05"),
        "megatron --lr-decay-iters 1000 --lr-warmup-fraction 0.01 -n 1000",
    ),
    (
        "sequential linear linear --milestones 5 -n 50",
        ("LR229", "from 0.0867 to 0.0333: LinearLR is a warmup itself", "it rises by itself"),
        "sequential linear 'linear --start-factor 1 --end-factor 0.1 --total-iters 45' --milestones 5 -n 50",
    ),
    (
        "constant -n 90",
        ("LR211", "33.3 % of --lr and jumps to all of it at epoch 5", "--factor 1"),
        "constant --factor 1 -n 9",
    ),
    (
        "linear -n 90",
        ("LR211", "rises from 33.3 % of --lr to all of it at epoch 5", "--end-factor"),
        "linear --start-factor 1 --end-factor 0.01 --total-iters 90 -n 90",
    ),
    (
        "linear --start-factor 0.1 --total-iters 100 -n 90",
        ("LR211", "after the run", ""),
        "linear --start-factor 1e-6 --total-iters 90 -n 90",
    ),
    (
        "timm-cosine --t-initial 300 --warmup-t 5 -n 300",
        ("LR212", "the first epoch is trained at rate 0", "--warmup-lr-init 0.001"),
        "timm-cosine --t-initial 300 --warmup-t 5 --warmup-lr-init 1e-6 -n 300",
    ),
    (
        "lambda --expr 'min(1, t / 10)' -n 90",
        ("LR212", "the first epoch", "a warmup of (t + 1) / W"),
        "lambda --expr 'min(1, t / 10)' --epochs 90 --steps-per-epoch 10 --interval step",
    ),
    (
        "sequential 'constant --factor 1' 'step --step-size 30' --milestones 90 -n 90",
        ("LR222", "takes over at tick 90, and the run has 90", "below 90"),
        "sequential 'constant --factor 1' 'step --step-size 3' --milestones 80 -n 90",
    ),
    (
        "onecycle --max-lr 0.1 --total-steps 95 --warmup 5 --ticks 100",
        ("LR223", "rewrites the rate of LinearLR: the run starts at 0.00133", "--pct-start"),
        "onecycle --max-lr 0.1 --total-steps 100 --ticks 100",
    ),
    (
        "chained 'exponential --gamma 0.95' 'lambda --expr 0.5' -n 50",
        ("LR224", "what ExponentialLR did is lost", "sequential"),
        "chained 'exponential --gamma 0.95' 'multiplicative --expr 0.99' -n 50",
    ),
    (
        "chained 'linear --start-factor 0.1' 'cosine --t-max 50' -n 100",
        ("LR225", "climbs back to 0.0999", "--t-max 100"),
        "chained 'linear --start-factor 0.1' 'cosine --t-max 100' -n 100",
    ),
    (
        "multistep --milestones 30,60,90 -n 90",
        ("LR301", "the drop at tick 90 never comes: the last tick is 89", "--milestones 30,60"),
        "multistep --milestones 30,60,89 -n 90",
    ),
    ("step --step-size 90 -n 90", ("LR301", "the rate never drops", "--step-size 30"), "step --step-size 89 -n 90"),
    (
        "timm-multistep --decay-t 30,91 --decay-rate 0.1 -n 90",
        ("LR301", "the drop at tick 90 never comes", "--decay-t 30"),
        "timm-multistep --decay-t 30,90 --decay-rate 0.1 -n 90",
    ),
    (
        "piecewise --step-rules 1:10,0.1:100,0.01 --ticks 100 --interval step",
        ("LR301", "the drop at tick 100 never comes", "before tick 100"),
        "piecewise --step-rules 1:10,0.1:99,0.01 --ticks 100 --interval step",
    ),
    (
        "multistep --milestones 30,30,60 -n 90",
        ("LR302", "lists 30 more than once", "--milestones 30,60"),
        "multistep --milestones 30,60 -n 90",
    ),
    ("exponential --gamma 0.9 -n 100", ("LR303", "12 % of the run", "--gamma 0.9545"), "exponential --gamma 0.9 -n 90"),
    ("step --step-size 10 -n 70", ("LR303", "1e-07", "--gamma 0.4642"), "step --step-size 10 -n 50"),
    ("lambda --expr '0.5 ** t' -n 100", ("LR303", "86 % of the run", ""), "lambda --expr '0.95 ** t' -n 100"),
    (
        "exponential --gamma 1.1 -n 50",
        ("LR304", "raises the rate to 10.7", "--gamma 0.9091"),
        "exponential --gamma 0.9 -n 50",
    ),
    ("exponential --gamma 0 -n 50", ("LR304", "0 at the first drop", "--gamma 0.1"), "exponential --gamma 0.9 -n 50"),
    (
        "timm-step --decay-t 30 -n 90",
        ("LR304", "never changes", "--decay-rate 0.1"),
        "timm-step --decay-t 30 --decay-rate 0.5 -n 90",
    ),
    (
        "cosine --t-max 99 -n 100",
        ("LR305", "the last epoch of the run, from epoch 99 on", "--t-max 100"),
        "cosine --t-max 100 -n 100",
    ),
    (
        "polynomial --total-iters 88 -n 90",
        ("LR305", "the last 2 epochs", "--total-iters 90"),
        "polynomial --total-iters 90 -n 90",
    ),
    (
        "cosine --t-max 90 --eta-min 0.2 -n 90 --lr 0.1",
        ("LR306", "the rate rises to it", "--eta-min 0.001"),
        "cosine --t-max 90 --eta-min 0.01 -n 90 --lr 0.1",
    ),
    ("nanogpt --lr 1e-5", ("LR306", "the rate rises to it", "--min-lr 1e-07"), "nanogpt --lr 6e-4"),
    (
        "cosine-restarts --t-0 10 -n 95",
        ("LR321", "the last restart is at epoch 90: the run ends at 0.0655", "--ticks 90, or --ticks 100"),
        "cosine-restarts --t-0 10 -n 96",
    ),
    (
        "timm-cosine --t-initial 50 --cycle-limit 3 --cycle-decay 0.5 -n 120",
        ("LR321", "the last restart is at epoch 100: the run ends at 0.0171", "--ticks 100, or --ticks 150"),
        "timm-cosine --t-initial 50 --cycle-limit 3 --cycle-decay 0.5 -n 150",
    ),
    (
        "hf-cosine --num-warmup-steps 9 --num-training-steps 100 --num-cycles 2",
        ("LR323", "with --num-cycles 2 the schedule ends at 0.09", "--num-cycles 2.5"),
        "hf-cosine --num-warmup-steps 9 --num-training-steps 100 --num-cycles 2.5",
    ),
    (
        "cosine --t-max 90 --eta-min 0.01 -n 90 --lr 0.1,0.001",
        ("LR501", "group 1: it rises from 0.001", "--eta-min 0.0001"),
        "cosine --t-max 90 --eta-min 0.001 -n 90 --lr 0.1,0.001",
    ),
    (
        "cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10 --lr 0.1,0.01 --ticks 100",
        ("LR502", "0.1 and 0.01 are overwritten", "--base-lr 0.001,0.0001 --max-lr 0.1,0.01"),
        "cyclic --base-lr 0.001,0.0001 --max-lr 0.1,0.01 --step-size-up 10 --lr 0.1,0.01 --ticks 100",
    ),
]


@pytest.mark.parametrize(("line", "expected", "nearest"), SEEDED, ids=[line for line, _, _ in SEEDED])
def test_a_mistake_is_found_and_what_is_nearest_to_it_is_not(
    line: str, expected: tuple[str, str, str], nearest: str
) -> None:
    code, words, fix = expected
    found = checked(line)
    assert code in found, found
    assert found[code].severity != NOTE
    assert words in found[code].message
    assert fix in (found[code].fix or found[code].hint)
    assert not blamed(nearest)


@pytest.mark.parametrize(
    "line", [line for _, heading, line in DOCUMENTED if heading == "Bad"] + [row[0] for row in SEEDED]
)
def test_every_fix_that_a_finding_offers_clears_it(line: str) -> None:
    assert_fixes_clear(line)


def assert_fixes_clear(line: str) -> int:
    """Every fix of every finding is accepted, and leaves fewer findings of its code; how many there were."""
    found = findings(*parts_of(line))
    for finding in found:
        for fix in finding.fixes:
            after = findings(*parts_of(fixed(line, fix)))
            before = [other.code for other in found].count(finding.code)
            assert [other.code for other in after].count(finding.code) < before, f"{line}: {finding.fix}: {after}"
    return sum(len(finding.fixes) for finding in found)


def drawn_line(rng: random.Random, cls: type[Schedule]) -> str:
    """A random schedule in a random run that has something to do with it."""
    groups = rng.choice([1, 1, 1, 2])
    schedule = draw(rng, cls, groups, families=tuple(FAMILIES.values()))
    ticks = max(1, schedule.horizon or 90)
    epochs = rng.choice(
        [None if ticks < 5000 else 90, ticks, ticks, round(ticks * rng.uniform(0.1, 3)), rng.randint(1, 200)]
    )
    run = Run(
        lr=base_rates(rng, groups),
        epochs=epochs if epochs is None else min(max(1, epochs), 90),
        steps_per_epoch=rng.choice([1, 1, 10, 25]),
        interval=rng.choice(["epoch", "step"]),
        warmup=0 if schedule.refuses_composition else rng.choice([0, 0, 0, 5, ticks]),
    )
    facts = rng.choice(["", "", "", "--accumulate 4", "--num-processes 4"])
    return f"{schedule.spec} {shlex.join(run.words())} | {facts}"


def test_every_fix_that_is_offered_for_random_schedules_clears_its_finding() -> None:
    rng, offered = random.Random(12), 0
    classes = list(every().values())
    for number in range(120):
        line = drawn_line(rng, classes[number % len(classes)])
        try:
            offered += assert_fixes_clear(line)
        except InputError:
            assert not offered_by(line)
    assert offered > 80


def offered_by(line: str) -> list[Finding]:
    """The findings of a line; none where the run is refused."""
    try:
        return findings(*parts_of(line))
    except InputError:
        return []


def test_what_costs_a_few_steps_of_many_is_only_a_note() -> None:
    for line in (
        "hf-linear --num-warmup-steps 9 --num-training-steps 1000 --ticks 1003 --interval step",
        "hf-cosine --num-warmup-steps 9 --num-training-steps 1000 --ticks 1003 --interval step",
        "hf-linear --num-warmup-steps 9 --num-training-steps 990 --ticks 1000 --interval step",
        "cosine --t-max 98 -n 100",
        "multistep --milestones 60,30 -n 90",
        "hf-linear --num-warmup-steps 9 --num-training-steps 750 --epochs 3 --interval step | --batches-per-epoch 1001 "
        "--accumulate 4",
    ):
        assert checked(line) and not blamed(line), line


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (
            "keras-exponential-decay --decay-steps 100000 --decay-rate 0.96 --ticks 1000",
            "LR301",
        ),  # it falls all the time
        ("timm-wsd --t-initial 100 --decay-t 100 --warmup-t 5 -n 105", "LR213"),  # the warmup comes before t_initial
        ("exponential --gamma 95 -n 20", "LR212"),  # 0.1 is not 0, whatever comes later
        ("cosine --t-max -5 -n 30", "LR103"),  # no schedule is over before it begins
        ("polynomial --total-iters -4 -n 30", "LR104"),
        ("sequential linear 'cyclic --base-lr 0.001 --max-lr 0.1 --step-size-up 10' --milestones 5 -n 85", "LR223"),
    ],
)
def test_what_is_not_so_is_not_said(line: str, code: str) -> None:
    assert code not in checked(line)


def test_what_a_framework_steps_by_itself_is_not_told_when_to_step() -> None:
    fixes = [
        finding.fix
        for line in (
            "keras-exponential-decay --decay-steps 1 --decay-rate 0.96 --epochs 90 --steps-per-epoch 500",
            "ds-warmup-decay --total-num-steps 90 --warmup-num-steps 9 --epochs 90 --steps-per-epoch 500",
            "fairseq-polynomial --total-num-update 90 --epochs 90 --steps-per-epoch 500",
        )
        for finding in checked(line).values()
        if finding.code == "LR102"
    ]
    assert len(fixes) == 3 and not any("--interval" in fix for fix in fixes)


def test_one_mistake_is_reported_once() -> None:
    for line in (
        "cosine --t-max 90 --epochs 90 --steps-per-epoch 100 --interval step",
        "hf-linear --num-warmup-steps 9 --num-training-steps 90 --epochs 90 --steps-per-epoch 100 --interval step",
        "exponential --gamma 0.95 --epochs 100 --steps-per-epoch 50 --interval step",
        "cosine --t-max 90 --warmup 5 -n 90",
        "onecycle --max-lr 0.1 --total-steps 1000 --ticks 10",
        "cosine --t-max 90 -n 90 | --num-processes 8",
    ):
        assert len(blamed(line)) == 1


def test_the_gravest_comes_first() -> None:
    found = findings(*parts_of("hf-polynomial --num-warmup-steps 100 --num-training-steps 100"))
    assert [finding.severity for finding in found] == ["error", "error", "note"]


# Of YOLOX half a million ticks are walked through, as in test_recipes.
@pytest.mark.parametrize("name", [name for name in RECIPES if name != "YOLOX"])
def test_without_a_length_of_the_run_a_recipe_is_clean_too(name: str) -> None:
    schedule, run = parts_of(line_of(name))
    own = dataclasses.replace(run, epochs=None, ticks=None, steps=None)
    assert not [finding for finding in findings(schedule, own) if finding.severity != NOTE]


@pytest.mark.parametrize("cls", every().values(), ids=every())
def test_the_example_of_every_scheduler_is_clean(cls: type[Schedule]) -> None:
    # timm's own warmup begins at rate 0.
    assert blamed(cls.example()) <= {"LR212"}


def test_a_long_run_is_judged_by_samples_as_if_every_tick_were_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    classes = [cls for cls in every().values() if issubclass(cls, Absolute)]
    for _ in range(40):
        schedule, run = draw(rng, rng.choice(classes)), Run(lr=0.1, ticks=rng.randint(2000, 3000), interval="step")
        whole = {finding.code for finding in findings(schedule, run)}
        with monkeypatch.context() as patched:
            patched.setattr(curve, "DENSE", 1500)
            patched.setattr(curve, "SAMPLES", 500)
            assert {finding.code for finding in findings(schedule, run)} == whole, schedule.spec


def test_nothing_that_can_be_declared_does_worse_than_input_error() -> None:
    rng = random.Random(7)
    classes = list(every().values())
    for _ in range(200):
        groups = rng.choice([1, 1, 2])
        schedule = draw(rng, rng.choice(classes), groups)
        run = Run(
            lr=base_rates(rng, groups),
            # Without a length a schedule is walked to its own end.
            epochs=rng.choice([None if (schedule.horizon or 0) < 5000 else 9, 1, rng.randint(1, 30)]),
            batches_per_epoch=rng.choice([1, 7, 40]),
            accumulate=rng.choice([1, 4]),
            num_processes=rng.choice([1, 8]),
            interval=rng.choice(["epoch", "step"]),
            warmup=0 if schedule.refuses_composition else rng.choice([0, 0, 5]),
        ).settled(schedule.counts_in, schedule.reference.family)
        try:
            found = findings(schedule, run)
        except InputError:
            continue
        for finding in found:
            assert finding.message.isprintable() and finding.as_document()["code"] == finding.code


def test_lengths_that_belong_to_a_run() -> None:
    line = "hf-linear --num-warmup-steps 9 --num-training-steps 5 --epochs 10 | --batches-per-epoch 1001"
    line += " --accumulate 4"
    assert lengths(*parts_of(line)) == Lengths(251, 2510, 2510, "--num-training-steps 2510")
    assert lengths(*parts_of(f"{line} --num-processes 4")) == Lengths(251, 2510, 10040, "--num-training-steps 10040")
    assert lengths(*parts_of("cosine --t-max 7 --warmup 5 -n 90")) == Lengths(1, 90, 90, "--t-max 85")
    assert lengths(*parts_of("step --step-size 7 -n 90")) == Lengths(1, 90, 90, "")
    assert lengths(*parts_of("cosine --t-max 7")) is None


def test_a_warmup_that_is_never_read_is_found_by_its_name() -> None:
    found = findings(*parts_of("hf-constant --num-warmup-steps 10 -n 100"))
    assert [finding.code for finding in found] == ["LR210"]


def test_a_case_knows_its_units() -> None:
    per_step = Case(*parts_of("cosine --t-max 9 --epochs 9 --interval step --steps-per-epoch 100"))
    assert per_step.when(250) == "step 250 (epoch 2)"
    assert Case(*parts_of("cosine --t-max 9 --ticks 9 --interval step")).when(7) == "step 7"
    assert Case(*parts_of("cosine --t-max 9 -n 9")).when(7) == "epoch 7"


def after_replay(plateau: str, metrics: list[float], column: str = "val_loss", framework: str = "torch") -> set[str]:
    """The codes found after a replay of `metrics`."""
    schedule, run = parts_of(plateau)
    assert isinstance(schedule, Plateau)
    given, observed = Replay(lr=run.lr, framework=framework), Observed(column)
    rows = replay(schedule, given, [(range(len(metrics)), metrics)], Selection(), "")
    assert list(observed.watching(rows.blocks, rows.columns))
    return {finding.code for finding in plateau_findings(schedule, given.lrs, observed, framework)}


FALLING = [1 / (epoch + 1) for epoch in range(40)]
NOISY = [0.5 + 0.1 * math.sin(epoch) for epoch in range(40)]


@pytest.mark.parametrize(
    ("plateau", "metrics", "column", "codes"),
    [
        ("plateau", FALLING, "val_loss", set()),
        ("plateau", NOISY, "val_loss", set()),
        ("plateau", FALLING[:12], "val_loss", {"LR401"}),
        ("plateau", FALLING[:13], "val_loss", set()),
        ("plateau", FALLING, "val_acc", {"LR411"}),
        ("plateau --mode max", NOISY, "val_acc", set()),
        ("plateau --mode max", FALLING, "metrics/mAP50(B)", set()),
        ("plateau --mode max", FALLING, "score", {"LR411"}),
        ("plateau", FALLING, "score", set()),
        ("plateau", [1 - value for value in FALLING], "score", {"LR411"}),
        ("plateau", [-value for value in FALLING], "elbo", {"LR411", "LR412"}),
        ("plateau --threshold-mode abs", [value - 2 for value in NOISY], "nll", set()),
        ("plateau", [value - 2 for value in NOISY], "nll", {"LR412"}),
        ("plateau", [*NOISY, math.nan], "val_loss", {"LR413"}),
        ("plateau", [value for value in FALLING for _ in range(3)], "val_loss", {"LR414"}),
        ("plateau", [*NOISY[:30], *[0.5] * 5], "val_loss", set()),
        ("plateau --patience 2 --min-lr 0.09", NOISY, "val_loss", {"LR415"}),
    ],
)
def test_what_the_metrics_show(plateau: str, metrics: list[float], column: str, codes: set[str]) -> None:
    assert after_replay(plateau, metrics, column) == codes


def test_keras_has_other_pitfalls() -> None:
    assert after_replay("plateau", [value - 2 for value in NOISY], "nll", "keras") == set()
    assert after_replay("plateau", NOISY[:12], framework="keras") == set()
    assert after_replay("plateau", NOISY[:11], framework="keras") == {"LR401"}


def test_the_name_of_a_metric_says_which_way_is_better() -> None:
    names = ("val_loss", "eval/wer", "dice_loss", "top1", "val acc", "metrics/mAP50-95(B)", "elbo", "value")
    assert [better_of(name) for name in names] == ["lower"] * 3 + ["higher"] * 3 + ["", ""]


def test_schedulers_of_unheard_of_names_are_checked_by_their_roles() -> None:
    with heard() as classes:
        assert "gadget-decay" in every() and set(classes) <= set(every())
        for unheard, known in (
            ("gadget-decay --gadzook 1000 --frobnicate 2000 -n 500", "hf-linear"),
            ("gadget-decay --gadzook 1000 --frobnicate 100 -n 500 --interval step", "hf-linear"),
            ("gadget-decay --gadzook 1000 --frobnicate 100 -n 1500 --interval step", "hf-linear"),
            ("gadget-decay --gadzook 900 --frobnicate 100 -n 1000 --interval step", "hf-linear"),
            ("gadget-decay --gadzook -1 --frobnicate 100 -n 1000 --interval step", "hf-linear"),
            ("gadget-drops --xyzzy 90 -n 90", "step"),
            ("gadget-drops --xyzzy 5 -n 90", "step"),
            ("gadget-drops --xyzzy 30 --plugh 1 -n 90", "step"),
            ("gadget-drops --xyzzy 30 --epochs 90 --steps-per-epoch 100 --interval step", "step"),
        ):
            found = checked(unheard)
            line = f"{known} {unheard.split(maxsplit=1)[1]}"
            for own, other in SPELLINGS.items():
                line = line.replace(own, other)
            expected = checked(line)
            assert {code: finding.severity for code, finding in found.items()} == {
                code: finding.severity for code, finding in expected.items()
            }, unheard
            assert found and assert_fixes_clear(unheard)
        assert {"LR202", "LR107"} <= set(checked("gadget-decay --gadzook 1000 --frobnicate 2000 -n 500"))
        ended = checked("gadget-decay --gadzook 1000 --frobnicate 100 -n 1500 --interval step")["LR104"]
        assert ended.fix == "--gadzook 1500"
        assert ended.as_document()["changes"] == [{"part": "gadget-decay", "option": "--gadzook", "value": 1500}]
        assert "LR306" in checked("gadget-decay --gadzook 100 --wibble 2 -n 100")


SPELLINGS = {
    "--gadzook": "--num-training-steps",
    "--frobnicate": "--num-warmup-steps",
    "--xyzzy": "--step-size",
    "--plugh": "--gamma",
}
"""The options of schedulers that nobody has heard of, and of those that are the same but for their names."""


def test_a_fix_says_which_part_it_changes() -> None:
    child = checked("sequential linear 'cosine --t-max 50' --milestones 5 -n 90")["LR103"]
    assert child.fix == "cosine: --t-max 85"
    assert child.as_document()["changes"] == [{"part": "cosine", "option": "--t-max", "value": 85}]
    twice = checked("sequential 'cosine --t-max 9' linear 'cosine --t-max 50' --milestones 9,14 -n 90")["LR103"]
    assert twice.fix == "cosine (part 3): --t-max 76"
    of_the_run = checked("cosine --t-max 9000 --epochs 90 --steps-per-epoch 100")["LR101"].as_document()
    assert of_the_run["changes"] == [{"part": "run", "option": "--interval", "value": "step"}]
    assert of_the_run["alternatives"] == [[{"part": "cosine", "option": "--t-max", "value": 90}]]
