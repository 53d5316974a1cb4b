"""When the decay begins, and that every way to write it is the same curve."""

import math
import shlex
from itertools import islice

import pytest

from lrcli import spec
from lrcli.cli import main
from lrcli.cooldown import SHAPES, cooldown
from lrcli.engine import rates
from lrcli.errors import InputError
from lrcli.run import Run

CONSTANT = "hf-constant-with-warmup --num-warmup-steps 100 --lr 0.01"


def rates_of(text: str, start: int, stop: int) -> list[float]:
    """The rates of a spec in its own run."""
    plan = spec.parse(text).in_run(Run())
    return list(islice(rates(plan.schedule, plan.run.lrs), start, stop))


@pytest.mark.parametrize("floor", [0.0, 0.1])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_framework_has_the_same_curve_from_the_checkpoint_on(shape: str, floor: float) -> None:
    found = cooldown(spec.parse(CONSTANT).in_run(Run(ticks=1000)), 130, shape, 100, floor)
    assert (found.start, found.checkpoint, found.length, found.end) == (870, 800, 130, 1000)
    rest = rates_of(found.torch_spec, 0, 200)
    assert rest[:70] == [0.01] * 70 and 0.01 * floor < rest[-1] < 0.0015
    for framework, text in found.specs.items():
        whole = rates_of(text, 800, 1000)
        # Each is exact to its own framework, which orders the operations in its own way.
        assert all(map(lambda one, other: math.isclose(one, other, rel_tol=1e-12), whole, rest)), framework
    assert ("Transformers" in found.specs) == (shape != "exp")


@pytest.mark.parametrize(
    ("text", "run", "decay", "words"),
    [
        ("cosine --t-max 50", Run(ticks=100), 20, "expected a rate that is constant from the warmup to the decay"),
        (CONSTANT, Run(ticks=1000), 950, "leave 50 before the decay, fewer than the warmup's"),
        (CONSTANT, Run(), 10, "missing the length of the run"),
    ],
)
def test_what_cannot_be_cooled_down_is_refused(text: str, run: Run, decay: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        cooldown(spec.parse(text).in_run(run), decay, "linear", 100)


def test_tokens_are_counted_in_steps(capsys: pytest.CaptureFixture[str]) -> None:
    line = f'cooldown "{CONSTANT}" --end 2T --tokens-per-step 4B --decay 20% --shape 1-sqrt --save-every 150'
    assert main(shlex.split(line)) == 0
    written = capsys.readouterr()
    assert "The decay starts at tick 400 (1.6e+12 tokens) and takes 100 ticks, to tick 500" in written.err
    assert "Start from the checkpoint of tick 300" in written.err
    assert "--stable-steps 300 --decay-steps 100 --decay-type 1-sqrt" in written.out
