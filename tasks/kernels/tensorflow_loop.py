"""What the engines in TensorFlow share: starting it, and one compiled loop over many small steps."""

import os
from collections.abc import Callable, Sequence
from typing import Any


def import_tensorflow(threads: int) -> Any:
    """TensorFlow, told to be quiet and to use this many cores; where it is running already, its threads stay."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        pass
    return tf


def compiled_loop(train_chunk: Callable[..., Any], columns: Sequence[Any]) -> Callable[..., Any]:
    """The compiled loop over chunks: (*columns, used) -> the losses of the first `used` chunks, float64, summed.

    Args:
        train_chunk: trains on one chunk, given its row of each column; gives its loss, float64.
        columns: arrays [chunks, ...] of the shapes and kinds that the loop is going to be given.
    """
    import tensorflow as tf

    def train_chunks(*arguments: Any) -> Any:
        *given, used = arguments

        def body(chunk: Any, loss: Any) -> tuple[Any, Any]:
            return chunk + 1, loss + train_chunk(*(column[chunk] for column in given))

        start = (tf.constant(0), tf.constant(0.0, tf.float64))
        return tf.while_loop(lambda chunk, _: chunk < used, body, start)[1]

    compiled = tf.function(train_chunks, jit_compile=True, autograph=False)
    specs = [tf.TensorSpec(column.shape, column.dtype) for column in columns]
    # Without it, every call would spend a millisecond on finding out what it is called with.
    loop: Callable[..., Any] = compiled.get_concrete_function(*specs, tf.TensorSpec([], tf.int32))
    return loop
