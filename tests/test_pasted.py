"""Python as people paste it becomes the schedule that it constructs, and what is wrong with it is said."""

import pytest

from lrcli import spec
from lrcli.errors import InputError
from lrcli.pasted import is_python, parse_python, settings

PASTED = {
    "CosineAnnealingLR(optimizer, T_max=50, eta_min=1e-5)": "cosine --t-max 50 --eta-min 1e-05",
    "scheduler = torch.optim.lr_scheduler.StepLR(opt, 30)": "step --step-size 30",
    "self.scheduler = lr_scheduler.StepLR(self.optimizer, step_size=7, gamma=0.1)": "step --step-size 7",
    "lr_scheduler: StepLR = StepLR(optimizer, 30, 0.5),": "step --step-size 30 --gamma 0.5",
    ">>> scheduler = ExponentialLR(optimizer, gamma=0.9)": "exponential --gamma 0.9",
    "return optim.lr_scheduler.MultiStepLR(opt, [30, 60, 90])": "multistep --milestones 30,60,90",
    "MultiStepLR(opt, milestones=(30, 80), gamma=1e-1)": "multistep --milestones 30,80",
    "MultiStepLR(opt, [int(0.5 * 90), int(0.75 * 90)])": "multistep --milestones 45,67",
    "MultiStepLR(opt, list(range(10, 40, 10)))": "multistep --milestones 10,20,30",
    "StepLR(opt, -(-7 // 2))": "step --step-size 4",
    "StepLR(opt, max(1, round(90 / 4)))": "step --step-size 22",
    "StepLR(opt, **{'step_size': 3})": "step --step-size 3",
    "StepLR(opt, **dict(step_size=3, gamma=0.5))": "step --step-size 3 --gamma 0.5",
    "ConstantLR(opt, factor=1 / 3, total_iters=len([1, 2, 3]))": "constant --total-iters 3",
    "PolynomialLR(opt, total_iters=4e1, power=0.9)": "polynomial --total-iters 40 --power 0.9",
    "CosineAnnealingLR(opt, 3 * 1_563)": "cosine --t-max 4689",
    "CosineAnnealingLR(opt, T_max=2 ** 5, last_epoch=-1)": "cosine --t-max 32",
    "CosineAnnealingWarmRestarts(opt, 10, T_mult=2)": "cosine-restarts --t-0 10 --t-mult 2",
    "SequentialLR(opt, [LinearLR(opt, 0.1), CosineAnnealingLR(opt, 45)], milestones=[5])": (
        'sequential "linear --start-factor 0.1" "cosine --t-max 45" --milestones 5'
    ),
    "a = LinearLR(o, 0.01)\nb = CosineAnnealingLR(o, 90 - 5)\ns = SequentialLR(o, schedulers=[a, b], milestones=[5])": (
        'sequential "linear --start-factor 0.01" "cosine --t-max 85" --milestones 5'
    ),
    "from torch.optim.lr_scheduler import StepLR\nE = 90\nscheduler = StepLR(optimizer, E // 3)": "step --step-size 30",
    "ChainedScheduler([ConstantLR(opt, 0.1), ExponentialLR(opt, 0.9)], optimizer=opt)": (
        'chained "constant --factor 0.1" "exponential --gamma 0.9"'
    ),
    "OneCycleLR(opt, max_lr=0.1, epochs=10, steps_per_epoch=100)": "onecycle --max-lr 0.1 --total-steps 1000",
    "OneCycleLR(opt, [0.1, 0.01], 500, pct_start=0.1)": "onecycle --max-lr 0.1,0.01 --total-steps 500 --pct-start 0.1",
    "CyclicLR(opt, 0.01, 0.1, 5, mode='triangular2', cycle_momentum=False)": (
        "cyclic --base-lr 0.01 --max-lr 0.1 --step-size-up 5 --mode triangular2 --no-cycle-momentum"
    ),
    "LambdaLR(opt, lr_lambda=lambda epoch: 0.95**epoch)": 'lambda --expr "0.95**t"',
    "LambdaLR(opt, [lambda e: 1 / (1 + e), lambda e: 1 / (1 + e)])": 'lambda --expr "1 / (1 + t)"',
    "LambdaLR(opt, lambda e, n=30: 0.5 * (1 + math.cos(math.pi * e / n)))": (
        'lambda --expr "0.5 * (1 + cos(pi * t / 30))"'
    ),
    "LambdaLR(opt, lambda s: min(1, float(s) /\n    float(max(1, 9))))": 'lambda --expr "min(1, (t) / (max(1, 9)))"',
    "MultiplicativeLR(opt, lambda _: 0.95)": "multiplicative --expr 0.95",
    "torch.optim.swa_utils.SWALR(opt, swa_lr=0.05, anneal_epochs=5)": "swa --swa-lr 0.05 --anneal-epochs 5",
    "ReduceLROnPlateau(optimizer, 'max', patience=5, min_lr=[1e-6])": "plateau --mode max --patience 5 --min-lr 1e-06",
    "get_linear_schedule_with_warmup(optimizer=opt, num_warmup_steps=0, num_training_steps=1000)": (
        "hf-linear --num-warmup-steps 0 --num-training-steps 1000"
    ),
    "get_cosine_schedule_with_warmup(opt, 100, 1000)": "hf-cosine --num-warmup-steps 100 --num-training-steps 1000",
    "transformers.get_cosine_with_min_lr_schedule_with_warmup(opt, 10, 100, 0.5, -1, 1e-5)": (
        "hf-cosine-with-min-lr --num-warmup-steps 10 --num-training-steps 100 --min-lr 1e-05"
    ),
    "get_scheduler('cosine', optimizer=o, num_warmup_steps=1, num_training_steps=9, "
    "scheduler_specific_kwargs={'num_cycles': 1.5})": (
        "hf-cosine --num-warmup-steps 1 --num-training-steps 9 --num-cycles 1.5"
    ),
    "get_scheduler(SchedulerType.COSINE_WITH_MIN_LR, o, 10, 100, {'min_lr_rate': 0.1})": (
        "hf-cosine-with-min-lr --num-warmup-steps 10 --num-training-steps 100 --min-lr-rate 0.1"
    ),
    "get_scheduler('constant_with_warmup', optimizer=o, num_warmup_steps=10, num_training_steps=100)": (
        "hf-constant-with-warmup --num-warmup-steps 10 --num-training-steps 100"
    ),
    "get_scheduler('polynomial', optimizer=o, num_warmup_steps=1, num_training_steps=9, num_cycles=1, power=2.0)": (
        "hf-polynomial --num-warmup-steps 1 --num-training-steps 9 --power 2.0"
    ),
    "get_scheduler('reduce_lr_on_plateau', o, scheduler_specific_kwargs={'patience': 2})": "plateau --patience 2",
    "CosineLRScheduler(optimizer, t_initial=200, lr_min=1e-4, warmup_t=3, warmup_lr_init=1e-4)": (
        "timm-cosine --t-initial 200 --lr-min 0.0001 --warmup-t 3 --warmup-lr-init 0.0001"
    ),
    "scheduler, n = create_scheduler_v2(optimizer, num_epochs=50, warmup_epochs=5, cooldown_epochs=10)": (
        "timm-cosine --t-initial 50 --cycle-decay 0.1 --warmup-t 5 --warmup-lr-init 1e-05"
    ),
    "create_scheduler_v2(optimizer, 'step', num_epochs=100, decay_epochs=30, warmup_lr=0.0)": (
        "timm-step --decay-t 30.0 --decay-rate 0.1 --no-warmup-prefix"
    ),
}


