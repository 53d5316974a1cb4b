import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts, ReduceLROnPlateau

class CFG:
    debug = False
    scheduler = "CosineAnnealingLR"
    epochs = 10
    T_max = 10
    T_0 = 10
    lr = 1e-4
    min_lr = 1e-6
    gradient_accumulation_steps = 1

if CFG.debug:
    CFG.epochs = 1

def get_scheduler(optimizer):
    if CFG.scheduler == "ReduceLROnPlateau":
        scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.2, patience=4, eps=1e-6)
    elif CFG.scheduler == "CosineAnnealingLR":
        scheduler = CosineAnnealingLR(optimizer, T_max=CFG.T_max, eta_min=CFG.min_lr, last_epoch=-1)
    else:
        scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=CFG.T_0, T_mult=1, eta_min=CFG.min_lr)
    return scheduler

def train_fn(loader, model, criterion, optimizer, epoch, scheduler):
    for step, (images, labels) in enumerate(loader):
        loss = criterion(model(images), labels)
        loss.backward()
        if (step + 1) % CFG.gradient_accumulation_steps == 0:
            optimizer.step()
            optimizer.zero_grad()

def train_loop(model, train_loader, valid_loader, criterion):
    optimizer = torch.optim.Adam(model.parameters(), lr=CFG.lr)
    scheduler = get_scheduler(optimizer)
    for epoch in range(CFG.epochs):
        train_fn(train_loader, model, criterion, optimizer, epoch, scheduler)
        avg_val_loss = valid_fn(valid_loader, model)
        if isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step(avg_val_loss)
        else:
            scheduler.step()
