import torch
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR


class Trainer:
    def __init__(self, model, optimizer, scheduler, device="cpu"):
        self.model = model.to(device)
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.device = device

    def _run_batch(self, source, targets):
        self.optimizer.zero_grad()
        output = self.model(source)
        loss = torch.nn.functional.cross_entropy(output, targets)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def _run_epoch(self, epoch, loader):
        self.scheduler.step()  # LR901
        for source, targets in loader:
            self._run_batch(source.to(self.device), targets.to(self.device))

    def train(self, loader, max_epochs):
        for epoch in range(max_epochs):
            self._run_epoch(epoch, loader)


def main(max_epochs=50):
    model = make_model()
    optimizer = AdamW(model.parameters(), lr=1e-3)
    scheduler = CosineAnnealingLR(optimizer, T_max=max_epochs)
    trainer = Trainer(model, optimizer, scheduler)
    trainer.train(make_loader(), max_epochs)
