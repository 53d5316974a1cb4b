import torch

opt = torch.optim.Adam(model.parameters())
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=4)
epoch = 0
while (epoch := epoch + 1) <= 50:
    for x, y in train_dl:
        opt.zero_grad()
        ((model(x) - y) ** 2).mean().backward()
        opt.step()
    if (val := validate(model)) < 0.1:
        break
    sched.step(epoch)  # LR903
