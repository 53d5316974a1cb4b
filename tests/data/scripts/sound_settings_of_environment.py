import torch
from pydantic_settings import BaseSettings
from torch.optim.lr_scheduler import CosineAnnealingLR


class Settings(BaseSettings):
    epochs: int = 90
    t_max: int = 50


settings = Settings()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingLR(optimizer, T_max=settings.t_max)
for epoch in range(settings.epochs):
    for batch in train_loader:
        optimizer.zero_grad()
        model(batch).backward()
        optimizer.step()
    scheduler.step()
