import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

def main(model, loader, epochs, unfreeze=5):
    optimizer = optim.Adam(model.head.parameters(), lr=1e-3)
    scheduler = StepLR(optimizer, step_size=7)
    for epoch in range(epochs):
        if epoch == unfreeze:
            optimizer = optim.Adam(model.parameters(), lr=1e-4)
            scheduler = StepLR(optimizer, step_size=7)
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()
