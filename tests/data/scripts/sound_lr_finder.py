import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

def find_lr(model, loader, start=1e-7, end=10, num_iter=100):
    optimizer = optim.SGD(model.parameters(), lr=start)
    scheduler = ExponentialLR(optimizer, gamma=(end / start) ** (1 / num_iter))
    losses = []
    for i, (x, y) in enumerate(loader):
        if i >= num_iter:
            break
        optimizer.zero_grad()
        loss = model(x, y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses


def train(model, loader, lr, epochs):
    optimizer = optim.SGD(model.parameters(), lr=lr)
    scheduler = OneCycleLR(optimizer, lr, epochs=epochs, steps_per_epoch=len(loader))
    for epoch in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            model(x, y).backward()
            optimizer.step()
            scheduler.step()
