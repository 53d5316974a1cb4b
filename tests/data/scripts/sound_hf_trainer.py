import torch
from transformers import Trainer, get_cosine_schedule_with_warmup

optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
scheduler = get_cosine_schedule_with_warmup(optimizer, 100, 1000)
trainer = Trainer(model=model, args=args, train_dataset=data, optimizers=(optimizer, scheduler))
trainer.train()
