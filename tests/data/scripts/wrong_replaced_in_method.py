import torch

class Finetuner:
    def __init__(self, model):
        self.model = model
        self.setup_optimizer()
        self.setup_model()

    def setup_optimizer(self):
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=10)

    def setup_model(self):
        self.model = self.model.to("cuda")
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)  # LR912

    def train(self, loader):
        for epoch in range(10):
            for batch in loader:
                self.optimizer.zero_grad()
                self.model(batch).backward()
                self.optimizer.step()
            self.scheduler.step()
