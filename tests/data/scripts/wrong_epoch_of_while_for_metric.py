import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

def train(model, loader, val_loader, max_epochs):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-4)
    scheduler = ReduceLROnPlateau(optimizer, "max", patience=2)
    epoch = 0
    while epoch < max_epochs:
        for images, masks in loader:
            optimizer.zero_grad()
            loss = dice(model(images), masks)
            loss.backward()
            optimizer.step()
        score = evaluate(model, val_loader)
        scheduler.step(epoch)  # LR903
        epoch += 1
