import torch
from torch.optim.lr_scheduler import CyclicLR

def fit(model, loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = CyclicLR(optimizer, base_lr=0.001, max_lr=0.1, step_size_up=4 * len(loader), mode="triangular2")
    for epoch in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            model(x, y).backward()
            optimizer.step()
        scheduler.step()  # LR905
