import torch

start_epoch = torch.load("last.pt")["epoch"] if resume else 0
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=200)


def train():
    for inputs, targets in trainloader:
        optimizer.zero_grad()
        criterion(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()  # LR906


for epoch in range(start_epoch, start_epoch + 200):
    train()
