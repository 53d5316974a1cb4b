from torch.optim import Adam
from torch.optim.lr_scheduler import ReduceLROnPlateau

class Solver(object):
    def __init__(self, model, config):
        self.model = model
        self.max_epoch = config.max_epoch
        self.optimizer = Adam(model.parameters(), config.lr)
        self.lr_scheduler = ReduceLROnPlateau(self.optimizer, factor=0.5, patience=4)

    def train(self, loader, val):
        for self.epoch in range(self.max_epoch):
            self._epoch(loader)
            self.lr_scheduler.step(self.epoch)  # LR903

    def _epoch(self, loader):
        for x, y in loader:
            self.optimizer.zero_grad()
            self.model.loss(x, y).backward()
            self.optimizer.step()
