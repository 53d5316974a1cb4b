import torch
def main(model, train_loader, val_loaders, epochs=30):
    optimizers = {"a": torch.optim.SGD(model.a.parameters(), 0.1), "b": torch.optim.SGD(model.b.parameters(), 0.1)}
    schedulers = {k: torch.optim.lr_scheduler.ReduceLROnPlateau(o) for k, o in optimizers.items()}
    for epoch in range(epochs):
        for batch in train_loader:
            for optimizer in optimizers.values():
                optimizer.zero_grad()
            model(batch).backward()
            for optimizer in optimizers.values():
                optimizer.step()
        with torch.no_grad():
            for name, loader in val_loaders.items():
                schedulers[name].step(evaluate(model, loader))
