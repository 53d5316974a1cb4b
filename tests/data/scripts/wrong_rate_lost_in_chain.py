import torch
from torch.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR

class Trainer:
    def __init__(self, model, loader, resume=None):
        self.model, self.loader = model, loader
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        self.epoch = 0
        state = torch.load(resume) if resume else None
        if state is not None:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])  # LR914
            self.epoch = state["epoch"]
        self.scheduler = self.make_scheduler()
        if state is not None:
            self.scheduler.load_state_dict(state["scheduler"])

    def make_scheduler(self):
        return ChainedScheduler([
            ConstantLR(self.optimizer, factor=0.1, total_iters=3),
            ExponentialLR(self.optimizer, gamma=0.9),
        ])

    def fit(self):
        for epoch in range(self.epoch, 20):
            for batch in self.loader:
                self.optimizer.zero_grad()
                self.model(batch).backward()
                self.optimizer.step()
            self.scheduler.step()
