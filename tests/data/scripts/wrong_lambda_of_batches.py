import torch


def main(args):
    model = create(args)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    iters_per_epoch = len(data_loader)
    main_lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda x: (1 - x / (iters_per_epoch * args.epochs)) ** 0.9
    )
    for epoch in range(args.epochs):
        for image, target in data_loader:
            loss = criterion(model(image), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        main_lr_scheduler.step()  # LR905
