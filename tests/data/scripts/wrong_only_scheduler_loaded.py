import torch
from torch.optim.lr_scheduler import StepLR

def main(model, loader, path):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = StepLR(optimizer, 30)
    ckpt = torch.load(path)
    model.load_state_dict(ckpt["model"])
    scheduler.load_state_dict(ckpt["scheduler"])  # LR914
    for epoch in range(ckpt["epoch"], 90):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()
