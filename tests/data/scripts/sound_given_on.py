import torch

from helpers import Loop


class Holder:
    def __init__(self, o, s):
        self.o, self.s = o, s


o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, 30)
kept = Holder(o, s)
loop = Loop(kept)
for epoch in range(90):
    for batch in train_loader:
        o.zero_grad()
        model(batch).backward()
        o.step()
    loop.after_epoch()
