import torch
from dataclasses import dataclass
from typing import Any
@dataclass
class State:
    model: Any
    optimizer: Any
    scheduler: Any
    epoch: int = 0
def step(state, batch):
    state.optimizer.zero_grad()
    state.model(batch).backward()
    state.optimizer.step()
    state.scheduler.step()
def main(model, loader, epochs):
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=epochs * len(loader))
    state = State(model, optimizer, scheduler)
    for epoch in range(epochs):
        for batch in loader:
            step(state, batch)
