import torch
from engine import end_of_epoch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer.scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
for epoch in range(9):
    for batch in loader:
        optimizer.zero_grad()
        model(batch).backward()
        optimizer.step()
    end_of_epoch(optimizer)
