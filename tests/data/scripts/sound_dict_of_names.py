import torch

SCHEDULERS = {
    "step": torch.optim.lr_scheduler.StepLR,
    "cosine": torch.optim.lr_scheduler.CosineAnnealingLR,
}
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = SCHEDULERS[cfg.name](optimizer, **cfg.params)
for epoch in range(cfg.epochs):
    for batch in train_loader:
        optimizer.step()
    scheduler.step()
