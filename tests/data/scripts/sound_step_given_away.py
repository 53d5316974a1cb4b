import torch


def train(model, loader, optimizer, on_epoch_end):
    for epoch in range(10):
        for b in loader:
            optimizer.zero_grad()
            model(b).backward()
            optimizer.step()
        on_epoch_end()


optimizer = torch.optim.SGD(net.parameters(), 0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
train(net, loader, optimizer, scheduler.step)
