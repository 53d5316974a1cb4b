import torch
from torch.optim.lr_scheduler import OneCycleLR

def train(model, loader, epochs, accumulate=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = OneCycleLR(optimizer, 1e-3, total_steps=epochs * len(loader) // accumulate)
    for epoch in range(epochs):
        for i, batch in enumerate(loader):
            loss = model(batch) / accumulate
            loss.backward()
            is_update = (i + 1) % accumulate == 0 or i + 1 == len(loader)
            if is_update:
                optimizer.step()
                optimizer.zero_grad()
            scheduler.step()  # LR911
