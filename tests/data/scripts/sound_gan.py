import torch
from torch.optim.lr_scheduler import LambdaLR

opt_g = torch.optim.Adam(generator.parameters(), lr=2e-4)
opt_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
sched_g = LambdaLR(opt_g, lr_lambda=lambda e: 1 - max(0, e - 100) / 100)
sched_d = LambdaLR(opt_d, lr_lambda=lambda e: 1 - max(0, e - 100) / 100)
for epoch in range(200):
    for real in dataloader:
        opt_g.zero_grad()
        g_loss.backward()
        opt_g.step()
        opt_d.zero_grad()
        d_loss.backward()
        opt_d.step()
    sched_g.step()
    sched_d.step()
