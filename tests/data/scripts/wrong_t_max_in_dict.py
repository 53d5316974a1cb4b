import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

config = {"epochs": 90, "lr": 0.1, "t_max": 50}

def main(model, loader):
    optimizer = torch.optim.SGD(model.parameters(), lr=config["lr"])
    scheduler = CosineAnnealingLR(optimizer, T_max=config["t_max"])  # LR103
    for epoch in range(config["epochs"]):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()
