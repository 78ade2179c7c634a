"""How networks compute: the precision outlives what Keras forgets between two of them."""

import pytest

from tasks.classifiers import runtime

pytestmark = pytest.mark.usefixtures("tensorflow")


def test_a_network_has_the_precision_that_it_began_with() -> None:
    import keras

    runtime.begin("bfloat16")
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
    runtime.begin()
    assert keras.layers.Dense(3).compute_dtype == "float32"


def test_auto_is_what_this_machine_is_fast_in() -> None:
    from llvmlite.binding import get_host_cpu_features
    from tensorflow import config

    cpu = get_host_cpu_features()
    fast = bool(config.list_physical_devices("GPU") or cpu.get("amx-bf16") or cpu.get("avx512bf16"))
    assert runtime.best_precision("auto") == ("bfloat16" if fast else "float32")
    assert runtime.best_precision("float32") == "float32"
    assert runtime.best_precision("bfloat16") == "bfloat16"
