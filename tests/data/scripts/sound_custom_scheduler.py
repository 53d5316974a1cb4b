import torch
from torch.optim.lr_scheduler import LRScheduler, StepLR  # noqa: F401


class PolyLR(LRScheduler):
    def get_lr(self):
        return [base for base in self.base_lrs]


optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = PolyLR(optimizer)
for epoch in range(10):
    scheduler.step()
    for batch in train_loader:
        optimizer.step()
