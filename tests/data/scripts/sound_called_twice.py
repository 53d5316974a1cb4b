import torch


def make(parameters):
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 30)


def train(epoch):
    for batch in train_loader:
        optimizer.zero_grad()
        model(batch).backward()
        optimizer.step()
    scheduler.step()


optimizer, scheduler = make(model.head.parameters())
for epoch in range(40):
    train(epoch)
optimizer, scheduler = make(model.parameters())
for epoch in range(40):
    train(epoch)
