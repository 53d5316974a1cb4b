import torch
from transformers import get_scheduler


def main(args, model, train_loader, world_size):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    total = args.max_train_steps * world_size
    scheduler = get_scheduler("cosine", optimizer, num_warmup_steps=0, num_training_steps=total)
    for epoch in range(args.epochs):
        for batch in train_loader:
            optimizer.zero_grad()
            model(batch).backward()
            optimizer.step()
        scheduler.step()  # LR905
