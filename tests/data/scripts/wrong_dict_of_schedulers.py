import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

models = {"g": Gen(), "d": Disc()}
optimizers = {k: torch.optim.Adam(m.parameters(), 2e-4) for k, m in models.items()}
schedulers = {k: CosineAnnealingLR(o, T_max=100) for k, o in optimizers.items()}
for epoch in range(100):
    for s in schedulers.values():
        s.step()  # LR901
    for batch in train_loader:
        for k in models:
            optimizers[k].zero_grad()
        losses(models, batch).backward()
        for o in optimizers.values():
            o.step()
