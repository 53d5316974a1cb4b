import argparse
import torch

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", default=100, type=int)
parser.add_argument("--step-size", default=30, type=int, help="decrease the lr every step-size epochs")
parser.add_argument("--gamma", default=0.1, type=float)
args = parser.parse_args()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=args.step_size, gamma=args.gamma)
for epoch in range(args.epochs):
    for data in train_loader:
        optimizer.zero_grad()
        model(data).backward()
        optimizer.step()
        scheduler.step()  # LR906
