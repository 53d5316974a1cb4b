import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

def main(model, train_loader, args):
    optimizer = optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = StepLR(optimizer, 10)
    for epoch in range(args.epochs):
        try:
            for x, y in train_loader:
                optimizer.zero_grad()
                model(x, y).backward()
                optimizer.step()
        except RuntimeError as error:
            print(error)
        finally:
            scheduler.step()
