import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

class WarmupWrapper:
    def __init__(self, optimizer, warmup, after):
        self.optimizer, self.warmup, self.after, self.t = optimizer, warmup, after, 0
    def step(self):
        self.t += 1
        if self.t <= self.warmup:
            for g in self.optimizer.param_groups:
                g["lr"] = 0.1 * self.t / self.warmup
        else:
            self.after.step()
def main(model, loader):
    optimizer = optim.SGD(model.parameters(), 0.1)
    scheduler = WarmupWrapper(optimizer, 5, CosineAnnealingLR(optimizer, 95))
    for epoch in range(100):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()
