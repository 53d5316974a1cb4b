import torch

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
schedulers = [torch.optim.lr_scheduler.ExponentialLR(optimizer, g) for g in (0.99, 0.98)]
for epoch in range(30):
    for batch in train_loader:
        optimizer.zero_grad()
        model(batch).backward()
        optimizer.step()
    for s in schedulers:
        s.step()
