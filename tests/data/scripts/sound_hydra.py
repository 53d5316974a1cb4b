import hydra
import torch
from torch.optim.lr_scheduler import LRScheduler, StepLR  # noqa: F401


@hydra.main(config_path="conf", config_name="config")
def main(cfg):
    optimizer = hydra.utils.instantiate(cfg.optimizer, params=model.parameters())
    scheduler = hydra.utils.instantiate(cfg.scheduler, optimizer=optimizer)
    for epoch in range(cfg.epochs):
        for batch in loader:
            optimizer.step()
            scheduler.step()


main()
