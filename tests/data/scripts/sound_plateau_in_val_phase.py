import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR, OneCycleLR, ReduceLROnPlateau, MultiStepLR, ExponentialLR, LambdaLR, ConstantLR, CosineAnnealingWarmRestarts

def main(model, dataloaders, num_epochs=25):
    optimizer = optim.SGD(model.parameters(), 1e-3, momentum=0.9)
    scheduler = ReduceLROnPlateau(optimizer, "min")
    for epoch in range(num_epochs):
        for phase in ["train", "val"]:
            running = 0.0
            for inputs, labels in dataloaders[phase]:
                optimizer.zero_grad()
                loss = model(inputs, labels)
                if phase == "train":
                    loss.backward()
                    optimizer.step()
                running += loss.item()
            epoch_loss = running / len(dataloaders[phase])
            if phase == "val":
                scheduler.step(epoch_loss)
