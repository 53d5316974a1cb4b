import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=10)
iters = len(dataloader)
for epoch in range(20):
    for i, sample in enumerate(dataloader):
        optimizer.step()
        scheduler.step(epoch + i / iters)
