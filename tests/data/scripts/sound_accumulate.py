import torch
from transformers import get_linear_schedule_with_warmup

optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
t_total = len(train_dataloader) // args.accumulation * args.epochs
scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=100, num_training_steps=t_total)
for epoch in range(args.epochs):
    for step, batch in enumerate(train_dataloader):
        loss = model(batch)
        loss.backward()
        if (step + 1) % args.accumulation == 0:
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
