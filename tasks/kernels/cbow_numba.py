"""CBOW's step of a window, compiled into the walk over windows (`windows_numba`).

Its contexts make one hidden vector, which is to tell the center from the negatives. Each context moves by the gradient
of what it had a share in (İrsoy, Benton, Stratos, "Corrected CBOW Performs as well as Skip-gram", 2021, arXiv
2012.15332): by its share of the gradient of the hidden vector. word2vec.c and gensim leave the share out, and so does
`corrected=False`.

The hidden vector is the sum of n contexts divided by √n. The paper divides by n, which makes it the shorter the more
contexts there are: words that have little to do with each other add up to about √n times the length of one. With the
gradient corrected, that keeps the analogies back (docs/quality.md). `corrected=False` has word2vec's mean.
"""

from typing import Any

import numpy as np

from tasks.kernels.compiler import compiled_inline
from tasks.kernels.hidden_vector import add_up_rows, move_outputs, move_rows_by, score_outputs
from tasks.kernels.negative_sampling import Workspace, score_to_slope
from tasks.kernels.tables import Table


@compiled_inline
def share_of(contexts: int, corrected: bool) -> np.float32:
    """A context's part in the hidden vector."""
    number = np.float32(contexts)
    return np.float32(1) / (np.sqrt(number) if corrected else number)


@compiled_inline
def score_cbow(
    vectors: Table, context_vectors: Table, work: Workspace, contexts: int, slot: int, blank: Any, corrected: bool
) -> None:
    """The scores of a window of CBOW."""
    add_up_rows(vectors, work, contexts, share_of(contexts, corrected))
    score_outputs(context_vectors, work, slot, blank)


@compiled_inline
def move_cbow(
    vectors: Table,
    context_vectors: Table,
    work: Workspace,
    contexts: int,
    slot: int,
    rate: np.float32,
    blank: Any,
    corrected: bool,
) -> None:
    """Moves the rows of that window by its scores."""
    score_to_slope(work, 1, rate)
    move_outputs(context_vectors, work, slot, blank)
    move_rows_by(vectors, work, contexts, share_of(contexts, corrected) if corrected else np.float32(1))
