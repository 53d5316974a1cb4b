import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=1000)
for epoch in range(10):
    for i, batch in enumerate(loader):
        (model(batch) / 4).backward()
        if (i + 1) % 4 != 0:
            continue
        optimizer.step()
        optimizer.zero_grad()
        scheduler.step()
