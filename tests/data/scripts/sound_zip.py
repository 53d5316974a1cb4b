import torch
from torch.optim.lr_scheduler import StepLR

optims = [torch.optim.Adam(m.parameters(), 1e-3) for m in nets]
scheds = [StepLR(o, 30) for o in optims]
for epoch in range(100):
    for batch in train_loader:
        for m, o in zip(nets, optims):
            o.zero_grad()
            m(batch).backward()
            o.step()
    for o, sc in zip(optims, scheds):
        sc.step()
        print(o.param_groups[0]["lr"])
