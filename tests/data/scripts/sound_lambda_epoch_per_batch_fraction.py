import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

def main(model, loader, epochs):
    optimizer = optim.AdamW(model.parameters(), 1e-3)
    warmup_iters = 1000
    scheduler = LambdaLR(optimizer, lambda epoch: min(1.0, (epoch + 1) / warmup_iters))
    for epoch in range(epochs):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
            scheduler.step()
