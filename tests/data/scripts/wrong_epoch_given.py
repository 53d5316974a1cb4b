import torch
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR


def train(model, device, train_loader, optimizer, epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        optimizer.zero_grad()
        loss = nn.functional.nll_loss(model(data.to(device)), target.to(device))
        loss.backward()
        optimizer.step()


def main():
    model = nn.Linear(1, 1)
    optimizer = optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
    for epoch in range(1, 14 + 1):
        train(model, "cpu", train_loader, optimizer, epoch)
        test(model, test_loader)
        scheduler.step(epoch)  # LR915


if __name__ == "__main__":
    main()
