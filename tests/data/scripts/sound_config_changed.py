import argparse

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

config = {"epochs": 90, "t_max": 50}


class CFG:
    epochs = 90
    t_max = 50


def from_command_line():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int)
    args = parser.parse_args()
    config["epochs"] = args.epochs
    CFG.epochs = args.epochs


def train(model, loader, settings, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = CosineAnnealingLR(optimizer, T_max=settings)
    for epoch in range(epochs):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()


def main(model, loader, file):
    from_command_line()
    train(model, loader, CFG.t_max, CFG.epochs)
    train(model, loader, config["t_max"], config["epochs"])
    read = {"epochs": 90, "t_max": 50}
    read.update(file)
    train(model, loader, read["t_max"], read["epochs"])
