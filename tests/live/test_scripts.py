"""What the rules about scripts say of their examples, happens when the examples are run: the bad ones and the good."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lrcli.checks import RULES
from lrcli.scripts import check_source
from lrcli.scripts.source import ScriptText
from tests.live.late import late

torch, hooks = late("torch"), late("torch.optim.optimizer")

Rates = list[float]
BATCHES = 4


def noisy_model() -> Any:
    """A layer that returns its own loss, noisy from batch to batch."""

    class Model(torch.nn.Linear):
        def forward(self, batch: Any) -> Any:
            return super().forward(batch).square().mean()

    return Model(3, 1)


def names_of_a_script() -> dict[str, Any]:
    """What stands before the examples."""
    torch.manual_seed(0)
    model = noisy_model()
    scripted = {name: found for name, found in vars(torch.optim.lr_scheduler).items() if name[0].isupper()}
    data = [torch.randn(8, 3) for _ in range(BATCHES)]
    return {
        **scripted,
        "torch": torch,
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "train_loader": data,
        "val_loader": data[:2],
        "validate": lambda model: 1.0,
        "epochs": 10,
        "print": lambda *_: None,
    }


@contextmanager
def recorded() -> Iterator[Rates]:
    """The rate of every step of any optimizer."""
    rates: Rates = []
    hook = hooks.register_optimizer_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
    try:
        yield rates
    finally:
        hook.remove()


def example(code: str, which: str) -> str:
    return "\n".join(RULES[code].sections[which])


def run(text: str, **more: Any) -> Rates:
    """The rates that a script trains with."""
    with recorded() as rates, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(text, {**names_of_a_script(), **more})
    return rates


def both(code: str, **more: Any) -> tuple[Rates, Rates]:
    """The rates of the bad example of a rule, and of its good one."""
    return run(example(code, "Bad"), **more), run(example(code, "Good"), **more)


def test_lr901_the_first_rate_is_skipped() -> None:
    bad, good = both("LR901")
    assert bad[:-BATCHES] == good[BATCHES:]
    with pytest.warns(UserWarning, match=r"lr_scheduler\.step\(\)` before `optimizer\.step\(\)"):
        exec(example("LR901", "Bad"), names_of_a_script())


def test_lr902_the_metric_is_missing() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'metrics'"):
        run(example("LR902", "Bad"))
    assert run(example("LR902", "Good"))


def test_lr903_the_epoch_grows_and_the_rate_is_cut() -> None:
    bad = run(example("LR903", "Bad"))[::BATCHES]
    cuts = [epoch for epoch in range(1, 90) if bad[epoch] < bad[epoch - 1]]
    assert cuts[:3] == [12, 23, 34]  # patience is 10; the first epoch was the best
    growing = example("LR903", "Bad").replace("(optimizer)", "(optimizer, mode='max')")
    assert set(run(growing)) == {0.1}


def test_lr904_patience_is_over_within_a_few_epochs() -> None:
    # An optimizer of another model: the loss of this one is noise alone.
    bad, good = (
        run(example("LR904", which), optimizer=torch.optim.SGD(noisy_model().parameters(), lr=0.1))
        for which in ("Bad", "Good")
    )
    first = next(step for step, rate in enumerate(bad) if rate < 0.1)
    assert first <= 11 + BATCHES
    assert good[: 11 * BATCHES] == [0.1] * 11 * BATCHES


def test_lr905_only_the_beginning_runs() -> None:
    bad, good = both("LR905")
    assert max(good) == 0.1
    assert bad[::BATCHES] == good[:10]


def test_lr906_it_is_over_within_the_first_epochs() -> None:
    bad, good = both("LR906")
    assert bad[:10] == good[::BATCHES]


def test_lr907_the_rate_does_not_move() -> None:
    bad, good = both("LR907")
    assert set(bad) == {0.1}
    assert len(set(good)) == 90


@pytest.mark.parametrize(("code", "times"), [("LR908", 2), ("LR909", 2)])
def test_lr908_lr909_it_runs_ahead(code: str, times: int) -> None:
    bad, good = both(code)
    assert bad[::BATCHES][:45] == good[::BATCHES][::times][:45]
    assert bad != good


def test_lr910_a_part_that_is_stepped_too_runs_ahead() -> None:
    bad, good = both("LR910")
    assert bad[BATCHES] > good[BATCHES] > good[0] == bad[0]


def test_lr911_it_runs_four_times_too_fast() -> None:
    loss = torch.ones((), requires_grad=True)
    bad, good = both("LR911", loss=loss)
    assert bad[1] == good_after(4 + 3)
    assert good[1] == good_after(1)


def good_after(ticks: int) -> float:
    """CosineAnnealingLR(T_max=1000) after so many ticks, from 0.1."""
    optimizer = torch.optim.SGD(noisy_model().parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=1000)
    for _ in range(ticks):
        optimizer.step()
        scheduler.step()
    return float(optimizer.param_groups[0]["lr"])


def test_lr912_the_new_optimizer_keeps_its_rate() -> None:
    bad, good = both("LR912")
    assert set(bad) == {1e-3}
    assert good[-1] < 1e-5


def test_lr913_one_undoes_what_the_other_did() -> None:
    bad, _ = both("LR913")
    assert bad == [0.1 * 0.5 ** (epoch // 30) for epoch in range(90) for _ in range(BATCHES)]
    only = example("LR913", "Bad").replace("for group in optimizer.param_groups:", "for group in []:")
    assert run(only)[-1] < 1e-4


def saved(make: str, epochs: int) -> dict[str, Any]:
    """The checkpoint of a run of so many epochs."""
    names = names_of_a_script()
    loop = f"for epoch in range({epochs}):\n    optimizer.step()\n    scheduler.step()\n"
    exec(f"{make}\n{loop}", names)
    return {"optimizer": names["optimizer"].state_dict(), "scheduler": names["scheduler"].state_dict()}


WARMUP = "scheduler = LinearLR(optimizer, start_factor=0.1, total_iters=5)"


def test_lr914_the_constructor_overwrites_the_rate_that_was_loaded() -> None:
    checkpoint = saved(WARMUP, 20)
    bad, good = both("LR914", checkpoint=checkpoint)
    assert set(good) == {0.1}
    assert max(bad) < 0.02


@pytest.mark.parametrize(
    "make",
    [
        "StepLR(optimizer, 10)",
        "MultiStepLR(optimizer, [10])",
        "ExponentialLR(optimizer, 0.9)",
        "CosineAnnealingLR(optimizer, 50)",
        "LinearLR(optimizer, 1.0, 0.1, total_iters=30)",
        "ConstantLR(optimizer, 0.5, total_iters=10)",
        "PolynomialLR(optimizer, 50)",
    ],
)
def test_lr914_without_the_optimizers_state_the_rate_begins_again(make: str) -> None:
    made = f"scheduler = {make}"
    checkpoint = saved(made, 20)
    names = {**names_of_a_script(), "checkpoint": checkpoint}
    exec(f"{made}\nbefore = optimizer.param_groups[0]['lr']\nscheduler.load_state_dict(checkpoint['scheduler'])", names)
    assert names["optimizer"].param_groups[0]["lr"] == names["before"]
    assert names["before"] != checkpoint["optimizer"]["param_groups"][0]["lr"]


def test_lr915_the_epoch_is_deprecated() -> None:
    with pytest.warns(UserWarning, match="epoch parameter in `scheduler.step\\(\\)` was not necessary"):
        exec(example("LR915", "Bad"), names_of_a_script())
    assert run(example("LR915", "Good"))


def test_lr916_lr917_timm_is_told_what_comes_next() -> None:
    from tests.live.timm_run import timm_scheduler_module

    cosine = {"CosineLRScheduler": timm_scheduler_module().CosineLRScheduler}
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'epoch'"):
        run(example("LR916", "Bad"), **cosine)
    assert len(set(run(example("LR916", "Good"), **cosine))) == 90
    bad, good = both("LR917", **cosine)
    assert set(bad) == {0.1}
    assert len(set(good)) > 90


@pytest.fixture
def accelerate() -> Iterator[Any]:
    found = pytest.importorskip("accelerate", reason="accelerate is not installed")
    state = pytest.importorskip("accelerate.state")
    yield found
    state.AcceleratorState._reset_state(reset_partial_state=True)
    state.GradientState._reset_state()


def accelerated(text: str, **more: Any) -> dict[str, Any]:
    """The names of an example of accelerate after it ran, on a loader that it can prepare."""
    names = names_of_a_script()
    names["train_loader"] = torch.utils.data.DataLoader(torch.randn(16, 3), batch_size=2)
    names |= more
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(text.replace("optimizer.step()", "accelerator.backward(model(batch)); optimizer.step()"), names)
    return names


def test_lr918_accelerate_steps_once_for_every_four_batches(accelerate: Any) -> None:
    counted = {
        "Accelerator": lambda **given: accelerate.Accelerator(cpu=True, **given),
        "get_linear_schedule_with_warmup": lambda optimizer, warmup, steps: torch.optim.lr_scheduler.LinearLR(
            optimizer, 1.0, 0.0, total_iters=steps
        ),
    }
    bad, good = (accelerated(example("LR918", which), epochs=3, **counted) for which in ("Bad", "Good"))
    assert bad["scheduler"].scheduler.last_epoch == good["scheduler"].scheduler.last_epoch == 3 * 8 // 4
    assert bad["optimizer"].param_groups[0]["lr"] == 0.1 * 3 / 4
    assert good["optimizer"].param_groups[0]["lr"] == 0.0
    without = example("LR918", "Bad").replace("with accelerator.accumulate(model):", "if True:")
    assert accelerated(without, epochs=3, **counted)["scheduler"].scheduler.last_epoch == 3 * 8


def test_lr918_accelerate_steps_once_for_every_process(accelerate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    accelerator = accelerate.Accelerator(cpu=True)
    optimizer = torch.optim.SGD(noisy_model().parameters(), lr=0.1)
    optimizer, scheduler = accelerator.prepare(optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 30))
    monkeypatch.setitem(accelerate.state.AcceleratorState._shared_state, "num_processes", 8)
    monkeypatch.setitem(accelerate.state.PartialState._shared_state, "num_processes", 8)
    optimizer.step()
    scheduler.step()
    assert scheduler.scheduler.last_epoch == 8


def test_lr919_a_bare_scheduler_is_stepped_for_every_batch(accelerate: Any) -> None:
    steps = {}
    for which in ("Bad", "Good"):
        accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=4)
        names = accelerated(example("LR919", which), accelerator=accelerator)
        scheduler = names["scheduler"]
        steps[which] = getattr(scheduler, "scheduler", scheduler).last_epoch
    assert steps == {"Bad": 10 * 8, "Good": 10 * 8 // 4}


def lightning_ticks(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the scheduler of an example is stepped in 3 epochs of 4 batches."""
    pl = pytest.importorskip("lightning.pytorch", reason="lightning is not installed")
    monkeypatch.setattr("sys.stderr", io.StringIO())

    class Base(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = noisy_model()

        def loss(self, batch: Any) -> Any:
            return self.layer(batch)

        def training_step(self, batch: Any, index: int) -> Any:
            return self.loss(batch)

    names = {**names_of_a_script(), "pl": type("pl", (), {"LightningModule": Base})}
    exec(text, names)
    silent = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = pl.Trainer(max_epochs=3, accelerator="cpu", enable_model_summary=False, **silent)
    module = names["Model"]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(module, torch.utils.data.DataLoader(torch.randn(8, 3), batch_size=2))
    return int(trainer.lr_scheduler_configs[0].scheduler.last_epoch)


def test_lr920_lr921_lightning(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = {
        (code, which): lightning_ticks(example(code, which), monkeypatch)
        for code in ("LR920", "LR921")
        for which in ("Bad", "Good")
    }
    assert ticks == {("LR920", "Bad"): 3, ("LR920", "Good"): 12, ("LR921", "Bad"): 0, ("LR921", "Good"): 3}


WRONG = [
    "StepLR(optimizer)",
    "StepLR(optimizer, 30, 0.1, -1, 5)",
    "StepLR(optimizer, step=30)",
    "StepLR(optimizer, 30, step_size=30)",
    "CosineAnnealingLR(optimizer, t_max=50)",
    "CosineAnnealingLR(optimizer, 50, min_lr=1e-6)",
    "OneCycleLR(optimizer, total_steps=100)",
    "OneCycleLR(optimizer, 0.1, num_steps=100)",
    "ReduceLROnPlateau(optimizer, metric='val_loss')",
    "LambdaLR(optimizer)",
    "SequentialLR(optimizer, [StepLR(optimizer, 3)])",
    "LinearLR(optimizer, total_steps=5)",
    "CosineAnnealingWarmRestarts(optimizer, T_max=10)",
    "MultiStepLR(optimizer)",
    "CyclicLR(optimizer, max_lr=0.1)",
    "PolynomialLR(optimizer, max_iters=5)",
    "ExponentialLR(optimizer)",
]


@pytest.mark.parametrize("call", WRONG)
def test_lr922_torch_says_the_same(call: str) -> None:
    symbol = call.partition("(")[0]
    text = f"import torch\nfrom torch.optim.lr_scheduler import {symbol}, StepLR\nscheduler = {call}\n"
    (finding,) = [each for each in check_source(ScriptText("train.py", text)) if each.code == "LR922"]
    with pytest.raises(TypeError) as raised:
        exec(f"scheduler = {call}", names_of_a_script())
    assert finding.message.startswith(f"TypeError: {raised.value}")