@pytest.mark.parametrize("text", PASTED)
def test_what_people_paste(text: str) -> None:
    assert is_python(text)
    assert parse_python(text).schedule == spec.parse(PASTED[text]).schedule


REFUSED = {
    "StepLR(opt)": "TypeError: StepLR.__init__() missing 1 required positional argument: 'step_size'",
    "StepLR(opt, 30, verbose=True)": "got an unexpected keyword argument 'verbose' (gone since torch 2.7)",
    "StepLR(opt, 30, step_size=30)": "TypeError: StepLR.__init__() got multiple values for argument 'step_size'",
    "StepLR(opt, 3, 0.1, -1, 5)": "StepLR.__init__() takes from 3 to 5 positional arguments but 6 were given",
    "OneCycleLR(opt, 0.1)": "ValueError: You must define either total_steps OR (epochs AND steps_per_epoch)",
    "OneCycleLR(opt, 0.1, 10.0)": "column 22: ValueError: Expected positive integer total_steps, but got 10.0",
    "ReduceLROnPlateau(opt, 'mx')": "column 24: mode: mode mx is unknown!",
    "get_scheduler('cosine', optimizer=o)": "ValueError: cosine requires `num_warmup_steps`, please provide",
    "get_scheduler('cosin', optimizer=o)": "'cosin' is not a valid SchedulerType",
    "CosineAnealingLR(opt, 50)": "did you mean CosineAnnealingLR",
    "CosineAnnealingLR(opt, T_max=0.29 * 100)": "column 30: T_max: expected a whole number, found '28.999999999999996'",
    "CosineAnnealingLR(opt, T_max=9**9**9)": "OverflowError",
    "CosineAnnealingLR(opt, T_max=1 // 0)": "ZeroDivisionError",
    "CosineAnnealingLR(opt, T_max=": "was never closed",
    "CosineAnnealingLR(opt, T_max=5, last_epoch=3)": "lrsched resume",
    "CosineAnnealingLR(opt, T_max=epochs * len(loader))": '--set epochs=VALUE --set "len(loader)=VALUE"',
    "CosineAnnealingLR(opt, args.epochs)": "--set args.epochs=VALUE",
    "LambdaLR(opt, warm)": "expected a lambda, found the name 'warm'",
    "LambdaLR(opt, lambda e: open('x'))": "--expr takes arithmetic",
    "LambdaLR(opt, [lambda e: 1, lambda e: 2])": "a lambda of its own for each parameter group",
    "create_scheduler_v2(o, noise=0.5)": "a schedule with noise is not computed",
    "print(1)": "no scheduler is called 'print'",
    "SequentialLR(opt, [ReduceLROnPlateau(opt), StepLR(opt, 3)], [5])": "does not support `ReduceLROnPlateau`",
    "StepLR(opt, " + "(" * 300 + "1" + ")" * 300 + ")": "in the Python",
    "StepLR(opt, " + "-" * 9000 + "1)": "nested too deeply",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_says_why(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_python(text)
    assert REFUSED[text] in str(refused.value)


@pytest.mark.parametrize(
    "text", ["cosine --t-max 50", "lambda --expr 'max(0.1, t)'", "cosine T_max=int(3)", "train.yaml --examples 5"]
)
def test_a_spec_is_not_python(text: str) -> None:
    assert not is_python(text)


def test_names_are_given() -> None:
    names = settings(["epochs=90", "len(loader)=3 * 500", "args.lr = 1e-3", "warm=lambda_"[:4] + "=2"])
    text = "OneCycleLR(opt, max_lr=args.lr, epochs=epochs, steps_per_epoch=len(loader) // warm)"
    found = parse_python(text, names)
    assert found.schedule.spec == "onecycle --max-lr 0.001 --total-steps 67500"
    assert found.run == {"epochs": 90, "steps_per_epoch": 750, "interval": "step"}
    with pytest.raises(InputError, match="--set: expected NAME=VALUE with a literal, found 'epochs=x'"):
        settings(["epochs=x"])


def test_what_it_says_of_the_run() -> None:
    assert parse_python("o = SGD(m.parameters(), lr=0.2)\ns = StepLR(o, 3)").run == {"lr": 0.2}
    assert parse_python("create_scheduler_v2(o, num_epochs=50, cooldown_epochs=10)").run == {"epochs": 60}


def test_every_argument_has_its_place() -> None:
    text = "SequentialLR(o, [LinearLR(o), CosineAnnealingLR(o, T_max=45)], milestones=[5])"
    found = parse_python(text)
    place = found.children[1].places["T_max"]
    assert text[place.col_offset : place.end_col_offset] == "45"


def test_lists_are_taken_as_python_writes_them() -> None:
    for text, plain in (
        ("multistep --milestones '[30, 60, 90]'", "multistep --milestones 30,60,90"),
        ("cyclic --base-lr '(0.1, 0.2)' --max-lr [1,2]", "cyclic --base-lr 0.1,0.2 --max-lr 1,2"),
    ):
        assert spec.parse(text).values == spec.parse(plain).values
