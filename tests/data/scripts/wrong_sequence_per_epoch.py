import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

def main(model, train_loader, epochs, warmup_epochs):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    steps = len(train_loader)
    warmup = LinearLR(optimizer, start_factor=0.01, total_iters=warmup_epochs * steps)
    cosine = CosineAnnealingLR(optimizer, T_max=(epochs - warmup_epochs) * steps)
    scheduler = SequentialLR(optimizer, schedulers=[warmup, cosine], milestones=[warmup_epochs * steps])
    for epoch in range(epochs):
        for batch in train_loader:
            loss = model(batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        scheduler.step()  # LR905
