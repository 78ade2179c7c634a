"""TensorFlow and Keras, told to be quiet, how many cores to use, and to give the same numbers every time."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ALONE = threading.Lock()
"""Held while a row is at work: names and random numbers of Keras are one for all threads of a process."""


def start(threads: int) -> Any:
    """TensorFlow, with Keras on it. Where it is running already in this process, its threads stay.

    A GPU, if there is one, computes in 16 bits and keeps numbers in 32.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with _silence():
        import keras
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            pass
        tf.get_logger().setLevel("ERROR")  # each network is compiled anew, which is meant
        tf.config.experimental.enable_op_determinism()
        if tf.config.list_physical_devices("GPU"):
            keras.mixed_precision.set_global_policy("mixed_bfloat16")
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


def seed(number: int) -> None:
    """Of everything random in Keras from here on; what earlier networks have left is forgotten."""
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(number)
