"""What `explain` says of torch, transformers and timm beyond the rates: each statement that surprised us, run."""

from collections.abc import Callable
from typing import Any

import pytest

from lrcli.documentation import sections_of
from lrcli.schedules import every
from tests.live.late import late
from tests.live.torch_run import optimizer_of

torch = late("torch.optim.lr_scheduler")


Made = Callable[..., Any]


def after(make: Made, calls: int) -> tuple[Any, Any]:
    """An optimizer and its scheduler after so many calls of step()."""
    optimizer = optimizer_of((0.1,))
    scheduler = make(optimizer)
    for _ in range(calls):
        optimizer.step()
        scheduler.step()
    return optimizer, scheduler


def rate(optimizer: Any) -> float:
    """The rate of the first group."""
    return float(optimizer.param_groups[0]["lr"])


def resumed(make: Made, calls: int, *, old_state: bool) -> tuple[float, float]:
    """The rates of tick `calls` and the next, of a scheduler constructed with last_epoch = calls - 1."""
    optimizer = optimizer_of((0.1,))
    if old_state:
        optimizer.load_state_dict(after(make, calls)[0].state_dict())
    else:
        optimizer.param_groups[0]["initial_lr"] = 0.1
    scheduler = make(optimizer, last_epoch=calls - 1)
    first = rate(optimizer)
    optimizer.step()
    scheduler.step()
    return first, rate(optimizer)


def says(name: str, words: str) -> None:
    """Check that the explanation of a scheduler has these words."""
    lines = (line for section in sections_of(every()[name]).values() for line in section)
    assert words in " ".join(" ".join(lines).split()), f"explain {name} does not say: {words}"


def test_a_linear_decay_to_0() -> None:
    says("linear", "end_factor 0 ends at exactly 0 with start_factor 1 or 0.5")
    for start in (1, 0.5):
        assert rate(after(lambda o, start=start: torch.LinearLR(o, start, 0.0, 7), 7)[0]) == 0
    assert -1e-16 < rate(after(lambda o: torch.LinearLR(o, 1 / 3, 0.0, 7), 7)[0]) < 0
    assert 0 < rate(after(lambda o: torch.LinearLR(o, 0.3, 0.0, 7), 7)[0]) < 1e-16


def test_one_call_too_many_of_one_cycle() -> None:
    says("onecycle", "the rate goes back up, or below 0 with anneal_strategy linear")
    make = torch.OneCycleLR
    assert rate(after(lambda o: make(o, 0.1, 10), 10)[0]) > 1000 * rate(after(lambda o: make(o, 0.1, 10), 9)[0])
    assert rate(after(lambda o: make(o, 0.1, 10, anneal_strategy="linear"), 10)[0]) < 0


def test_cycles_are_resumed_on_the_old_optimizers_state() -> None:
    says("cyclic", "On a new optimizer, tick k+1 is computed from the optimizer's own rate")
    says("onecycle", "On a new optimizer it raises KeyError 'max_lr'")

    def cyclic(optimizer: Any, **given: Any) -> Any:
        return torch.CyclicLR(optimizer, 0.001, 0.1, 10, **given)

    def onecycle(optimizer: Any, **given: Any) -> Any:
        return torch.OneCycleLR(optimizer, 0.1, total_steps=30, **given)

    for make in (cyclic, onecycle):
        assert resumed(make, 7, old_state=True) == tuple(rate(after(make, calls)[0]) for calls in (7, 8))
    first, following = resumed(cyclic, 7, old_state=False)
    assert first != rate(after(cyclic, 7)[0]) and following == rate(after(cyclic, 8)[0])
    with pytest.raises(KeyError, match="max_lr"):
        resumed(onecycle, 7, old_state=False)


