import lightning as L
import torch

class Classifier(L.LightningModule):
    def __init__(self, model, steps_per_epoch, epochs):
        super().__init__()
        self.model = model
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs

    def training_step(self, batch, batch_idx):
        return self.model(batch)

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(  # LR920
            optimizer, max_lr=0.1, steps_per_epoch=self.steps_per_epoch, epochs=self.epochs)
        return [optimizer], [scheduler]
