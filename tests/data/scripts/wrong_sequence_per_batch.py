import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

def main(model, loader, args):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=args.warmup_epochs)
    cosine = CosineAnnealingLR(optimizer, T_max=args.epochs - args.warmup_epochs)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[args.warmup_epochs])
    for epoch in range(args.epochs):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
            scheduler.step()  # LR906
