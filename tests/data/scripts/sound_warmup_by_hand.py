import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingLR(optimizer, T_max=90 - 5)
for epoch in range(90):
    for i, batch in enumerate(train_loader):
        if epoch < 5:
            for group in optimizer.param_groups:
                group["lr"] = 0.1 * (epoch * len(train_loader) + i + 1) / (5 * len(train_loader))
        optimizer.step()
    if epoch >= 5:
        scheduler.step()
