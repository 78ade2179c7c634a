"""Row glove: training GloVe, beside glove-python."""

import json
import shutil
import tempfile
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.ours import params, prepared, run_stage, score, stage_command
from benchmarks.peers.environment import peers_python
from benchmarks.peers.training import token_file
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row
from tasks.pipeline.workers import cores
from tasks.storage.hashing import file_sha256

CHANGED = ("train.model=glove",)

RATE = 0.05
"""glove-python's own."""


def ours(bench: Bench, seed: int) -> Measured:
    """Our stage, from the shards of co-occurrences."""
    data = prepared(bench, bench.whole)
    run_stage(bench, "cooccurrences", data)
    for left in ("train", ".work"):
        shutil.rmtree(data / left, ignore_errors=True)
    command = stage_command(bench, "train", data, *CHANGED, f"train.seed={seed}")
    usage, _ = run_json(bench, module("benchmarks.programs.watched", *command))
    folder = data / "train" / "glove"
    ran, metrics = (json.loads((folder / f"{name}.json").read_text()) for name in ("run", "metrics"))
    return {
        "cells_per_second": round(metrics["cells"] / ran["seconds"]),
        "seconds": ran["seconds"],
        "training_seconds": round(ran["training_seconds"] + ran["compile_seconds"], 3),
        "anonymous_mb": usage["anonymous_mb"],
        "sha256": file_sha256(folder / "vectors.npy"),
        "scores": score(bench, folder),
    }


def glove_python(bench: Bench, seed: int) -> Measured:
    """glove-python, whose counting is no part of the seconds, but of the memory: the matrix is a part of it."""
    data = prepared(bench, bench.whole)
    raw = params(bench, data, *CHANGED)
    settings = {
        "window": raw["cooccurrences"]["window"],
        "dim": raw["train"]["dim"],
        "rate": RATE,
        "epochs": raw["train"]["epochs"],
        "threads": cores(),
        "seed": seed,
    }
    with tempfile.TemporaryDirectory(dir=data, prefix="peer-") as folder:
        vectors, found = Path(folder) / "vectors.bin", Path(folder) / "found.json"
        program = [str(peers_python()), "-m", "benchmarks.programs.glove_training", str(token_file(data))]
        command = [*program, json.dumps(settings), str(vectors), str(found)]
        usage, _ = run_json(bench, module("benchmarks.programs.watched", *command))
        content = json.loads(found.read_text())
        scores = score(bench, vectors)
    seconds = content["training_seconds"]
    return {
        "cells_per_second": round(content["cells"] * raw["train"]["epochs"] / seconds),
        "seconds": seconds,
        "training_seconds": seconds,
        "anonymous_mb": usage["anonymous_mb"],
        "scores": scores,
    }


GLOVE = Row(
    name="glove",
    title="GloVe, dim 100",
    about=(
        "Window 10, 15 epochs. Ours is the whole stage, from the shards of the co-occurrences, which have both halves "
        "of the matrix; glove-python has one half in memory, and its seconds are those of `fit` alone. Its memory has "
        "the counting in it."
    ),
    contenders=(
        Contender("glove-python", "glove-python", glove_python),
        Contender("ours", "ours", ours),
    ),
    figures=(
        Figure("cells_per_second", "cells/s", 0, "own / baseline"),
        Figure("seconds", "whole stage, s", 1),
        Figure("training_seconds", "training alone, s", 1),
        Figure("anonymous_mb", "anonymous memory, MB"),
    ),
    baseline=("glove-python",),
    rounds=3,
    cap_seconds=3 * 3600,
    stages=("cooccurrences", "train"),
    sources=(
        "benchmarks/ours.py",
        "benchmarks/peers/training.py",
        "benchmarks/programs/glove_training.py",
        "benchmarks/programs/watched.py",
        "benchmarks/quality.py",
        "benchmarks/rows/glove.py",
    ),
    libraries=("numba", "numpy", "bicleaner-ai-glove"),
    changed=CHANGED,
    chart=True,
)
