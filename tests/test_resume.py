"""A run that is taken up again: what is refused, what is said, and that each fix that is offered clears its finding."""

import json
import shlex
from pathlib import Path

import pytest

from lrcli import spec
from lrcli.checks import NOTE, RULES, Finding, resume_findings
from lrcli.checks.fix import Fix
from lrcli.checks.resume import ResumeCase
from lrcli.cli.commands.resume import TakenUp, resumed
from lrcli.errors import InputError
from lrcli.resume import LOADS, Restored, Resumed, seam
from lrcli.run import Run
from lrcli.schedules.compose import Composite
from tests.conftest import Invoke

RESUME_RULES = {code: rule for code, rule in RULES.items() if rule.subject is ResumeCase}
DOCUMENTED = [
    (code, heading, line)
    for code, rule in RESUME_RULES.items()
    for heading in ("Bad", "Good")
    for line in rule.sections[heading]
]


def case_of(line: str) -> Resumed:
    """What a command line asks for."""
    params = {**TakenUp.params(), **Restored.params(), **Run.params()}
    words = spec.read_words(shlex.split(line)[2:], params)
    sections = (TakenUp, Restored, Run)
    return resumed(*(cls.from_text({k: v for k, v in words.items() if k in cls.params()}) for cls in sections))


def found_in(line: str) -> dict[str, Finding]:
    """The findings of a command line, by code."""
    return {finding.code: finding for finding in resume_findings(case_of(line))}


@pytest.mark.parametrize(("code", "heading", "line"), DOCUMENTED)
def test_the_examples_of_a_rule_are_what_they_say(code: str, heading: str, line: str) -> None:
    found = found_in(line)
    if heading == "Bad":
        assert code in found
    else:
        assert not [finding for finding in found.values() if finding.severity != NOTE]
        assert code not in found


def typed(case: Resumed, fix: Fix) -> Resumed:
    """The case after a fix that a person types: its words given to NEW, and to --load."""
    words = {True: "", False: ""}
    for change in fix:
        words[change.declared.name == "load"] += f" {change.words}"
    assert not isinstance(case.new.schedule, Composite)
    new = f"{case.new.text}{words[False]}"
    load = shlex.split(words[True])[-1] if words[True] else case.load
    return Resumed(case.old, spec.parse(new).in_run(Run()), case.at, load)


@pytest.mark.parametrize("line", [line for _, heading, line in DOCUMENTED if heading == "Bad"])
def test_every_fix_that_is_offered_clears_its_finding(line: str) -> None:
    case = case_of(line)
    for finding in resume_findings(case):
        for fix in finding.fixes:
            after = [other.code for other in resume_findings(typed(case, fix)) if other.severity != NOTE]
            assert finding.code not in after, (line, finding.fix)


@pytest.mark.parametrize("load", ["both", "last-epoch"])
@pytest.mark.parametrize(
    "text",
    [
        "cosine --t-max 50",
        "exponential --gamma 0.9 -n 50",
        "linear --total-iters 50",
        "polynomial --total-iters 50",
        "hf-cosine --num-warmup-steps 5 --num-training-steps 50",
        "onecycle --max-lr 0.1 --total-steps 50",
        "lambda --expr 0.9**t -n 50",
    ],
)
def test_nothing_is_said_of_a_run_that_simply_goes_on(text: str, load: str) -> None:
    case = Resumed(plan := spec.parse(text).in_run(Run()), plan, 25, load)
    assert resume_findings(case) == []
    assert seam(case).last == seam(case).old_last


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('resume "cosine --t-max 50" --at 50', "--at: expected less than 50, the ticks of the new run, found 50"),
        ('resume "cosine --t-max 50" --at 60 -n 55', "--at: expected at most 55, the ticks of the old run, found 60"),
        ('resume "cosine --t-max 50" --at -1', "--at: expected at least 0"),
        ('resume "cosine --t-max 50"', "missing --at"),
        ('resume "step --step-size 5" "cosine --t-max 50 --lr 0.1,0.2" --at 5', "different number of parameter groups"),
        (
            'resume "step --step-size 5" "onecycle --max-lr 0.1 --total-steps 50" --at 5',
            "OneCycleLR fails at tick 6 (KeyError: 'max_lr')",
        ),
        (
            'resume "ds-warmup" "step --step-size 5" --at 5 --load last-epoch -n 20',
            "StepLR cannot be taken up (KeyError: \"param 'initial_lr' is not specified in param_groups[0]",
        ),
        (
            'resume "onecycle --max-lr 0.1 --total-steps 50" "onecycle --max-lr 0.1 --total-steps 90" --at 40',
            "Tried to step 51 times. The specified number of total steps is 50",
        ),
        (
            "resume \"chained 'step --step-size 5'\" --at 5 -n 20 --load last-epoch",
            "ChainedScheduler.__init__() got an unexpected keyword argument 'last_epoch'",
        ),
        (
            'resume "megatron --lr-decay-iters 50" "megatron --lr-decay-iters 90" --at 40',
            "class input value 90 and checkpointvalue 50 for total number of iterations do not match",
        ),
        (
            'resume "megatron --lr-decay-iters 50" --at 5 --override-opt-param-scheduler '
            "--use-checkpoint-opt-param-scheduler",
            "both override and use-checkpoint are set.",
        ),
    ],
)
def test_what_is_refused_says_why(invoke: Invoke, line: str, words: str) -> None:
    status, _, error = invoke(*shlex.split(line))
    assert status == 2
    assert words in error


