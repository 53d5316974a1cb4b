import torch

def train(G, D, loader, epochs):
    opt_g = torch.optim.Adam(G.parameters(), 2e-4)
    opt_d = torch.optim.Adam(D.parameters(), 2e-4)
    sched_g = torch.optim.lr_scheduler.ExponentialLR(opt_g, 0.99)
    sched_d = torch.optim.lr_scheduler.ExponentialLR(opt_d, 0.99)  # LR907
    for epoch in range(epochs):
        for real in loader:
            opt_d.zero_grad()
            D(real).mean().backward()
            opt_d.step()
            opt_g.zero_grad()
            G(real).mean().backward()
            opt_g.step()
        sched_g.step()
