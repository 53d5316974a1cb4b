import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

def main(model, train_loader, args):
    optimizer = optim.SGD(model.parameters(), lr=args.lr)
    iters = len(train_loader)
    warmup_scheduler = LinearLR(optimizer, start_factor=1e-3, total_iters=iters * args.warm)
    train_scheduler = MultiStepLR(optimizer, milestones=[60, 120, 160], gamma=0.2)
    for epoch in range(1, 200):
        if epoch > args.warm:
            train_scheduler.step()
        for i, (x, y) in enumerate(train_loader):
            optimizer.zero_grad()
            model(x, y).backward()
            optimizer.step()
            if epoch <= args.warm:
                warmup_scheduler.step()
