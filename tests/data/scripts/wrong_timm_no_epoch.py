from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2

optimizer = create_optimizer_v2(model, opt="adamw", lr=1e-3)
lr_scheduler, num_epochs = create_scheduler_v2(
    optimizer, sched="cosine", num_epochs=100, step_on_epochs=False, updates_per_epoch=len(loader_train)
)
num_updates = 0
for epoch in range(num_epochs):
    for x, y in loader_train:
        loss.backward()
        optimizer.step()
        num_updates += 1
        lr_scheduler.step_update(num_updates=num_updates)
    lr_scheduler.step()  # LR916
