"""The one grammar: text to schedule and back."""

import random
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcli import spec
from lrcli.errors import InputError
from lrcli.run import Run
from lrcli.schedules import every
from lrcli.schedules.base import Schedule
from tests.draws import draw

SCHEDULERS = list(every().values())


@pytest.mark.parametrize("cls", SCHEDULERS, ids=lambda cls: cls.reference.name)
def test_a_spec_reads_back_as_the_schedule_that_wrote_it(cls: type[Schedule]) -> None:
    rng = random.Random(cls.reference.name)
    for _ in range(50):
        schedule = draw(rng, cls)
        assert spec.parse(schedule.spec).schedule == schedule


@pytest.mark.parametrize("cls", SCHEDULERS, ids=lambda cls: cls.reference.name)
def test_the_example_of_every_scheduler_is_a_spec(cls: type[Schedule]) -> None:
    assert isinstance(spec.parse(cls.example()).schedule, cls)


def test_a_spec_may_speak_of_the_run() -> None:
    found = spec.parse("cosine --t-max 50 --lr 0.1,1/3 -n 7")
    assert found.in_run(Run()).run == Run(lr=(0.1, 1 / 3), ticks=7, interval="epoch")
    assert found.text(Run()) == "cosine --t-max 50 --lr 0.1,1/3 --ticks 7"


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("CosineAnnealingLR", "cosine"),
        ("cosineannealinglr", "cosine"),
        ("COSINE", "cosine"),
        ("cosine_annealing_warm_restarts", "cosine-restarts"),
        ("ReduceLROnPlateau", "plateau"),
        ("OneCycleLR", "onecycle"),
    ],
)
def test_a_class_name_in_any_spelling_leads_to_the_scheduler(name: str, own: str) -> None:
    assert spec.find(name).reference.name == own


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a scheduler"),
        ("cosin --t-max 5", "did you mean cosine"),
        ("CosineAnneal --t-max 5", "cosine"),
        ("zzz", "lrsched list shows them all"),
        ("cosine --tmax 5", "no such option: '--tmax'; did you mean --t-max?"),
        ("cosine", "missing --t-max"),
        ("cosine --t-max", "--t-max expects a value (INT)"),
        ("cosine --t-max 5 6", "unexpected word '6'"),
        ("cosine --t-max '5", "No closing quotation"),
        ("onecycle --max-lr 1 --total-steps 5 --three-phase=yes", "--three-phase takes no value, found 'yes'"),
        ("chained 'cosine --t-max 5 --lr 1'", "--lr belongs to the whole run"),
        ("chained 'cosine --t-max x'", "expected a whole number, found 'x'"),
        ("chained", "missing SPEC"),
        ("sequential 'plateau' 'cosine --t-max 3' --milestones 3", "SequentialLR does not support `ReduceLROnPlateau`"),
        ("sequential 'step --step-size 1' --milestones 3", "one more than the number of milestone points"),
        ("cosine --t-max " + "9" * 30_000, "expected at most"),
    ],
)
def test_a_wrong_spec_says_what_is_wrong_and_where(text: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        spec.parse(text).in_run(Run())
    assert words in str(raised.value)
    assert str(raised.value).startswith("in the spec ")
    assert str(raised.value).isprintable()


@given(st.text(max_size=60))
def test_no_text_does_worse_than_input_error(text: str) -> None:
    for candidate in (text, f"cosine {text}", f"lambda --expr {shlex.quote(text)}", f"chained {shlex.quote(text)}"):
        try:
            spec.parse(candidate).in_run(Run())
        except InputError as error:
            assert all(line.isprintable() for line in str(error).split("\n"))
