import contextlib
import torch
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.optim.lr_scheduler import OneCycleLR

class Trainer:
    def __init__(self, model, loader, rank, grad_accum=4, epochs=5):
        self.model = DDP(model, device_ids=[rank])
        self.loader = loader
        self.grad_accum = grad_accum
        self.epochs = epochs
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.scheduler = OneCycleLR(self.optimizer, 1e-3, total_steps=epochs * len(loader) // grad_accum)

    def train_step(self, i, batch):
        sync = (i + 1) % self.grad_accum == 0
        with contextlib.nullcontext() if sync else self.model.no_sync():
            loss = self.model(batch) / self.grad_accum
            loss.backward()
        if sync:
            self.optimizer.step()
            self.optimizer.zero_grad()
        self.scheduler.step()  # LR911

    def fit(self):
        for epoch in range(self.epochs):
            for i, batch in enumerate(self.loader):
                self.train_step(i, batch)
