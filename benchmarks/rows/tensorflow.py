"""Rows on the engine in TensorFlow, which is for accelerators, on the CPU beside gensim.

They are rows of their own, so that a change of this engine leaves the figures of the other one as fresh as they are.
"""

from functools import partial

from benchmarks.row import Contender, Row
from benchmarks.rows.training import FIGURES, GENSIM, LIBRARIES, MODES, SOURCES, STAGES, train_gensim, train_ours

ENGINE = "train.engine=tensorflow"


def on_tensorflow(dim: int) -> Row:
    """A row that trains ours on TensorFlow, and gensim in its faster mode, on the same tokens."""
    changed = (f"train.dim={dim}",)
    return Row(
        name=f"tensorflow-dim{dim}",
        title=f"Skip-gram on TensorFlow, dim {dim}",
        about="Word2vec's settings; the engine for accelerators, on the CPU.",
        contenders=(
            Contender("gensim", MODES["faster"], partial(train_gensim, mode="faster", changed=changed)),
            Contender("ours", f"ours, `{ENGINE}`", partial(train_ours, changed=(*changed, ENGINE))),
        ),
        figures=FIGURES,
        baseline=("gensim",),
        rounds=3,
        cap_seconds=3 * 3600,
        stages=STAGES,
        sources=("benchmarks/rows/tensorflow.py", *SOURCES, *GENSIM),
        libraries=(*LIBRARIES, "tensorflow"),
        changed=changed,
        quick=dim == 100,
        chart=True,
        on_tensorflow=True,
    )


TENSORFLOW = (on_tensorflow(100), on_tensorflow(300))
