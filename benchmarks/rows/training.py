"""Rows on training: ours beside gensim in both of its modes, on the same tokens."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from benchmarks.bench import Bench
from benchmarks.ours import FREE, prepared, train_seeded
from benchmarks.peers.training import gensim
from benchmarks.result import read_result
from benchmarks.row import Contender, Figure, Measured, Row
from tasks.errors import InputError

BOTH_MODES = "gensim-modes"
"""The row that measures gensim in both of its modes."""

MODES = {
    "list": "gensim, list of sentences",
    "file": "gensim, `corpus_file`",
    "faster": f"gensim, in the mode that {BOTH_MODES} found faster",
}

FIGURES = (
    Figure("words_per_second", "words/s"),
    Figure("seconds", "whole stage, s", 1, "baseline / own"),
    Figure("training_seconds", "training alone, s", 1, "baseline / own"),
    Figure("process_seconds", "whole process, s", 1, "baseline / own"),
)
"""What `benchmarks.ours.train` measures."""

STAGES = ("skipgrams", "train")

SOURCES = ("benchmarks/ours.py", "benchmarks/quality.py", "benchmarks/rows/training.py")

GENSIM = ("benchmarks/peers/training.py", "benchmarks/programs/gensim_word2vec.py")

LIBRARIES = ("gensim", "numba", "numpy")

Changed = tuple[str, ...]

ONE_EPOCH = ("train.epochs=1",)

HASWELL = (
    ("NUMBA_CPU_NAME", "haswell"),
    ("NUMBA_CPU_FEATURES", "-avx512f"),  # not set, numba would ask for all that the processor has
    ("OPENBLAS_CORETYPE", "Haswell"),
)
"""A processor without AVX-512, for both sides."""

Variables = tuple[tuple[str, str], ...]


def train_ours(bench: Bench, seed: int, changed: Changed = (), variables: Variables = ()) -> Measured:
    """Trains ours on the prepared corpus, `changed` laid over the profile."""
    return train_seeded(bench, bench.whole, seed, *changed, environment=dict(variables))


def train_gensim(bench: Bench, seed: int, mode: str, changed: Changed = (), variables: Variables = ()) -> Measured:
    """Trains gensim on the same tokens with the same settings; `mode` is one of MODES."""
    chosen = faster_mode(bench) if mode == "faster" else mode
    data = prepared(bench, bench.whole)
    return gensim(bench, data, seed, *changed, mode="file" if chosen == "file" else "list", environment=dict(variables))


def faster_mode(bench: Bench) -> str:
    """The mode of gensim's that was the faster one at dim 100.

    Raises:
        InputError: that row has not been measured.
    """
    content = read_result(bench.results / f"{BOTH_MODES}.json")
    baseline = content and content["summary"]["baseline"]
    if not baseline:
        raise InputError(f"{BOTH_MODES} tells which of gensim's modes is the faster one; measure that row first")
    return str(baseline).removeprefix("gensim-")


def beside_gensim(
    name: str, title: str, about: str, rounds: int, hours: float, *changed: str,
    more: Mapping[str, str] = MappingProxyType({}), mode: str = "faster", quick: bool = False,
    variables: Variables = (),
) -> Row:  # fmt: skip
    """A row that trains ours, and gensim in one of its modes, with `changed` laid over the profile on both sides, and
    in the same environment.

    Ours comes determined and free-running, and once for each of `more`: a name, and what is laid over besides.
    """
    peer = Contender("gensim", MODES[mode], partial(train_gensim, mode=mode, changed=changed, variables=variables))
    return beside_peer(peer, name, title, about, rounds, hours, changed, more, GENSIM, LIBRARIES, variables, quick)


def beside_peer(
    peer: Contender, name: str, title: str, about: str, rounds: int, hours: float, changed: Changed,
    more: Mapping[str, str], sources: tuple[str, ...], libraries: tuple[str, ...],
    variables: Variables = (), quick: bool = False,
) -> Row:  # fmt: skip
    """A row that trains `peer`, and ours in several ways; the arguments are those of `beside_gensim`."""
    ways = {"": None, "free": FREE, **more}
    ours = [
        Contender(
            f"ours-{way}" if way else "ours",
            f"ours, `{override}`" if override else "ours",
            partial(train_ours, changed=(*changed, override) if override else changed, variables=variables),
        )
        for way, override in ways.items()
    ]
    return Row(
        name=name, title=title, about=about, contenders=(peer, *ours), figures=FIGURES, baseline=(peer.name,),
        rounds=rounds, cap_seconds=hours * 3600, stages=STAGES, sources=(*SOURCES, *sources),
        libraries=libraries, changed=changed, quick=quick, chart=True,
    )  # fmt: skip


GENSIM_MODES = Row(
    name=BOTH_MODES,
    title="gensim's two modes",
    about="One epoch, dim 100. The rows below have gensim in the mode that is faster here.",
    contenders=tuple(
        Contender(f"gensim-{mode}", MODES[mode], partial(train_gensim, mode=mode, changed=ONE_EPOCH))
        for mode in ("list", "file")
    ),
    figures=FIGURES[:2],
    baseline=("gensim-list", "gensim-file"),
    rounds=3,
    cap_seconds=3600,
    stages=("skipgrams",),
    sources=(*SOURCES, *GENSIM),
    libraries=LIBRARIES,
    changed=ONE_EPOCH,
    quick=True,
)

SGNS_100 = beside_gensim(
    "sgns-dim100", "Skip-gram, dim 100",
    "Word2vec's settings.", 5, 3.0,
    "train.dim=100", quick=True,
)  # fmt: skip

SGNS_AVX2 = beside_gensim(
    "sgns-avx2", "Skip-gram without AVX-512",
    "LLVM compiles ours, and OpenBLAS computes gensim's, for Haswell: registers of 256 bits.", 3, 2.0,
    "train.dim=100", variables=HASWELL,
)  # fmt: skip

SGNS_300 = beside_gensim("sgns-dim300", "Skip-gram, dim 300", "The same with longer vectors.", 3, 3.0, "train.dim=300")

CBOW = beside_gensim(
    "cbow-dim100", "CBOW, dim 100",
    "The contexts together predict the center. Ours moves them by the gradient, at a rate of 0.05. Last: as word2vec "
    "and gensim do, at the same rate.", 3, 2.0,
    "train.dim=100", "train.model=cbow",
    more={"word2vec": "train.cbow={corrected: false, learning_rate: 0.05}"},
)  # fmt: skip

CBOW_300 = beside_gensim(
    "cbow-dim300", "CBOW, dim 300", "The same with longer vectors.", 3, 2.0, "train.dim=300", "train.model=cbow"
)
