"""A scheduler object at work on one parameter group: its counters, its state, and what restoring that does."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lrcli.schedules.family import REFUSED

if TYPE_CHECKING:
    from lrcli.schedules.base import Schedule

Group = dict[str, float]
"""One parameter group of an optimizer, with the keys that torch's schedulers read and write."""

State = dict[str, Any]
"""What `state_dict()` of a scheduler holds, for one parameter group, under the framework's names."""


class Ticker:
    """A torch scheduler at work on one parameter group (torch.optim.lr_scheduler.LRScheduler, 2.13).

    It repeats what torch's object does, its counters and its construction included, because compositions depend on
    them: SequentialLR undoes steps that its children took when they were made, ChainedScheduler does not.
    """

    def __init__(self, schedule: "Schedule", group: Group, last_epoch: int = -1) -> None:
        self.schedule = schedule
        self.group = group
        if last_epoch == -1:
            group.setdefault("initial_lr", group["lr"])
        elif "initial_lr" not in group:
            raise KeyError(
                "param 'initial_lr' is not specified in param_groups[0] when resuming scheduler with last_epoch >= 0."
            )
        self.base_lr = group["initial_lr"]
        self.last_epoch = last_epoch
        self.initial_step()

    def initial_step(self) -> None:
        """What construction does, and SequentialLR once more for the child that begins."""
        self.step_count = 1
        self.last_epoch += 1
        self.group["lr"] = self.schedule.constructed(self.last_epoch, self.group["lr"], self.base_lr)

    def step(self) -> None:
        """`scheduler.step()`."""
        self.step_count += 1
        self.last_epoch += 1
        self.group["lr"] = self.schedule.tick(self.last_epoch, self.group["lr"], self.base_lr)

    def restart(self) -> None:
        """What SequentialLR calls at this scheduler's milestone: `_update_lr(0)`."""
        self.last_epoch = 0
        self.group["lr"] = self.schedule.restart(self.group["lr"], self.base_lr)

    def undo(self) -> None:
        """SequentialLR's `recursive_undo`."""
        self.last_epoch -= 1

    @property
    def follows_its_tick(self) -> bool:
        """Whether its only state is its tick, so that the rates are those that the schedule streams."""
        return type(self) is Ticker

    def state(self) -> State:
        """`scheduler.state_dict()`."""
        kept = self.schedule.checkpoint
        assert kept is not None
        return {
            "last_epoch": self.last_epoch,
            "_step_count": self.step_count,
            **({"base_lrs": self.base_lr} if kept.base_rates else {}),
            **(self.schedule.hyperparameters() if kept.hyperparameters else {}),
            **({} if kept.functions else {"lr_lambdas": None}),
        }

    def load(self, state: State, differing: str = REFUSED) -> None:
        """`scheduler.load_state_dict(state)`, which sets no rate. Raises KeyError for what the state lacks.

        The state may be that of another class: torch takes what it finds, by name. `differing` says whose
        hyperparameters count where they must agree (`Checkpoint.must_agree`).
        """
        kept = self.schedule.checkpoint
        assert kept is not None
        if not kept.functions and "lr_lambdas" not in state:
            raise KeyError("lr_lambdas")
        self.last_epoch = state.get("last_epoch", self.last_epoch)
        self.step_count = state.get("_step_count", self.step_count)
        if kept.base_rates:
            self.base_lr = state.get("base_lrs", self.base_lr)
        if kept.hyperparameters:
            self.schedule = self.schedule.restored(state)

    @property
    def in_force(self) -> "Schedule":
        """The schedule that it follows: after `load`, what the checkpoint made of it."""
        return self.schedule

    def taken_up(self, tick: int) -> None:
        """The training loop goes on at `tick`, which matters to a scheduler that is told the epoch."""

    def stream(self) -> Iterator[float]:
        """The rates from now on, while nothing else changes the group; it does not end."""
        if self.follows_its_tick and self.last_epoch >= 0:
            yield from self.schedule.advance(self.last_epoch, self.group["lr"], self.base_lr)
        while True:
            yield self.group["lr"]
            self.step()
