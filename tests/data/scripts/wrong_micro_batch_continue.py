import torch

accum = 8
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=len(loader) // accum * 10)
for epoch in range(10):
    for i, batch in enumerate(loader):
        (model(batch) / accum).backward()
        scheduler.step()  # LR901 LR911
        if (i + 1) % accum != 0:
            continue
        optimizer.step()
        optimizer.zero_grad()
