import lightning as L
import torch
class M(L.LightningModule):
    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.parameters(), lr=1e-3)
        sch = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-2, epochs=self.hparams.epochs, steps_per_epoch=1)
        return [opt], [sch]