def rates_of(line: str) -> list[float]:
    """The rates of a command line from the seam on."""
    case = case_of(line)
    walked = case.rates(0)
    return [next(walked) for _ in range(case.length)][case.at :]


def test_megatron_goes_on_with_the_values_of_whom_a_flag_names() -> None:
    line = 'lrsched resume "megatron --lr-decay-iters 50" "megatron --lr-decay-iters 90" --at 40'
    alone = {n: spec.parse(f"megatron --lr-decay-iters {n}").schedule for n in (50, 90)}
    assert rates_of(f"{line} --override-opt-param-scheduler") == [alone[90].at(t, 0.1) for t in range(40, 90)]
    assert rates_of(f"{line} --use-checkpoint-opt-param-scheduler") == [alone[50].at(t, 0.1) for t in range(40, 90)]


def test_megatron_counts_the_samples_of_another_batch_size() -> None:
    rates = rates_of(
        'lrsched resume "megatron --lr-decay-iters 100" "megatron --lr-decay-iters 50 --global-batch-size 2" '
        "--at 40 -n 60"
    )
    alone = spec.parse("megatron --lr-decay-iters 100").schedule
    assert rates == [alone.at(40 + 2 * t, 0.1) for t in range(20)]


def test_json_has_both_plans_the_seam_and_the_findings(invoke: Invoke) -> None:
    status, out, _ = invoke("resume", "cosine --t-max 50", "cosine --t-max 100", "--at", "25", "--json")
    assert status == 1
    document = json.loads(out)
    assert document["schedule"]["old"]["spec"] == "cosine --t-max 50"
    assert document["schedule"]["new"]["spec"] == "cosine --t-max 100"
    assert document["seam"]["at"] == 25 and document["load"] == "both"
    assert {finding["code"] for finding in document["findings"]} == {"LR603", "LR606"}
    assert list(document["rows"][0]) == ["epoch", "old", "new", "lr"]


@pytest.mark.parametrize("load", LOADS)
def test_groups_and_momenta_have_their_columns(invoke: Invoke, load: str) -> None:
    cycle = "cyclic --base-lr 0.01 --max-lr 0.1 --step-size-up 5"
    _, out, _ = invoke("resume", cycle, "--at", "7", "-n", "20", "--lr", "0.1,0.2", "--load", load, "-f", "csv")
    header = out.splitlines()[0]
    assert header == "step,old_0,old_1,new_0,new_1,lr_0,lr_1,momentum_0,momentum_1"


def test_a_share_of_the_old_run_says_when_it_was_saved() -> None:
    assert case_of('lrsched resume "cosine --t-max 50" --at 50% -n 50').at == 25


def test_nothing_else_than_an_input_error_comes_out() -> None:
    for load in LOADS:
        for new in ("swa --swa-lr 0.01", 'sequential "step --step-size 5" "exponential --gamma 0.9" --milestones 5'):
            try:
                resume_findings(
                    case_of(f"lrsched resume 'step --step-size 5' {shlex.quote(new)} --at 5 --load {load} -n 20")
                )
            except InputError as error:
                assert "cannot be taken up" in str(error) or "fails at" in str(error)


def test_plateau_goes_on_over_a_log_or_over_the_new_run_s_own(invoke: Invoke, tmp_path: Path) -> None:
    rows = [f"{epoch},{loss}" for epoch, loss in enumerate([1, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8])]
    (tmp_path / "whole.csv").write_text("\n".join(["epoch,val_loss", *rows]))
    (tmp_path / "later.csv").write_text("\n".join(["epoch,val_loss", *rows[4:]]))
    words = ("resume", "plateau --patience 1", "--at", "4", "--metrics", str(tmp_path / "whole.csv"))
    status, out, _ = invoke(*words)
    assert status == 0
    table = [line.split(",") for line in out.splitlines()]
    assert table[0] == ["epoch", "metric", "old", "new", "lr"]
    assert [row[2] for row in table] == ["old", *[row[4] for row in table[1:]]]
    assert table[-1][4] != table[1][4]
    assert invoke(*words, "--then", str(tmp_path / "later.csv"))[1] == out
    forgotten = invoke(*words, "--load", "optimizer")[1].splitlines()
    assert forgotten[6] != out.splitlines()[6]  # best and the counters began again


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("resume plateau --at 4", "missing --metrics"),
        ('resume "step --step-size 5" plateau --at 4', "it is taken up as plateau"),
    ],
)
def test_plateau_without_a_log_is_refused(invoke: Invoke, line: str, words: str) -> None:
    status, _, error = invoke(*shlex.split(line))
    assert status == 2
    assert words in error


def test_files_of_a_trainer_stand_for_both_runs(invoke: Invoke, tmp_path: Path) -> None:
    for epochs in (3, 6):
        (tmp_path / f"{epochs}.yaml").write_text(
            "per_device_train_batch_size: 16\ngradient_accumulation_steps: 4\nlearning_rate: 2.0e-5\n"
            f"lr_scheduler_type: cosine\nwarmup_steps: 100\nnum_train_epochs: {epochs}\n"
        )
    words = ("resume", str(tmp_path / "3.yaml"), str(tmp_path / "6.yaml"), "--at", "1200", "--examples", "52002")
    status, out, error = invoke(*words)
    assert status == 1 and "LR601" in error
    assert out.splitlines()[0] == "step,epoch,old,new,lr"
