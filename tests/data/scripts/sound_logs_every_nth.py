import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=1000)
for epoch in range(10):
    for i, batch in enumerate(loader):
        if i % 10 == 0:
            log(batch)
        else:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
            scheduler.step()
