"""What the engines of negative sampling need to know besides tables and windows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.engines import Schedule
from tasks.models import ModelName


class Settings(NamedTuple):
    """See above.

    Attributes:
        model: which algorithm.
        counts: int64 [words]; how often each word occurs, for the noise.
        negatives: negatives a pair.
        negative_power: the noise is proportional to count^negative_power.
        schedule: of the learning rate.
        key: of the random stream of the negatives.
        streams: logical streams, on which a determined result depends; 0: free-running, the result is not determined.
        threads: how many cores may be used; a determined result does not depend on it.
        batch_pairs: about how many pairs a batch has.
        corrected: CBOW steps along the gradient of its loss; else as word2vec.c does (`tasks.kernels.cbow_numba`).
    """

    model: ModelName
    counts: NDArray[np.int64]
    negatives: int
    negative_power: float
    schedule: Schedule
    key: np.uint64
    streams: int
    threads: int
    batch_pairs: int
    corrected: bool = True
