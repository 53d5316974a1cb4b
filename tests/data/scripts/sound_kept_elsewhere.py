import torch
from engine import Trainer

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
trainer = Trainer(model, optimizer)
trainer.sched = torch.optim.lr_scheduler.StepLR(optimizer, 3)
for epoch in range(9):
    for batch in loader:
        optimizer.zero_grad()
        model(batch).backward()
        optimizer.step()
    trainer.after_epoch()