def test_warm_restarts_are_resumed_at_the_right_place_with_equal_cycles_only() -> None:
    says("cosine-restarts", "in the wrong place from tick 2 * T_0 on")
    for factor, right in ((1, True), (2, False), (3, False)):

        def make(optimizer: Any, factor: int = factor, **given: Any) -> Any:
            return torch.CosineAnnealingWarmRestarts(optimizer, 5, factor, **given)

        for calls in (9, 10, 14):
            as_trained = rate(after(make, calls)[0])
            assert (resumed(make, calls, old_state=False)[0] == as_trained) is (right or calls < 10)


def test_a_restart_that_step_with_an_epoch_puts_off() -> None:
    says("cosine-restarts", "with T_mult 3 and T_0 1 that of epoch 121")
    optimizer, scheduler = after(lambda o: torch.CosineAnnealingWarmRestarts(o, 1, 3), 121)
    as_counted = rate(optimizer)
    scheduler.step(121)
    assert rate(optimizer) != as_counted


def test_a_longer_cosine_stays_at_its_floor_up_to_its_end() -> None:
    says("cosine", "stays there up to the new T_max, and climbs from the tick after it")
    optimizer, scheduler = after(lambda o: torch.CosineAnnealingLR(o, 5), 5)
    scheduler.load_state_dict({**scheduler.state_dict(), "T_max": 20})
    rates = []
    for _ in range(16):
        scheduler.step()
        rates.append(rate(optimizer))
    assert rates[:15] == [0.0] * 15 and rates[15] > 0


def test_a_negative_metric() -> None:
    says("plateau", "equal, or worse by less than the threshold, counts as better")

    def trained(metrics: list[float]) -> float:
        optimizer = optimizer_of((0.1,))
        scheduler = torch.ReduceLROnPlateau(optimizer, patience=2)
        for metric in metrics:
            scheduler.step(metric)
        return rate(optimizer)

    assert trained([-1.0] * 30) == 0.1
    assert trained([-1.0 + 1e-6 * epoch for epoch in range(30)]) == 0.1
    assert trained([-1.0 + 0.01 * epoch for epoch in range(30)]) < 0.1


def test_a_cycle_as_first_child_and_as_a_later_one() -> None:
    says("cyclic", "as the first child it makes base_lr the rate that the others start from")
    says("sequential", "OneCycleLR, and CyclicLR where it is the first child, rewrite the rate")

    def started(*parts: Made) -> float:
        optimizer = optimizer_of((0.1,))
        torch.SequentialLR(optimizer, [part(optimizer) for part in parts], [5])
        return rate(optimizer)

    def cyclic(optimizer: Any) -> Any:
        return torch.CyclicLR(optimizer, 0.001, 0.1, 10, cycle_momentum=False)

    def onecycle(optimizer: Any) -> Any:
        return torch.OneCycleLR(optimizer, 0.5, total_steps=20, cycle_momentum=False)

    def constant(optimizer: Any) -> Any:
        return torch.ConstantLR(optimizer, 1.0, 1)

    assert started(constant, cyclic) == 0.1 and started(cyclic, constant) == 0.001
    assert started(constant, onecycle) == pytest.approx(0.02) == started(onecycle, constant)


def test_a_sequence_is_not_resumed_by_last_epoch() -> None:
    says("sequential", "the rate is that of the first child, whatever the milestones say")
    optimizer = optimizer_of((0.1,))
    optimizer.param_groups[0]["initial_lr"] = 0.1
    parts = [torch.ConstantLR(optimizer, 0.1, 100), torch.ExponentialLR(optimizer, 0.9)]
    torch.SequentialLR(optimizer, parts, [5], last_epoch=10)
    assert rate(optimizer) == pytest.approx(0.01)


def test_timm_counts_updates_by_another_call() -> None:
    says_so = every()["timm-cosine"].step_by_step
    assert "t_in_epochs=False" in says_so and "step_update(num_updates)" in says_so
    from tests.live.timm_run import timm_scheduler_module

    optimizer = optimizer_of((0.1,))
    scheduler = timm_scheduler_module().CosineLRScheduler(optimizer, 50, t_in_epochs=False)
    scheduler.step(10)
    assert rate(optimizer) == 0.1
    scheduler.step_update(10)
    assert rate(optimizer) < 0.1
