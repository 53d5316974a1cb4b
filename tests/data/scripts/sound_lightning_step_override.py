import lightning as L
import torch
from timm.scheduler import CosineLRScheduler
class M(L.LightningModule):
    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.parameters(), lr=1e-3)
        return [opt], [{"scheduler": CosineLRScheduler(opt, t_initial=10), "interval": "epoch"}]
    def lr_scheduler_step(self, scheduler, metric):
        scheduler.step(epoch=self.current_epoch)
