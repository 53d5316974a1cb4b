import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

EPOCHS, WARMUP = 90, 5
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
warmup = LinearLR(optimizer, start_factor=0.01, total_iters=WARMUP)
main = CosineAnnealingLR(optimizer, T_max=EPOCHS - WARMUP)
scheduler = SequentialLR(optimizer, schedulers=[warmup, main], milestones=[WARMUP])
start = 0
if resume:
    checkpoint = torch.load(resume)
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    start = checkpoint["epoch"] + 1
for epoch in range(start, EPOCHS):
    for batch in train_loader:
        optimizer.step()
    scheduler.step()
