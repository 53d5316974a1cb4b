import torch
from torch.optim.lr_scheduler import CosineAnnealingLR


class Trainer:
    def __init__(self, model, optimizer, scheduler, loader, epochs):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.loader, self.epochs = loader, epochs

    def train(self):
        for epoch in range(self.epochs):
            for x, y in self.loader:
                loss = self.model(x, y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.scheduler.step()  # LR906


def main(args, model, loader):
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    scheduler = CosineAnnealingLR(optimizer, T_max=args.epochs)
    Trainer(model, optimizer, scheduler, loader, args.epochs).train()
