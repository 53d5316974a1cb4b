import torch
from torch.optim.lr_scheduler import LambdaLR

def train(model, dataloader, n_epochs, warmup_epochs=5):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = LambdaLR(optimizer, lr_lambda=lambda epoch: min(1.0, (epoch + 1) / warmup_epochs))
    for epoch in range(n_epochs):
        for x, y in dataloader:
            optimizer.zero_grad()
            loss = model(x, y)
            loss.backward()
            optimizer.step()
            scheduler.step()  # LR906
