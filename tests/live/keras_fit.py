"""Scripts for Keras run by model.fit: the rates of their updates. As a program, of scripts in a JSON list: for jax."""

import json
import sys
from typing import Any


def rates_of(source: str) -> list[float]:
    """The rate of each update that the optimizer of a script makes."""
    import keras

    used: list[float] = []

    class Recorded(keras.optimizers.SGD):  # type: ignore[misc]
        """As a class of its own, it is asked to update one variable after another, on every backend."""

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            rate = keras.ops.convert_to_tensor(learning_rate)
            if len(variable.shape) != 2:  # the kernel, not the bias
                pass
            elif keras.backend.backend() == "jax":
                import jax

                jax.debug.callback(lambda rate: used.append(float(rate)), rate, ordered=True)
            else:
                used.append(float(rate))
            super().update_step(gradient, variable, learning_rate)

    before, keras.optimizers.SGD = keras.optimizers.SGD, Recorded
    try:
        exec(compile(source, "generated", "exec"), {})
    finally:
        keras.optimizers.SGD = before
        keras.config.set_dtype_policy("float32")
    if keras.backend.backend() == "jax":
        import jax

        jax.effects_barrier()
        accumulated = source.partition("gradient_accumulation_steps=")[2].split(")")[0].split(",")[0]
        every = int(accumulated or 1)  # jax computes an update for every batch, and takes every n-th
        return used[every - 1 :: every]
    return used


if __name__ == "__main__":
    print(json.dumps([rates_of(source) for source in json.load(sys.stdin)]))
