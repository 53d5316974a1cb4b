import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

class CFG:
    epochs = 20
    T_max = 6
    lr = 1e-4

def main(model, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=CFG.lr)
    scheduler = CosineAnnealingLR(optimizer, T_max=CFG.T_max, eta_min=1e-6)  # LR103
    for epoch in range(CFG.epochs):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()
