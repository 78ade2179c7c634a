"""Row pairs: making skip-grams in memory beside the textbook loop and Keras 2's, and what they take on disk."""

import json
from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import params, prepared
from benchmarks.peers.environment import peers_python
from benchmarks.peers.training import token_file
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row
from tasks.pipeline.workers import cores

SECONDS = 5.0
"""How long each is measured for, so that slow ones do not take minutes; a rate needs no more."""

READING_PASSES = 5

PAIRS_LAYOUT = "skipgrams.layout=pairs"


def in_memory(bench: Bench, seed: int, all_cores: bool, explicit: bool) -> Measured:
    """Our windows of the whole corpus, on one thread or on as many as there are cores."""
    data = prepared(bench, bench.whole)
    skipgrams = params(bench, data)["skipgrams"]
    settings = {name: skipgrams[name] for name in ("window", "dynamic", "subsample")}
    settings |= {"threads": cores() if all_cores else 1, "explicit": explicit, "seconds": SECONDS}
    return run_json(bench, module("benchmarks.programs.windows_in_memory", data, json.dumps(settings)))[0]


def on_disk(bench: Bench, seed: int, *changed: str) -> Measured:
    """Our shards in one of the layouts: their size, and how fast training's reader reads them."""
    data = prepared(bench, bench.whole, *changed)
    return run_json(bench, module("benchmarks.programs.read_shards", data, READING_PASSES))[0]


def in_pairs_layout(bench: Bench, seed: int) -> Measured:
    """The same, in the layout of explicit pairs."""
    return on_disk(bench, seed, PAIRS_LAYOUT)


def textbook(bench: Bench, seed: int) -> Measured:
    """The textbook loop, on the head."""
    data = prepared(bench, "head")
    window = params(bench, data)["skipgrams"]["window"]
    return run_json(bench, module("benchmarks.textbook_skipgrams", token_file(data), window, SECONDS))[0]


def keras(bench: Bench, seed: int) -> Measured:
    """Keras 2's `skipgrams`, on the head."""
    file = token_file(prepared(bench, "head"))
    program = [peers_python(), "-m", "benchmarks.programs.keras_skipgrams", file, str(SECONDS)]
    return run_json(bench, program)[0]


PAIRS = Row(
    name="pairs",
    title="Making skip-grams",
    about=(
        "In memory: ours with subsampling and dynamic windows, as the compact rows that training reads, or as explicit "
        "pairs; the textbook loop makes explicit pairs of fixed windows; Keras' counts its negatives too. "
        "On disk: training's own reader, with its checks, on one thread."
    ),
    contenders=(
        Contender("windows-1", "ours, compact, 1 thread", partial(in_memory, all_cores=False, explicit=False)),
        Contender("windows-all", "ours, compact, all cores", partial(in_memory, all_cores=True, explicit=False)),
        Contender("pairs-1", "ours, explicit, 1 thread", partial(in_memory, all_cores=False, explicit=True)),
        Contender("pairs-all", "ours, explicit, all cores", partial(in_memory, all_cores=True, explicit=True)),
        Contender("textbook", "the textbook loop", textbook),
        Contender("keras", "Keras 2's `skipgrams`, its defaults", keras),
        Contender("disk-windows", "ours, read from shards, `layout: windows`", on_disk),
        Contender("disk-pairs", "ours, read from shards, `layout: pairs`", in_pairs_layout),
    ),
    figures=(
        Figure("pairs_per_second", "pairs/s", 0, "own / baseline"),
        Figure("bytes_per_pair", "bytes a pair on disk", 2),
    ),
    baseline=("textbook",),
    rounds=3,
    cap_seconds=1800,
    stages=("skipgrams",),
    sources=(
        "benchmarks/ours.py",
        "benchmarks/peers/training.py",
        "benchmarks/programs/keras_skipgrams.py",
        "benchmarks/programs/read_shards.py",
        "benchmarks/programs/windows_in_memory.py",
        "benchmarks/rows/pairs.py",
        "benchmarks/textbook_skipgrams.py",
    ),
    libraries=("numba", "numpy", "pyarrow", "keras-preprocessing"),
    quick=True,
)
