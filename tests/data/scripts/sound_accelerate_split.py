import torch
from accelerate import Accelerator
from transformers import get_scheduler
def main(model, loader, args):
    accelerator = Accelerator(split_batches=True, gradient_accumulation_steps=args.accum)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    num_update_steps_per_epoch = -(-len(loader) // args.accum)
    sched = get_scheduler("cosine", optimizer, num_warmup_steps=100, num_training_steps=args.epochs * num_update_steps_per_epoch)
    model, optimizer, loader, sched = accelerator.prepare(model, optimizer, loader, sched)
    for epoch in range(args.epochs):
        for batch in loader:
            with accelerator.accumulate(model):
                accelerator.backward(model(**batch).loss)
                optimizer.step()
                sched.step()
                optimizer.zero_grad()
