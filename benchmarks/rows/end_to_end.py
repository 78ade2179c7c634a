"""Row end-to-end: raw text to a file of vectors, beside a script that one would write by hand with gensim."""

import json
import shutil
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.ours import FREE, params, run_stage, score
from benchmarks.peers.training import gensim_settings
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row

STAGES = ("download", "clean", "tokenize", "skipgrams", "train", "export")


def pipeline(bench: Bench, seed: int, changed: tuple[str, ...] = ()) -> Measured:
    """Every stage up to the export, one after the other, in an empty folder."""
    data = bench.work / "end-to-end"
    shutil.rmtree(data, ignore_errors=True)
    source = bench.corpus.source(bench.whole)
    seconds = {name: run_stage(bench, name, data, source, f"train.seed={seed}", *changed) for name in STAGES}
    vectors = next(data.glob("export/*/vectors.w2v.txt"))
    measured: Measured = {"seconds": round(sum(seconds.values()), 3), "scores": score(bench, vectors)}
    measured |= {f"{name}_seconds": round(taken, 3) for name, taken in seconds.items()}
    shutil.rmtree(data)
    return measured


def script(bench: Bench, seed: int) -> Measured:
    """The script, on the same raw text."""
    text = raw_text(bench)
    raw = params(bench, bench.work / "end-to-end")
    settings = gensim_settings(raw, seed) | {"min_count": raw["tokenize"]["min_count"]}
    with tempfile.TemporaryDirectory(dir=bench.work, prefix="script-") as folder:
        vectors = Path(folder) / "vectors.txt"
        _, seconds = run_json(bench, module("benchmarks.programs.gensim_script", text, json.dumps(settings), vectors))
        return {"seconds": round(seconds, 3), "scores": score(bench, vectors)}


def raw_text(bench: Bench) -> Path:
    """The raw text as a file, a document a line, written once for each corpus."""
    target = bench.work / f"raw-{bench.corpus.sha256()[:16]}.txt"
    if not target.is_file():
        bench.corpus.write_lines(target)
    return target


END_TO_END = Row(
    name="end-to-end",
    title="Raw text to vectors",
    about=(
        "Ours: download, clean, tokenize, skipgrams, train, export, each a process of its own, into an empty folder. "
        "gensim: a script that keeps letters, lower-cases, trains with the same settings and saves word2vec text. "
        "Ours also drops repeated documents, checks every artifact and writes four formats."
    ),
    contenders=(
        Contender("ours", "ours", pipeline),
        Contender("ours-free", f"ours, `{FREE}`", partial(pipeline, changed=(FREE,))),
        Contender("gensim", "a script with gensim", script),
    ),
    figures=(
        Figure("seconds", "seconds", 1, "baseline / own"),
        *(Figure(f"{name}_seconds", f"{name}, s", 1) for name in STAGES),
    ),
    baseline=("gensim",),
    rounds=3,
    cap_seconds=2 * 3600,
    stages=STAGES,
    sources=(
        "benchmarks/corpus.py",
        "benchmarks/ours.py",
        "benchmarks/peers/training.py",
        "benchmarks/programs/gensim_script.py",
        "benchmarks/quality.py",
        "benchmarks/rows/end_to_end.py",
    ),
    libraries=("gensim", "numba", "numpy", "pyarrow"),
    chart=True,
)
