import torch
from torch.optim.lr_scheduler import StepLR

def evaluate(model, data, scheduler):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in data:
            correct += (model(x).argmax(1) == y).sum().item()
            scheduler.step()  # LR909
    return correct

def main(model, train_set, val_set):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = StepLR(optimizer, 30)
    for epoch in range(90):
        model.train()
        for x, y in train_set:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        evaluate(model, val_set, scheduler)
