"""TensorFlow and Keras, told to be quiet, how many cores to use, and to give the same numbers every time."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

Precision = Literal["float32", "bfloat16"]
"""What a network computes in."""

AskedPrecision = Literal["auto", "float32", "bfloat16"]
"""auto: see `best_precision`."""

MULTIPLIES_BFLOAT16 = ("amx-bf16", "avx512bf16")
"""What a CPU has that does, as LLVM names it: Intel's since 2020 and AMD's since 2022, of servers."""

ALONE = threading.Lock()
"""Held while a row is at work: the names of Keras' layers and its precision are one for all threads of a process."""


def start(threads: int) -> Any:
    """TensorFlow, with Keras on it. Where it is running already in this process, its threads stay."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with _silence():
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            pass
        tf.get_logger().setLevel("ERROR")  # each network is compiled anew, which is meant
        tf.config.experimental.enable_op_determinism()
        tf.zeros(1)  # which starts it, and has it say the rest of what it says of the machine
    return tf


@contextmanager
def _silence() -> Iterator[None]:
    """Nothing is written to stderr: TensorFlow's libraries tell about the machine there, whatever their log level."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def begin(precision: Precision = "float32") -> None:
    """A network comes next: what earlier ones have left is forgotten.

    Args:
        precision: what layers compute in, if they are not told; they keep their numbers in float32.
    """
    import keras

    keras.utils.clear_session()  # which forgets the precision, too
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")


def best_precision(asked: AskedPrecision) -> Precision:
    """What "auto" is here: bfloat16 where a GPU, or a CPU that knows it, multiplies such matrices faster."""
    import tensorflow as tf
    from llvmlite.binding import get_host_cpu_features

    if asked != "auto":
        return asked
    cpu = get_host_cpu_features()
    fast = tf.config.list_physical_devices("GPU") or any(cpu.get(each) for each in MULTIPLIES_BFLOAT16)
    return "bfloat16" if fast else "float32"
