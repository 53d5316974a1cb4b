import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

def main(models, loader, epochs):
    optimizers = [optim.Adam(m.parameters(), 1e-3) for m in models]
    schedulers = [StepLR(o, 10) for o in optimizers]
    for epoch in range(epochs):
        for batch in loader:
            for m, o in zip(models, optimizers):
                o.zero_grad()
                m(batch).backward()
                o.step()
        for sch in schedulers:
            sch.step()
