import torch
from torch.optim.lr_scheduler import MultiStepLR


class Engine(object):
    def __init__(self, model, args):
        self.model = model
        self.args = args
        self.optimizer = torch.optim.SGD(self.model.parameters(), args.lr, momentum=0.9)
        self.scheduler = MultiStepLR(self.optimizer, milestones=[30, 60], gamma=0.1)

    def train(self, train_loader, val_loader):
        for epoch in range(self.args.epochs):
            self.train_epoch(train_loader, epoch)
            acc = self.validate(val_loader)
            self.scheduler.step()
            if acc > self.best:
                self.best = acc
                self.save()

    def train_epoch(self, loader, epoch):
        for batch in loader:
            loss = self.model(batch)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()  # LR908
