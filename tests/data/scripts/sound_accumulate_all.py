import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

def main(model, loader, epochs, n=4):
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = OneCycleLR(optimizer, 1e-3, total_steps=epochs * (len(loader) // n))
    for epoch in range(epochs):
        for i, batch in enumerate(loader):
            (model(batch) / n).backward()
            if (i + 1) % n != 0:
                continue
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
