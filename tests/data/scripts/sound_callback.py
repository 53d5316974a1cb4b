import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

class SchedulerCallback:
    def __init__(self, scheduler):
        self.scheduler = scheduler

    def on_epoch_end(self, trainer):
        self.scheduler.step()


class Trainer:
    def __init__(self, model, optimizer, callbacks):
        self.model, self.optimizer, self.callbacks = model, optimizer, callbacks

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            for batch in loader:
                self.optimizer.zero_grad()
                self.model(batch).backward()
                self.optimizer.step()
            for callback in self.callbacks:
                callback.on_epoch_end(self)


def main(model, loader):
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = StepLR(optimizer, 30)
    Trainer(model, optimizer, [SchedulerCallback(scheduler)]).fit(loader, 90)
