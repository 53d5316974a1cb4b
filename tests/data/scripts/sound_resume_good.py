import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

def main(model, train_loader, args):
    optimizer = optim.AdamW(model.parameters(), lr=args.lr)
    warm = LinearLR(optimizer, start_factor=0.01, total_iters=5)
    cos = CosineAnnealingLR(optimizer, T_max=args.epochs - 5)
    scheduler = SequentialLR(optimizer, [warm, cos], milestones=[5])
    start = 0
    if args.resume:
        ckpt = torch.load(args.resume)
        scheduler.load_state_dict(ckpt["scheduler"])
        optimizer.load_state_dict(ckpt["optimizer"])
        model.load_state_dict(ckpt["model"])
        start = ckpt["epoch"] + 1
    for epoch in range(start, args.epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            model(x, y).backward()
            optimizer.step()
        scheduler.step()
