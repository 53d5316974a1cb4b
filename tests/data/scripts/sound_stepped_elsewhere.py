import torch
from engine import train_one_epoch
from torch.optim.lr_scheduler import CosineAnnealingLR

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = CosineAnnealingLR(optimizer, T_max=50)
for epoch in range(90):
    train_one_epoch(model, optimizer, scheduler, loader)
    for batch in extra_loader:
        optimizer.step()
