import torch
from dataclasses import dataclass
from torch.optim.lr_scheduler import CosineAnnealingLR

@dataclass
class Config:
    epochs: int = 90
    t_max: int = 50

def main(model, loader):
    cfg = Config()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = CosineAnnealingLR(optimizer, T_max=cfg.t_max)  # LR103
    for epoch in range(cfg.epochs):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()
