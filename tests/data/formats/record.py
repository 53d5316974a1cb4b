"""Write the logs in this folder with their real loggers: python tests/data/formats/record.py [NAME ...].

Each is a short run whose rates are known; tests/test_log_formats.py says what they are. A logger that is not installed
is left out.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def transformers_stdout() -> None:
    """What transformers.Trainer prints: hf-linear, 4 of 20 steps of warmup, every second step."""
    import torch
    from transformers import Trainer, TrainingArguments

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = torch.nn.Linear(1, 1)

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            found = self.line(x)
            return {"loss": torch.nn.functional.mse_loss(found, labels), "logits": found}

    rows = [{"x": torch.tensor([float(row)]), "labels": torch.tensor([2.0 * row])} for row in range(40)]
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(printed):
        arguments = TrainingArguments(
            folder, num_train_epochs=4, per_device_train_batch_size=8, warmup_steps=4, learning_rate=5e-4,
            logging_steps=2, eval_strategy="epoch", report_to=[], disable_tqdm=True, use_cpu=True, save_strategy="no",
        )  # fmt: skip
        Trainer(Model(), arguments, train_dataset=rows, eval_dataset=rows).train()  # type: ignore[arg-type]
    (HERE / "transformers.stdout.log").write_text(printed.getvalue())


def keras_history() -> None:
    """Keras' History as JSON: exponential decay, one value an epoch."""
    import keras
    import numpy as np

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5 * 0.5**epoch)
    x = np.linspace(0, 1, 16).reshape(-1, 1)
    done = model.fit(x, 2 * x, epochs=4, validation_data=(x, 2 * x), callbacks=[schedule], verbose=0)
    history = {key: [float(value) for value in values] for key, values in done.history.items()}
    (HERE / "keras-history.json").write_text(json.dumps(history))


def keras_stdout() -> None:
    """What Keras prints, bars and colours and all."""
    import keras
    import numpy as np

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5 * 0.5**epoch)
    x = np.linspace(0, 1, 16).reshape(-1, 1)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        model.fit(x, 2 * x, epochs=4, validation_data=(x, 2 * x), callbacks=[schedule], verbose=1)
    (HERE / "keras.stdout.log").write_text(printed.getvalue())


def mlflow_run() -> None:
    """The folder of a run of mlflow: step size 2, gamma 0.5."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(Path(folder).as_uri())
        with mlflow.start_run(experiment_id=mlflow.create_experiment("recorded")) as run:
            for epoch in range(6):
                mlflow.log_metric("lr", 0.5 * 0.5 ** (epoch // 2), step=epoch)
                mlflow.log_metric("val/loss", 1 / (epoch + 1), step=epoch)
        target = HERE / "mlflow-run"
        shutil.rmtree(target, ignore_errors=True)
        found = next(path for path in Path(folder).glob(f"*/{run.info.run_id}"))
        shutil.copytree(found / "metrics", target / "metrics")
        (target / "meta.yaml").write_text("name: run\n")


def skorch_history() -> None:
    """skorch's history.json: step size 2, gamma 0.5."""
    import numpy as np
    import torch
    from skorch import NeuralNetRegressor
    from skorch.callbacks import LRScheduler

    x = np.linspace(0, 1, 20, dtype=np.float32).reshape(-1, 1)
    net = NeuralNetRegressor(
        torch.nn.Linear, module__in_features=1, module__out_features=1, max_epochs=6, lr=0.5, verbose=0,
        callbacks=[LRScheduler(torch.optim.lr_scheduler.StepLR, step_size=2, gamma=0.5, event_name="event_lr")],
    )  # fmt: skip
    net.fit(x, 2 * x)
    net.history.to_file(str(HERE / "skorch-history.json"))


RECORDERS = (transformers_stdout, keras_history, keras_stdout, mlflow_run, skorch_history)


if __name__ == "__main__":
    for recorder in RECORDERS:
        if len(sys.argv) > 1 and recorder.__name__ not in sys.argv[1:]:
            continue
        try:
            recorder()
        except ImportError as error:
            sys.stderr.write(f"{recorder.__name__}: {error}\n")
