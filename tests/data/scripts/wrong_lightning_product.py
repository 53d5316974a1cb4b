import pytorch_lightning as pl
from torch.optim import AdamW
from transformers import get_linear_schedule_with_warmup


class Classifier(pl.LightningModule):
    def __init__(self, steps_per_epoch, n_epochs):
        super().__init__()
        self.steps_per_epoch = steps_per_epoch
        self.n_epochs = n_epochs

    def configure_optimizers(self):
        optimizer = AdamW(self.parameters(), lr=2e-5)
        total_steps = self.steps_per_epoch * self.n_epochs
        scheduler = get_linear_schedule_with_warmup(  # LR920
            optimizer, num_warmup_steps=total_steps // 10, num_training_steps=total_steps
        )
        return [optimizer], [scheduler]
