import torch
from utils import load_checkpoint
from torch.optim.lr_scheduler import StepLR
def main(model, loader, path):
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scheduler = StepLR(optimizer, 30)
    state = load_checkpoint(path, model, optimizer)
    scheduler.load_state_dict(state["scheduler"])
    for epoch in range(state["epoch"], 90):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()
