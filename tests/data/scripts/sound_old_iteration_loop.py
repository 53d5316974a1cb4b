import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[60000, 80000], gamma=0.1)
for iteration in range(90000):
    images, targets = next(batches)
    loss = model(images, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
