import torch

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda e: 0.95 ** e)
for epoch in range(100):
    for batch in train_loader:
        optimizer.zero_grad()
        model(batch).backward()
        optimizer.step()
    scheduler.step(epoch=epoch)  # LR915
