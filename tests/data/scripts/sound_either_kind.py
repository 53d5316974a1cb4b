import torch
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau, StepLR

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
if args.plateau:
    scheduler = ReduceLROnPlateau(optimizer)
elif args.onecycle:
    scheduler = OneCycleLR(optimizer, 1e-2, total_steps=args.epochs * len(train_loader))
else:
    scheduler = StepLR(optimizer, 30)
for epoch in range(args.epochs):
    for batch in train_loader:
        optimizer.step()
        if args.onecycle:
            scheduler.step()
    if args.plateau:
        scheduler.step(evaluate(model))
    elif not args.onecycle:
        scheduler.step()
