"""One module for each trainer whose files are read, which declares it in `TRAINERS`."""

MODULES: dict[str, tuple[str, ...]] = {
    "huggingface": (
        "per_device_train_batch_size",
        "num_train_epochs",
        "lr_scheduler_type",
        "learning_rate",
        "finetuning_type",
    ),
    "llamafactory_v1": ("micro_batch_size",),
    "axolotl": ("base_model", "base_model_config"),
    "deepspeed": (
        "train_micro_batch_size_per_gpu",
        "train_batch_size",
        "zero_optimization",
        "zero_allow_untested_optimizer",
    ),
    "ultralytics": ("lr0",),
    "yolov5": ("hyp",),
    "lightning": ("trainer", "_target_"),
    "timm": ("sched",),
    "megatron": ("lr_decay_style", "lr_decay_iters", "lr_warmup_fraction", "lr_warmup_iters", "MODEL_ARGS"),
    "mmcv": ("lr_config",),
    "mmengine": ("param_scheduler", "optim_wrapper"),
    "torchtune": ("_component_",),
    "composer": ("max_duration",),
    "olmo": ("t_warmup", "global_train_batch_size"),
    "nemo": ("exp_manager", "trainer"),
}
"""The modules, each with the keys of which its files have at least one: only those are imported that may fit."""
