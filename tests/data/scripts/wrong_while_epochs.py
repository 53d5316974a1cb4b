import torch
from torch.optim.lr_scheduler import MultiStepLR

max_epoch = 80
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
scheduler = MultiStepLR(optimizer, milestones=[40, 60], gamma=0.1)
epoch = 0
while epoch < max_epoch:
    for batch_idx, (data, target) in enumerate(train_loader):
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        optimizer.step()
        scheduler.step()  # LR906
    epoch += 1
