import torch
from torch.optim import lr_scheduler


class Trainer:
    def __init__(self, model):
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        self.warmup = lr_scheduler.LinearLR(self.optimizer, start_factor=0.1, total_steps=5)  # LR922
        self.cosine = lr_scheduler.CosineAnnealingLR(self.optimizer, min_lr=1e-6)  # LR922
        self.steps = lr_scheduler.StepLR(self.optimizer, 30, 0.1, -1, 5)  # LR922
