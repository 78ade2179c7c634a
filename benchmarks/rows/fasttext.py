"""Training beside the fastText program, without n-grams and with them."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import prepared
from benchmarks.peers.training import fasttext
from benchmarks.row import Contender, Measured, Row
from benchmarks.rows.training import beside_peer

PEER = (
    "benchmarks/rows/fasttext.py", "benchmarks/peers/training.py", "benchmarks/programs/fasttext_program.py",
)  # fmt: skip

NOISE = "train.negative_power=0.5"
"""The program draws negatives by the root of the count (`NegativeSamplingLoss` in fastText's loss.cc) and has no option
for it, where word2vec and gensim draw by count^0.75. Ours has the same here: docs/quality.md says what it changes."""


def train_fasttext(bench: Bench, seed: int, changed: tuple[str, ...] = ()) -> Measured:
    """Trains the fastText program on the same tokens with the same settings."""
    return fasttext(bench, prepared(bench, bench.whole), seed, *changed)


def beside_fasttext(name: str, title: str, about: str, peer: str, *changed: str) -> Row:
    """A row of ours and the program, with `changed` laid over the profile; `peer` is what it is called in the table."""
    contender = Contender("fasttext", peer, partial(train_fasttext, changed=changed))
    libraries = ("numba", "numpy", "fasttext-wheel")
    return beside_peer(
        contender, name, title, f"{about} Negatives by the root of the count, as the program draws them.",
        3, 3.0, (NOISE, *changed), {}, PEER, libraries,
    )  # fmt: skip


FASTTEXT = beside_fasttext(
    "fasttext-program", "Skip-gram beside fastText",
    "The fastText program without n-grams. It does not tell reading the vocabulary from training.",
    "fastText, no n-grams",
)  # fmt: skip

FASTTEXT_NGRAMS = beside_fasttext(
    "fasttext-ngrams", "fastText with n-grams",
    "Skip-gram, n-grams of 3 to 6 characters in 2,000,000 buckets, 3 epochs.",
    "fastText", "train.model=fasttext", "train.epochs=3",
)  # fmt: skip
