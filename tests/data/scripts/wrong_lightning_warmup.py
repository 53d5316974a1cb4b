import lightning.pytorch as pl
import torch
from transformers import get_linear_schedule_with_warmup

class BertClassifier(pl.LightningModule):
    def __init__(self, model, n_warmup_steps, n_training_steps):
        super().__init__()
        self.model = model
        self.n_warmup_steps = n_warmup_steps
        self.n_training_steps = n_training_steps

    def training_step(self, batch, batch_idx):
        return self.model(**batch).loss

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=2e-5)
        scheduler = get_linear_schedule_with_warmup(  # LR920
            optimizer, num_warmup_steps=self.n_warmup_steps, num_training_steps=self.n_training_steps)
        return dict(optimizer=optimizer, lr_scheduler=dict(scheduler=scheduler, monitor="val_loss"))
