import torch
from torch.optim import lr_scheduler


class Trainer:
    def __init__(self, model, args):
        self.model, self.args = model, args
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
        self.scheduler = lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=args.epochs)

    def train_epoch(self, epoch):
        for batch in self.train_loader:
            self.optimizer.zero_grad()
            self.model(batch).backward()
            self.optimizer.step()
            self.scheduler.step()  # LR906

    def fit(self):
        for epoch in range(self.args.epochs):
            self.train_epoch(epoch)
            self.evaluate()

    @torch.no_grad()
    def evaluate(self):
        for batch in self.val_loader:
            self.model(batch)
