from fastai.vision.all import *
from torch.optim.lr_scheduler import StepLR  # noqa: F401

learn = vision_learner(dls, resnet34, metrics=error_rate)
learn.fit_one_cycle(5, 1e-3)
