import torch

EPOCHS = 30
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)
for epoch in range(EPOCHS):
    for graph in graphs:
        optimizer.zero_grad()
        criterion(model(graph), graph.y).backward()
        optimizer.step()
        scheduler.step()  # LR906
    if validate(model) < 0.1:
        break
