import torch
from torch.optim.lr_scheduler import LambdaLR
def main(model, loader, path):
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scheduler = LambdaLR(optimizer, lambda e: 0.95 ** e)
    ckpt = torch.load(path)
    model.load_state_dict(ckpt["model"])
    scheduler.load_state_dict(ckpt["scheduler"])
    for epoch in range(ckpt["epoch"], 100):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()
