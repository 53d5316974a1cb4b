import torch
from ignite.engine import Engine, Events
from torch.optim.lr_scheduler import ExponentialLR

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = ExponentialLR(optimizer, gamma=0.98)


def update(engine, batch):
    optimizer.zero_grad()
    loss = model(batch)
    loss.backward()
    optimizer.step()
    return loss.item()


trainer = Engine(update)


@trainer.on(Events.EPOCH_COMPLETED)
def step_scheduler(engine):
    scheduler.step()


trainer.run(loader, max_epochs=10)
