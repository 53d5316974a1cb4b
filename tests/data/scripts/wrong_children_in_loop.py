import torch
from torch.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
schedulers = [ConstantLR(optimizer, factor=0.1, total_iters=2), ExponentialLR(optimizer, gamma=0.9)]
scheduler = ChainedScheduler(schedulers)
for epoch in range(20):
    for batch in train_loader:
        optimizer.zero_grad()
        model(batch).backward()
        optimizer.step()
    scheduler.step()
    for s in schedulers:
        s.step()  # LR910
