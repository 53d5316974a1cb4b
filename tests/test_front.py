"""The first minute: what is seen before anything is known, and what wrong words are answered with."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lrcli.cli import command
from lrcli.cli.app import SUMMARY, short_help
from lrcli.cli.front import SIZE, front_page, short_page
from tests.conftest import Invoke

DATA = Path(__file__).parent / "data" / "logs"


@pytest.mark.parametrize("size", [(60, 30), (80, 24), (120, 40), (200, 50)])
def test_the_first_page_fits_a_screen(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    page = front_page(SUMMARY, size)
    assert page.count("\n") < size[1]
    assert max(map(len, page.splitlines())) <= size[0]
    assert ("Others" not in page) == (size[1] >= 40)
    monkeypatch.setenv("COLUMNS", str(size[0]))
    monkeypatch.setenv("LINES", str(size[1]))
    assert short_help([]) == short_help(["-h"]) == short_help(["help"]) == page


@pytest.mark.parametrize("name", command.names())
def test_the_short_page_of_a_command_fits_a_screen(name: str) -> None:
    found = command.find(name)
    assert found is not None
    for size in (SIZE, (60, 20)):
        page = short_page(found, size)
        assert page.count("\n") <= 24 + 6 or size != SIZE, page
        assert max(map(len, page.splitlines())) <= size[0]


def test_help_has_a_word_of_its_own_and_the_version_a_letter(invoke: Invoke) -> None:
    assert invoke("help", "cosine") == invoke("cosine", "--help")
    assert invoke("-V") == invoke("--version")
    assert invoke() == invoke("-h")
    assert invoke()[0] == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("check cosine --t-max 50 --epochs 90", '"cosine --t-max 50" --epochs 90'),
        ("compare cosine --t-max 50 step --step-size 10", 'quote the schedule, as in "cosine --t-max 50"'),
        ("cosine --t-max 50 --lr 0.1 0.01", "with commas: --lr 0.1,0.01"),
        ("multistep --milestones 30 60 90", "with commas: --milestones 30,60"),
        ("multistep --milestones [30, 60, 90] --gamma 0.5", "with commas: --milestones 30,60,90\n"),
        ("cosine", "or the run's length: give --epochs, --steps or --ticks\n"),
        ("cosine 50", "did you mean --t-max 50?"),
        ("hf-linear --num-warmup-steps 10 --epochs 3", "--batches-per-epoch, or --examples with --batch-size"),
        ("hf-linear --epochs 3 --steps-per-epoch 9", "missing --num-warmup-steps: ticks of the warmup; 0 is none, 10%"),
        ("hf-linear --warmup 5 --steps 9", "give --num-warmup-steps"),
        ("hf-linear --num-warmup-steps 0.1 --steps 9", "a share of the run is written 10%"),
        ("hf-linear --warmup-ratio 0.1 --steps 9", "did you mean --num-warmup-steps?"),
        ("hf-linear --total-steps 90", "did you mean --num-training-steps?"),
        ("hf-linear --gpus 8", "did you mean --num-processes?"),
        ("hf-cosine --min-lr 1e-5", "hf-cosine-with-min-lr"),
        ("cosine --warmup-epochs 5 --epochs 90", "did you mean --warmup?"),
        ("cosine --min-lr 1e-5", "did you mean --eta-min?"),
        ("cosine -e 50", "did you mean --epochs?"),
        ("cosine --zzz 50", "expected --t-max, --eta-min, --lr, "),
        ('"cosine --t-max 50" --epochs 90', "here a schedule has no quotes: lrsched cosine --t-max 50"),
        ("CosineAnnealingLR(opt,T_max=epochs)", "--set epochs=VALUE"),
        ("CosineAnnealingLR(opt,T_max=5,verbose=True)", "verbose"),
        ("cosine --tmax 5", "did you mean --t-max"),
        ("cosine --t-max 50 --at 5:10", "a range is --start 5 --stop 10"),
        ("cosine --t-max 50 --at 5-10", "a range is --start 5 --stop 11"),
        ("cosine --t-max 50 --at :100:5", "a range is --stop 100 --every 5"),
        ("hf-linear", "missing --num-warmup-steps and --num-training-steps\n"),
        ("hf-linear", "\n  --num-training-steps: ticks of the whole run, the warmup included; or the run's length"),
        ("compare wsd", "missing --warmup-steps, --decay-steps and --stable-steps"),
        ("list frobnicate", "no family or scheduler is called 'frobnicate'; families are PyTorch, Hugging Face"),
    ],
)
def test_what_people_type_first_is_answered_with_the_way_out(line: str, words: str, invoke: Invoke) -> None:
    typed = line.replace("(", "'(").replace(")", ")'")
    status, out, error = invoke(*shlex.split(typed))
    assert (status, out) == (2, "")
    assert words in error


@pytest.mark.parametrize(
    "line",
    [
        "cosine",
        "hf-linear",
        "hf-linear --num-warmup-steps 0",
        "hf-linear --num-warmup-steps 0 --epochs 3",
        "cosine --steps 90",
        "cosine --zzz 50",
    ],
)
def test_what_is_missing_is_said_in_few_lines_of_a_terminal(line: str, invoke: Invoke) -> None:
    message, *others = invoke(*line.split())[2].splitlines()
    assert all(len(line) <= 2 * SIZE[0] for line in (message, *others))
    assert len(others) <= 2  # One for each of two options that are missing.


def test_a_schedule_that_counts_epochs_itself_takes_them_from_the_run(invoke: Invoke) -> None:
    run = ["--at", "20", "-f", "csv"]
    done = invoke("ultralytics", "--epochs", "3", "--examples", "100", "--batch-size", "16", *run)
    told = invoke("ultralytics", "--num-epochs", "3", "--nb", "7", "--steps-per-epoch", "7", *run)
    assert done[1] == told[1] != ""
    assert done[2] == "lrsched: --num-epochs 3 is taken from the run\nlrsched: --nb 7 is taken from the run\n"


def examples() -> list[str]:
    """Every example that a help page shows."""
    commands = [found for name in command.names() if (found := command.find(name))]
    return [example for found in commands for example in found.examples]


TRAIN = """\
per_device_train_batch_size: 16
learning_rate: 5.0e-5
lr_scheduler_type: cosine
warmup_steps: 2
num_train_epochs: 2
"""
RESULTS = """\
epoch,lr/pg0,lr/pg1
0,0.1,0.01
1,0.1,0.01
"""
TRAIN_LOG = """\
epoch: 0 lr: 0.2
epoch: 1 lr: 0.19993908270190958
epoch: 2 lr: 0.19975640502598242
"""
METRICS = """\
epoch,lr-SGD,val_loss,val_acc
0,0.1,0.9,0.5
1,0.075,0.8,0.6
2,0.025,0.7,0.7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of someone who has all the files that the examples name."""
    (tmp_path / "metrics.csv").write_text(METRICS)
    (tmp_path / "results.csv").write_text(RESULTS)
    (tmp_path / "train.log").write_text(TRAIN_LOG)
    (tmp_path / "trainer_state.json").write_bytes((DATA / "transformers-5.23-trainer_state.json").read_bytes())
    (tmp_path / "train.yaml").write_text(TRAIN)
    (tmp_path / "runs/detect/train").mkdir(parents=True)
    (tmp_path / "runs/detect/train/results.csv").write_text(METRICS)
    (tmp_path / "src").mkdir()
    (tmp_path / ".config/fish/completions").mkdir(parents=True)  # fish makes it when it first starts.
    for name in ("train.py", "src/train.py"):
        (tmp_path / name).write_text("print('no scheduler here')\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def without_file(line: str) -> str:
    """The line without the file that its output goes to, which is the shell's."""
    return re.sub(r" > [\w.]+$", "", line)


def needs_a_shell(line: str) -> bool:
    return any(mark in without_file(line) for mark in "|><;&$*~")


@pytest.mark.parametrize("line", [line for line in dict.fromkeys(examples()) if not needs_a_shell(line)])
@pytest.mark.usefixtures("folder")
def test_every_example_that_help_shows_runs(line: str, invoke: Invoke) -> None:
    program, *words = shlex.split(without_file(line))
    status, _, error = invoke(*words)
    assert program == "lrsched"
    # 1 is what check and verify say of something found.
    assert status in (0, 1), error


@pytest.mark.parametrize("line", [line for line in dict.fromkeys(examples()) if needs_a_shell(line)])
def test_every_line_of_a_shell_that_help_shows_runs(line: str, folder: Path) -> None:
    program = f'lrsched() {{ {shlex.quote(sys.executable)} -m lrcli "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-c", program + line],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(Path(__file__).parent.parent)},
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
