import torch


def one_round(m, batches, o, s):
    for b in batches:
        o.zero_grad()
        m(b).backward()
        o.step()
        s.step()  # LR906


class Tools:
    def __init__(self, o):
        self.o = o


model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=90)
turn = one_round
for epoch in range(90):
    turn(model, train_loader, o, s)
